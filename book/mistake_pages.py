"""The pages of the silent mistakes, made from the catalogues: what each is, what it costs, and how to know it.

Every number on them is computed here, when the book is built; nothing of them is stored.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import itertools
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from book.right import RIGHT
from rnn_helpers import checks, data
from rnn_helpers.checking import Case, Check, Outcome, is_right
from rnn_helpers.checking import _run as run_all
from rnn_helpers.mistakes import WRONG, Mistake, forward_from
from rnn_helpers.rnn import rnn_forward

ALL = checks.MISTAKES
# The pages, by what they are called in addresses, and the checks whose mistakes each one has.
KINDS = {
    "shapes": ("parameter_shapes",),
    "step": ("rnn_step", "first_step"),
    "loop": ("rnn_forward", "rnn_layer", "trace", "continue_reading", "read_counts"),
    "from_torch": ("from_torch",),
    "layers": ("output_shapes",),
    "lengths": ("forward_lengths",),
    "directions": ("read_batch_first", "read_backwards"),
    "summaries": ("mean_pool", "max_pool", "distinct_summaries"),
    "probes": ("read_back", "orthogonal"),
    "gradients": ("numerical_gradient", "output_gradient", "rnn_backward", "state_jacobian", "clip_by_norm"),
    "gates": ("gru_step", "lstm_step"),
    "bits": ("bits_a_character",),
}


def kind_of(mistake: Mistake) -> str:
    """Which of the pages has it."""
    for kind, targets in KINDS.items():
        if mistake.target in targets:
            return kind
    raise ValueError(f"no page has the mistakes of the check {mistake.target!r}: name it in KINDS")


PAGES = [kind for kind in KINDS if any(kind_of(mistake) == kind for mistake in ALL)]
FOLDER = "silent_mistakes"
WIDE = 88  # a line of code that is longer breaks in the book

TITLES = {
    "shapes": ("shapes", "What has the wrong size, before anything is computed."),
    "step": ("the step", "One input, one state: what can go wrong in one line."),
    "loop": ("the loop", "What is carried from step to step, and what is stored."),
    "from_torch": ("weights from PyTorch", "What can go wrong between a layer's parameters and U, W and b."),
    "layers": ("layers and directions", "What the options do to the shapes of output and h_n."),
    "lengths": ("different lengths", "What the padding does to the last state."),
    "directions": (
        "batch first, and backwards",
        "What can go wrong when the axes, or the steps, stand in another order.",
    ),
    "summaries": ("pools and summaries", "One vector in place of a sequence, and the wrong one."),
    "probes": ("probes and matrices", "What makes a measurement say too much, and a matrix not what it should be."),
    "gradients": ("gradients", "The way back through all steps: a term missing, a share lost, a length mistaken."),
    "gates": (
        "gated cells",
        "One step of a GRU or an LSTM: which gate multiplies what, and in which order they stand.",
    ),
    "bits": ("bits a character", "How well a text was predicted: the wrong logarithm, mean, or probability."),
}

# What the signs have in common, in the order in which one looks: the first pattern that fits.
SIGNS = {
    "With zero input, or from a zero state": r"zero input|zero state|without input|without bias and state",
    "It raises an error, at some sizes": r"\ban error\b",
    "The shape, or the number of rows, is another": (
        r"\bshape|\baxis\b|\brows\b.*\b(too many|T)\b|T [−+] 1 rows|one row\b|row too many|\(\w+, |times as tall|"
        r"in one row|states of one sequence|single number|side by side"
    ),
    "Everything is equal, zero, or a whole number": r"equal|zeros|whole numbers|always (zero|1|T)|is zero|NaN",
    "Numbers lie where they should not": (
        r"beyond|never (a )?negative|within|too (large|small|good|few|many|low)|half as|smaller|larger|add up to 1|"
        r"above 1|never more|more than|much|quarter|third|between|mean 0|minus the|grows|close to"
    ),
    "Something makes no difference": r"no difference|same states|does not change|change nothing|same matrix|depends",
    "The first ones are right, later ones are not": r"^the first|first steps? (is|are) right|first row is right",
    "It is right in a special case": r"\bright\b",
}
OTHERS = "The numbers are others"


@cache
def source(function: Callable[..., Any]) -> str:
    """A function without its decorators and docstring, named after nothing but itself."""
    text = textwrap.dedent(inspect.getsource(function))
    text = re.sub("  # noqa.*", "", text)
    text = text[re.search(r"^(def|class) ", text, flags=re.M).start() :]  # type: ignore[union-attr]
    return re.sub(r'\n    """.*?"""(?=\n)', "", text, count=1, flags=re.S).rstrip()


def named(text: str, name: str) -> str:
    """A function's source with another name for it."""
    return re.sub(r"^(def|class) \w+", rf"\1 {name}", text)


