"""Same behaviour: what both libraries do alike, checked by doing it with both.

A check that fails raises, so the page cannot say what is not so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from comparison.sides import data, fit, fitted, on_both, shown, table, weights

SMALL: dict[str, Any] = {"hidden_layer_sizes": (12, 7), "batch_size": 32, "random_state": 3}
"""Of every network here; 20 epochs, or 10 iterations of a search, if nothing else is said."""

ROUNDING = 1e-10
"""What no loss and no weight may differ by, relative to 1 or its own size."""

SGD: dict[str, Any] = {"solver": "sgd", "learning_rate_init": 0.05}


@dataclass(frozen=True)
class Course:
    """A training that must take the same course with both libraries."""

    on: str
    settings: dict[str, Any] = field(default_factory=dict)
    weighted: bool = False
    transform: Callable[[Any], Any] | None = None
    tolerance: float = ROUNDING
    note: str = ""


COURSES = [
    Course("three classes"),
    Course("two classes"),
    Course("labels", note="any number of labels at once"),
    Course("three classes", weighted=True, note="sample weights"),
    Course("numbers"),
    Course("three numbers"),
    Course("three numbers", weighted=True, note="sample weights"),
    Course("counts", {"loss": "poisson"}),
    *(
        Course(
            "two classes",
            SGD
            | {"learning_rate": rate, "nesterovs_momentum": nesterov}
            | ({"max_iter": 60, "tol": 0.01, "n_iter_no_change": 3} if rate == "adaptive" else {}),
        )
        for rate in ("constant", "invscaling", "adaptive")
        for nesterov in (True, False)
    ),
    *(Course("three classes", {"activation": name}) for name in ("logistic", "tanh", "identity")),
    Course("three classes", {"hidden_layer_sizes": ()}, note="no hidden layer"),
    Course("three classes", {"shuffle": False}),
    Course("three classes", {"batch_size": "auto", "alpha": 1.0}),
    Course("two classes", {"early_stopping": True}, note="the same rows held out"),
    Course("labels", {"early_stopping": True}, note="the same rows held out"),
    Course("numbers", {"early_stopping": True}, weighted=True, note="sample weights"),
    Course("three classes", {"tol": 0.05, "n_iter_no_change": 2, "max_iter": 200},
           note="stops by itself"),
    Course("three classes", transform=csr_array, note="X is sparse"),
    Course("three classes", transform=lambda X: X.astype(np.float32), tolerance=1e-5,
           note="float32"),
    Course("three classes", {"solver": "lbfgs", "max_iter": 10}),
    Course("numbers", {"solver": "lbfgs", "max_iter": 10}, weighted=True, note="sample weights"),
    Course("counts", {"solver": "lbfgs", "max_iter": 10, "loss": "poisson"}),
]  # fmt: skip


def kind_of(name: str) -> str:
    """The class of estimator for a data set."""
    return "MLPClassifier" if name.endswith(("classes", "labels")) else "MLPRegressor"


def difference(ours: Sequence[Any], theirs: Sequence[Any]) -> float:
    """The largest difference between two lists of arrays, relative to 1 or to the size of theirs.

    Examples
    --------
    >>> difference([[0.5, 100.0]], [[0.0, 101.0]])
    0.5
    """
    pairs = zip(ours, theirs, strict=True)
    gaps = [np.abs(np.subtract(a, b)) / np.maximum(1.0, np.abs(b)) for a, b in pairs]
    return max(float(np.max(gap, initial=0.0)) for gap in gaps)


def row_of(course: Course) -> list[str]:
    """One row of the table of courses; raises if they part."""
    X, y = data(course.on)
    X = X if course.transform is None else course.transform(X)
    weight = weights() if course.weighted else None
    kind, settings = kind_of(course.on), {"max_iter": 20} | SMALL | course.settings

    theirs, ours = fitted(fit(kind, settings, X, y, weight))
    stepping = hasattr(theirs, "loss_curve_")
    losses = (
        ([ours.loss_curve_], [theirs.loss_curve_]) if stepping else ([ours.loss_], [theirs.loss_])
    )
    gaps = [difference(*losses), difference([*ours.coefs_, *ours.intercepts_],
                                            [*theirs.coefs_, *theirs.intercepts_])]  # fmt: skip
    call = f"{kind}({shown(course.settings)})"
    if ours.n_iter_ != theirs.n_iter_ or max(gaps) > course.tolerance:
        raise AssertionError(
            f"{call} on {course.on}: {ours.n_iter_} and {theirs.n_iter_} epochs, losses and "
            f"weights differ by {gaps}"
        )
    on = f"{course.on}, {course.note}" if course.note else course.on
    return [f"`{call}`", on, str(ours.n_iter_), f"{course.tolerance:.0e}"]


def courses() -> str:
    """The table of trainings that take the same course."""
    header = ["call", "on", "epochs, the same", "losses and weights differ by less than"]
    return table(header, [row_of(course) for course in COURSES])


# --- other behaviours -----------------------------------------------------------------------------


def _check(what: str, same: bool) -> None:
    if not same:
        raise AssertionError(f"{what}: the libraries differ")


def first_weights() -> str:
    """Whether training begins at the same bits."""
    X, y = data("three classes")
    still: dict[str, Any] = {"solver": "sgd", "learning_rate_init": 1e-300, "max_iter": 1}
    for activation in ("relu", "logistic"):
        theirs, ours = fitted(
            fit("MLPClassifier", SMALL | still | {"activation": activation}, X, y)
        )
        pairs = zip([*ours.coefs_, *ours.intercepts_], [*theirs.coefs_, *theirs.intercepts_],
                    strict=True)  # fmt: skip
        _check("first weights", all((a == b).all() for a, b in pairs))
    return "the same bits, for relu and for logistic, which has bounds of its own"


def unfinished() -> str:
    """What is said when `max_iter` was too few."""
    X, y = data("three classes")
    for settings in ({"max_iter": 3}, {"solver": "lbfgs", "max_iter": 3}):
        theirs, ours = on_both(fit("MLPClassifier", SMALL | settings, X, y))
        (their, their_words), (our, our_words) = theirs.warnings[0], ours.warnings[0]
        _check("ConvergenceWarning", their == our == "ConvergenceWarning")
        opening = min(len(their_words), 60)
        _check("its words", their_words[:opening] == our_words[:opening])
    return "`ConvergenceWarning`, with the same opening; pellucid adds what was seen and what to do"


def dtypes() -> str:
    """What float32 gives."""
    X, y = data("three classes")
    X_numbers, numbers = data("numbers")

    def kinds(lib: Any) -> Any:
        few = X.astype(np.float32)
        classifier = lib.MLPClassifier(**SMALL, max_iter=2).fit(few, y)
        regressor = lib.MLPRegressor(**SMALL, max_iter=2).fit(
            X_numbers.astype(np.float32), numbers.astype(np.float32)
        )
        arrays = [*classifier.coefs_, *classifier.intercepts_, classifier.predict_proba(few),
                  *regressor.coefs_, regressor.predict(few)]  # fmt: skip
        return {array.dtype.name for array in arrays}

    theirs, ours = fitted(kinds)
    _check("float32", theirs == ours == {"float32"})
    return "weights, probabilities and predicted numbers are float32"


def lines() -> str:
    """What is printed as training goes on."""
    X, y = data("two classes")
    settings = SMALL | {"early_stopping": True, "max_iter": 40, "verbose": 2}
    theirs, ours = on_both(fit("MLPClassifier", settings, X, y))
    _check("lines", theirs.printed == ours.printed and theirs.printed.count("Iteration") > 5)
    return "the same lines"


def pieces() -> str:
    """What `partial_fit` gives, batch after batch."""
    X, y = data("three classes")

    def in_batches(lib: Any) -> Any:
        model = lib.MLPClassifier(**SMALL, shuffle=False)
        for rows in np.split(np.arange(150), 5):
            model.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        return model

    theirs, ours = fitted(in_batches)
    _check("partial_fit", difference(ours.coefs_, theirs.coefs_) < ROUNDING)
    _check("its counts", (ours.n_iter_, ours.t_) == (theirs.n_iter_, theirs.t_) == (1, 150))
    return "the same weights, `n_iter_`, `t_` and `loss_curve_`"


def again() -> str:
    """The counts after a second `fit` with warm_start."""
    X, y = data("three classes")
    theirs, ours = fitted(
        fit("MLPClassifier", SMALL | {"max_iter": 3, "warm_start": True}, X, y, times=2)
    )
    seen = [(m.n_iter_, m.t_, len(m.loss_curve_)) for m in (theirs, ours)]
    _check("counts", seen[0] == seen[1] == (3, 900, 6))
    return "`n_iter_` counts the last call, `t_` and `loss_curve_` both"


def answers() -> str:
    """What predicts what, and in which shapes."""
    X, y = data("three classes")
    words = np.array(["red", "green", "blue"])[y]
    X_labels, labels = data("labels")
    X_pairs, pairs = data("three numbers")

    def ask(lib: Any) -> Any:
        three = lib.MLPClassifier(**SMALL, max_iter=20).fit(X, words)
        four = lib.MLPClassifier(**SMALL, max_iter=20).fit(X_labels, labels)
        some = lib.MLPRegressor(**SMALL, max_iter=20).fit(X_pairs, pairs)
        right = [
            three.classes_.tolist(),
            three.predict(X).tolist(),
            four.predict(X_labels).tolist(),
        ]
        near = [three.predict_proba(X), three.predict_log_proba(X), four.predict_proba(X_labels),
                some.predict(X_pairs), three.score(X, words),
                some.score(X_pairs, pairs)]  # fmt: skip
        return right, near

    theirs, ours = fitted(ask)
    _check("predictions", theirs[0] == ours[0] and difference(ours[1], theirs[1]) < 1e-9)
    return "the same classes in the same order, probabilities, numbers and scores"


def clipped() -> str:
    """What is said of a batch larger than the data."""
    X, y = data("three classes")
    large = SMALL | {"batch_size": 1000, "max_iter": 2}
    theirs, ours = on_both(fit("MLPClassifier", large, X, y))
    _check("batch_size", theirs.warnings[0] == ours.warnings[0])
    return "the same warning"


def copies() -> str:
    """Whether parameters come and go by scikit-learn's rules, in a pipeline and a search."""
    X, y = data("three classes")

    def search(lib: Any) -> Any:
        pipe = make_pipeline(StandardScaler(), lib.MLPClassifier(**SMALL, max_iter=20))
        grid = GridSearchCV(pipe, {"mlpclassifier__alpha": [1e-4, 10.0]}, cv=3).fit(X, y)
        return clone(grid.best_estimator_[1]).alpha, grid.cv_results_["mean_test_score"]

    theirs, ours = fitted(search)
    _check("a search", theirs[0] == ours[0] and difference([ours[1]], [theirs[1]]) < ROUNDING)
    return "the same scores of every fold, and the same choice"


