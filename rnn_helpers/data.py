"""The data of the series: the running example, random token sequences for the probes, handwritten digits.

Nothing is downloaded: the sequences are drawn from a seed, and the digits come with scikit-learn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["TOKENS", "Digits", "TokenSequences", "U", "W", "X", "b", "digits", "token_sequences"]

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
