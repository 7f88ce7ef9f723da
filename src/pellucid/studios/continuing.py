"""To continue is to open a model and go on training it from the weights that it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.columns import NumericColumn
from pellucid.layers import Dense
from pellucid.model import Network
from pellucid.preprocessing import TableEncoder
from pellucid.rows import divide
from pellucid.saving import load
from pellucid.scaling import Scaler
from pellucid.studios.experiment import Experiment
from pellucid.studios.given import one_line, plain_name
from pellucid.studios.material import Material, learnt_from
from pellucid.subject import subject_of
from pellucid.targets import ClassTarget, NumericTarget

if TYPE_CHECKING:
    import polars

    from pellucid.subject import Subject
    from pellucid.tables import Table

TRAINING = ("epochs", "batch_size", "solver", "learning_rate", "schedule", "dropout")
"""What of its training a file may tell, that is taken up where the page has it too."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A model that was opened, and what it takes to go on with it.

    Parameters
    ----------
    name, digest : what its file is called, and what is in it.
    network : its weights among all else.
    encoder, target : how it reads tables, if it does: a bare network and an estimator do not.
    target_name : what it predicts, or "" where it does not know.
    columns : that it takes; of a bare network none are known.
    about : what the file tells of its training.
    """

    name: str
    digest: str
    network: Network
    encoder: TableEncoder | None
    target: ClassTarget | NumericTarget | None
    target_name: str
    columns: tuple[str, ...]
    about: Mapping[str, Any]

    @classmethod
    def of(cls, model: Any, name: str) -> Opened:
        """What a model is opened to.

        Raises
        ------
        ValueError
            If it is of a kind that the page cannot train.
        """
        kind = type(model).__name__
        about, encoder, target = getattr(model, "about", {}), None, None
        if kind.startswith("Tabular") or (kind == "Pipeline" and len(model.steps) != 2):
            what = "a bag of networks" if kind.startswith("Tabular") else "a pipeline of more steps"
            raise ValueError(
                f"{name!r} is {what}: expected one network (a Network, Predictor, MLPClassifier "
                "or MLPRegressor)"
            )
        subject = subject_of(model)
        network = Network.like(subject.network, "float64")
        columns, target_name = subject.columns, ""
        if kind == "Predictor":
            encoder, target, target_name = model.encoder, model.target, model.target_name
        elif kind == "Pipeline":
            encoder = getattr(model.steps[0][1], "encoder_", None)
            if encoder is None:
                raise ValueError(
                    f"{name!r} is a pipeline with a {type(model.steps[0][1]).__name__}: expected "
                    "a TableEncoding before its network"
                )
        elif kind == "Network" or not hasattr(model.steps if kind == "Pipeline" else model,
                                              "feature_names_in_"):  # fmt: skip
            columns = ()
        if kind not in ("Predictor", "Network"):
            target = _target(subject, name)
        opened = cls(
            name, _digest(network, columns), network, encoder, target, target_name, columns, about
        )
        opened.experiment()  # says what the page has no control for
        return opened

    @classmethod
    def given(cls, data: bytes, name: str) -> Opened:
        """The model in the bytes of a model file; nothing in it is run."""
        name = plain_name(name)
        with TemporaryDirectory() as folder:
            path = Path(folder, "model.safetensors")
            path.write_bytes(data)
            try:
                model = load(path)
            except ValueError as error:
                raise ValueError(one_line(error, path, name)) from None
        return cls.of(model, name)

    def experiment(self, like: Experiment | None = None) -> Experiment:
        """The experiment of its network, all else as `like` has it or as its file tells.

        Raises
        ------
        ValueError
            If the network has something that the page has no control for.
        """
        layers = self.network.architecture.layers
        dense = [layer for layer in layers if isinstance(layer, Dense)]
        objective = self.network.objective
        made = (like or self._trained()).changed(
            hidden=tuple(layer.n_out for layer in dense[:-1]),
            activation=tuple(layer.activation.name for layer in dense[:-1]),
            bias=all(layer.bias for layer in dense),
            output=dense[-1].activation.name,
            loss=objective.loss.name,
            alpha=float(objective.alpha),
            features=(),
        )
        if what := _beyond(self.network, made):
            raise ValueError(
                f"{self.name!r} has a network with {what}, which the page has no controls for: go "
                "on with it in a script, by Network.train"
            )
        return made

    def _trained(self) -> Experiment:
        made = Experiment()
        training = self.about.get("training", {})
        told = training.get("settings", {}) if isinstance(training, Mapping) else {}
        for name in TRAINING:
            value = 0 if told.get(name) == "full" else told.get(name)
            if value is not None:
                try:
                    made = made.changed(**{name: value})
                except (ValueError, TypeError):  # such as a solver that looks at all rows
                    continue
        return made

    @property
    def address(self) -> str:
        """That of the experiment that made the file, if it was a studio's."""
        studio = self.about.get("studio", "")
        return studio if isinstance(studio, str) else ""

    def misses(self, table: Table, target: str = "") -> str:
        """Why it cannot go on with a table, or ""."""
        has = table.frame.columns
        aim = self.target_name or target or table.target or has[-1]
        wanted = [*self.columns, aim]
        missing = [name for name in wanted if name not in has]
        if missing:
            return f"it has no column {', '.join(map(repr, missing[:5]))}"
        n = self.network.architecture.n_inputs
        numbers = _numbers(table.frame, aim)
        if not self.columns and len(numbers) != n:
            return f"beside {aim!r} it has {len(numbers)} columns of numbers, expected {n}"
        return self._misses_of(table.frame[aim].drop_nulls())

    def _misses_of(self, answers: polars.Series) -> str:
        """Why it cannot learn such answers, or ""."""
        try:
            target = self._named(answers) or _fitted(answers, self._task)
            target.encode(answers)
        except ValueError as error:
            if self._task == "regression":
                return f"it predicts numbers, and {answers.name!r} has others than finite ones"
            return str(error)
        if isinstance(target, ClassTarget) and self.target is None:
            given, expected = len(target.classes), self.n_classes
            if given != expected:
                return f"{answers.name!r} has {given} classes, expected {expected}"
        return ""

    @property
    def n_classes(self) -> int:
        """How many classes it tells apart; 0 where it predicts numbers."""
        if self._task == "regression":
            return 0
        return max(2, self.network.architecture.n_outputs)

    def material(self, experiment: Experiment, table: Table | None) -> Material:
        """The data of an experiment, read as the model reads them.

        Raises
        ------
        ValueError
            If they do not fit it.
        """
        table, columns = learnt_from(experiment, table)
        if why := self.misses(table, experiment.target):
            raise ValueError(f"{self.name!r} cannot go on with these data: {why}")
        aim = self.target_name or experiment.target or table.target or table.frame.columns[-1]
        taken = self.columns or tuple(_numbers(table.frame, aim))
        table = replace(table, frame=table.frame.select([*taken, aim]))
        rows = divide(table, aim, experiment.recipe(), self._task, None)
        encoder = self.encoder or _as_it_is(rows.trained, taken)
        target = self._named(rows.answers) or _fitted(rows.answers, self._task)
        n, k = len(encoder.feature_names), target.n_outputs
        its = self.network.architecture
        if (n, k) != (its.n_inputs, its.n_outputs):
            raise ValueError(
                f"{self.name!r} takes {its.n_inputs} inputs and gives {its.n_outputs} outputs, and "
                f"these data make {n} and {k}"
            )
        return Material.encoded(rows, encoder, target, columns)

    def _named(self, answers: polars.Series) -> ClassTarget | NumericTarget | None:
        """Its target; classes that it knows by number alone are called as the data have them."""
        target, text = self.target, not answers.dtype.is_numeric()
        if isinstance(target, ClassTarget) and text and answers.n_unique() == len(target.classes):
            return None if target.classes == (*range(len(target.classes)),) else target
        return target

    @property
    def _task(self) -> str:
        if self.target is not None:
            return "classification" if isinstance(self.target, ClassTarget) else "regression"
        return subject_of(self.network).task

    def start(self, experiment: Experiment, material: Material) -> Any:
        """(P,) its weights, if that network is of the same layers; else None."""
        its = material.network(experiment)
        same = _shapes(its) == _shapes(self.network)
        return np.array(self.network.theta, np.float64) if same else None