BEHAVIOURS = {
    "the first weights of a `random_state`": first_weights,
    "`max_iter` reached": unfinished,
    "float32 in": dtypes,
    "`verbose=2`": lines,
    "`partial_fit` batch by batch, `shuffle=False`": pieces,
    "a second `fit` with `warm_start=True`": again,
    "classes that are words, several labels, several numbers": answers,
    "a `batch_size` above the number of rows": clipped,
    "`GridSearchCV` over a pipeline, `clone`": copies,
}


def behaviours() -> str:
    """The table of other behaviours."""
    return table(["what", "both"], [[what, check()] for what, check in BEHAVIOURS.items()])


# --- errors ---------------------------------------------------------------------------------------

BAD_CALLS = [
    *(
        f"MLPClassifier({bad}).fit(X, y)"
        for bad in (
            "hidden_layer_sizes=(5, 0)", 'activation="x"', 'solver="x"', "alpha=-1",
            "batch_size=0", 'learning_rate="x"', "learning_rate_init=0", "max_iter=0",
            "momentum=2", "beta_1=1", "epsilon=0", "validation_fraction=1", "tol=-1",
            "n_iter_no_change=0", "max_fun=0",
        )
    ),
    'MLPRegressor(loss="x").fit(X, y)',
    "MLPClassifier().predict(X)",
    "MLPClassifier().fit(X, y[:10])",
    "MLPClassifier().fit(X * np.nan, y)",
    "MLPClassifier().fit(X, y, sample_weight=[1, 2, 3])",
    "MLPClassifier().fit(X, y, sample_weight=0 * y)",
    "MLPClassifier(max_iter=1).fit(X, y).predict(X[:, :3])",
    "MLPClassifier().partial_fit(X, y)",
    "MLPClassifier().partial_fit(X, y, classes=[0, 1])",
    'MLPClassifier(solver="lbfgs").partial_fit(X, y)',
    "MLPClassifier(early_stopping=True).partial_fit(X, y, classes=[0, 1, 2])",
    "MLPClassifier(early_stopping=True, validation_fraction=0.001).fit(X, y)",
    "MLPClassifier(max_iter=1, warm_start=True).fit(X, y).fit(X, y % 2)",
    'MLPRegressor(solver="sgd", learning_rate_init=1e9).fit(X, y)',
]  # fmt: skip


def error_row(call: str) -> list[str]:
    """How both refuse a call; raises if one does not, or with another type of error."""
    X, y = data("three classes")

    def refuse(library: Any) -> Any:
        kinds = {name: getattr(library, name) for name in ("MLPClassifier", "MLPRegressor")}
        return eval(call, kinds | {"np": np, "X": X, "y": y})

    theirs, ours = on_both(refuse)
    if theirs.error is None or type(theirs.error) is not type(ours.error):
        raise AssertionError(f"{call}: {theirs.error!r} and {ours.error!r}")
    their, our = str(theirs.error), str(ours.error)
    if their == our:
        words = "the same"
    elif their.split(" must be ")[0] == our.split(" must be ")[0]:
        words = "the same, and more that is accepted is listed"
    elif our.startswith(their):
        words = "the same, then what was seen and what to do"
    else:
        raise AssertionError(f"{call}: {their!r} and {our!r}")
    return [f"`{call}`", f"`{type(ours.error).__name__}`", words]


def errors() -> str:
    """The table of refusals."""
    return table(["call", "both raise", "words"], [error_row(call) for call in BAD_CALLS])