# The right line beside the wrong one


def _begins(line: str) -> str:
    word = line.split(maxsplit=1)[0] if line else ""
    return word if word in ("return", "for", "if") else "="


def candidates(mistake: Mistake) -> list[str]:
    """The right lines of the same kind, the most similar first; the empty one stands for none at all."""
    right, wrong = RIGHT[mistake.target], mistake.line
    lines = dict.fromkeys([*(line.strip() for line in source(right.function).splitlines()[1:]), *right.lines])
    same = [line for line in lines if _begins(line) == _begins(wrong)]
    return [*sorted(same, key=lambda line: -difflib.SequenceMatcher(None, line, wrong).ratio()), ""]


def mended(mistake: Mistake, line: str) -> Callable[..., Any]:
    """The mistake's function with another line in the place of the wrong one."""
    lines = source(mistake.function).splitlines()
    at = next(number for number, each in enumerate(lines) if WRONG in each)
    lines[at] = lines[at][: len(lines[at]) - len(lines[at].lstrip())] + line
    names = dict(vars(sys.modules[mistake.function.__module__]))
    exec(compile("\n".join(lines), mistake.name, "exec"), names)
    return names[mistake.function.__name__]


def run(function: Callable[..., Any], check: Check, case: Case) -> Outcome:
    """What a function makes of one case."""
    (outcome,) = run_all(function, dataclasses.replace(check, cases=[case]))
    return outcome


@cache
def right_line(mistake: Mistake) -> str | None:
    """The line that makes the mistake's function pass its check; None if one line is not enough."""
    check = checks.build(mistake.target, 0)
    for line in candidates(mistake):
        try:
            function = mended(mistake, line)
        except SyntaxError:
            continue
        if all(is_right(run(function, check, case), case) for case in check.cases):
            return line
    return None


def wrong_and_right(mistake: Mistake) -> str:
    """Both, as code."""
    right = right_line(mistake)
    if right is None:
        whole = source(mistake.function), source(RIGHT[mistake.target].function)
        wrong, good = (named(text, mistake.target) for text in whole)
        return f"```python\n{wrong}\n\n\n# right\n{good}\n```"
    if not right:
        return f"```python\n{mistake.line}  # wrong: leave it out\n```"
    width = max(len(mistake.line), len(right))
    if width + len("  # wrong") > WIDE:
        return f"```python\n# wrong\n{mistake.line}\n# right\n{right}\n```"
    return f"```python\n{mistake.line:{width}}  # wrong\n{right:{width}}  # right\n```"


# What it costs


def number(value: float) -> str:
    """A number with two digits that count."""
    if value == 0 or not np.isfinite(value):
        return "0" if value == 0 else "NaN"
    if value < 1e-3:
        mantissa, _, power = f"{value:.0e}".partition("e")
        return f"{mantissa}e{int(power)}"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def by_step(value: np.ndarray, expected: np.ndarray) -> str:
    """The largest error after each token."""
    errors = np.abs(value - expected).reshape(len(expected), -1).max(axis=1)
    head = "| " + " | ".join(f'"{token}"' for token in data.TOKENS) + " |"
    row = "| " + " | ".join(number(error) for error in errors) + " |"
    return f"{head}\n|{' ---: |' * len(errors)}\n{row}"


