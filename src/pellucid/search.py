"""A search tries settings of an estimator by cross-validation and keeps the one that scores best.

Some rows are set aside first and looked at once, at the end: the best of many scores is too good to
believe, and the score on rows that had no part in choosing is not. Needs scikit-learn.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    ParameterGrid,
    RandomizedSearchCV,
    StratifiedKFold,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import _safe_indexing

from pellucid.counts import refuse_unless_count
from pellucid.estimators import MLPClassifier, MLPRegressor
from pellucid.ranges import shown, values
from pellucid.registry import near
from pellucid.sparse import is_sparse
from pellucid.splitting import split_rows
from pellucid.targets import MOST_CLASSES, ROWS_PER_CLASS
from pellucid.workers import for_a_worker, interrupt_ends_all, last_error, notes, workers

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIGURES = ("training_score", "validation_score", "validation_std", "seconds")
"""What the table of a search has beside its parameters: means over the folds, and a deviation."""


@dataclass(frozen=True, eq=False)
class Tuning:
    """What `tune` found; print it to read it.

    Parameters
    ----------
    table : the validation curve, a row a setting: an array (n,) for each parameter, and
        "training_score", "validation_score", "validation_std" and "seconds" of a fit, over the
        folds. `pandas.DataFrame(tuning.table)` takes it.
    best_parameters : the setting with the highest mean validation score.
    best_estimator : fitted with it to all rows but the test rows.
    validation_score : its mean over the folds, which is a little too good: it was chosen for that.
    test_score : on rows that were not looked at before; None if there are none.
    score_name : what these scores are.
    rows : how many were searched on, and tested on.
    notes : what went wrong in some of the fits, a sentence each.
    search : the fitted `GridSearchCV` or `RandomizedSearchCV`.
    """

    table: dict[str, NDArray[Any]]
    best_parameters: dict[str, Any]
    best_estimator: Any
    validation_score: float
    test_score: float | None
    score_name: str
    rows: dict[str, int]
    notes: tuple[str, ...]
    search: Any

    def __str__(self) -> str:
        names = list(self.best_parameters)
        cells = [[*names, "training", "validation", "+-", "seconds"]]
        for row in zip(*self.table.values(), strict=True):
            *setting, training, validation, deviation, seconds = row
            scores = [f"{score:.4f}" for score in (training, validation, deviation)]
            cells.append([*map(shown, setting), *scores, f"{seconds:.3f}"])
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in cells]
        lines[1 + self.search.best_index_] += "  <- best"
        folds, n = self.search.n_splits_, self.rows["search"]
        tied = int((self.search.cv_results_["rank_test_score"] == 1).sum())
        if tied > 1:
            lines.append(f"{tied} settings share the best score: the first of them is taken")
        lines.insert(0, f"{self.score_name}, mean over {folds} folds of {n} rows:")
        if self.test_score is None:
            lines.append("no rows were held out to test the best setting on")
        else:
            held = f"the {self.rows['test']} test rows"
            lines.append(f"{self.score_name} on {held}: {self.test_score:.4f}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def tune(
    X: Any,
    y: Any,
    parameters: Mapping[str, Any],
    *,
    estimator: Any = None,
    task: str | None = None,
    folds: Any = 5,
    test: float | None = 0.2,
    test_data: tuple[Any, Any] | None = None,
    scoring: Any = None,
    n_candidates: int | None = None,
    n_jobs: int | None = None,
    seed: int = 0,
) -> Tuning:
    """Choose an estimator's parameters by cross-validation, refit, and test once.

    Fits run in threads of this process, one thread each; the engine does not hold Python up.

    Parameters
    ----------
    X : (n, n_features) array, sparse matrix or data frame. A polars frame may hold text and gaps.
    y : (n,) or (n, n_targets).
    parameters : values to try by the parameter's name: a list, or a text as `values` reads it.
    estimator : any of scikit-learn's kind, a pipeline too, whose last step is meant where names
        are not unique. None: `MLPClassifier` or `MLPRegressor` after a `StandardScaler`.
    task : "classification" or "regression", without an `estimator`; None: told from y.
    folds : how many (shuffled, classes in equal parts), or a splitter of scikit-learn's.
    test : the part of the rows that is set aside first, classes in equal parts; None or 0 for
        none. Fewer than 20 rows are not divided.
    test_data : (X, y) of one's own to test on instead.
    scoring : a name of scikit-learn's scorers, or a function of (estimator, X, y), higher is
        better; None: the estimator's own score.
    n_candidates : None: every combination (`GridSearchCV`), a number: so many drawn at random
        (`RandomizedSearchCV`).
    n_jobs : fits at once; None: as many as there are processors.
    seed : of the division, the folds, the draws, and of every fit: `random_state` where it is None.

    Raises
    ------
    ValueError
        If a parameter is not known, a range is not one, there is one setting only, there are more
        folds than rows, y is constant, or every fit fails; the message is one line.

    Examples
    --------
    >>> from pellucid import MLPClassifier, datasets, tune
    >>> moons, model = datasets.load("moons"), MLPClassifier(4, solver="lbfgs", max_iter=20)
    >>> tuning = tune(moons.X, moons.y, {"alpha": "0.01:10:log"}, estimator=model)
    >>> tuning.table["alpha"].tolist(), tuning.best_parameters["alpha"] < 10, tuning.rows
    ([0.01, 0.1, 1.0, 10.0], True, {'search': 160, 'test': 40})
    """
    if not isinstance(parameters, Mapping):
        raise ValueError(
            f"parameters is {parameters!r}: expected values by name, as in "
            '{"alpha": "1e-5:1:log"}'
        )
    for name, count in (("n_jobs", n_jobs), ("n_candidates", n_candidates)):
        if count is not None and not (name == "n_jobs" and count == -1):
            refuse_unless_count(name, count)
    X = np.asarray(X) if isinstance(X, list | tuple) else X
    y = y.toarray() if is_sparse(y) else np.asarray(y)
    estimator = _seeded(_estimator(X, y, task) if estimator is None else estimator, seed)
    names = {name: _full_name(estimator, name) for name in parameters}
    choices = {name: _choices(name, given) for name, given in parameters.items()}
    space = {names[name]: chosen for name, chosen in choices.items()}
    _refuse_bad_values(estimator, space)
    classes = is_classifier(estimator)
    X, y, held = _divided(X, y, classes, test, test_data, seed)
    if not len(y) or (y == y[0]).all():
        raise ValueError("y is the same in every row: there is nothing to choose by")
    if isinstance(scoring, str) and scoring not in get_scorer_names():
        raise ValueError(f"unknown scoring {scoring!r}: {near(scoring, get_scorer_names())}")

    interrupted = threading.Event()
    search = _search(
        for_a_worker(estimator, interrupted), space, n_candidates, seed,
        scoring=scoring, cv=_splitter(folds, y, classes, seed), refit=False,
        return_train_score=True, error_score=np.nan,
    )  # fmt: skip
    with interrupt_ends_all(), warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()  # filters belong to all threads: no fit may find "error" there
        warnings.simplefilter("always")
        with workers(n_jobs, interrupted):
            _fit(search, X, y)
        seen = len(caught)
        start = perf_counter()
        best = clone(estimator).set_params(**search.best_params_).fit(X, y)
    results = search.cv_results_
    search.estimator, search.refit, search.best_estimator_ = estimator, True, best
    search.refit_time_ = perf_counter() - start
    settings = [{name: s[full] for name, full in names.items()} for s in results["params"]]
    columns = {name: _column([setting[name] for setting in settings]) for name in names}
    keys = ("mean_train_score", "mean_test_score", "std_test_score", "mean_fit_time")
    columns |= {figure: results[key] for figure, key in zip(FIGURES, keys, strict=True)}
    return Tuning(
        columns,
        settings[search.best_index_],
        best,
        float(search.best_score_),
        None if held is None else float(check_scoring(best, scoring)(best, *held)),
        _score_name(scoring, classes),
        {"search": len(y), "test": 0 if held is None else len(held[1])},
        (*notes(caught[:seen], search), *notes(caught[seen:], None)),
        search,
    )


def _choices(name: str, given: Any) -> Any:
    """The values of a parameter; what can be drawn from, as SciPy's distributions, as it is."""
    if isinstance(given, str):
        return values(given, name)
    if hasattr(given, "rvs"):
        return given
    if not isinstance(given, Sequence | np.ndarray) or not len(given):
        raise ValueError(f"{name} is {given!r}: expected a list of values, or a text as 1e-5:1:log")
    return list(given)


