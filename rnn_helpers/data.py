"""The data of the series: the running example, random token sequences for the probes, tasks to learn, digits, a text.

Nothing is downloaded: sequences are drawn from a seed, the digits come with scikit-learn, the text with this package.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = [
    "TOKENS",
    "AddingProblem",
    "BitCounts",
    "Digits",
    "Echo",
    "Text",
    "TokenSequences",
    "U",
    "W",
    "X",
    "adding_problem",
    "b",
    "bit_counts",
    "digits",
    "echo",
    "text",
    "token_sequences",
]

# The running example: five tokens of I = 3 features, H = 4 hidden units, one decimal each. Chosen so that no unit
# saturates, every token visibly changes the state, the first unit of the first step can be done by hand, and all 120
# orders of the tokens end in clearly different states (the tests hold it to each of these).
TOKENS = ("What", "time", "is", "it", "?")
X = np.array([[1.0, 0.0, 0.5], [-1.0, -0.5, 0.3], [-0.8, 0.2, -0.9], [-0.8, 0.1, 0.3], [0.2, 0.3, 1.0]])
U = np.array([[0.5, -0.2, 0.3], [-0.1, -0.3, -0.6], [0.4, 0.3, 0.2], [-0.4, 0.4, 0.1]])
W = np.array([[0.3, 0.2, 0.1, 0.5], [0.4, -0.4, 0.5, 0.2], [0.6, -0.3, -0.3, -0.4], [-0.4, -0.6, 0.2, -0.1]])
b = np.array([0.1, 0.2, 0.1, 0.2])

for _array in (X, U, W, b):  # one example for the whole series: a page that changes it by accident must hear of it
    _array.flags.writeable = False


class TokenSequences(NamedTuple):
    """Random sequences, as tokens and as one-hot inputs."""

    tokens: np.ndarray  # (T, N), int64
    x: np.ndarray  # (T, N, n_kinds), float64


def token_sequences(n_sequences: int, n_steps: int, *, n_kinds: int = 6, seed: int) -> TokenSequences:
    """Draw sequences in which every token is equally likely at every step.

    Parameters
    ----------
    n_sequences, n_steps : int
        N and T.
    n_kinds : int, default 6
        How many kinds of token there are; a guess is then right once in `n_kinds`.
    seed : int
        Makes the sequences repeatable.

    Returns
    -------
    TokenSequences
        ``tokens`` (T, N), integers from 0 to n_kinds - 1, and ``x`` (T, N, n_kinds), their one-hot vectors in float64.
    """
    tokens = np.random.default_rng(seed).integers(n_kinds, size=(n_steps, n_sequences))
    return TokenSequences(tokens, np.eye(n_kinds)[tokens])


class BitCounts(NamedTuple):
    """Random bits, and how many ones have come so far, modulo a number: what a network is to learn to keep."""

    x: np.ndarray  # (T, N, 1), float64: 0 or 1
    counts: np.ndarray  # (T, N), int64: after each step, from 0 to modulus - 1


def bit_counts(n_sequences: int, n_steps: int, *, modulus: int = 2, seed: int) -> BitCounts:
    """Draw bits and count their ones: parity for a modulus of 2, counting by three for 3.

    A single bit that is missed makes all later counts wrong, however long the sequence is.

    Parameters
    ----------
    n_sequences, n_steps : int
        N and T.
    modulus : int, default 2
        The counts begin again at 0 when they reach it; at least 2. A guess is then right once in `modulus`.
    seed : int
        Makes the bits repeatable.

    Returns
    -------
    BitCounts
        ``x`` (T, N, 1) in float64, each bit as likely 0 as 1, and ``counts`` (T, N) in int64.

    Raises
    ------
    ValueError
        If `modulus` is below 2.
    """
    if modulus < 2:
        raise ValueError(f"modulus must be at least 2, got {modulus}")
    bits = np.random.default_rng(seed).integers(2, size=(n_steps, n_sequences))
    return BitCounts(bits[..., np.newaxis].astype(np.float64), bits.cumsum(axis=0) % modulus)


class AddingProblem(NamedTuple):
    """Sequences of numbers of which two are marked, and the sum of these two."""

    x: np.ndarray  # (T, N, 2), float64: a number from 0 to 1, and its mark, 0 or 1
    sums: np.ndarray  # (N,), float64


def adding_problem(n_sequences: int, n_steps: int, *, seed: int) -> AddingProblem:
    """Draw the adding problem: two numbers of a long sequence are to be kept and added, all others ignored.

    Parameters
    ----------
    n_sequences, n_steps : int
        N and T; T is at least 2.
    seed : int
        Makes the sequences repeatable.

    Returns
    -------
    AddingProblem
        ``x`` (T, N, 2) in float64: uniform numbers from 0 to 1, and marks, one in each half of the sequence;
        ``sums`` (N,) in float64. Who always answers 1, the mean, is off by 1/6 in the mean square.

    Raises
    ------
    ValueError
        If there are fewer than two steps.

    References
    ----------
    Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation, 1997; here with one mark in each half.
    """
    if n_steps < 2:
        raise ValueError(f"n_steps must be at least 2, one for each mark; got {n_steps}")
    rng = np.random.default_rng(seed)
    numbers, marks = rng.uniform(size=(n_steps, n_sequences)), np.zeros((n_steps, n_sequences))
    half, columns = n_steps // 2, np.arange(n_sequences)
    marks[rng.integers(half, size=n_sequences), columns] = 1
    marks[rng.integers(half, n_steps, size=n_sequences), columns] = 1
    return AddingProblem(np.stack([numbers, marks], axis=-1), (numbers * marks).sum(axis=0))


class Echo(NamedTuple):
    """Random bits, and the same bits some steps later."""

    x: np.ndarray  # (T, N, 1), float64: 0 or 1
    echoes: np.ndarray  # (T, N), int64: the bit of `delay` steps before; 0 in the first `delay` steps


def echo(n_sequences: int, n_steps: int, *, delay: int, seed: int) -> Echo:
    """Draw bits that are to be answered with a delay: the network has to keep the last `delay` of them, in order.

    Parameters
    ----------
    n_sequences, n_steps : int
        N and T.
    delay : int
        From 1 to T - 1. The first `delay` steps have nothing to repeat: leave them out of the loss.
    seed : int
        Makes the bits repeatable.

    Returns
    -------
    Echo
        ``x`` (T, N, 1) in float64, each bit as likely 0 as 1, and ``echoes`` (T, N) in int64.

    Raises
    ------
    ValueError
        If `delay` is not from 1 to T - 1.
    """
    if delay not in range(1, n_steps):
        raise ValueError(f"delay must be from 1 to T - 1 = {n_steps - 1}, got {delay!r}")
    bits = np.random.default_rng(seed).integers(2, size=(n_steps, n_sequences))
    echoes = np.zeros_like(bits)
    echoes[delay:] = bits[:-delay]
    return Echo(bits[..., np.newaxis].astype(np.float64), echoes)


class Digits(NamedTuple):
    """Handwritten digits to train on and to test on: images (n, 8, 8) from 0 to 1 in float32, labels (n,) in int64."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


