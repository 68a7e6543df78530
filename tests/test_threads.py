"""In a kernel, and only there, products of small matrices take one thread, unless the reader has chosen a number."""

from __future__ import annotations

import os
import sys
import types

import nbformat
import pytest
import threadpoolctl
from nbclient import NotebookClient

from rnn_helpers import _threads as threads

COUNT = "import scipy.linalg, threadpoolctl; print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})"


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core has one thread anyway")
# torch takes long to load, and what is not limited at all does not limit torch either.
@pytest.mark.parametrize(("chosen", "loaded", "counted"), [(None, "torch", "{1}"), ("2", "numpy", "{2}")])
def test_a_kernel_takes_one_thread_unless_the_environment_has_chosen(chosen, loaded, counted, monkeypatch, tmp_path):
    for name in threads.CHOSEN_BY:
        monkeypatch.delenv(name, raising=False)
    if chosen:
        monkeypatch.setenv("OMP_NUM_THREADS", chosen)
    cells = [nbformat.v4.new_code_cell(source) for source in (f"import {loaded}", "import rnn_helpers", COUNT)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert notebook.cells[-1].outputs[0].text.strip() == counted


@pytest.mark.parametrize(
    ("kernel", "chosen", "limits"), [(True, False, [1]), (True, True, []), (False, False, []), (None, False, [])]
)
def test_only_a_kernel_is_limited(kernel, chosen, limits, monkeypatch):
    """In a kernel; in one with a number chosen; beside the module that starts kernels; without it."""
    called = []
    monkeypatch.setattr(threadpoolctl, "threadpool_limits", called.append)
    for name in threads.CHOSEN_BY:
        monkeypatch.setenv(name, "1")  # so that it is restored
        monkeypatch.delenv(name)
    if chosen:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    application = types.SimpleNamespace(IPKernelApp=types.SimpleNamespace(initialized=lambda: kernel))
    if kernel is None:
        monkeypatch.delitem(sys.modules, "ipykernel.kernelapp", raising=False)
    else:
        monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", application)
    threads.one_thread_in_a_kernel()
    assert called == limits
    assert ("OMP_NUM_THREADS" in os.environ) == bool(limits)
