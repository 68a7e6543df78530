"""One thread for the products in a notebook: matrices this small are slower when shared out among several.

`import rnn_helpers` sees to it in a Jupyter kernel, and nowhere else.
"""

from __future__ import annotations

import os
import sys

# What a reader sets to choose the number of threads, for OpenMP (torch, scikit-learn), OpenBLAS and MKL.
CHOSEN_BY = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def in_a_kernel() -> bool:
    """Whether this process is a Jupyter kernel: only there may the module that starts one have run."""
    application = sys.modules.get("ipykernel.kernelapp")
    return application is not None and application.IPKernelApp.initialized()


def one_thread_in_a_kernel() -> None:
    """Limit NumPy, PyTorch and scikit-learn to one thread in a kernel, unless the environment has chosen.

    The waiting threads of a product of two small matrices spin. Beside other programs they cost more than they bring:
    on a busy machine a cell with 225 small least-squares problems took up to 80 s of processor time instead of 2.5 s.
    To choose another number, set ``OMP_NUM_THREADS`` before the kernel starts.
    """
    if in_a_kernel() and not any(name in os.environ for name in CHOSEN_BY):
        import threadpoolctl

        threadpoolctl.threadpool_limits(1)  # what is loaded already, NumPy at least
        os.environ["OMP_NUM_THREADS"] = "1"  # what is loaded later
