"""A gallery is which images a network gets wrong, most surely first, and which just right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.predictor import class_numbers
from pellucid.targets import ClassTarget

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ASKED = 2000
"""Images at the most that are looked at, the first ones."""

WRONG, RIGHT = 15, 5
"""Places for those that are wrong, and after them for those that are right."""

NEAR = 8
"""Times as many as there are places: what is among these first need not leave while it trains."""


@dataclass(frozen=True, eq=False)
class Gallery:
    """Places, and the image that is in each; -1 is none.

    Parameters
    ----------
    rows : (`WRONG` + `RIGHT`,) which row is in each place.
    true, said : (`WRONG` + `RIGHT`,) numbers of its class and of the one that is said.
    sure : (`WRONG` + `RIGHT`,) the probability of the one that is said.
    wrong, of : how many are wrong, of how many that were looked at.
    """

    rows: NDArray[np.int64]
    true: NDArray[np.int64]
    said: NDArray[np.int64]
    sure: NDArray[np.float64]
    wrong: int
    of: int

    @classmethod
    def of_rows(
        cls, target: ClassTarget, output: NDArray[Any], y: NDArray[Any],
        before: Gallery | None = None, steady: bool = False,
    ) -> Gallery:  # fmt: skip
        """That of what a network says of rows.

        Parameters
        ----------
        output, y : (n, k) what it says of each, and what is true.
        before : the gallery until now; with the same images, each stays in its place.
        steady : an image stays in its place as long as it is near the first, too.

        Examples
        --------
        >>> said, true = np.array([[0.1], [0.8], [0.6], [0.7]]), np.array([[0], [0], [1], [0]])
        >>> gallery = Gallery.of_rows(ClassTarget(("cat", "dog")), said, true)
        >>> gallery.wrong, gallery.of, gallery.rows[:3], gallery.rows[WRONG:][:3]
        (2, 4, array([ 1,  3, -1]), array([ 2,  0, -1]))
        """
        of_each = np.nan_to_num(target.probabilities(output))
        true, said = class_numbers(y), class_numbers(np.nan_to_num(output))
        sure = np.take_along_axis(of_each, said[:, None], axis=1)[:, 0]
        wrong = true != said
        most = np.argsort(-sure, kind="stable")
        rows = np.concatenate([
            _seated(ranking, kept, steady)
            for ranking, kept in (
                (most[wrong[most]], _kept(before, slice(WRONG))),
                (most[~wrong[most]][::-1], _kept(before, slice(WRONG, None))),
            )
        ])  # fmt: skip
        there = rows >= 0
        return cls(
            rows, np.where(there, true[rows], -1), np.where(there, said[rows], -1),
            np.where(there, sure[rows], 0.0), int(wrong.sum()), len(wrong),
        )  # fmt: skip


NO_ONE = np.full(WRONG + RIGHT, -1)


def _kept(before: Gallery | None, part: slice) -> NDArray[np.int64]:
    """The rows that are in these places now."""
    return (NO_ONE if before is None else before.rows)[part]


def _seated(ranking: NDArray[Any], kept: NDArray[Any], steady: bool) -> NDArray[np.int64]:
    """The first of a ranking, each in a place; those that have one already are not moved."""
    first = ranking[: len(kept)]
    made = np.full_like(kept, -1)
    if steady or {*first.tolist()} == {*kept[kept >= 0].tolist()}:
        stay = np.isin(kept, ranking[: NEAR * len(kept) if steady else len(kept)])
        made[stay] = kept[stay]
    free = np.flatnonzero(made < 0)
    others = ranking[~np.isin(ranking, made)][: len(free)]
    made[free[: len(others)]] = others
    return made
