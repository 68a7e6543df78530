"""What page 11 asserts of trained and of random cells, for ten seeds: with the page's own functions.

Run: ``python -m tools.seeds.gated_cells``; some three minutes.
"""

from __future__ import annotations

import ast
from typing import Any

import nbformat
import numpy as np
import torch

from rnn_helpers import data, gated
from tools.series import ROOT

SEEDS = range(10)


def main() -> None:
    """Print one line a seed, and assert what the page says of it."""
    torch.set_num_threads(1)  # work this small is faster on one core than shared out
    page, learned_late = functions_of_the_page(), 0
    for seed in SEEDS:
        torch.manual_seed(seed)
        found = {**gru_variants(page), **reach(page, seed), **adding(page, seed), **first_of_twenty(page, seed)}
        print(f"seed {seed}:", ", ".join(f"{name} {value:.2g}" for name, value in found.items()), flush=True)
        assert min(found["biases added up"], found["reset first"]) > 0.01
        assert max(found["reach of the RNN"], found["of the LSTM"]) < 1e-15
        assert 1e-11 < found["with forget bias 1"] < 1e-5
        assert found["with forget bias 3"] > 0.01
        assert found["adding: GRU"] < 0.02
        assert min(found["adding: plain RNN"], found["adding: orthogonal"]) > 0.1
        assert found["adding: LSTM, 260 updates"] > 0.1
        learned_late += found["adding: LSTM, 900 updates"] < 0.02
        assert found["reach of the GRU before"] < 1e-7
        assert found["reach of the GRU after"] > 1e-3
        assert max(found["first: GRU"], found["first: LSTM"]) < 50
        assert min(found["first: orthogonal"], found["first: forget bias 3"]) > 90
    assert learned_late >= 9


def functions_of_the_page() -> dict[str, Any]:
    """The functions that stand open on the page, so that nothing is measured that it does not show."""
    cells = nbformat.read(ROOT / "notebooks" / "11_gated_cells.ipynb", as_version=4).cells
    page: dict[str, Any] = {"np": np, "torch": torch, "data": data}
    for cell in cells:
        if cell.cell_type == "code":
            functions = [part for part in ast.parse(cell.source).body if isinstance(part, ast.FunctionDef)]
            exec(compile(ast.Module(functions, []), cell.id, "exec"), page)
    return page


def gru_variants(page: dict[str, Any]) -> dict[str, float]:
    """How far off two other GRUs are on the running example, with weights as PyTorch draws them."""
    layer = torch.nn.GRU(3, 4, dtype=torch.float64)
    U, W, b_ih, b_hh = (parameter.detach().numpy() for parameter in layer.parameters())
    right, _ = gated.gru_forward(data.X, U, W, b_ih, b_hh)
    added_up, _ = gated.gru_forward(data.X, U, W, b_ih + b_hh, 0 * b_hh)
    h, reset_first = np.zeros(4), []
    for x in data.X:
        h = page["reset_first"](x, h, U, W, b_ih, b_hh)
        reset_first.append(h)
    return {
        "biases added up": np.abs(added_up - right).max(),
        "reset first": np.abs(np.array(reset_first) - right).max(),
    }


def reach(page: dict[str, Any], seed: int) -> dict[str, float]:
    """The influence of the first of a hundred tokens, before any training."""
    tokens = torch.tensor(data.token_sequences(1, 100, seed=500 + seed).x[:, 0])
    layers = {"reach of the RNN": torch.nn.RNN(6, 32, dtype=torch.float64)}
    for bias, name in {0: "of the LSTM", 1: "with forget bias 1", 3: "with forget bias 3"}.items():
        layers[name] = page["lstm_with"](bias, 6, torch.float64)
    return {name: page["influence"](layer, tokens, 100) for name, layer in layers.items()}


def adding(page: dict[str, Any], seed: int) -> dict[str, float]:
    """The loss over the last 20 of 260 updates (LSTM: of 900, too), and how far the GRU reaches before and after."""
    layers = {"plain RNN": torch.nn.RNN(2, 32), "orthogonal": torch.nn.RNN(2, 32), "GRU": torch.nn.GRU(2, 32)}
    torch.nn.init.orthogonal_(layers["orthogonal"].weight_hh_l0)

    def draw(update: int) -> Any:
        return page["draw_sums"](10_000 * seed + update)

    example = draw(0)[0][:, 0]
    found = {"reach of the GRU before": page["influence"](layers["GRU"], example, 50)}
    for name, layer in layers.items():
        losses = page["train"](layer, torch.nn.Linear(32, 1), draw, torch.nn.functional.mse_loss, 260)
        found[f"adding: {name}"] = np.mean(losses[-20:])
    torch.manual_seed(seed)
    losses = page["train"](torch.nn.LSTM(2, 32), torch.nn.Linear(32, 1), draw, torch.nn.functional.mse_loss, 900)
    found |= {f"adding: LSTM, {n} updates": np.mean(losses[n - 20 : n]) for n in (260, 900)}
    return {**found, "reach of the GRU after": page["influence"](layers["GRU"], example, 50)}


def first_of_twenty(page: dict[str, Any], seed: int) -> dict[str, float]:
    """In how many of 1000 new sequences the first token is named after 200 updates, in per cent."""
    layers = {"orthogonal": torch.nn.RNN(6, 32), "GRU": torch.nn.GRU(6, 32)}
    torch.nn.init.orthogonal_(layers["orthogonal"].weight_hh_l0)
    layers |= {"LSTM": page["lstm_with"](0, 6), "forget bias 3": page["lstm_with"](3, 6)}

    def draw(update: int) -> Any:
        return page["draw_tokens"](10_000 * seed + update)

    new, first_tokens = page["draw_tokens"](10**6 + seed, 1000)
    found = {}
    for name, layer in layers.items():
        readout = torch.nn.Linear(32, 6)
        page["train"](layer, readout, draw, torch.nn.functional.cross_entropy, 200)
        with torch.no_grad():
            guesses = readout(layer(new)[0][-1]).argmax(axis=1)
        found[f"first: {name}"] = 100 * (guesses == first_tokens).double().mean().item()
    return found


if __name__ == "__main__":
    main()
