"""Deliberate differences: what pellucid does otherwise, why, and what came of it on both sides."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from comparison.same import SGD, SMALL, difference
from comparison.sides import PELLUCID, SKLEARN, data, fit, fitted, on_both, table


class Difference(NamedTuple):
    """One row of the table."""

    what: str
    theirs: str
    ours: str
    why: str


def stratified() -> Difference:
    """Early stopping on three classes, of which one is rare."""
    X = data("three classes")[0]
    y = np.repeat([0, 1, 2], [120, 20, 10])
    held: dict[str, Any] = {}

    def scorer(model: Any, X: Any, y: Any) -> float:
        held[PELLUCID] = y
        return float(model.score(X, y))

    def watched(lib: Any) -> None:
        if hasattr(lib, "ACTIVATIONS"):
            model = lib.MLPClassifier(early_stopping=True, scoring=scorer, random_state=1)
        else:

            class Watched(lib.MLPClassifier):  # type: ignore[misc]
                def _score(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
                    held[SKLEARN] = y
                    return super()._score(X, y, sample_weight)

            model = Watched(early_stopping=True, random_state=1)
        model.set_params(max_iter=2).fit(X, y)

    fitted(watched)
    counts = {side: np.bincount(rows, minlength=3).tolist() for side, rows in held.items()}
    return Difference(
        "`early_stopping=True` with more than two classes; rows held out of 120, 20 and 10",
        f"{counts[SKLEARN]}, by chance", f"{counts[PELLUCID]}, the same part of each",
        "A score on rows that lack a class says little of it. Two classes are held out in equal "
        "parts by both. So curves of more classes differ under early stopping.",
    )  # fmt: skip


def _in_two_goes(settings: dict[str, Any], n: int, name: str) -> tuple[str, str]:
    X, y = data(name)

    def goes(lib: Any) -> tuple[Any, Any]:
        one = lib.MLPClassifier(**SMALL | settings, max_iter=2 * n).fit(X, y)
        two = lib.MLPClassifier(**SMALL | settings, max_iter=n, warm_start=True).fit(X, y).fit(X, y)
        return one, two

    said = []
    for one, two in fitted(goes):
        same = difference(two.coefs_, one.coefs_) == 0.0
        said.append(
            "the same bits" if same else f"loss {two.loss_:.3f}, and {one.loss_:.3f} in one go"
        )
    return said[0], said[1]


def warm_start() -> list[Difference]:
    """Four epochs and four more, beside eight."""
    why = (
        "Going on is going on: the optimizer's moments, the steps counted for their bias, the "
        "order of the rows, the learning rate and the patience are where they were."
    )
    cases = {
        "adam": {},
        "sgd, invscaling": SGD | {"learning_rate": "invscaling"},
        "early stopping": {"early_stopping": True},
    }
    rows = []
    for name, settings in cases.items():
        theirs, ours = _in_two_goes(settings, 4, "two classes")
        rows.append(Difference(f"4 epochs and, by `warm_start`, 4 more, beside 8; {name}",
                               theirs, ours, why if name == "adam" else "The same."))  # fmt: skip
    return rows


def partial_fit() -> Difference:
    """Epochs by `partial_fit` beside those of `fit`."""
    X, y = data("two classes")

    def goes(lib: Any) -> tuple[Any, Any]:
        one = lib.MLPClassifier(**SMALL, max_iter=8).fit(X, y)
        many = lib.MLPClassifier(**SMALL)
        for _ in range(8):
            many.partial_fit(X, y, classes=[0, 1])
        return one, many

    said = [
        "the same bits" if difference(many.coefs_, one.coefs_) == 0.0 else "other weights"
        for one, many in fitted(goes)
    ]
    return Difference(
        "8 times `partial_fit` on all rows, beside 8 epochs of `fit`", said[0], said[1],
        "scikit-learn begins with `random_state` anew in each call: it shuffles all epochs alike.",
    )  # fmt: skip


def log_loss() -> Difference:
    """The loss of a network that is sure, and wrong."""
    X, y = data("two classes")
    all_rows = {"batch_size": 150, "max_iter": 1, "random_state": 0}
    theirs, ours = fitted(fit("MLPClassifier", all_rows, X * 1e3, y))
    sure = {"batch_size": 2, "max_iter": 1, "random_state": 0, "hidden_layer_sizes": ()}
    worst = fitted(fit("MLPClassifier", sure, np.array([[1e4], [1e4]]), np.array([1, 0])))
    return Difference(
        "log-loss of first weights on inputs in the thousands; of a row far out that is in both "
        "classes",
        f"{theirs.loss_curve_[0]:.4g}; {worst[0].loss_:.4g}",
        f"{ours.loss_curve_[0]:.4g}; {worst[1].loss_:.4g}",
        "scikit-learn clips probabilities at 2e-16, so that no row can lose more than 36; its "
        "gradient does not know of that. pellucid computes the loss from the raw output.",
    )  # fmt: skip


def several_targets() -> Difference:
    """L-BFGS on ten targets: how far it comes."""
    X, y = data("ten numbers")
    alpha = 1.0
    settings: dict[str, Any] = {
        "hidden_layer_sizes": (12,), "activation": "tanh", "tol": 1e-6, "solver": "lbfgs",
        "alpha": alpha, "max_iter": 300,
    }  # fmt: skip

    def objective(model: Any) -> float:
        squares = 0.5 * ((model.predict(X) - y) ** 2).sum(axis=1).mean()
        return float(squares + 0.5 * alpha * sum((W**2).sum() for W in model.coefs_) / len(X))

    gave_up, ratios, n = [0, 0], [], 5
    for seed in range(n):
        both = on_both(fit("MLPRegressor", settings | {"random_state": seed}, X, y))
        for side, done in enumerate(both):
            gave_up[side] += any("ABNORMAL" in words for _, words in done.warnings)
        ratios.append(objective(both[0].value) / objective(both[1].value))
    if min(ratios) < 1.05:
        raise AssertionError(f"lbfgs on ten targets: objectives are as {ratios}")
    return Difference(
        "`lbfgs` on ten targets, `alpha=1`, five seeds, 300 iterations",
        f"gave up (`ABNORMAL`) in {gave_up[0]} of {n}; in each, the function that its gradient is "
        "of ends 5 % and more above pellucid's",
        f"gave up in {gave_up[1]} of {n}",
        "scikit-learn's loss is a mean over targets and its gradient that of their sum "
        "(scikit-learn #8349), so the line search is misled. pellucid minimises the sum, whose "
        "gradient it is, and shows the mean in `loss_` and `loss_curve_`. The other solvers look "
        "at the gradient alone, and agree.",
    )  # fmt: skip


def divergence() -> list[Difference]:
    """A learning rate far too high."""
    X, y = data("numbers")
    high = SMALL | {"solver": "sgd", "learning_rate_init": 1e6, "max_iter": 50}
    theirs, ours = on_both(fit("MLPRegressor", high | {"verbose": 2}, X, y))
    at_once = Difference(
        "a learning rate at which the loss becomes infinite, `max_iter=50`",
        f"`{type(theirs.error).__name__}` after {theirs.printed.count('Iteration')} epochs",
        f"`{type(ours.error).__name__}` after {ours.printed.count('Iteration')}, naming the epoch, "
        "the rate and the cures",
        "There is nothing to wait for.",
    )
    late: dict[str, Any] = {
        "hidden_layer_sizes": (), "batch_size": 135, "momentum": 0.0, "learning_rate_init": 1e4,
        "max_iter": 100, "n_iter_no_change": 100, "early_stopping": True,
    }  # fmt: skip
    theirs, ours = on_both(fit("MLPRegressor", high | late, X, y))
    said = [
        f"`{side.warnings[-1][0]}` after {side.value.n_iter_} epochs, best weights kept"
        if side.error is None
        else f"`{type(side.error).__name__}`"
        for side in (theirs, ours)
    ]
    return [
        at_once,
        Difference(
            "early stopping, and a loss that grows tenthousandfold each epoch, `max_iter=100`",
            said[0], said[1], "The same, and what happened is said.",
        ),
    ]  # fmt: skip


def verbose() -> Difference:
    """What `verbose=1` shows, and where."""
    X, y = data("two classes")
    theirs, ours = on_both(fit("MLPClassifier", SMALL | {"max_iter": 5, "verbose": 1}, X, y))
    if ours.printed or "5/5" not in ours.shown:
        raise AssertionError("verbose=1 is no progress bar on stderr")
    return Difference(
        "`verbose=1`, or `True`",
        f"{theirs.printed.count('Iteration')} lines on stdout for 5 epochs",
        "a progress bar on stderr, with loss, score and the time left",
        "It says how far it is. `verbose=2` prints scikit-learn's lines.",
    )


def interrupt() -> Difference:
    """Ctrl-C in the eighth epoch, on rows that the network has learnt by heart."""
    X, y = data("three classes")
    best: list[float] = []

    def stop(event: Any) -> None:
        best[:] = event.history.validation_loss
        if event.epoch == 40:
            raise KeyboardInterrupt

    settings: dict[str, Any] = {"learning_rate_init": 0.03, "random_state": 0}

    def stopped(lib: Any) -> Any:
        if hasattr(lib, "ACTIVATIONS"):
            model = lib.MLPClassifier(**settings, callbacks=[stop])
            model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
            return -np.log(model.predict_proba(X[60:])[np.arange(90), y[60:]]).mean()

        class Stopped(lib.MLPClassifier):  # type: ignore[misc]
            def _update_no_improvement_count(self, *anything: Any) -> None:
                if self.n_iter_ == 40:
                    raise KeyboardInterrupt
                super()._update_no_improvement_count(*anything)

        last = lib.MLPClassifier(**settings, max_iter=40).fit(X[:60], y[:60])
        return difference(Stopped(**settings).fit(X[:60], y[:60]).coefs_, last.coefs_)

    theirs, ours = fitted(stopped)
    if theirs:
        raise AssertionError("scikit-learn does not keep the last weights")
    if abs(ours - min(best)) > 1e-9 or min(best) == best[-1]:
        raise AssertionError(f"an interrupted fit kept the loss {ours}, of {best}")
    return Difference(
        "Ctrl-C in epoch 40 of a fit that was given `X_val` and `y_val`",
        "takes no such rows; keeps the last weights unless early stopping holds rows out",
        f"keeps the weights of epoch {int(np.argmin(best)) + 1}, whose loss on them, "
        f"{min(best):.2f}, was the lowest (the last: {best[-1]:.2f})",
        "Who watches rows and stops wants the network that was best on them.",
    )


def search_memory() -> Difference:
    """L-BFGS in two goes."""
    theirs, ours = _in_two_goes({"solver": "lbfgs"}, 10, "three classes")
    return Difference(
        "10 iterations of `lbfgs` and, by `warm_start`, 10 more, beside 20", theirs, ours,
        "Both begin the second search with an empty memory: SciPy cannot be handed the curvature "
        "pairs of the first. This is the one solver that does not go on as if it had not stopped.",
    )  # fmt: skip


def curves_of_searches() -> Difference:
    """What an L-BFGS fit leaves behind."""
    X, y = data("three classes")
    settings = SMALL | {"solver": "lbfgs", "max_iter": 10}
    theirs, ours = fitted(fit("MLPClassifier", settings, X, y))
    missing = [name for name in ("loss_curve_", "best_loss_", "validation_scores_")
               if not hasattr(theirs, name) and hasattr(ours, name)]  # fmt: skip
    return Difference(
        "attributes after `lbfgs`", f"no {', '.join(f'`{name}`' for name in missing)}",
        f"`loss_curve_` of {len(ours.loss_curve_)} iterations, and all others",
        "The same code can look at any fit.",
    )  # fmt: skip


def dtype_of_searches() -> Difference:
    """What L-BFGS leaves of float32."""
    X, y = data("three classes")
    settings = SMALL | {"solver": "lbfgs", "max_iter": 10}
    theirs, ours = fitted(fit("MLPClassifier", settings, X.astype(np.float32), y))
    return Difference(
        "weights after `lbfgs` on float32", theirs.coefs_[0].dtype.name, ours.coefs_[0].dtype.name,
        "float32 in gives float32 out, whatever the solver; the search itself is in float64 "
        "on both sides.",
    )  # fmt: skip


def weightless() -> Difference:
    """A batch whose rows all weigh nothing."""
    X, y = data("two classes")
    weight = np.repeat([0.0, 1.0], [32, 118])
    settings = SMALL | {"shuffle": False, "max_iter": 5}
    theirs, ours = on_both(fit("MLPClassifier", settings, X, y, weight))
    if ours.error is not None or not np.isfinite(ours.value.loss_):
        raise AssertionError(f"a batch without weight: {ours.error!r}")
    return Difference(
        "a batch whose rows all have weight 0", f"`{type(theirs.error).__name__}`",
        "goes on: the batch adds no loss and no gradient",
        "Rows of weight 0 are as good as not there.",
    )  # fmt: skip


REFUSED = {
    "`sample_weight` below 0": (
        lambda lib, X, y: lib.MLPClassifier(max_iter=5).fit(X, y, sample_weight=y - 0.2),
        "two classes", "A loss with such weights has no lowest value.",
    ),
    '`loss="poisson"` with targets below 0': (
        lambda lib, X, y: lib.MLPRegressor("poisson", max_iter=5).fit(X, y),
        "numbers", "scikit-learn's own documentation asks for y >= 0.",
    ),
    "`partial_fit` of a regressor with `lbfgs`": (
        lambda lib, X, y: lib.MLPRegressor(solver="lbfgs", max_iter=5).partial_fit(X, y),
        "numbers", "A search has no epochs. scikit-learn refuses it in the classifier alone.",
    ),
    "`warm_start` with other `hidden_layer_sizes`": (
        lambda lib, X, y: lib.MLPClassifier((5,), max_iter=5, warm_start=True).fit(X, y)
        .set_params(hidden_layer_sizes=(9,)).fit(X, y),
        "two classes", "scikit-learn goes on with the old network, and `get_params` says the new.",
    ),
}  # fmt: skip


def refused() -> list[Difference]:
    """What pellucid refuses and scikit-learn lets pass."""
    rows = []
    for what, (call, name, why) in REFUSED.items():
        X, y = data(name)
        theirs, ours = on_both(partial(call, X=X, y=y))
        if theirs.error is not None or not isinstance(ours.error, ValueError | AttributeError):
            raise AssertionError(f"{what}: {theirs.error!r} and {ours.error!r}")
        loss = "a loss that is no number" if np.isnan(theirs.value.loss_) else "is fitted"
        rows.append(Difference(what, loss, f"`{type(ours.error).__name__}`", why))
    return rows


DIFFERENCES: list[Callable[[], Difference | list[Difference]]] = [
    stratified, warm_start, partial_fit, search_memory, log_loss, several_targets, divergence,
    verbose, interrupt, curves_of_searches, dtype_of_searches, weightless, refused,
]  # fmt: skip


def differences() -> str:
    """The table of all."""
    rows: list[Difference] = []
    for make in DIFFERENCES:
        made = make()
        rows += made if isinstance(made, list) else [made]
    return table(["what", SKLEARN, PELLUCID, "why"], rows)