def _estimator(X: Any, y: NDArray[Any], task: str | None) -> Pipeline:
    """The network for such a target, after what its inputs need."""
    if task not in (None, "classification", "regression"):
        raise ValueError(f"task is {task!r}: expected 'classification' or 'regression'")
    first: Any = StandardScaler(with_mean=not is_sparse(X))
    library = type(X).__module__.partition(".")[0]
    if library == "pandas" and (X.isna().any(axis=None) or not all(map(_is_numeric, X.dtypes))):
        raise ValueError(
            "X is a pandas frame with text or gaps: give polars.from_pandas(X), which is encoded "
            "fold by fold, or an estimator that does so"
        )
    if library == "polars":
        from pellucid.encoding import TableEncoding

        first = TableEncoding()
    classes = _is_of_classes(y) if task is None else task == "classification"
    return make_pipeline(first, MLPClassifier() if classes else MLPRegressor())


def _is_numeric(dtype: Any) -> bool:
    return getattr(dtype, "kind", "O") in "biuf"


def _is_of_classes(y: NDArray[Any]) -> bool:
    """Whether a target (n,) or (n, n_targets) is of classes, as `infer_task` tells of a column."""
    if y.ndim > 1:
        return all(_is_of_classes(column) for column in y.T)
    if y.dtype.kind not in "iuf":
        return True
    distinct = np.unique(y)
    few = len(distinct) <= min(MOST_CLASSES, len(y) / ROWS_PER_CLASS)
    return len(distinct) == 2 or (few and bool((distinct == np.rint(distinct)).all()))