PARTS = {
    "rnn_forward": ("output", "h_n"),
    "read_backwards": ("output", "h_n"),
    "from_torch": ("U", "W", "b"),
    "rnn_layer": ("output", "h_n"),
    "parameter_shapes": ("U", "W", "b"),
    "output_shapes": ("output", "h_n"),
    "output_gradient": ("d_h", "d_V", "d_d"),
    "rnn_backward": ("d_x", "d_U", "d_W", "d_b", "d_h_0"),
    "clip_by_norm": ("the first", "the second", "the third"),
    "lstm_step": ("h", "c"),
    "orthogonal": (
        "MᵀM",
        "the matrix for the same seed again",
        "the number of seeds that give a matrix like another's",
    ),
}
SHAPES = ("parameter_shapes", "output_shapes")  # what comes back is shapes, not arrays of them
READS_THE_SENTENCE = ("rnn_step", "rnn_forward", "rnn_layer", "trace", "read_counts", "read_backwards")


@cache
def example(target: str) -> tuple[Check, Case]:
    """The check, and the example as one of its cases; a step reads the whole sentence, one token after the other."""
    check, right = checks.build(target, 0), RIGHT[target]
    if target == "rnn_step":
        check = checks.build("trace", 0)
        arguments = {"x": data.X, "U": data.U, "W": data.W, "b": data.b}
        return check, Case(right.told, arguments, (rnn_forward(**arguments)[0],))
    case = Case(right.told, right.example, ())
    return check, dataclasses.replace(case, expected=run(right.function, check, case).results)


def as_called(mistake: Mistake) -> Callable[..., Any]:
    """The mistake as the example calls it: a step reads the whole sentence."""
    if mistake.target != "rnn_step":
        return mistake.function
    forward = forward_from(mistake.function)
    return lambda x, U, W, b: forward(x, U, W, b, np.zeros(len(b)))[0]


def difference(target: str, outcome: Outcome, case: Case) -> str:
    """What is off in one case, as the middle of a sentence."""
    if outcome.values is None:
        told = outcome.error.partition(": ")[2].partition(", with gufunc")[0]
        return f"an error (`{told.rstrip('.')}`)" if told else "an error"
    names = PARTS.get(target, ("it",))
    if target in SHAPES:
        pairs = zip(names, outcome.values, case.expected, strict=True)
        others = [
            f"{name} has the shape {tuple(got.tolist())} in place of {tuple(want.tolist())}"
            for name, got, want in pairs
            if got.tolist() != want.tolist()
        ]
        return ", ".join(others) or "all is right"
    told = []
    for name, got, want in zip(names, outcome.values, case.expected, strict=False):
        if got.shape != want.shape:
            told.append(f"{name} has the shape {got.shape} in place of {want.shape}")
        elif want.ndim == 0 and not np.isclose(got, want):
            told.append(f"{name} is {plain(got)} in place of {plain(want)}")
        elif want.ndim and not np.allclose(got, want, rtol=0, atol=1e-9):
            told.append(f"{name} is off by up to {number(np.abs(got - want).max())}")
    if outcome.changed:
        told.append(f"the caller's {' and '.join(outcome.changed)} is changed")
    return " and ".join(told) or "all is right"


def plain(value: np.ndarray) -> str:
    """One number, whole or with two digits that count."""
    return str(int(value)) if value.dtype.kind in "iu" else number(float(value))


def cost(mistake: Mistake) -> str:
    """What the mistake costs on the example, and where it shows if not there."""
    check, case = example(mistake.target)
    outcome = run(as_called(mistake), check, case)
    told = f"on {case.label}: {difference(mistake.target, outcome, case)}."
    text = f"**What it costs** {told}"
    if mistake.target in READS_THE_SENTENCE and outcome.values is not None:
        value, expected = outcome.values[0], case.expected[0]
        if value.shape == expected.shape and not np.allclose(value, expected):
            text += f" The largest error after each token:\n\n{by_step(value, expected)}"
    runs_and_is_wrong = outcome.values is not None and not is_right(outcome, case)
    return text if runs_and_is_wrong else f"{text} {elsewhere(mistake)}".strip()


