"""What the notebooks stand on: the RNN in NumPy, its data, checks, known mistakes, comparisons and figures.

The names of `rnn_helpers.rnn` are here too; the other modules are imported by name.
"""

from rnn_helpers._threads import one_thread_in_a_kernel
from rnn_helpers.rnn import RNN, Gradients, parameter_shapes, rnn_backward, rnn_forward, rnn_step

__all__ = ["RNN", "Gradients", "parameter_shapes", "rnn_backward", "rnn_forward", "rnn_step"]
__version__ = "1.0.0"

one_thread_in_a_kernel()
