"""A score says how far off predictions were; a ratio, how far beside another's, and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan, sqrt
from typing import Any

import numpy as np
from sklearn.metrics import log_loss

ECE_BINS = 15
"""Of confidence, in the calibration error."""


def scores(classes: bool, y: Any, predicted: Any, labels: Any = None) -> dict[str, float]:
    """What is counted of predictions of targets y (n,).

    Parameters
    ----------
    predicted : of classes the probabilities (n, k), else numbers (n,).
    labels : (k,) the classes, in the order of the columns.

    Returns
    -------
    dict
        "error": 1 - accuracy, or the root mean squared error in the target's unit; of classes also
        "log_loss" in nats and "ece".
    """
    if not classes:
        off = np.asarray(predicted, float) - np.asarray(y, float)
        return {"error": float(np.sqrt(np.mean(off**2)))}
    codes = np.searchsorted(labels, y)
    p = np.asarray(predicted, float)
    return {
        "error": float(np.mean(p.argmax(axis=1) != codes)),
        "log_loss": float(log_loss(codes, p, labels=np.arange(len(labels)))),
        "ece": calibration_error(p, codes),
    }


def calibration_error(p: Any, codes: Any, bins: int = ECE_BINS) -> float:
    """The expected calibration error: how far confidence is from how often it is right.

    Rows fall into bins of equal width by the probability of their likeliest class; the difference
    between its mean and the accuracy is averaged over bins, by their rows (Guo et al., On
    calibration of modern neural networks, 2017, eq. 3).

    Examples
    --------
    >>> p = np.array([[0.8, 0.2]] * 10)
    >>> calibration_error(p, np.array([0] * 8 + [1] * 2)) < 1e-12
    True
    >>> round(calibration_error(p, np.zeros(10, int)), 3)
    0.2
    """
    confidence = p.max(axis=1)
    right = p.argmax(axis=1) == codes
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(places, right - confidence, bins)
    return float(np.abs(gaps).sum() / len(p))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """How large our mean is beside theirs, and the standard error of that over seeds.

    A ratio of means, since a single seed of theirs may have no error at all; that of our mean to
    theirs is as uncertain as the mean of ours - ratio theirs is (Cochran, Sampling techniques,
    1977, eq. 6.13). The standard error is NaN for a single seed, both are if theirs is 0.

    Parameters
    ----------
    ours, theirs : by seed. Only as many as both have are compared.

    Examples
    --------
    >>> ratio([0.9, 1.8], [1.0, 2.0])
    (0.9, 0.0)
    >>> r, error = ratio([1.0, 3.0], [2.0, 2.0])
    >>> r, round(error, 3)  # sqrt(2) / sqrt(2) / 2
    (1.0, 0.5)
    """
    n = min(len(ours), len(theirs))
    a, b = np.array(ours[:n]), np.array(theirs[:n])
    if not n or not b.mean():
        return nan, nan
    r = float(a.mean() / b.mean())
    if n == 1:
        return r, nan
    return r, abs(float(np.std(a - r * b, ddof=1) / sqrt(n) / b.mean()))


def mean(values: Sequence[float]) -> tuple[float, float]:
    """The mean over seeds and its standard error, NaN for a single one.

    Examples
    --------
    >>> mean([1.0, 3.0])
    (2.0, 1.0)
    """
    of_mean = float(np.std(values, ddof=1) / sqrt(len(values))) if len(values) > 1 else nan
    return float(np.mean(values)), of_mean
