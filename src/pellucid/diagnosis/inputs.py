"""Inputs are what the networks get, after all encoding: their sizes, and what they give away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pellucid.diagnosis.case import FEWEST, MOST_SCORED, Case, NotMeasured, Part, Sign
from pellucid.samples import column_sizes
from pellucid.subject import NUMERIC

BACKGROUND = 0.1
"""A value that so much of all numbers have is a background, as of pixels: it is no news."""

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
    """An input that is the target, or nearly."""
    X, y = case.rows.some(MOST_SCORED, case.seed)
    if len(X) < FEWEST_TO_LEAK:
        raise NotMeasured(f"fewer than {FEWEST_TO_LEAK} rows")
    numbers = np.array([i.kind == NUMERIC for i in case.subject.inputs])
    with np.errstate(all="ignore"):
        Z, t = (a - a.mean(axis=0) for a in (X, y))
        Z, t = (a / np.sqrt((a * a).sum(axis=0)) for a in (Z, t))
        likeness = np.nan_to_num(np.abs(Z.T @ t), nan=0.0).max(axis=1)
    likeness[~numbers] = 0.0
    worst = int(likeness.argmax())
    if likeness[worst] > limit:
        yield Sign(
            _name(case, worst),
            f"input {_name(case, worst)!r} tells the target by itself: their correlation is "
            f"{likeness[worst]:.6f} (limit {limit:g})",
            float(likeness[worst]),
            "leave the column out, unless it will be known when predictions are made",
        )


def _test(case: Case) -> Part:
    if case.test is None:
        raise NotMeasured("no test rows were given")
    return case.test


def _name(case: Case, place: int | np.integer) -> str:
    return case.subject.inputs[int(place)].name


def _and_others(found: object) -> str:
    n = len(found) - 1  # type: ignore[arg-type]
    return f"; so for {n} other{'s' if n > 1 else ''}" if n else ""