@cache
def outcomes(mistake: Mistake) -> list[tuple[Outcome, Case]]:
    """What comes of it in each case of its check."""
    check = checks.build(mistake.target, 0)
    return [(run(mistake.function, check, case), case) for case in check.cases]


def elsewhere(mistake: Mistake) -> str:
    """The first case of the check in which it runs and is wrong."""
    for outcome, case in outcomes(mistake):
        if outcome.values is not None and not is_right(outcome, case):
            return f"On {case.label}: {difference(mistake.target, outcome, case)}."
    return ""


def silence(mistake: Mistake) -> str:
    """Whether anything complains, over all cases of the check."""
    right, silent, shaped, raised, finite = 0, 0, 0, 0, True
    for outcome, case in outcomes(mistake):
        if outcome.values is None:
            raised += 1
        elif is_right(outcome, case):
            right += 1
        elif mistake.target not in SHAPES and any(
            got.shape != want.shape for got, want in zip(outcome.values, case.expected, strict=False)
        ):
            shaped += 1
        else:
            silent += 1
            finite &= all(np.isfinite(value).all() for value in outcome.values)
    counts = [
        (right, "right"),
        (silent, "wrong without a word" if finite else "wrong without a word, with NaN among the numbers"),
        (shaped, "of another shape"),
        (raised, "an error"),
    ]
    told = ", ".join(f"{count} {what}" for count, what in counts if count)
    start = "What complains" if raised or shaped else "Nothing complains"
    return f"**{start}.** Of the check's {len(outcomes(mistake))} cases: {told}."


# The pages


CODE = re.compile(
    r"np\.[\w.]+(?:\([^()]*\))?"
    r"|\b[\w.]+ @ \w+(?:\.T)?(?: \+ (?:\w+ @ \w+(?:\.T)?|b\b))*"
    r"|\b\w+\[[^\]]+\](?:\[\w+\])*(?: = \w+)?|\b(?:bias|weight)_[ih]h_l0\b"
    r"|\bh_[0n]\b|\bt <=? lengths|\baxis=\d|\bM\.T\b"
)


def in_prose(text: str) -> str:
    """A hint or a sign, with its code set as code."""
    return CODE.sub(lambda match: f"`{match[0]}`", text)


def entry(mistake: Mistake) -> str:
    """All about one mistake."""
    told = [
        f"**The sign:** {in_prose(mistake.sign)}.",
        cost(mistake),
        silence(mistake),
        f"**To test for it:** `checks.{mistake.target}({mistake.target})` says which mistake it is.",
    ]
    if mistake.also:
        told.append(f"**People write:** {', '.join(f'“{words}”' for words in mistake.also)}.")
    items = "\n".join(f"- {textwrap.indent(item, '  ').strip()}" for item in told)
    parts = [f"### {mistake.name}", wrong_and_right(mistake), in_prose(mistake.hint), f"{{.about}}\n{items}"]
    if mistake.variants:
        code = "\n\n\n".join(named(source(variant), mistake.target) for variant in mistake.variants)
        how_many = "in another way" if len(mistake.variants) == 1 else f"in {len(mistake.variants)} other ways"
        summary = f"<summary>The same mistake, written {how_many}</summary>"
        parts.append(f"<details>\n{summary}\n\n```python\n{code}\n```\n\n</details>")
    return "\n\n".join(parts)


def helpers(functions: Sequence[Callable[..., Any]]) -> str:
    """What these functions of one module call, where it is neither NumPy's nor the package's."""
    texts = "\n".join(map(source, functions))
    names = vars(sys.modules[functions[0].__module__])
    called = set(re.findall(r"(?<!class )\b(_[A-Za-z]\w+)\b(?=\(|\):)", texts))
    own = [
        names[name]
        for name in sorted(called)
        if inspect.isfunction(names.get(name)) or inspect.isclass(names.get(name))
    ]
    code = "\n\n\n".join(text for text in map(source, own) if text not in texts)  # the functions themselves are shown
    return f"Some of the lines below call:\n\n```python\n{code}\n```" if code else ""


