"""Long-standing requests: what scikit-learn's users have asked for, and the line that answers it.

The numbers are those of scikit-learn's issues and pull requests. Every line is run when the page is
made, on three classes `X, y` and their `X_val, y_val`, numbers `r`, counts `n`, and then checked.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from comparison.sides import data, outcome, table, weights


class Request(NamedTuple):
    """What was asked, where, the line, and what must be true of its value, `it`."""

    what: str
    asked: tuple[int, ...]
    code: str
    check: str


REQUESTS = [
    Request("weights of classes", (9113, 10588, 11723, 25326),
            'MLPClassifier(class_weight="balanced").fit(X, y)',
            "it.score(X, y) > 0.6 and other(it)"),
    Request("weights of rows (in scikit-learn since 1.7)", (24555, 25646, 30155),
            "MLPClassifier().fit(X, y, sample_weight=w)", "it.score(X, y) > 0.6 and other(it)"),
    Request("absolute error as the loss", (14571, 14588, 29270),
            'MLPRegressor("absolute_error").fit(X, r)', "it.loss_curve_[-1] < it.loss_curve_[0]"),
    Request("Huber's loss", (), 'MLPRegressor("huber", huber_delta=0.5).fit(X, r)',
            "it.loss_curve_[-1] < it.loss_curve_[0]"),
    Request("quantiles, several at once that do not cross", (),
            'MLPRegressor("quantile", quantile=[0.1, 0.5, 0.9]).fit(X, r).predict(X)',
            "it.shape == (150, 3) and (np.diff(it) >= 0).all()"),
    Request("counts, the Poisson loss (in scikit-learn since 1.7)", (30712,),
            'MLPRegressor("poisson").fit(X, n)', "it.predict(X).min() > 0"),
    Request("a loss of one's own: its value and its gradient", (),
            "MLPRegressor(loss=(value, gradient)).fit(X, r)",
            "it.loss_curve_[-1] < it.loss_curve_[0]"),
    Request("leaky relu and other activations", (10665, 11952, 26912, 30199),
            'MLPClassifier(activation="leaky_relu").fit(X, y)',
            'it.network_.architecture.layers[0].activation.name == "leaky_relu" and '
            '{"elu", "selu", "gelu", "swish", "mish", "softplus"} <= set(ACTIVATIONS)'),
    Request("an activation of one's own: a function and its backward rule", (14807,),
            "MLPClassifier(activation=(np.sin, lambda da, z, a: da * np.cos(z))).fit(X, y)",
            "it.score(X, y) > 0.6 and other(it)"),
    Request("an activation for each layer", (10097,),
            'MLPClassifier((30, 20), activation=["tanh", "relu"]).fit(X, y)',
            '[l.activation.name for l in it.network_.architecture.layers[:2]] == ["tanh", "relu"]'),
    Request("dropout", (6175, 7407), "MLPClassifier((50, 20), dropout=[0.2, 0.5]).fit(X, y)",
            "it.score(X, y) > 0.6 and other(it)"),
    Request("rows of one's own to validate on", (18748,),
            "MLPClassifier(early_stopping=True).fit(X, y, X_val=X_val, y_val=y_val)",
            "it.validation_scores_[-1] * 50 == round(it.validation_scores_[-1] * 50)"),
    Request("early stopping by the loss", (24411,),
            'MLPClassifier(early_stopping=True, scoring="loss").fit(X, y)',
            "it.best_validation_loss_ == min(it.validation_loss_curve_)"),
    Request("early stopping by any scorer", (24411,),
            'MLPClassifier(early_stopping=True, scoring="balanced_accuracy").fit(X, y)',
            "it.best_validation_score_ == max(it.validation_scores_)"),
    Request("early stopping on labels that are words", (33760, 33774),
            "MLPClassifier(early_stopping=True).fit(X, words)", "set(it.predict(X)) <= set(words)"),
    Request("validation rows in equal parts of the classes", (13164,),
            "MLPClassifier(early_stopping=True).fit(X, y)", "held_out() == {5}"),
    Request("the loss on validation rows, epoch by epoch", (18507, 34976),
            "MLPClassifier(early_stopping=True).fit(X, y).validation_loss_curve_", "len(it) > 5"),
    Request("all curves in one table", (18507,), "MLPClassifier().fit(X, y).history_",
            'set(it) >= {"epoch", "loss", "learning_rate", "seconds"}'),
    Request("AdamW: weight decay apart from the gradient", (),
            'MLPClassifier(solver="adamw", weight_decay=0.1).fit(X, y)',
            "it.score(X, y) > 0.6 and other(it)"),
    Request("RMSProp", (), 'MLPClassifier(solver="rmsprop").fit(X, y)',
            "it.score(X, y) > 0.6 and other(it)"),
    Request("an L1 penalty", (), "MLPClassifier(l1=5.0).fit(X, y)",
            "np.mean(np.abs(it.coefs_[0]) < 1e-2) > 0.3"),
    Request("schedules of the learning rate for adam", (),
            'MLPClassifier(learning_rate="cosine").fit(X, y)',
            'it.history_["learning_rate"][-1] < 0.1 * it.history_["learning_rate"][0]'),
    Request("a schedule of one's own", (), "MLPClassifier(learning_rate=lambda t: 1 - t).fit(X, y)",
            'it.history_["learning_rate"][-1] < 0.1 * it.history_["learning_rate"][0]'),
    Request("batches that grow", (), "MLPClassifier(batch_size={1: 20, 50: 100}).fit(X, y)",
            "it.score(X, y) > 0.6 and other(it)"),
    Request("clipping of gradients", (), "MLPRegressor(clip_norm=1.0).fit(X, 1e6 * r)",
            "np.isfinite(it.loss_)"),
    Request("smoothing of labels", (), "MLPClassifier(label_smoothing=0.1).fit(X, y)",
            "it.score(X, y) > 0.6 and other(it)"),
    Request("training on a GPU, by the array API", (28328,),
            "with sklearn.config_context(array_api_dispatch=True): "
            "MLPClassifier().fit(xp.asarray(X), xp.asarray(y))", ""),
    Request("threads, as many as wanted", (7280, 13567), "MLPClassifier(n_threads=2).fit(X, y)",
            "(it.coefs_[0] == MLPClassifier(n_threads=1).fit(X, y).coefs_[0]).all()"),
    Request("float32 whatever X is", (17700, 17759), 'MLPClassifier(dtype="float32").fit(X, y)',
            'it.coefs_[0].dtype == "float32"'),
    Request("a target that is scaled, and predictions scaled back", (),
            'MLPRegressor(target_scaling="standard").fit(X, 1e6 * r)',
            "it.score(X, 1e6 * r) > 0.8"),
    Request("first weights of one's own", (9232, 19701),
            "model = MLPClassifier((8,)).initialize(X, y); model.coefs_[0][:] = W; model.fit(X, y)",
            "it.score(X, y) > 0.5"),
    Request("a network without training", (19701,),
            "MLPClassifier().initialize(X, y).predict_proba(X)", "it.shape == (150, 3)"),
    Request("frozen layers", (),
            "model = MLPClassifier((8,), frozen=[0]).initialize(X, y); model.coefs_[0][:] = W; "
            "model.fit(X, y)", "(it.coefs_[0] == W).all()"),
    Request("activations of hidden layers", (8291, 8574, 9468, 9469),
            "MLPClassifier((50, 20)).fit(X, y).transform(X, layer=1)", "it.shape == (150, 50)"),
    Request("the gradient by the inputs", (27996,), "MLPClassifier().fit(X, y).input_gradient(X)",
            "it.shape == (150, 3, 6)"),
    Request("a function called after each epoch, which may stop training", (7596, 16925, 18773),
            "MLPClassifier(callbacks=[lambda event: event.epoch == 7]).fit(X, y)",
            "it.n_iter_ == 7"),
    Request("callbacks of scikit-learn's protocol", (22000, 27676, 33322),
            "MLPClassifier().set_callbacks(ScoringMonitor(scoring='accuracy')).fit(X, y)",
            "it.score(X, y) > 0.6"),
    Request("a progress bar", (6021, 7574, 24524, 30072), "MLPClassifier(verbose=1).fit(X, y)",
            '"200/200" in shown'),
    Request("lines while L-BFGS searches", (10236,),
            'MLPClassifier(solver="lbfgs", verbose=2).fit(X, y)', '"Iteration 5, loss" in printed'),
    Request("the loss curve of L-BFGS", (), 'MLPClassifier(solver="lbfgs").fit(X, y).loss_curve_',
            "len(it) > 5"),
    Request("L-BFGS that is right for several targets", (8349, 34830),
            'MLPRegressor(solver="lbfgs", max_iter=500).fit(X, three)',
            "it.score(X, three) > 0.95"),
    Request("`warm_start` that keeps the optimizer's state", (6091,),
            "MLPClassifier(warm_start=True, max_iter=5).fit(X, y).fit(X, y)",
            "(it.coefs_[0] == MLPClassifier(max_iter=10).fit(X, y).coefs_[0]).all()"),
    Request("a limit of time", (6091,), "MLPClassifier(max_iter=10**6, n_iter_no_change=np.inf, "
            "max_time=0.1).fit(X, y)", '"0.1 s" in it.stopped_'),
    Request("an error, at once, when training diverges", (29504, 29773),
            'MLPRegressor(solver="sgd", learning_rate_init=1e9).fit(X, r)',
            '"in epoch" in str(error)'),
    Request("several targets, each with classes of its own", (8417, 26762),
            "MLPClassifier().fit(X, np.stack([y, words], axis=1)).predict_proba(X)",
            "[p.shape for p in it] == [(150, 3), (150, 3)]"),
    Request("`partial_fit` with several labels", (12505,),
            "MLPClassifier().partial_fit(X, labels, classes=[0, 1, 2])",
            "it.predict(X).shape == (150, 3)"),
    Request("to scikit-learn's own estimator, and from it", (),
            "theirs = MLPClassifier().fit(X, y).to_sklearn(); from_sklearn(theirs)",
            'type(theirs).__module__.startswith("sklearn") and '
            "(it.predict(X) == theirs.predict(X)).all()"),
    Request("a file that is safe to open", (),
            "MLPClassifier().fit(X, y).network_.save(path)", "Path(path).stat().st_size > 0"),
]  # fmt: skip


def names() -> dict[str, Any]:
    """What the lines can use."""
    import sklearn
    from sklearn.callback import ScoringMonitor

    import pellucid

    X, y = data("three classes")

    def value(a: Any, y: Any) -> Any:
        return np.log(np.cosh(a - y)).sum(axis=1)

    def gradient(a: Any, y: Any) -> Any:
        return np.tanh(a - y)

    class Repeatable:
        """An estimator whose randomness is fixed, unless asked otherwise."""

        def __init__(self, name: str) -> None:
            self.name = name

        def __call__(self, *args: Any, **settings: Any) -> Any:
            return getattr(pellucid, self.name)(*args, **({"random_state": 0} | settings))

    def other(model: Any) -> bool:
        """Whether training took another course than without what the line asks for."""
        plain = pellucid.MLPClassifier(model.hidden_layer_sizes, random_state=0).fit(X, y)
        return bool((model.coefs_[0] != plain.coefs_[0]).any())

    def held_out() -> set[int]:
        """How many rows of a class early stopping holds out."""
        counts: set[int] = set()

        def scorer(model: Any, X: Any, y: Any) -> float:
            counts.update(np.bincount(y).tolist())
            return float(model.score(X, y))

        pellucid.MLPClassifier(early_stopping=True, scoring=scorer, max_iter=2).fit(X, y)
        return counts

    return {
        "other": other, "held_out": held_out,
        "MLPClassifier": Repeatable("MLPClassifier"), "MLPRegressor": Repeatable("MLPRegressor"),
        "from_sklearn": pellucid.from_sklearn,
        "ACTIVATIONS": pellucid.ACTIVATIONS, "np": np, "Path": Path,
        "sklearn": sklearn, "ScoringMonitor": ScoringMonitor, "X": X, "y": y, "X_val": X[:50],
        "y_val": y[:50], "w": weights(), "r": X @ np.arange(6.0) / 5, "n": data("counts")[1],
        "words": np.array(["red", "green", "blue"])[y], "three": X @ np.eye(6)[:, :3],
        "labels": np.eye(3, dtype=int)[y], "W": np.eye(6, 8), "value": value, "gradient": gradient,
    }  # fmt: skip


def value_of(code: str, known: dict[str, Any]) -> Any:
    """The value of the last expression of some lines."""
    body = ast.parse(code).body
    last = body.pop()
    if not isinstance(last, ast.Expr):
        raise ValueError(f"no expression ends {code!r}")
    exec(compile(ast.Module(body, []), "<line>", "exec"), known)
    return eval(compile(ast.Expression(last.value), "<line>", "eval"), known)


def apart(code: str) -> None:
    """Run a line in a process of its own, with SciPy's array API on; raises if it fails.

    `xp` is array_api_strict, which refuses what no GPU library would do.
    """
    setup = "import array_api_strict as xp, sklearn; from comparison.requests import names\n"
    setup += "globals().update(names())\n"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", setup + code],
        cwd=Path(__file__).resolve().parents[1],
        env=os.environ | {"SCIPY_ARRAY_API": "1"}, check=True, capture_output=True,
    )  # fmt: skip


def answered(request: Request, path: str) -> list[str]:
    """A row of the table; raises if the line does not do it."""
    if "array_api_dispatch" in request.code:
        apart(request.code)
    else:
        known = names() | {"path": path}
        done = outcome(lambda: value_of(request.code, known))
        known |= {"it": done.value, "error": done.error, "printed": done.printed,
                  "shown": done.shown}  # fmt: skip
        if done.error is not None and "error" not in request.check:
            raise done.error
        checked = outcome(lambda: eval(request.check, known))
        if not checked.value:
            raise AssertionError(f"{request.code}: not so: {request.check} ({checked.error!r})")
    asked = ", ".join(f"#{number}" for number in request.asked) or "-"
    return [request.what, asked, f"`{request.code}`"]


def requests() -> str:
    """The table of all."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "model.safetensors")
        rows = [answered(request, path) for request in REQUESTS]
    return table(["asked for", "scikit-learn", "the line of pellucid"], rows)
