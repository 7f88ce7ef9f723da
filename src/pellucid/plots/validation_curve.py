"""A validation curve is the score by one setting: where it peaks on rows that were held out."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.plots.display import Display
from pellucid.plots.labels import legend_below, name_ticks, name_values, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from pellucid.comparison import Comparison
    from pellucid.search import Tuning

UNEVEN = 5.0
"""Widest gap between values, in narrowest ones, from which their axis is logarithmic."""


class ValidationCurveDisplay(Display):
    """Mean score over the folds by one setting, on rows of training and held out, best marked.

    Parameters
    ----------
    param_name : of the setting, such as "alpha" or "hidden_layer_sizes".
    param_range : (m,) its values: numbers, or anything that has a name.
    train_scores, test_scores : (m, folds).
    score_name : what these scores are.
    lower_is_better : whether they are losses.

    Attributes
    ----------
    best : the place of the best mean test score.
    lines_, fill_between_ : of training and of rows held out; the areas are +- a deviation,
        no further than the folds' own scores.
    best_ : the mark of the best.

    Examples
    --------
    >>> display = ValidationCurveDisplay(
    ...     param_name="alpha", param_range=[0.1, 1.0], train_scores=[[0.9], [0.8]],
    ...     test_scores=[[0.7], [0.75]],
    ... ).plot()
    >>> display.best_.get_xydata().tolist()
    [[1.0, 0.75]]
    """

    title = "Validation curve"

    def __init__(
        self,
        *,
        param_name: str,
        param_range: Sequence[Any],
        train_scores: ArrayLike,
        test_scores: ArrayLike,
        score_name: str = "score",
        lower_is_better: bool = False,
    ) -> None:
        self.param_name = param_name
        self.param_range = list(param_range)
        self.train_scores: NDArray[np.float64] = np.asarray(train_scores, np.float64)
        self.test_scores: NDArray[np.float64] = np.asarray(test_scores, np.float64)
        self.score_name, self.lower_is_better = score_name, lower_is_better
        m = len(self.param_range)
        for name in ("train_scores", "test_scores"):
            shape = getattr(self, name).shape
            if len(shape) != 2 or shape[0] != m or not m:
                raise ValueError(f"{name} has shape {shape}: expected ({m}, folds)")
        if not np.isfinite(self.test_scores.mean(axis=1)).any():
            raise ValueError(f"no value of {param_name} has a score: there is nothing to draw")

    @property
    def best(self) -> int:
        """The place of the best mean score on rows held out."""
        means = self.test_scores.mean(axis=1)
        means = np.where(np.isfinite(means), -means if self.lower_is_better else means, -np.inf)
        return int(np.argmax(means))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        param_name: str,
        param_range: Sequence[Any],
        cv: Any = 5,
        scoring: Any = None,
        n_jobs: int | None = None,
        score_name: str | None = None,
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """Fit an estimator with each value by `sklearn.model_selection.validation_curve`, and draw.

        Parameters
        ----------
        estimator : unfitted, such as an `MLPClassifier` or a pipeline that ends in one.
        param_name : as `set_params` takes it.
        cv, scoring, n_jobs : as scikit-learn takes them.

        Raises
        ------
        ValueError
            If there are no values, or an estimator refuses one.

        Warns
        -----
        ConvergenceWarning
            Once for all fits that stopped before they had converged.
        """
        from sklearn.base import is_classifier
        from sklearn.model_selection import validation_curve

        if not len(param_range):
            raise ValueError(f"param_range is empty: give one value of {param_name} or more")
        with _counted_warnings():
            train, test = validation_curve(
                estimator, X, y, param_name=param_name, param_range=list(param_range), cv=cv,
                scoring=scoring, n_jobs=n_jobs, error_score="raise",
            )  # fmt: skip
        if score_name is None:
            own = "accuracy" if is_classifier(estimator) else "R²"
            score_name = own if scoring is None else str(getattr(scoring, "__name__", scoring))
        made = cls(
            param_name=param_name, param_range=param_range, train_scores=train, test_scores=test,
            score_name=score_name,
        )  # fmt: skip
        return made.plot(ax, style=style)

    @classmethod
    def from_tuning(
        cls,
        tuning: Tuning,
        param_name: str | None = None,
        *,
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """Draw what `tune` found by one of its parameters, the others as they were best.

        Parameters
        ----------
        param_name : None: the first.
        """
        best, results = tuning.best_parameters, tuning.search.cv_results_
        param_name = next(iter(best)) if param_name is None else param_name
        if param_name not in best:
            raise ValueError(f"param_name is {param_name!r}: expected one of {', '.join(best)}")
        others = [name for name in best if name != param_name]
        table = tuning.table
        rows = [
            i
            for i in range(len(table[param_name]))
            if all(_plain(table[name][i]) == _plain(best[name]) for name in others)
        ]
        values = [_plain(table[param_name][i]) for i in rows]
        if all(isinstance(value, int | float) for value in values):
            rows = [rows[i] for i in np.argsort(values, kind="stable")]
        folds = range(tuning.search.n_splits_)
        scores = {
            part: np.column_stack([results[f"split{fold}_{part}_score"][rows] for fold in folds])
            for part in ("train", "test")
        }
        made = cls(
            param_name=param_name, param_range=[_plain(table[param_name][i]) for i in rows],
            train_scores=scores["train"], test_scores=scores["test"],
            score_name=tuning.score_name,
        )  # fmt: skip
        return made.plot(ax, style=style)

    @classmethod
    def from_comparison(
        cls,
        comparison: Comparison,
        param_name: str = "network",
        *,
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """Draw the losses of networks that `compare` has compared, by their labels."""
        candidates = comparison.candidates
        made = cls(
            param_name=param_name,
            param_range=[candidate.label for candidate in candidates],
            train_scores=[[candidate.training_loss] for candidate in candidates],
            test_scores=[[candidate.validation_loss] for candidate in candidates],
            score_name="loss",
            lower_is_better=True,
        )
        return made.plot(ax, style=style)

    def plot(self, ax: Axes | None = None, *, style: str = "auto") -> Self:
        """Draw the curve on `ax`, or on a figure of its own."""
        x = self._numbers()
        places = np.arange(len(self.param_range), dtype=float) if x is None else x
        with self._canvas(ax, style) as (ax, colours):
            self.lines_, self.fill_between_ = [], []
            parts = {"training": self.train_scores, "validation": self.test_scores}
            for colour, (name, scores) in zip(colours.colours, parts.items(), strict=False):
                mean, deviation = scores.mean(axis=1), scores.std(axis=1)
                self.lines_ += ax.plot(
                    places, mean, "o-", color=colour, markersize=4, linewidth=1.6, label=name
                )
                self.fill_between_.append(
                    ax.fill_between(
                        places, np.maximum(mean - deviation, scores.min(axis=1)),
                        np.minimum(mean + deviation, scores.max(axis=1)),
                        color=colour, alpha=0.18, linewidth=0,
                    )
                )  # fmt: skip
            best = self.best
            value = _named(self.param_range[best])
            (self.best_,) = ax.plot(
                places[best], self.test_scores[best].mean(), "o", color=colours.validation,
                markersize=9, markeredgecolor=colours.ground, markeredgewidth=1.5,
                label=f"best, {shortened(value, 24)}", zorder=3,
            )  # fmt: skip
            self._name_places(ax, x)
            ax.set(xlabel=self.param_name, ylabel=self.score_name, title=self.title)
            ax.grid(axis="y", linewidth=0.6)
            ax.set_axisbelow(True)
            legend_below(ax, [*self.lines_, self.best_])
        return self

    def _heading(self) -> str:
        score = self.test_scores[self.best].mean()
        value = _named(self.param_range[self.best])
        return f"{self.title}, best {self.param_name} {value}: {self.score_name} {score:.4g}"

    def _numbers(self) -> NDArray[np.float64] | None:
        """The values as numbers, if they are; the size of a single hidden layer is one."""
        values = [v[0] if isinstance(v, tuple) and len(v) == 1 else v for v in self.param_range]
        plain = all(isinstance(v, int | float | np.number) for v in values)
        if not plain or any(isinstance(v, bool) for v in values):
            return None
        return np.asarray(values, np.float64)

    def _name_places(self, ax: Axes, x: NDArray[np.float64] | None) -> None:
        if x is None:
            name_ticks(ax, [_named(value) for value in self.param_range])
            return
        gaps = np.abs(np.diff(np.unique(x)))
        if gaps.size and gaps.max() > UNEVEN * gaps.min():
            if x.min() > 0:
                ax.set_xscale("log")
            else:
                ax.set_xscale("symlog", linthresh=float(x[x > 0].min(initial=np.inf)))
        name_values(ax, x.tolist(), [_named(float(value)) for value in x])


@contextmanager
def _counted_warnings() -> Iterator[None]:
    """One warning for all fits that did not converge, in place of one for each."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", ConvergenceWarning)
        yield
    early = [each for each in raised if issubclass(each.category, ConvergenceWarning)]
    for each in raised:
        if each not in early:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    if early:
        warnings.warn(
            f"{len(early)} fits stopped before they had converged; the first said: "
            f"{early[0].message}",
            ConvergenceWarning,
            stacklevel=4,
        )


def _plain(value: Any) -> Any:
    """A value of NumPy's as Python's, so that it compares and prints as it was given."""
    return value.item() if isinstance(value, np.generic) else value


def _named(value: Any) -> str:
    if isinstance(value, tuple | list):
        return " + ".join(map(str, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