def digits(*, n_train: int = 1400, seed: int = 0) -> Digits:
    """Load scikit-learn's 1797 handwritten digits, shuffled and split.

    Parameters
    ----------
    n_train : int, default 1400
        How many of them to train on; the rest is to test on.
    seed : int, default 0
        Of the shuffle. In file order the test set would be the work of other writers.

    Returns
    -------
    Digits
        Images of 8 rows of 8 pixels, the first row on top.

    Raises
    ------
    ValueError
        If `n_train` leaves nothing to train on, or nothing to test on.

    References
    ----------
    Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    if isinstance(n_train, bool) or not isinstance(n_train, int) or n_train not in range(1, len(data.target)):
        raise ValueError(f"n_train must be from 1 to {len(data.target) - 1}, got {n_train!r}")
    order = np.random.default_rng(seed).permutation(len(data.target))
    images = (data.images[order] / 16).astype(np.float32)  # the file counts dark pixels from 0 to 16
    labels = data.target[order].astype(np.int64)
    return Digits(images[:n_train], labels[:n_train], images[n_train:], labels[n_train:])


class Text(NamedTuple):
    """A text to learn to write: its characters, each kind of them once, and the place of each among these."""

    characters: str  # 302,487 of them
    alphabet: str  # 70 of them, sorted
    codes: np.ndarray  # (302487,), int64: ``alphabet[codes[i]]`` is ``characters[i]``


def text() -> Text:
    """Read two novels by Lewis Carroll, "Alice's Adventures in Wonderland" and "Through the Looking-Glass".

    Returns
    -------
    Text
        Plain English in ASCII, in lines as in print: 302,487 characters of 70 kinds.

    Notes
    -----
    The novels are of 1865 and 1871, and their author died in 1898: they are in the public domain, and so is this text,
    that of the Millennium Fulcrum editions 3.0 and 1.7. Left out are the editors' additions in brackets, rows of stars,
    marks of emphasis, and blanks at the ends of lines.
    """
    import gzip
    from importlib.resources import files

    packed = (files("rnn_helpers") / "carroll.txt.gz").read_bytes()
    characters = gzip.decompress(packed).decode("ascii")
    alphabet = "".join(sorted(set(characters)))
    places = np.zeros(128, dtype=np.int64)
    places[[ord(character) for character in alphabet]] = np.arange(len(alphabet))
    return Text(characters, alphabet, places[np.frombuffer(characters.encode("ascii"), dtype=np.uint8)])