def _shapes(network: Network) -> list[tuple[int, ...]]:
    return [segment.shape for segment in network.layout.segments]


def _numbers(frame: polars.DataFrame, target: str) -> list[str]:
    return [column.name for column in frame if column.dtype.is_numeric() and column.name != target]


def _as_it_is(frame: polars.DataFrame, names: tuple[str, ...]) -> TableEncoder:
    """Columns of numbers as they are, as a network without columns takes them."""
    gaps = [name for name in names if frame[name].null_count()]
    if gaps:
        raise ValueError(f"column {gaps[0]!r} has missing values, which the model cannot take")
    columns = [NumericColumn(name, float(np.median(frame[name].to_numpy()))) for name in names]
    return TableEncoder(tuple(columns), "none", Scaler.none([]))


def _target(subject: Subject, name: str) -> ClassTarget | NumericTarget:
    """That of an estimator."""
    k = subject.network.architecture.n_outputs
    if subject.classes is None:
        if k > 1:
            raise ValueError(f"{name!r} predicts {k} targets at once: expected one")
        return NumericTarget(Scaler.none([]))
    if not subject.exclusive:
        raise ValueError(f"{name!r} tells classes of several kinds at once: expected one")
    return ClassTarget(tuple(subject.classes))


def _fitted(answers: polars.Series, task: str) -> ClassTarget | NumericTarget:
    if task == "classification":
        return ClassTarget.fit(answers)
    return NumericTarget.fit(answers, "none")


def _beyond(network: Network, experiment: Experiment) -> str:
    """What a network has that no experiment has, or ""."""
    architecture, objective = network.architecture, network.objective
    its = experiment.recipe().network(
        "regression", architecture.n_inputs, architecture.n_outputs, experiment.alpha
    )
    if architecture.to_dict() != its.architecture.to_dict():
        return "layers of another kind, or biases in some alone"
    if objective.loss.to_dict() != its.objective.loss.to_dict():
        return f"the loss {objective.loss.name} and parameters of its own"
    if objective.l1 or objective.reduction != "mean":
        return "an L1 penalty" if objective.l1 else "a loss that is summed over rows"
    if any((s.learning_rate, s.decay, s.frozen) != (t.learning_rate, t.decay, t.frozen)
           for s, t in zip(network.layout.segments, its.layout.segments, strict=True)):  # fmt: skip
        return "settings for parts of its weights"
    return ""


def _digest(network: Network, columns: tuple[str, ...]) -> str:
    made = sha256(repr((network.objective.to_dict(), columns)).encode())
    made.update(np.asarray(network.theta, np.float64).tobytes())
    return f"model-{made.hexdigest()[:16]}"
