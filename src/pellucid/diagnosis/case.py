"""A case is a model with the rows it is examined on, and what is measured of them once for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from pellucid.activations import Activation
from pellucid.arrays import to_numpy
from pellucid.history import History
from pellucid.model import Network
from pellucid.network import Trace, backward, forward
from pellucid.samples import column_sizes
from pellucid.sparse import dense, is_sparse
from pellucid.subject import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"

MOST_TRACED, MOST_SCORED = 1000, 10_000
"""Rows on which each unit is looked at, and on which losses and scores are taken, at the most."""

SCALED = 2.0
"""The root mean square of an input up to which it passes for scaled; by its deviation it is 1."""

FEWEST = 10
"""Rows below which nothing is said that rests on how the rows are spread."""


class NotMeasured(Exception):  # noqa: N818
    """Something cannot be looked for in this case; the message says why."""


class Sign(NamedTuple):
    """What was seen of a disease, in one place."""

    where: str
    message: str
    measured: float
    cure: str


class Pass(NamedTuple):
    """What went through one network: forward, and back as gradients without any penalty."""

    trace: Trace
    gradients: dict[str, Floats]  # by segment, such as "layer2.W"; a mean over the rows


class Part(NamedTuple):
    """Rows as the networks get them: inputs (n, k), and targets (n, m)."""

    X: Floats
    y: Floats

    def some(self, most: int, seed: int) -> Part:
        """So many of them at the most, drawn at random."""
        if len(self.X) <= most:
            return self
        rows = np.sort(np.random.default_rng(seed).choice(len(self.X), most, replace=False))
        return Part(self.X[rows], self.y[rows])


CALLS: dict[str, dict[str, str]] = {
    "estimator": {
        "learning_rate": "learning_rate_init={}", "solver": "solver={!r}", "epochs": "max_iter={}",
        "n_iter_no_change": "n_iter_no_change={}", "activation": "activation={!r}",
        "hidden": "hidden_layer_sizes={}", "alpha": "alpha={}",
        "validation": "validation_fraction={}", "early_stopping": "early_stopping=True",
        "scaling": "make_pipeline(StandardScaler(), model)", "clip_norm": "clip_norm={}",
        "target_scaling": 'target_scaling="standard"', "weights": 'class_weight="balanced"',
        "initializer": "the initial weights that fit draws (set none, or different ones)",
    },
    "network": {
        "learning_rate": "train(..., learning_rate={})", "solver": "train(..., solver={!r})",
        "epochs": "train(..., epochs={})", "n_iter_no_change": "train(..., n_iter_no_change={})",
        "activation": "Network(..., hidden_activation={!r})", "hidden": "Network([..., {}, ...])",
        "alpha": "Network(..., alpha={})",
        "validation": "more rows in train(..., validation_data=(X, y))",
        "early_stopping": "train(..., validation_data=(X, y), early_stopping=True)",
        "scaling": "Scaler.standard(X).transform(X)", "clip_norm": "train(..., clip_norm={})",
        "target_scaling": "Scaler.standard(y).transform(y)",
        "weights": "train(..., sample_weight=...) with more weight on its rows",
        "initializer": "Network(..., initializer=None), which draws weights that differ",
    },
    "command": {
        "learning_rate": "--learning-rate {}", "solver": "--solver {}", "epochs": "--epochs {}",
        "n_iter_no_change": "--n-iter-no-change {}", "activation": "--activation {}",
        "hidden": "--hidden {}", "alpha": "--alpha {}", "validation": "--validation {}",
        "early_stopping": "--early-stopping", "scaling": "--scaling standard",
        "clip_norm": "--clip-norm {}", "target_scaling": "--target-scaling standard",
        "weights": "train MLPClassifier with class_weight='balanced'",
        "initializer": "training without --initializer, which draws weights that differ",
    },
}  # fmt: skip
CALLS["bag"] = CALLS["estimator"] | {
    "scaling": "a new fit on these rows", "target_scaling": "a new fit on these targets",
    "epochs": "max_epochs={}", "alpha": "weight_decay={}", "validation": "validation_fraction={}",
    "weights": "fit(..., sample_weight=...) with more weight on its rows",
}  # fmt: skip
CALLS["page"] = {
    "learning_rate": "Learning rate {}", "solver": "Optimizer {}", "epochs": "Epochs {}",
    "n_iter_no_change": "Epochs", "activation": "the activation {}",
    "hidden": "hidden layers of {}",
    "alpha": "Weight decay {}", "validation": "more Test rows",
    "early_stopping": "go back by the slider to the epoch with the least test loss",
    "scaling": "Scaling standard", "clip_norm": "train by Network.train(..., clip_norm={})",
    "target_scaling": "train by Predictor.fit with target_scaling='standard'",
    "weights": "train MLPClassifier with class_weight='balanced'",
    "initializer": "First weights auto",
}  # fmt: skip
"""How each kind of model is told to change something, and a person at the studio's page. Add a row
to add a kind."""


@dataclass(frozen=True)
class Trained:
    """What is known of how a model was trained; None for what is not.

    Parameters
    ----------
    solvers : that may have been used: one, or where it is not known, the likely ones.
    """

    learning_rate: float | None = None
    solvers: tuple[Any, ...] = ()
    batch_size: int | str = "auto"
    early_stopping: bool | None = None
    validation_rows: int | None = None


@dataclass
class Case:
    """A model with the rows it is examined on.

    Parameters
    ----------
    subject : the model.
    rows : that it was trained on.
    test : that it was not; or None.
    trained : how it was trained.
    seed : of whatever is drawn.
    words : how cures say what to change, a key of `CALLS`; "" is as the model's kind is told.
    """

    subject: Subject
    rows: Part
    test: Part | None
    trained: Trained
    seed: int = 0
    words: str = ""
    probes: list[Any] = field(default_factory=list, init=False)  # see pellucid.diagnosis.probe
    found: set[str] = field(default_factory=set, init=False)  # the diseases that it has, so far

    @property
    def history(self) -> History | None:
        """Of training, as far as it is known."""
        return self.subject.history

    # --- the model ------------------------------------------------------------------------------

    @property
    def family(self) -> str:
        """Whose way to change things holds: a key of `CALLS`."""
        if self.words:
            return self.words
        kind = self.subject.kind
        if kind.startswith("Tabular"):
            return "bag"
        return {"Network": "network", "Predictor": "command"}.get(kind, "estimator")

    def call(self, change: str, value: Any = None) -> str:
        """How this kind of model is told to change something."""
        return CALLS[self.family][change].format(value)

    @property
    def network(self) -> Network:
        """The first, or only one."""
        return self.subject.network

    def networks(self) -> Iterator[tuple[str, Network, Pass]]:
        """Each network with what went through it, and a word on which it is."""
        several = len(self.subject.networks) > 1
        for i, network in enumerate(self.subject.networks):
            yield f"network {i + 1}, " if several else "", network, self.passes[i]

    def hidden(self) -> Iterator[tuple[str, Activation, Floats, Floats, Floats]]:
        """Each hidden layer of units: its name, activation, weights, z (n, k) and a (n, k)."""
        for which, network, passed in self.networks():
            layers = network.architecture.layers
            for i, layer in enumerate(layers[:-1]):
                if layer.kind == "dense":
                    W = passed.trace.parameters[i][0]
                    z, a = passed.trace.z[i], passed.trace.a[i]
                    yield f"{which}layer{i + 1}", layer.activation, W, z, a

    @cached_property
    def is_scaled(self) -> bool:
        """Whether no input is much larger than scaled ones are."""
        return bool(column_sizes(self.rows.X)[1].max(initial=0.0) <= SCALED)

    @property
    def lower_rate(self) -> float:
        """A tenth of the rate it was trained at."""
        rate = self.trained.learning_rate
        return 0.0001 if rate is None else float(f"{rate / 10:.1g}")

    @cached_property
    def is_finite(self) -> bool:
        """Whether all weights are numbers."""
        return all(np.isfinite(to_numpy(n.theta)).all() for n in self.subject.networks)

    @cached_property
    def passes(self) -> list[Pass]:
        """What goes through each network, on some of the rows."""
        X, y = self.rows.some(MOST_TRACED, self.seed)
        made = []
        for network in self.subject.networks:
            layout = network.layout
            theta = to_numpy(network.theta).astype(np.float64)
            with np.errstate(all="ignore"):
                trace = forward(layout, theta, X)
                dz = network.objective.output_gradient(trace, y) / len(X)
                made.append(Pass(trace, layout.named(backward(layout, trace, dz))))
        return made

    # --- how good it is -------------------------------------------------------------------------

    def outputs(self, X: Floats) -> Floats:
        """The networks' activated outputs (n, m), averaged over them."""
        with np.errstate(all="ignore"):
            each = [np.asarray(to_numpy(n.predict(X)), np.float64) for n in self.subject.networks]
        mean: Floats = np.mean(each, axis=0)
        return mean

    def losses(self, outputs: Floats, y: Floats) -> Floats:
        """The loss of each row (n,), without penalty."""
        with np.errstate(all="ignore"):
            losses: Floats = np.asarray(self.network.loss.value(outputs, y), np.float64)
        return losses

    @cached_property
    def scored(self) -> tuple[Part, Floats, Floats]:
        """Some of the rows, with outputs and losses."""
        part = self.rows.some(MOST_SCORED, self.seed)
        outputs = self.outputs(part.X)
        return part, outputs, self.losses(outputs, part.y)

    @cached_property
    def test_scored(self) -> tuple[Part, Floats, Floats] | None:
        """The same of the test rows."""
        if self.test is None:
            return None
        part = self.test.some(MOST_SCORED, self.seed)
        outputs = self.outputs(part.X)
        return part, outputs, self.losses(outputs, part.y)

    @cached_property
    def baseline(self) -> float:
        """The lowest mean loss on the rows that the same answer for all of them can have."""
        y = self.scored[0].y
        marks = np.quantile(y, np.linspace(0.05, 0.95, 19), axis=0)
        answers = [y.mean(axis=0)] if self.of_classes else [y.mean(axis=0), *marks]
        return min(float(self.losses(np.broadcast_to(a, y.shape), y).mean()) for a in answers)

    @property
    def of_classes(self) -> bool:
        """Whether each row has one class of several."""
        y = self.rows.y
        whole = bool(((y == 0.0) | (y == 1.0)).all())
        one = y.shape[1] == 1 or bool((y.sum(axis=1) == 1.0).all())
        return self.subject.task == "classification" and whole and one

    def codes(self, y: Floats) -> NDArray[np.intp]:
        """The class number of each row (n,), of targets or outputs (n, m)."""
        return y.argmax(axis=1) if y.shape[1] > 1 else (y[:, 0] > 0.5).astype(np.intp)

    def score(self, scored: tuple[Part, Floats, Floats]) -> tuple[float, float, str]:
        """How good it is, the standard error of that, and what it is called.

        The part of rows whose class is right; else the part of the loss of the best constant that
        is gone, which for the squared error is R^2.
        """
        part, outputs, losses = scored
        n = len(losses)
        if self.of_classes:
            right = float((self.codes(outputs) == self.codes(part.y)).mean())
            return right, float(np.sqrt(max(right * (1 - right), 1 / n) / n)), "accuracy"
        gone = losses / self.baseline if self.baseline > 0 else losses * 0.0
        name = "R^2" if self.network.loss.name == "squared_error" else "the loss explained"
        return 1.0 - float(gone.mean()), float(gone.std() / np.sqrt(n)), name

    def class_name(self, code: int) -> str:
        """What a class is called."""
        known = self.subject.classes
        return str(code) if known is None or code >= len(known) else str(known[code])


def part_of(subject: Subject, X: Any, y: Any) -> Part:
    """Rows as the networks get them; ValueError if X and y have different lengths."""
    inputs = subject.encode(X)
    inputs = np.asarray(to_numpy(dense(inputs) if is_sparse(inputs) else inputs), np.float64)
    y = to_numpy(y) if hasattr(y, "device") else y  # of another array library
    targets = np.asarray(to_numpy(subject.encode_targets(y)), np.float64)
    if len(inputs) != len(targets):
        raise ValueError(f"X has {len(inputs)} rows and y has {len(targets)}: expected as many")
    return Part(inputs, targets)
