"""Inputs are what the networks get, after all encoding: their sizes, and what they give away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from pellucid.diagnosis.case import FEWEST, MOST_SCORED, Case, Floats, NotMeasured, Part, Sign
from pellucid.samples import column_sizes
from pellucid.subject import CELL, LEVEL, NUMERIC

if TYPE_CHECKING:
    from numpy.typing import NDArray

BACKGROUND = 0.1
"""A value that so much of all numbers have is a background, as of pixels: it is no news."""

APART, SAME = 10.0, 1e-9
"""Class means further apart than so many deviations within are told apart; rounding is none."""

RANGES = 1.0
"""So many ranges of the training rows beyond them is far outside."""

FEWEST_TO_LEAK = 30
"""Rows below which an input may go with the target by chance."""


def large_inputs(case: Case, limit: float) -> Iterator[Sign]:
    """Columns whose root mean square is far above 1."""
    largest, usual = column_sizes(case.rows.X)
    found = np.flatnonzero(usual > limit)
    if found.size:
        worst = int(usual.argmax())
        yield Sign(
            _name(case, worst),
            f"input {_name(case, worst)!r} goes up to {largest[worst]:.3g}, its root mean square "
            f"is {usual[worst]:.3g} (limit {limit:g}){_and_others(found)}",
            float(usual[worst]),
            f"bring each column to mean 0 and deviation 1: {case.call('scaling')}",
        )


def uneven_inputs(case: Case, limit: float) -> Iterator[Sign]:
    """Columns of very different sizes."""
    largest, _ = column_sizes(case.rows.X)
    used = np.flatnonzero(largest)
    if not used.size:
        return
    top, bottom = used[largest[used].argmax()], used[largest[used].argmin()]
    ratio = float(largest[top] / largest[bottom])
    if ratio > limit:
        yield Sign(
            _name(case, top),
            f"input {_name(case, top)!r} goes up to {largest[top]:.3g} and "
            f"{_name(case, bottom)!r} to {largest[bottom]:.3g}, a ratio of {ratio:.2g} "
            f"(limit {limit:g})",
            ratio,
            f"bring all columns to a common size: {case.call('scaling')}",
        )


def constant_inputs(case: Case, limit: float) -> Iterator[Sign]:
    """Numbers that are the same in all rows, unless that is a background such as of pixels."""
    X = case.rows.X
    if len(X) < FEWEST:
        raise NotMeasured(f"fewer than {FEWEST} rows")
    numbers = np.array([i.kind == NUMERIC for i in case.subject.inputs])
    same = (X[:1] == X).all(axis=0)
    others = case.rows.some(MOST_SCORED, case.seed).X[:, numbers & ~same]
    places = np.flatnonzero(numbers & same)
    background = [
        value
        for value in np.unique(X[0, places])
        if others.size and (others == value).mean() >= BACKGROUND
    ]
    found = [int(i) for i in places if X[0, i] not in background]
    if len(found) > limit:
        first = found[0]
        yield Sign(
            _name(case, first),
            f"input {_name(case, first)!r} is {X[0, first]:.3g} in all {len(X)} rows (limit: "
            f"{limit:g} such inputs){_and_others(found)}",
            float(len(found)),
            "leave the column out: the network has learnt nothing of what another value means",
        )


def shifted_inputs(case: Case, limit: float) -> Iterator[Sign]:
    """Numbers of the test rows that lie far outside those of the training rows."""
    test = _test(case)
    if len(case.rows.X) < FEWEST or len(test.X) < FEWEST:
        raise NotMeasured(f"fewer than {FEWEST} rows")
    low, high = case.rows.X.min(axis=0), case.rows.X.max(axis=0)
    reach = RANGES * (high - low)
    beyond = np.maximum(low - test.X, test.X - high) > reach
    shares = beyond.mean(axis=0)
    shares[reach == 0.0] = 0.0
    found = np.flatnonzero(shares > limit)
    if found.size:
        worst = int(shares.argmax())
        yield Sign(
            _name(case, worst),
            f"input {_name(case, worst)!r} went from {low[worst]:.3g} to {high[worst]:.3g} in "
            f"training, and lies far outside that in {shares[worst]:.0%} of the test rows, where "
            f"it goes from {test.X[:, worst].min():.3g} to {test.X[:, worst].max():.3g} (limit "
            f"{limit:.0%}){_and_others(found)}",
            float(shares[worst]),
            "give rows to predict in the unit of the training rows, scaled by the same numbers: "
            "fit the scaler once, on the training rows, and save it with the model",
        )


def leaked_target(case: Case, limit: float) -> Iterator[Sign]:
    """An input that is the target, or nearly, or a column of text whose values tell the class."""
    X, y = case.rows.some(MOST_SCORED, case.seed)
    if len(X) < FEWEST_TO_LEAK:
        raise NotMeasured(f"fewer than {FEWEST_TO_LEAK} rows")
    with np.errstate(all="ignore"):
        Z, t = (a - a.mean(axis=0) for a in (X, y))
        Z, t = (a / np.sqrt((a * a).sum(axis=0)) for a in (Z, t))
        likeness = np.nan_to_num(np.abs(Z.T @ t), nan=0.0).max(axis=1)
    kinds = np.array([i.kind for i in case.subject.inputs])
    likeness[kinds == CELL] = 0.0  # parts of a number that is looked at itself
    worst, said = int(likeness.argmax()), "their correlation is"
    found = _name(case, worst), float(likeness[worst])
    if case.of_classes:
        codes = case.codes(y)
        apart = _likeness_to_classes(X, codes)
        apart[kinds != NUMERIC] = 0.0
        best = int(apart.argmax())
        if found[1] <= limit < apart[best]:
            said = "its correlation with the classes, by their means, is"
            found = _name(case, best), float(apart[best])
        for name, places in _columns_of_levels(case).items():
            told = _told_by_levels(X[:, places], codes)
            if found[1] <= limit < told:
                found, said = (name, told), "rows whose class those of the same value have:"
    if found[1] > limit:
        yield Sign(
            found[0],
            f"input {found[0]!r} tells the target by itself: {said} {found[1]:.6f} "
            f"(limit {limit:g})",
            found[1],
            "leave the column out, unless it will be known when predictions are made",
        )


def _likeness_to_classes(X: Floats, codes: NDArray[np.intp]) -> Floats:
    """The correlation (k,) of each input with the mean that it has in the row's class.

    It is that with the best numbering of the classes. 0 where two of them have nearly one mean, so
    that the input does not tell them apart.
    """
    present, codes = np.unique(codes, return_inverse=True)
    counts = np.bincount(codes)
    sums = np.zeros((len(present), X.shape[1]))
    np.add.at(sums, codes, X)
    means = sums / counts[:, None]
    with np.errstate(all="ignore"):
        spread = X.std(axis=0)
        within = np.sqrt(((X - means[codes]) ** 2).mean(axis=0))
        likeness = np.sqrt(np.clip(1.0 - (within / spread) ** 2, 0.0, 1.0))
        gaps = np.diff(np.sort(means, axis=0), axis=0).min(axis=0, initial=np.inf)
        known = np.isfinite(gaps) & (gaps > APART * np.maximum(within, SAME * spread))
    return np.where(known & (spread > 0.0), np.nan_to_num(likeness), 0.0)


def _columns_of_levels(case: Case) -> dict[str, list[int]]:
    """The inputs that each column of text became, by its name."""
    columns: dict[str, list[int]] = {}
    for place, one in enumerate(case.subject.inputs):
        if one.kind == LEVEL:
            columns.setdefault(case.subject.columns[one.column], []).append(place)
    return columns


def _told_by_levels(X: Floats, codes: NDArray[np.intp]) -> float:
    """The part of rows whose class all others of the same levels (n, k) have; one alone has not."""
    _, group = np.unique(X, axis=0, return_inverse=True)
    group = group.ravel()
    low, high = np.full(group.max() + 1, codes.max()), np.zeros(group.max() + 1, int)
    np.minimum.at(low, group, codes)
    np.maximum.at(high, group, codes)
    pure = (low == high) & (np.bincount(group) > 1)
    return float(pure[group].mean()) if codes.min() < codes.max() else 0.0


def _test(case: Case) -> Part:
    if case.test is None:
        raise NotMeasured("no test rows were given")
    return case.test


def _name(case: Case, place: int | np.integer) -> str:
    return case.subject.inputs[int(place)].name


def _and_others(found: object) -> str:
    n = len(found) - 1  # type: ignore[arg-type]
    return f"; so for {n} other{'s' if n > 1 else ''}" if n else ""
