"""Where the numbers of a port depart from the right ones, and which known mistake gives them.

The engine behind `compare.locate`; the mistakes are in `ports`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rnn_helpers.ports import KNOWN, PADDING_NOT_ZERO, Loop, Place, PortMistake, Results, scopes

__all__ = ["Comparison", "Report", "Suspect", "distance"]

FEW = 4  # sequences that are tried first: most mistakes are excluded by them


class Suspect(NamedTuple):
    """A known mistake, and where in the layer it is made.

    Attributes
    ----------
    name : str
        What the port does.
    where : str
        At which layers and directions; empty where it concerns the layer as a whole.
    mend : str
        What it should do.
    """

    name: str
    where: str
    mend: str

    def __str__(self) -> str:
        return f"{self.name} ({self.where})" if self.where else self.name


@dataclass(frozen=True, repr=False)
class Report:
    """What `locate` found; printed, it is a few lines of text.

    Attributes
    ----------
    agrees : bool
        Whether every number of `output` and `h_n` is within the tolerance.
    dtype : str
        The coarser one of the layer's and the port's.
    rounding : float
        How far apart right results may be in this dtype: its absolute tolerance.
    output : float
        The largest absolute difference in `output`; NaN where the port has NaN.
    h_n : tuple of float
        The same for each entry of `h_n`: layer l and direction d are entry D * l + d.
    first : int or None
        The first entry of `h_n` that is off; everything before it is right.
    directions : int
        D, which makes a layer and a direction of `first`.
    which : {"none", "all", "short", "some"}
        Which sequences are off; "short" if it is those, and only those, that are shorter than T.
    sequences : tuple of int
        The same, one by one.
    moved : tuple of (int, int)
        Entries of `h_n` that hold what belongs at another place: (where it stands, where it belongs).
    mistakes : tuple of Suspect
        The known mistakes that give exactly the port's numbers, all of them. With more than one, this data cannot tell
        them apart. Empty when none does, as when two mistakes are made at once.
    partly : tuple of Suspect
        If none does: those that give all entries of `h_n` up to `first`, or further, and not the rest.
    unseen : tuple of Suspect
        If all agrees: the known mistakes that would give the same numbers on this data, so that it cannot exclude them.
    notes : tuple of str
        What else the numbers say.
    """

    agrees: bool
    dtype: str
    rounding: float
    output: float
    h_n: tuple[float, ...]
    first: int | None
    directions: int
    which: str
    sequences: tuple[int, ...]
    moved: tuple[tuple[int, int], ...]
    mistakes: tuple[Suspect, ...]
    partly: tuple[Suspect, ...]
    unseen: tuple[Suspect, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self._agreement() if self.agrees else [*self._places(), *self._causes()])

    __repr__ = __str__

    def _agreement(self) -> list[str]:
        lines = [
            f"agrees: output within {self.output:.1e}, h_n within {max(self.h_n):.1e} of the layer's "
            f"(rounding in {self.dtype} stays below {self.rounding:.0e})"
        ]
        if self.unseen:
            lines.append(f"this data cannot exclude: {_some(self.unseen)}")
        return lines + list(self.notes)

    def _places(self) -> list[str]:
        lines = [
            f"output: {_off(self.output, self.rounding)}   ({self.dtype}: rounding stays below {self.rounding:.0e})",
            *(
                f"h_n[{entry}], {_place(entry, self.directions)}: {_off(off, self.rounding)}"
                + ("   <- the first that is off" if entry == self.first else "")
                for entry, off in enumerate(self.h_n)
            ),
        ]
        named = ", ".join(map(str, self.sequences))
        which = {
            "all": "sequences: all are off",
            "short": f"sequences: only those shorter than T are off ({named})",
            "some": f"sequences: off are {named} (counted from 0)",
            "none": "sequences: none is off before its end",
        }[self.which]
        if (self.which, self.sequences) != ("all", (0,)):  # which of one is no question
            lines.append(which)
        if self.moved:
            pairs = ", ".join(f"h_n[{stands}] holds h_n[{belongs}]" for stands, belongs in self.moved)
            lines.append(f"at another's place: {pairs}")
        return lines + list(self.notes)

    def _causes(self) -> list[str]:
        if len(self.mistakes) == 1:
            (found,) = self.mistakes
            return [f"exactly these numbers come from: {found}", f"mend: {found.mend}", _more(self.mistakes)]
        if self.mistakes:
            return [
                "exactly these numbers come from each of these, and this data cannot tell them apart:",
                *(f"- {found}; mend: {found.mend}" for found in self.mistakes),
                _more(self.mistakes),
            ]
        if self.partly:
            return [
                f"no known mistake alone gives these numbers; h_n up to the first that is off comes from: "
                f"{'; or '.join(map(str, self.partly))}",
                *dict.fromkeys(f"mend: {found.mend}" for found in self.partly),
                "then compare again: another mistake remains, or this one is made at fewer places",
                _more(self.partly),
            ]
        return ["no known mistake alone gives these numbers: an unknown one, or two at once"]


class Comparison:
    """The right results and the port's, both time first and with an axis for the sequences."""

    def __init__(self, loop: Loop, right: Results, port: Results, dtype: str, atol: float, rtol: float) -> None:
        self.loop, self.right, self.port = loop, right, port
        self.dtype, self.atol, self.rtol = dtype, atol, rtol
        self.n_entries = len(loop.h_0)
        lengths = None if loop.lengths is None else loop.lengths[:FEW]
        self.few = Loop(loop.rnn, loop.x[:, :FEW], loop.h_0[:, :FEW], lengths)
        self.off_output, self.off_h_n = (self.far(*pair) for pair in zip(port, right, strict=True))
        self.off_inside = self.off_output & ~loop.padding[..., np.newaxis]

    def report(self) -> Report:
        """All that can be said of the two."""
        entries = [bool(off.any()) for off in self.off_h_n]
        agrees = not (self.off_output.any() or any(entries))
        first = entries.index(True) if any(entries) else None
        output = distance(self.port[0], self.right[0])
        h_n = [distance(*pair) for pair in zip(self.port[1], self.right[1], strict=True)]
        far_enough = not max(output, *h_n) <= 10 * self.atol
        mistakes, partly = self.suspects(first) if far_enough else ((), ())
        which, sequences = self.sequences()
        return Report(
            agrees=agrees,
            dtype=self.dtype,
            rounding=self.atol,
            output=output,
            h_n=tuple(h_n),
            first=first,
            directions=self.loop.n_directions,
            which=which,
            sequences=sequences,
            moved=tuple(self.moved(entries)),
            mistakes=mistakes,
            partly=partly,
            unseen=self.unseen() if agrees else (),
            notes=tuple(self.what_was_not_given() if agrees else self.notes(first, max(output, *h_n), bool(mistakes))),
        )

    def far(self, value: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Where two arrays differ by more than rounding."""
        with np.errstate(all="ignore"):  # infinities and NaN of a port
            near = np.abs(value - other) <= self.atol + self.rtol * np.abs(other)
        return ~(near | (value == other))  # equal infinities

    def sequences(self) -> tuple[str, tuple[int, ...]]:
        """Which sequences are off before their end, in a word and one by one."""
        off = self.off_inside.any(axis=(0, 2)) | self.off_h_n.any(axis=(0, 2))
        short = self.loop.ends < self.loop.n_steps
        which = "none" if not off.any() else "all" if off.all() else "short" if (off == short).all() else "some"
        return which, tuple(np.flatnonzero(off).tolist())

    def moved(self, off: list[bool]) -> Iterator[tuple[int, int]]:
        """The entries of the port's h_n that are right for another place."""
        for stands in np.flatnonzero(off).tolist():
            for belongs in range(self.n_entries):
                if not self.far(self.port[1][stands], self.right[1][belongs]).any():
                    yield stands, belongs

    def reach(self, mistake: PortMistake, where: frozenset[Place], results: Results, wanted: int) -> int:
        """How many entries of h_n a mistake gives, from the first on; with one more if it gives output too.

        Below `wanted` it may be fewer than is said here: the first sequences have then shown that it is too few.
        """
        if mistake.piece != "whole" and self.loop.n_sequences > FEW:
            output, h_n = results
            reached = self._reach(self.few, mistake, where, (output[:, :FEW], h_n[:, :FEW]))
            if reached < wanted:
                return reached
        return self._reach(self.loop, mistake, where, results)

    def _reach(self, loop: Loop, mistake: PortMistake, where: frozenset[Place], results: Results) -> int:
        layers: Iterable[tuple[int, np.ndarray, np.ndarray]]
        if mistake.piece == "whole":
            whole = mistake.wrong(loop)
            layers = [(layer, *whole) for layer in range(loop.n_layers)]
        else:
            layers = loop.after_each_layer(mistake, where)
        D = loop.n_directions
        for layer, output, h_n in layers:  # noqa: B007 - the last output is the one that counts
            for entry in range(layer * D, (layer + 1) * D):
                if self.far(h_n[entry], results[1][entry]).any():
                    return entry
        # What stands in the padding is a matter of its own.
        off = self.far(output, results[0]) & ~loop.padding[..., np.newaxis]
        return self.n_entries + (not off.any())

    def suspects(self, first: int | None) -> tuple[tuple[Suspect, ...], tuple[Suspect, ...]]:
        """The known mistakes that give all of the port's numbers, and those that explain the most of h_n."""
        if first is None and not self.off_inside.any():
            return (_suspect(self.loop, PADDING_NOT_ZERO, frozenset()),), ()
        found: dict[Suspect, int] = {}
        wanted = self.n_entries if first is None else first + 1
        with np.errstate(all="ignore"):  # a wrong recurrence may overflow
            for mistake in KNOWN:
                reached: dict[frozenset[Place], int] = {}
                for where in self.places(mistake):
                    if self.can_change(first, where):
                        known = self.as_elsewhere(where, reached)
                        reached[where] = self.reach(mistake, where, self.port, wanted) if known is None else known
                if reached:
                    where = max(reached, key=lambda each: reached[each])  # of equals the first, which is the smallest
                    suspect = _suspect(self.loop, mistake, where)
                    found[suspect] = max(reached[where], found.get(suspect, 0))
        complete, most = self.n_entries + 1, max(found.values(), default=0)
        mistakes = tuple(suspect for suspect, reached in found.items() if reached == complete)
        if mistakes or first is None or most <= first:
            return mistakes, ()
        return (), tuple(suspect for suspect, reached in found.items() if reached == most)

    def as_elsewhere(self, where: frozenset[Place], reached: dict[frozenset[Place], int]) -> int | None:
        """How many entries a mistake gives, if that is known from other places that begin with the same layers."""

        def up_to(layer: int, places: frozenset[Place]) -> set[Place]:
            return {at for at in places if at[0] <= layer}

        for other, entry in reached.items():
            layer = entry // self.loop.n_directions  # in which the first entry is off: what comes above is not asked
            if entry < self.n_entries and up_to(layer, other) == up_to(layer, where):
                return entry
        return None

    def can_change(self, first: int | None, where: frozenset[Place]) -> bool:
        """Whether a mistake at these places can be the reason for the first entry that is off."""
        return not where or first is None or min(layer for layer, _ in where) <= first // self.loop.n_directions

    def unseen(self) -> tuple[Suspect, ...]:
        """The known mistakes that change nothing here, at the places where they do not."""
        found: dict[Suspect, None] = {}
        with np.errstate(all="ignore"):
            for mistake in KNOWN:
                silent = [
                    where
                    for where in self.places(mistake)
                    if len(where) <= 1 and self.reach(mistake, where, self.right, self.n_entries + 1) > self.n_entries
                ]
                if silent:
                    found[_suspect(self.loop, mistake, frozenset().union(*silent))] = None
        return tuple(found)

    def places(self, mistake: PortMistake) -> list[frozenset[Place]]:
        """Where a mistake can be made, from the smallest set of places on; a whole one at no place in particular."""
        if mistake.piece == "whole":
            return [frozenset()] if mistake.applies(self.loop, (0, 0)) else []
        able = {at for at in self.loop.places if mistake.applies(self.loop, at)}
        if mistake.piece == "joined":  # once for each layer
            able = {at for at in able if at[1] == self.loop.n_directions - 1}
        return list(dict.fromkeys(where & able for where in scopes(self.loop) if where & able))

    def what_was_not_given(self) -> Iterator[str]:
        """What right numbers do not show."""
        loop = self.loop
        missing = [
            name
            for name, given in {"h_0": loop.h_0.any(), "lengths": loop.lengths is not None}.items()
            if not given and not (name == "lengths" and loop.n_sequences == 1)
        ]
        if missing:
            yield f"not put to the test, because none was given: {' and '.join(missing)}"
        if loop.rnn.bias and any((bias == 0).all() for at in loop.places for bias in loop.biases(at)):
            yield (
                "a bias of this layer is all zero: split the bias over both, 0.75 b and 0.25 b, before you compare, "
                "or a port that forgets one of the two agrees"
            )

    def notes(self, first: int | None, largest: float, named: bool) -> Iterator[str]:
        """What wrong numbers show beside their places."""
        port_output, port_h_n = self.port
        if np.isnan(port_output).any() or np.isnan(port_h_n).any():
            yield "the port has NaN: memory that was never written, or a sum that overflowed"
        if (self.off_output & ~self.off_inside).any():
            yield "the padding of output is off" + (
                "" if self.off_inside.any() or first is not None else ", and nothing else"
            )
        if first is None and self.off_inside.any():
            yield "h_n is right: the states are computed, and put into output wrongly"
        elif first is not None and not self.off_inside.any():
            yield "output is right: the states are computed, and put into h_n wrongly"
        if self.off_inside.any() and self.loop.n_directions == 2:
            H = self.loop.rnn.hidden_size
            halves = {"forward": self.off_inside[..., :H].any(), "backward": self.off_inside[..., H:].any()}
            if not all(halves.values()):
                yield f"output: only the {next(name for name, off in halves.items() if off)} half is off"
        yield from self.first_step(first)
        if self.sensitive():
            yield (
                "this layer makes rounding grow beyond the tolerance on this data (W is large): right code differs "
                "too; compare over fewer steps"
            )
        elif largest <= 100 * self.atol:
            yield "little beyond rounding: run both in float64; rounding shrinks, a mistake stays as it is"
        elif self.dtype == "float64" and largest < 1e-5:
            yield "as close as float32 comes: is there a float32 in the port?"
        elif not named and largest < 1e-2:
            yield (
                "small everywhere: products in reduced precision (TF32, bfloat16, the default of some accelerators), "
                "a rough tanh, or printed digits can do this"
            )

    def first_step(self, first: int | None) -> Iterator[str]:
        """The first step that the top layer gets wrong, if all below it is right."""
        top = self.n_entries - self.loop.n_directions
        if first is None or first < top or not self.off_inside.any():
            return
        direction, H = first - top, self.loop.rnn.hidden_size
        half = self.off_inside[..., direction * H : (direction + 1) * H]
        steps = self.loop.turned((self.loop.n_layers - 1, direction), half).any(axis=(1, 2))
        if steps.any() and (step := int(np.argmax(steps))):
            yield (
                f"right in the first {step} of the steps that it reads, off from then on: "
                "look at W and at how the state is handed on"
            )

    def sensitive(self) -> bool:
        """Whether a change of the inputs by one unit in their last place moves a result beyond the tolerance."""
        loop = self.loop
        moved = Loop(loop.rnn, np.nextafter(loop.x, np.inf, dtype=loop.x.dtype), loop.h_0, loop.lengths)
        with np.errstate(all="ignore"):
            return any(self.far(*pair).any() for pair in zip(moved.run(), loop.run(), strict=True))


def _suspect(loop: Loop, mistake: PortMistake, where: frozenset[Place]) -> Suspect:
    return Suspect(mistake.name, _where(loop, where, mistake.piece), mistake.mend)


def _where(loop: Loop, places: frozenset[Place], piece: str) -> str:
    """The places in words."""
    layers, directions = (sorted({at[axis] for at in places}) for axis in (0, 1))
    if piece == "joined":
        return " and ".join(f"in what layer {la + 1} reads" if la + 1 < loop.n_layers else "in output" for la in layers)
    if len(loop.places) == 1 or not places:
        return ""
    named_layers = f"layer {layers[0]}" if len(layers) == 1 else f"layers {' and '.join(map(str, layers))}"
    if loop.n_directions == 1:
        return named_layers
    if len(places) < len(layers) * len(directions):
        return " and ".join(_place(loop.entry(at), 2) for at in sorted(places))
    return f"{named_layers}, {' and '.join(('forward', 'backward')[d] for d in directions)}"


def _place(entry: int, n_directions: int) -> str:
    layer, direction = divmod(entry, n_directions)
    return f"layer {layer}" + (f" {('forward', 'backward')[direction]}" if n_directions == 2 else "")


def _off(off: float, rounding: float) -> str:
    return "right" if off <= rounding else f"off by up to {off:.2g}"


def _some(suspects: tuple[Suspect, ...], most: int = 5) -> str:
    more = f"; and {len(suspects) - most} more, in .unseen" if len(suspects) > most else ""
    return "; ".join(map(str, suspects[:most])) + more


def _more(suspects: tuple[Suspect, ...]) -> str:
    """Where the book says more of them: a page has an entry for each name, with the wrong line and the right one."""
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(found.name for found in suspects))
    return f"in the book: Silent mistakes, in a port: {names}"


def distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest absolute difference."""
    with np.errstate(invalid="ignore"):  # inf - inf, which agree
        return float(np.where(ours == theirs, 0, np.abs(ours - theirs)).max(initial=0.0))