def _seeded(estimator: Any, seed: int) -> Any:
    """A copy of it in which every `random_state` that is None is the seed."""
    estimator = clone(estimator)
    unset = {name: seed for name, value in estimator.get_params().items()
             if name.rpartition("__")[2] == "random_state" and value is None}  # fmt: skip
    return estimator.set_params(**unset)


def _full_name(estimator: Any, name: str) -> str:
    """The parameter as a pipeline calls it."""
    known = estimator.get_params()
    if isinstance(estimator, Pipeline) and f"{estimator.steps[-1][0]}__{name}" in known:
        return f"{estimator.steps[-1][0]}__{name}"
    if name in known:
        return name
    found = [full for full in known if full.endswith(f"__{name}")]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"parameter {name!r} could be any of {', '.join(found)}: say which")
    own = {full.rpartition("__")[2] for full in known}
    raise ValueError(f"no parameter {name!r}: {near(name, sorted(own))}")


def _refuse_bad_values(estimator: Any, space: Mapping[str, Any]) -> None:
    """Raise scikit-learn's own error for a value that no fit can take, before any fit."""
    for name, chosen in space.items():
        for value in chosen if isinstance(chosen, list) else []:
            tried = clone(estimator).set_params(**{name: value})
            owner = name.rpartition("__")[0]
            owner = tried.get_params()[owner] if owner else tried
            if hasattr(owner, "_parameter_constraints"):
                owner._validate_params()


def _divided(
    X: Any, y: NDArray[Any], classes: bool, test: float | None, test_data: Any, seed: int
) -> tuple[Any, NDArray[Any], tuple[Any, NDArray[Any]] | None]:
    """Rows to search on, and those to test on, which nothing else looks at."""
    n = len(y) if isinstance(X, list) else X.shape[0]
    if y.shape[:1] != (n,):
        raise ValueError(f"y has shape {y.shape}: expected one target for each of {n} rows")
    if test_data is not None:
        return X, y, (test_data[0], np.asarray(test_data[1]))
    test = test or 0.0
    if not 0 <= test < 1:
        raise ValueError(f"test is {test}: expected a part of the rows, from 0 to less than 1")
    rows, _, held = split_rows(n, y if classes and y.ndim == 1 else None, 0.0, test, seed)
    if not len(held):
        return X, y, None
    return _safe_indexing(X, rows), y[rows], (_safe_indexing(X, held), y[held])


def _splitter(folds: Any, y: NDArray[Any], classes: bool, seed: int) -> Any:
    if isinstance(folds, str):
        raise ValueError(f"folds is {folds!r}: expected how many, or a splitter")
    if not isinstance(folds, Integral):
        return folds
    if not 2 <= int(folds) <= len(y):
        raise ValueError(f"folds is {folds}: expected 2 up to the number of rows, {len(y)}")
    kind = StratifiedKFold if classes and y.ndim == 1 else KFold
    return kind(folds, shuffle=True, random_state=seed)


def _search(
    estimator: Any, space: dict[str, Any], n_candidates: int | None, seed: int, **options: Any
) -> Any:
    drawn = any(not isinstance(chosen, list) for chosen in space.values())
    if drawn and n_candidates is None:
        raise ValueError("a distribution is drawn from: say n_candidates, how many draws")
    n = None if drawn else len(ParameterGrid(space))
    if n == 1 or n_candidates == 1:
        raise ValueError("there is one setting only: give two or more values to choose from")
    if n_candidates is None:
        return GridSearchCV(estimator, space, **options)
    n_candidates = min(n_candidates, n or n_candidates)
    return RandomizedSearchCV(estimator, space, n_iter=n_candidates, random_state=seed, **options)


def _fit(search: Any, X: Any, y: NDArray[Any]) -> None:
    try:
        search.fit(X, y)
    except ValueError as error:
        if "fits failed" not in str(error):
            raise
        raise ValueError(f"every fit failed: {last_error(str(error))}") from None
    scores = search.cv_results_.get("mean_test_score")
    if scores is None:
        raise ValueError("scoring gives several numbers: expected one that says what is best")
    if np.isnan(scores).all():
        raise ValueError("every setting failed in some fold: try other values, or fewer folds")


def _column(chosen: list[Any]) -> NDArray[Any]:
    if all(isinstance(value, int | float | str) for value in chosen):
        kinds = {type(value) for value in chosen}
        if len(kinds) == 1 or str not in kinds:
            return np.array(chosen)
    column = np.empty(len(chosen), dtype=object)
    for i, value in enumerate(chosen):  # a tuple stays one
        column[i] = value
    return column


def _score_name(scoring: Any, classes: bool) -> str:
    if scoring is None:
        return "accuracy" if classes else "R2"
    return str(getattr(scoring, "__name__", scoring))
