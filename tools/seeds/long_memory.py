"""Whether what page 9 says holds for other random numbers: its own functions, run once for each of ten seeds.

Run as ``python -m tools.seeds.long_memory``; it takes three minutes of one processor, so `make test` leaves it out.
"""

from __future__ import annotations

import ast
import json
from typing import Any

import numpy as np
import torch

from rnn_helpers import RNN, data
from tools.series import ROOT

SEEDS = range(10)


def definitions() -> dict[str, Any]:
    """Run the imports and definitions of the page's cells, and nothing else of it."""
    found: dict[str, Any] = {}
    for cell in json.loads((ROOT / "notebooks" / "09_long_memory.ipynb").read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            tree = ast.parse("".join(cell["source"]))
            tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef))]
            exec(compile(tree, "page 9", "exec"), found)
    return found


def products(page: dict[str, Any], seed: int) -> list[float]:
    """Return the sizes of the products over 100 steps: the default W, Q, 2 Q."""
    net = RNN(6, 32, dtype=np.float64, seed=seed)
    Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(32, 32)))[0]
    x = data.token_sequences(1, 101, seed=3 + seed).x[:, 0]
    sizes = []
    for W in (net.weight_hh_l0, Q, 2 * Q):
        net.weight_hh_l0 = W
        states, _ = net(x)
        sizes.append(float(np.linalg.norm(page["state_jacobian_solution"](states[1:], W), 2)))
        assert sizes[-1] <= np.linalg.norm(W, 2) ** 100 * (1 + 1e-9)  # what rounding adds
    assert sizes[0] < 1e-18
    assert 1e-6 < sizes[1] < 0.1
    assert sizes[2] > 1e4
    return sizes


def heard(page: dict[str, Any], seed: int) -> list[float]:
    """Return the gradient by x(1) as a multiple of that by x(20): the default W, Q."""
    by_step = [page["gradient_by_step"](*page["start"](scale, seed)) for scale in (None, 1.0)]
    ratios = [float(sizes[0] / sizes[-1]) for sizes in by_step]
    assert ratios[0] < 1e-3
    assert ratios[1] > 0.03
    return ratios


def sums(page: dict[str, Any], seed: int) -> list[float]:
    """Return the errors in the adding problem: the default W, Q, a GRU; on sequences of this seed's own."""
    adding = definitions()["adding"]
    page["adding"] = lambda n, n_sequences=64: adding(10_000 * seed + n, n_sequences)
    torch.manual_seed(seed)
    layers = [torch.nn.RNN(2, 32), torch.nn.RNN(2, 32), torch.nn.GRU(2, 32)]
    torch.nn.init.orthogonal_(layers[1].weight_hh_l0)
    errors = [page["learn_to_add"](layer) for layer in layers]
    assert min(errors[:2]) > 0.12
    assert errors[2] < 0.03
    return errors


def main() -> None:
    """Print one line for each seed, and assert what the page asserts."""
    torch.set_num_threads(1)
    page = definitions()
    learned = []
    scales = {"default W": None, "0.5 Q": 0.5, "0.9 Q": 0.9, "Q": 1.0, "1.5 Q": 1.5}
    for seed in SEEDS:
        told = [f"{value:.0e}" for value in products(page, seed) + heard(page, seed)]
        learned.append([page["learn_the_first"](scale, seed) for scale in scales.values()])
        told += [f"{percent} %" for percent in learned[-1]]
        told += [f"{error:.3f}" for error in sums(page, seed)]
        read = [page["percent_read"](units, scale, seed) for units in (32, 128) for scale in (None, 0.9)]
        assert max(read[:3]) < 30
        assert read[3] > 98
        told += [f"{percent} %" for percent in read]
        print(f"seed {seed}:", *told, flush=True)
    by_scale = dict(zip(scales, np.array(learned).T, strict=True))
    assert max(np.median(by_scale[name]) for name in ("default W", "0.5 Q")) < 70
    assert min(by_scale[name].min() for name in ("0.9 Q", "Q", "1.5 Q")) > 80

    patient = [page["learn_the_first"](None, seed, updates=600) for seed in SEEDS]
    print("default W after 600 updates:", patient)
    assert 1 <= sum(percent > 95 for percent in patient) <= 7


if __name__ == "__main__":
    main()
