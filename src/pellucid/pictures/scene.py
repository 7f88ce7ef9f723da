"""A scene is a model with rows to picture it by, opened once for all of its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.predictor import class_numbers
from pellucid.subject import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Scene:
    """What a picture may look at.

    Parameters
    ----------
    subject : the model, opened.
    X : rows as its `predict` takes them; None without any.
    y : (n,) their right answers; None where they are not known.
    features : the columns that a picture goes along: two of a decision boundary, one of quantiles;
        None for the first of numbers.
    row : which row a picture of one shows, from 0.
    over : a setting and the values that a validation curve goes over.
    picked : that row itself, where the others have been drawn from.
    """

    subject: Subject
    X: Any = None
    y: Any = None
    features: tuple[str, ...] | None = None
    row: int | None = None
    over: tuple[str, tuple[Any, ...]] | None = None
    picked: Any = None

    @cached_property
    def answers(self) -> NDArray[np.float64]:
        """(n, k) what the model says of the rows: probabilities, or numbers."""
        return self.subject.answers(self.X)

    @cached_property
    def single(self) -> int | None:
        """Which of several numbers is the first to look at: of quantiles that nearest the median.

        None where a model predicts one alone, or classes.
        """
        from pellucid.plots.answers import levels_of

        if levels := levels_of(self.subject):
            return int(np.argmin(np.abs(np.array(levels) - 0.5)))
        several = self.subject.classes is None and self.answers.shape[1] > 1
        return 0 if several else None

    @cached_property
    def codes(self) -> NDArray[np.int64]:
        """(n,) the place of each row's label among the model's classes."""
        return class_numbers(self.subject.encode_targets(np.asarray(self.y)))

    @property
    def rows(self) -> int:
        """How many there are."""
        return length(self.X)

    @property
    def one(self) -> Any:
        """The row that a picture of one shows; None if none was asked for.

        Raises
        ------
        ValueError
            If there are not so many.
        """
        if self.row is None or self.picked is not None:
            return self.picked
        n = length(self.X)
        if not 0 <= self.row < n:
            raise ValueError(f"row is {self.row}: expected 0, which is the first, to {n - 1}")
        return taken(self.X, np.array([self.row]))

    def some(self, most: int, seed: int = 0) -> Scene:
        """The same with so many rows at the most, drawn at random."""
        n = length(self.X)
        if n <= most:
            return self
        places = np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
        y = None if self.y is None else np.asarray(self.y)[places]
        return replace(self, X=taken(self.X, places), y=y, picked=self.one)


def length(X: Any) -> int:
    """How many rows a table, a matrix or a dict of columns has."""
    if isinstance(X, Mapping):
        return len(next(iter(X.values()), ()))
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def taken(X: Any, places: NDArray[Any]) -> Any:
    """Those rows of a table, a matrix or a dict of columns, as one of its kind.

    Examples
    --------
    >>> taken({"a": [1, 2, 3], "b": ["x", "y", "z"]}, np.array([2, 0]))
    {'a': [3, 1], 'b': ['z', 'x']}
    """
    if isinstance(X, Mapping):
        return {name: [column[i] for i in places] for name, column in X.items()}
    if hasattr(X, "iloc"):
        return X.iloc[places]
    return X[places] if hasattr(X, "shape") else [X[i] for i in places]
