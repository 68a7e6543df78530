"""What page 07 says of its example, for random networks: autograd agrees, trying makes a V, a small move helps."""

from __future__ import annotations

import numpy as np
import torch

from rnn_helpers import rnn_forward
from tools.seeds.trial import Trial

STEPS = 10.0 ** -np.arange(1, 12)


def further(trial: Trial) -> None:
    """Give the page's functions another sentence, readout and weights, all random, and compare as the page does."""
    page, rng = trial.names, np.random.default_rng(0)
    x, V = rng.uniform(-1, 1, (5, 3)), rng.uniform(-1, 1, 4)
    U, W, b = (rng.uniform(-0.5, 0.5, shape) for shape in ((4, 3), (4, 4), 4))
    page.update(X=x, V=V, U=U, W=W, b=b)
    output, h_n = rnn_forward(x, U, W, b)
    answered = output, np.zeros((5, 4)), (V @ h_n - 1) * V, np.zeros(4)
    _, d_U, d_W, d_b, _ = page["backward"](x, U, W, *answered)

    by_torch = by_autograd(x, V, U, W, b)
    apart = max(np.abs(ours - theirs).max() for ours, theirs in zip((d_U, d_W, d_b), by_torch, strict=True))
    trial.claim("a random network's gradient is autograd's", apart < 1e-12)

    tried = [page["numerical_gradient"](step) for step in STEPS]
    right = np.array([np.abs(each - d_W).max() for each in tried])
    mistaken = page["backward"](x, U, W.T, *answered)[2]
    wrong = min(np.abs(each - mistaken).max() for each in tried)
    trial.found |= {"autograd off by": apart, "trying at best": right.min(), "at the step": STEPS[right.argmin()]}
    trial.found |= {"with the mistake": wrong}
    trial.claim("trying makes a V", right[4] < min(right[0], right[-1]) / 100)
    trial.claim("it agrees best at about 1e-5", 1e-7 < STEPS[right.argmin()] < 1e-3)
    trial.claim("a mistake stays a mistake at every step", wrong > 1e6 * right[4])

    loss, moved = page["loss_of"](U, W, b), page["loss_of"](U - 0.01 * d_U, W - 0.01 * d_W, b - 0.01 * d_b)
    trial.claim("a small move against the gradient lowers the loss", moved < loss)


def by_autograd(x: np.ndarray, V: np.ndarray, *weights: np.ndarray) -> list[np.ndarray]:
    """The gradients of U, W and b, by PyTorch."""
    U, W, b = (torch.tensor(each, requires_grad=True) for each in weights)
    h = torch.zeros(4, dtype=torch.float64)
    for x_t in torch.tensor(x):
        h = torch.tanh(b + W @ h + U @ x_t)
    return [each.numpy() for each in torch.autograd.grad((torch.tensor(V) @ h - 1) ** 2 / 2, (U, W, b))]