@cache
def page(kind: str) -> str:
    """The page of one kind."""
    title, what = TITLES[kind]
    count = sum(kind_of(mistake) == kind for mistake in ALL)
    parts = [f"# Silent mistakes: {title}"]
    parts.append(f"{what} {count} mistakes; [how each entry is made, and an index by sign](index.md).")
    for target in KINDS[kind]:
        own = [mistake for mistake in ALL if mistake.target == target]
        if not own:
            continue
        parts += [
            f"## `{target}`",
            f"What is right, as [`checks.{target}`](../api/checks.md) has it:",
            f"```python\n{source(RIGHT[target].function)}\n```",
            helpers([mistake.function for mistake in own]),
            *(entry(mistake) for mistake in own),
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def link(mistake: Mistake) -> str:
    """A link to its entry, from a page beside it."""
    return f"[{mistake.name}]({kind_of(mistake)}.md#{mistake.anchor})"


def sign_group(mistake: Mistake) -> str:
    """The heading of the index under which its sign stands."""
    return next((group for group, pattern in SIGNS.items() if re.search(pattern, mistake.sign)), OTHERS)


@cache
def index() -> str:
    """The page that leads to the others: by kind, by what people write, by sign."""
    kinds = "\n".join(
        f"| [{title[0].upper()}{title[1:]}]({kind}.md) | {what} | {sum(kind_of(mistake) == kind for mistake in ALL)} |"
        for kind, (title, what) in ((kind, TITLES[kind]) for kind in PAGES)
    )
    phrases = sorted((words, mistake) for mistake in ALL for words in mistake.also)
    written = "\n".join(f"| “{words}” | {link(mistake)} |" for words, mistake in phrases)
    groups: dict[str, list[Mistake]] = {group: [] for group in (*SIGNS, OTHERS)}
    for mistake in ALL:
        groups[sign_group(mistake)].append(mistake)
    by_sign = "\n\n".join(f"### {group}\n\n{_signs(mistakes)}" for group, mistakes in groups.items() if mistakes)
    toctree = "\n".join([*PAGES, "ports"])
    return f"""# Silent mistakes

Most wrong lines of a recurrent network raise no error. The shapes fit, and the numbers look like states. These pages
are the catalogue of {len(ALL)} such mistakes that the [checks](../api/checks.md) know: each with the wrong line beside
the right one, the sign to know it by, and what it costs.

Each entry is made by running it when this book is built. "What it costs" is the largest difference from the right
result on the running example, the five tokens of "What time is it ?". Where a mistake is right there, or cannot run,
the first case of its check is added in which it runs and is wrong. The right line is one that makes the function pass
its check when it is put in the place of the wrong one; where one line is not enough, both functions stand there whole.

| kind | what goes wrong | mistakes |
| --- | --- | ---: |
{kinds}

The layer written again in other code, with the same weights, has mistakes of its own: those that
[`compare.locate`](../api/compare.md) names, [in a port](ports.md).

## What people write

| in their words | the mistake |
| --- | --- |
{written}

## By sign

Look for what you see; several mistakes can have one sign, and the entries tell them apart.

{by_sign}

```{{toctree}}
:hidden:

{toctree}
```
"""


def _signs(mistakes: list[Mistake]) -> str:
    by_sign = itertools.groupby(sorted(mistakes, key=lambda each: each.sign.lower()), key=lambda each: each.sign)
    rows = "\n".join(
        f"| {in_prose(sign)} | {', '.join(link(mistake) for mistake in group)} |" for sign, group in by_sign
    )
    return f"| sign | mistake |\n| --- | --- |\n{rows}"


def gathered() -> Iterator[tuple[str, bytes]]:
    """Every page, as its place in the book and its content."""
    yield f"{FOLDER}/index.md", index().encode()
    for kind in PAGES:
        yield f"{FOLDER}/{kind}.md", page(kind).encode()
