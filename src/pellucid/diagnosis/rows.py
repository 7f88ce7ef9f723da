"""Rows are what is learnt from: how many of each class, which come twice, which contradict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from pellucid.diagnosis.case import FEWEST, Case, Floats, NotMeasured, Part, Sign

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNRECOGNISED = 0.5
"""A rare class is no disease where more than such a part of its rows is recognised."""

COINCIDENCE = 3
"""So many rows of a test may be in training by chance."""

FEW_LEVELS, OFTEN = 20, 10
"""An input of at most so many values, or whose values come so often in the mean, has few levels."""


def rare_class(case: Case, limit: float) -> Iterator[Sign]:
    """A class with far fewer rows than an even share, of which the network recognises few."""
    if not case.of_classes:
        raise NotMeasured("it does not tell one class of several")
    scored = case.test_scored or case.scored
    true, told = case.codes(scored[0].y), case.codes(scored[1])
    n_classes = max(2, case.rows.y.shape[1])
    counts = np.bincount(case.codes(case.rows.y), minlength=n_classes)
    even = len(case.rows.y) / n_classes
    worst = None
    for code in np.flatnonzero((counts < limit * even) & (counts > 0)):
        own = true == code
        if own.any() and (told[own] == code).mean() < UNRECOGNISED:
            worst = code if worst is None or counts[code] < counts[worst] else worst
    if worst is not None:
        own, name = true == worst, case.class_name(int(worst))
        yield Sign(
            name,
            f"class {name!r} has {counts[worst]} of {len(case.rows.y)} rows, "
            f"{counts[worst] / even:.2g} of an even share (limit {limit:g}), and "
            f"{(told[own] == worst).mean():.0%} of them are recognised",
            float(counts[worst] / even),
            f"let its rows count for more: {case.call('weights')}; or gather more of them",
        )


def shared_rows(case: Case, limit: float) -> Iterator[Sign]:
    """Test rows that are training rows too, inputs and target."""
    if case.test is None:
        raise NotMeasured("no test rows were given")
    known = Counter(_keys(case.rows, with_targets=True))
    test = _keys(case.test, with_targets=True)
    shared = sum(key in known for key in test)
    share = shared / len(test)
    if share <= limit or shared <= COINCIDENCE:
        return
    twice = sum(n for n in known.values() if n > 1) / len(case.rows.X)  # so common by nature
    copied = (
        0 if share > 2 * twice else _copied(case, case.test, np.array([k in known for k in test]))
    )
    if share > 2 * twice or (copied > COINCIDENCE and copied > limit * len(test)):
        yield Sign(
            "",
            f"{shared} of {len(test)} test rows ({share:.1%}, limit {limit:.0%}) are training "
            "rows too: the score on them tells what was learnt by heart",
            share,
            "drop duplicates before the rows are split; of rows that belong together (one patient, "
            "one day) put all on the same side",
        )


def _copied(case: Case, test: Part, shared: NDArray[np.bool_]) -> int:
    """How many shared rows hold a value that only copies of that row have in training.

    Rows of a few levels coincide by nature, but each level is in many other rows too. Values of an
    input of few levels, and of an only input, are no evidence.
    """
    X, Z = case.rows.X, test.X[shared]
    group: dict[bytes, int] = {}
    of_row = np.array([group.setdefault(key, len(group)) for key in _keys(case.rows)])
    of_test = np.array([group[key] for key in _keys(Part(Z, test.y[shared]))])
    varying = np.flatnonzero((X[:1] != X).any(axis=0))
    own = np.zeros(len(Z), bool)
    for column in varying if len(varying) > 1 else []:
        values, code = np.unique(X[:, column], return_inverse=True)
        if len(values) > max(FEW_LEVELS, len(X) / OFTEN):
            first, last = np.full(len(values), len(group)), np.zeros(len(values), int)
            np.minimum.at(first, code, of_row)
            np.maximum.at(last, code, of_row)
            at = np.searchsorted(values, Z[:, column])
            own |= (first[at] == of_test) & (last[at] == of_test)
    return int(own.sum())


def contradictory_rows(case: Case, limit: float) -> Iterator[Sign]:
    """Rows with the same inputs and different targets: what cannot be learnt."""
    X, y = case.rows
    if len(X) < FEWEST:
        raise NotMeasured(f"fewer than {FEWEST} rows")
    places: dict[bytes, int] = {}
    group = np.array([places.setdefault(key, len(places)) for key in _keys(case.rows)])
    sizes = np.bincount(group)
    if case.of_classes:
        pairs = Counter(zip(group.tolist(), case.codes(y).tolist(), strict=True))
        most = np.zeros(len(sizes), int)
        for (place, _), n in pairs.items():
            most[place] = max(most[place], n)
        lost = float((sizes - most).sum() / len(X))
        what = "of the rows cannot be told right by anyone"
    else:
        sums = np.stack([np.bincount(group, column) for column in y.T], axis=1)
        off = y - (sums / sizes[:, None])[group]
        spread = float(((y - y.mean(axis=0)) ** 2).sum())
        lost = float((off * off).sum()) / spread if spread else 0.0
        what = "of the targets' variance cannot be explained by anyone"
    if lost > limit:
        n = int((sizes[group] > 1).sum())
        yield Sign(
            "",
            f"{n} rows have the same inputs as others, and {lost:.1%} {what} (limit {limit:.0%}): "
            "their targets differ",
            lost,
            "look at those rows: correct their targets, or add the columns that tell them apart",
        )


def _keys(part: Part, with_targets: bool = False) -> list[bytes]:
    """A digest of each row; -0 is 0."""
    arrays: list[Floats] = [part.X, part.y] if with_targets else [part.X]
    rows = zip(*arrays, strict=True)
    return [
        blake2b(b"".join((p + 0.0).tobytes() for p in row), digest_size=16).digest() for row in rows
    ]
