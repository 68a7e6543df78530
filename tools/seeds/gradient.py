"""What page 07 says of its example, over ten random networks: autograd agrees, trying makes a V, a small step helps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from rnn_helpers import rnn_backward, rnn_forward

T, I, H = 5, 3, 4  # noqa: E741
STEPS = 10.0 ** -np.arange(1, 12)
Network = dict[str, np.ndarray]


def network(seed: int) -> tuple[np.ndarray, np.ndarray, Network]:
    """An input, a readout and weights of the sizes of the running example."""
    rng = np.random.default_rng(seed)
    weights = {"U": rng.uniform(-0.5, 0.5, (H, I)), "W": rng.uniform(-0.5, 0.5, (H, H)), "b": rng.uniform(-0.5, 0.5, H)}
    return rng.uniform(-1, 1, (T, I)), rng.uniform(-1, 1, H), weights


def loss_of(x: np.ndarray, V: np.ndarray, weights: Network) -> float:
    """Half the squared error of the answer, which should be 1."""
    _, h_n = rnn_forward(x, **weights)
    return float((V @ h_n - 1) ** 2 / 2)


def gradients(x: np.ndarray, V: np.ndarray, weights: Network) -> Network:
    """Those of U, W and b, by the way back."""
    output, h_n = rnn_forward(x, **weights)
    found = rnn_backward(x, weights["U"], weights["W"], output, d_h_n=(V @ h_n - 1) * V)
    return {name: getattr(found, name) for name in weights}


def by_autograd(x: np.ndarray, V: np.ndarray, weights: Network) -> Network:
    """The same, by PyTorch."""
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
    h = torch.zeros(H, dtype=torch.float64)
    for x_t in torch.tensor(x):
        h = torch.tanh(tensors["b"] + tensors["W"] @ h + tensors["U"] @ x_t)
    ((torch.tensor(V) @ h - 1) ** 2 / 2).backward()
    return {name: tensor.grad.numpy() for name, tensor in tensors.items()}


def by_trying(x: np.ndarray, V: np.ndarray, weights: Network, step: float) -> np.ndarray:
    """The gradient of W, by moving each of its numbers up and down."""
    found = np.zeros((H, H))
    for place in np.ndindex(H, H):
        move = np.zeros((H, H))
        move[place] = step
        above, below = ({**weights, "W": weights["W"] + way * move} for way in (1, -1))
        found[place] = (loss_of(x, V, above) - loss_of(x, V, below)) / (2 * step)
    return found


def measure(seed: int) -> Iterator[float]:
    """How far autograd is off; trying, by its step; a W that is not transposed, at best; the loss before and after."""
    x, V, weights = network(seed)
    right, torchs = gradients(x, V, weights), by_autograd(x, V, weights)
    yield max(np.abs(right[name] - torchs[name]).max() for name in right)
    output, h_n = rnn_forward(x, **weights)
    wrong = rnn_backward(x, weights["U"], weights["W"].T, output, d_h_n=(V @ h_n - 1) * V).W
    tried = [by_trying(x, V, weights, step) for step in STEPS]
    off = np.array([np.abs(each - right["W"]).max() for each in tried])
    yield from off[[0, 4, -1]]
    yield STEPS[off.argmin()]
    yield min(np.abs(each - wrong).max() for each in tried)
    for rate in (0, 0.01):
        yield loss_of(x, V, {name: value - rate * right[name] for name, value in weights.items()})


def main() -> None:
    """Print a line a seed, and hold what the page says."""
    for seed in range(10):
        torchs, large, middle, small, best, wrong, before, after = measure(seed)
        print(
            f"seed {seed}: autograd off by {torchs:.0e}; steps 0.1, 1e-5, 1e-11 off by {large:.0e}, {middle:.0e}, "
            f"{small:.0e}, least at {best:.0e}; W not transposed at least {wrong:.0e}; "
            f"loss {before:.4f}, after a step {after:.4f}"
        )
        assert torchs < 1e-12
        assert middle < 1e-9
        assert middle < min(large, small) / 100
        assert 1e-7 < best < 1e-3
        assert wrong > 1e6 * middle
        assert after < before


if __name__ == "__main__":
    main()
