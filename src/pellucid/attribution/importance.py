"""Permutation importance is how much a score falls when a column's values are shuffled."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.attribution.bars import Line, as_table, decimals, written
from pellucid.attribution.columns import held
from pellucid.subject import Subject, subject_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_LINES = 20


@dataclass(frozen=True, eq=False)
class Importance:
    """How much a model leans on each column, the most important first.

    Parameters
    ----------
    columns : their names.
    importance, std : (n_columns,) by how much the score falls, the mean over repeats, and how much
        that varies between them.
    score : of the rows as they are.
    scoring : what the score is called.
    repeats : shuffles of each column.
    """

    columns: tuple[str, ...]
    importance: NDArray[np.float64]
    std: NDArray[np.float64]
    score: float
    scoring: str
    repeats: int

    def text(self, most: int = MOST_LINES) -> str:
        """A bar for each column, in lines of 80 characters at the most."""
        rest = max(0, len(self.columns) - most)
        left = f"\n{rest} others matter less" if rest else ""
        return f"{self._title()}\n{written(*self._lines(most))}{left}"

    def _lines(self, most: int) -> tuple[list[Line], int]:
        places = decimals(float(np.abs(self.importance).max(initial=0.0)), 3)
        falls = zip(self.columns[:most], self.importance[:most], strict=True)
        return [Line(name, round(float(fall) * 10**places)) for name, fall in falls], places

    def _title(self) -> str:
        return (
            f"{self.scoring} {self.score:.4g}: by how much it falls when a column is shuffled, "
            f"{self.repeats} times"
        )

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        from pellucid.page import fragment

        table = as_table(*self._lines(len(self.columns)))
        head = f"<p><b>{escape(self._title())}</b></p>"
        return fragment(f'<div class="card">{head}<div class="scroll">{table}</div></div>')

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "scoring": self.scoring,
            "score": self.score,
            "repeats": self.repeats,
            "columns": [
                {"column": name, "importance": float(value), "std": float(spread)}
                for name, value, spread in zip(self.columns, self.importance, self.std, strict=True)
            ],
        }


def permutation_importance(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    scoring: Any = None,
    n_repeats: int = 5,
    random_state: Any = None,
    sample_weight: Any = None,
) -> Importance:
    """How much the model's score falls when the values of a column are shuffled among the rows.

    It is `sklearn.inspection.permutation_importance` for every kind of model, with the columns of
    the table, not the inputs that they are encoded in (Breiman, Random forests, 2001, section 10).

    Parameters
    ----------
    model : any fitted model of pellucid's, or the path of a model file.
    X : rows that were not trained on, as the model's `predict` takes them.
    y : their labels or numbers; a bag takes the name of a column of X, or finds it by itself.
    scoring : as scikit-learn takes it; by default accuracy of classes, R2 of numbers and, of
        several quantiles, the mean of their D2 of the pinball loss.
    n_repeats : shuffles of each column.
    random_state : of the shuffles.
    sample_weight : (n,) of the rows.

    Raises
    ------
    TypeError, ValueError
        If the model is none, or X and y do not fit it.

    Examples
    --------
    >>> from pellucid import Network
    >>> network = Network([2, 1])
    >>> network.theta = [3.0, 0.0, 0.5]
    >>> X = np.random.default_rng(0).normal(size=(50, 2))
    >>> found = permutation_importance(network, X, 3.0 * X[:, 0] + 0.5, random_state=0)
    >>> found.columns, bool(found.importance[0] > 1.0), float(found.importance[1])
    (('x1', 'x2'), True, 0.0)
    """
    subject = subject_of(model)
    name = scoring if isinstance(scoring, str) else "score"
    if scoring is None:
        name = "accuracy" if subject.task == "classification" else "R2"
        name = "mean D2 of quantiles" if _of_quantiles(subject) else name
    if hasattr(subject.model, "_bag"):
        return _of_bag(subject, X, y, name, scoring, n_repeats, random_state, sample_weight)
    if y is None:
        raise ValueError("y is None: permutation importance needs the answers of the rows of X")
    from sklearn.inspection import permutation_importance as permuted
    from sklearn.metrics import check_scoring

    rows = held(subject, X)
    rows = rows if subject.takes_tables else rows.astype(np.float64)
    scored = _scored(subject)
    y = _labels(subject, np.asarray(y))
    if rows.shape[0] != len(y):
        raise ValueError(f"X has {rows.shape[0]} rows and y has {len(y)}: expected as many")
    made = permuted(
        scored, rows, y, scoring=scoring, n_repeats=n_repeats, random_state=random_state,
        sample_weight=sample_weight,
    )  # fmt: skip
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    whole = float(check_scoring(scored, scoring)(scored, rows, y, **weights))
    order = np.argsort(-made.importances_mean, kind="stable")
    return Importance(
        tuple(subject.columns[i] for i in order), made.importances_mean[order],
        made.importances_std[order], whole, name, n_repeats,
    )  # fmt: skip


def _of_bag(
    subject: Subject, X: Any, y: Any, name: str, scoring: Any, n_repeats: int, *more: Any
) -> Importance:
    """By a bag's own method, which shuffles the columns of any table without taking it apart."""
    from sklearn.metrics import check_scoring

    model, (random_state, sample_weight) = subject.model, more
    made = model.permutation_importance(
        X, y, scoring=scoring, n_repeats=n_repeats, random_state=random_state,
        sample_weight=sample_weight,
    )  # fmt: skip
    target = subject.target_name if y is None else y
    if isinstance(target, str):
        from pellucid.tabular.frames import frame_of
        from pellucid.tabular.targets import targets_of

        frame = frame_of(X)
        target = targets_of(frame.column(target), frame.n_rows, target)
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    score = float(check_scoring(model, scoring)(model, X, target, **weights))
    return Importance(
        tuple(made["column"].tolist()), made["importance"], made["std"], score, name, n_repeats
    )


def _scored(subject: Subject) -> Any:
    """The subject as scikit-learn's scorers take an estimator: rows are an array of columns."""
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

    # scikit-learn knows methods by the names of the functions, so these are no lambdas.
    def predict(self: Any, X: Any) -> NDArray[Any]:
        return subject.predict(X)

    def predict_proba(self: Any, X: Any) -> NDArray[Any]:
        return subject.answers(X)

    methods: dict[str, Any] = {
        "fit": lambda self, X, y: self,
        "predict": predict,
        "__sklearn_is_fitted__": lambda self: True,
    }
    if quantiles := _of_quantiles(subject):

        def score(self: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
            return float(quantiles._pinball(subject.predict(X), np.asarray(y), sample_weight))

        methods["score"] = score
    if subject.classes is None:
        return type("Scored", (RegressorMixin, BaseEstimator), methods)()
    methods |= {"predict_proba": predict_proba, "classes_": np.array(subject.classes)}
    return type("Scored", (ClassifierMixin, BaseEstimator), methods)()


def _of_quantiles(subject: Subject) -> Any:
    """The estimator that predicts several quantiles, alone or last of a pipeline; None if none."""
    model = subject.model[-1] if hasattr(subject.model, "steps") else subject.model
    several = hasattr(model, "_is_of_quantiles") and model._is_of_quantiles()
    return model if several else None


def _labels(subject: Subject, y: NDArray[Any]) -> NDArray[Any]:
    """Labels as the model has them, where a table has them as text, or the other way round."""
    if not subject.exclusive or subject.classes is None:
        return y
    known = {str(label): label for label in subject.classes}
    return np.array([known.get(str(label), label) for label in y.tolist()])
