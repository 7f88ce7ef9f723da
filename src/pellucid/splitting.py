"""A split keeps some rows from training, to choose and to judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FEWEST_TO_SPLIT = 20
"""Fewer rows than so many are all for training."""


def split_rows(
    n: int,
    labels: ArrayLike | None = None,
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Row numbers for training, validation and test, each in ascending order.

    Parameters
    ----------
    n : rows in all; fewer than 20 are not split: all are for training.
    labels : (n,) classes; each is shared out in the same proportions, and stays in training.
    validation, test : the shares of the rows that are kept from training.
    seed : of the shuffle.

    Examples
    --------
    >>> train, validation, test = split_rows(100, labels=np.repeat(["a", "b"], [20, 80]))
    >>> len(train), len(validation), len(test), int((test < 20).sum())
    (70, 15, 15, 3)
    """
    if not (validation >= 0 and test >= 0 and validation + test < 1):
        raise ValueError(
            f"shares of {validation} for validation and {test} for test: expected at least 0 each, "
            "and less than 1 together"
        )
    if labels is None:
        group = np.zeros(n, np.intp)
    else:
        _, group = np.unique(np.asarray(labels), return_inverse=True)
        if group.shape != (n,):
            raise ValueError(f"labels have shape {group.shape}: expected one for each of {n} rows")
    none = np.zeros(0, np.intp)
    if n < FEWEST_TO_SPLIT:
        return np.arange(n), none, none
    sizes = np.bincount(group)
    n_test, n_validation = _shares(sizes, test), _shares(sizes, validation)
    for c in np.flatnonzero(n_test + n_validation >= sizes):  # one row stays in training
        while n_test[c] + n_validation[c] >= sizes[c]:
            larger = n_test if n_test[c] > n_validation[c] else n_validation
            larger[c] -= 1
    order = np.random.default_rng(seed).permutation(n)
    order = order[np.argsort(group[order], kind="stable")]  # shuffled within each class
    rank = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # 0, 1, ... in its class
    of_class = group[order]
    in_test = rank < n_test[of_class]
    in_validation = ~in_test & (rank < (n_test + n_validation)[of_class])
    parts = (~in_test & ~in_validation, in_validation, in_test)
    train, held, tested = (np.sort(order[part]) for part in parts)
    return train, held, tested


def _shares(sizes: NDArray[np.intp], share: float) -> NDArray[np.intp]:
    """Whole rows of each group that add up to the share of all; largest remainders round up."""
    exact = sizes * share
    whole = exact.astype(np.intp)
    left = int(sizes.sum() * share + 0.5) - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:left]] += 1
    return whole
