"""A predictor is a network with what turns a table into its inputs and its outputs into answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid import fields, model_file
from pellucid.arrays import Array, to_numpy
from pellucid.checkpoint import Checkpoint
from pellucid.events import Event
from pellucid.example_rows import Value
from pellucid.fingerprints import described, hash_of
from pellucid.history import History
from pellucid.metrics import (
    ClassificationReport,
    RegressionReport,
    classification_report,
    regression_report,
)
from pellucid.model import Network
from pellucid.preprocessing import TableEncoder
from pellucid.recipe import Recipe
from pellucid.rows import Rows, answered, divide
from pellucid.tables import Table, find_column, table_of_columns
from pellucid.targets import ClassTarget, NumericTarget
from pellucid.vectors import make_rows, refuse_other_answers

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray

Report: TypeAlias = ClassificationReport | RegressionReport


@dataclass(frozen=True)
class Fit:
    """What `Predictor.fit` did.

    Parameters
    ----------
    predictor : the result.
    history : of the training that was kept.
    task, why : classification or regression, and the reason it was taken for that.
    rows : how many were trained on, validated on and tested on.
    report : on the test rows, or where there are none on the training rows.
    report_on : which of the two.
    answers, predictions : (n,) of those rows.
    alphas : the validation loss by alpha, where several were tried.
    notes : what was assumed or left out, a sentence each.
    """

    predictor: Predictor
    history: History
    task: str
    why: str
    rows: dict[str, int]
    report: Report
    report_on: str
    answers: NDArray[Any]
    predictions: NDArray[Any]
    alphas: dict[float, float]
    notes: tuple[str, ...]


class Predictor:
    """Table in, answers out: columns are found by name and encoded as they were in training.

    Parameters
    ----------
    network : trained on what `encoder` and `target` give.
    encoder : of the input columns.
    target : of the answer.
    target_name : the column it was trained to predict.
    about : what else the model file shall remember: metrics, settings.

    Examples
    --------
    >>> from pellucid import datasets
    >>> table = datasets.load("iris").table()
    >>> fit = Predictor.fit(table, "species", Recipe(settings={"epochs": 60, "batch_size": 16}))
    >>> fit.report.accuracy > 0.85
    True
    >>> fit.predictor.predict(table.frame[:1]).tolist()
    ['setosa']
    """

    def __init__(
        self,
        network: Network,
        encoder: TableEncoder,
        target: ClassTarget | NumericTarget,
        target_name: str,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.network = network
        self.encoder = encoder
        self.target = target
        self.target_name = target_name
        self.about = dict(about or {})

    @property
    def task(self) -> str:
        """Classification or regression."""
        return "classification" if isinstance(self.target, ClassTarget) else "regression"

    def inputs(
        self, frame: polars.DataFrame, notes: list[str] | None = None
    ) -> NDArray[np.float64]:
        """The network's inputs (n, n_inputs) for the rows of a table; `notes` gets what is new."""
        return self.encoder.transform(frame, notes)

    def output(self, frame: polars.DataFrame, notes: list[str] | None = None) -> Array:
        """The network's own output (n, n_outputs), which `target` turns into answers."""
        return np.asarray(self.network.predict(self.inputs(frame, notes)), dtype=np.float64)

    def example_rows(self) -> dict[str, list[Value]]:
        """A few rows to predict, as plain values by column; `table_of_columns` makes a table."""
        return self.encoder.example_rows()

    def predict(self, frame: polars.DataFrame) -> NDArray[Any]:
        """The label or number (n,) predicted for each row."""
        return self.target.decode(self.output(frame))

    def predict_proba(self, frame: polars.DataFrame) -> NDArray[np.float64]:
        """The probability of each class (n, n_classes).

        Raises
        ------
        ValueError
            If it predicts numbers.
        """
        return self.classes.probabilities(self.output(frame))

    @property
    def classes(self) -> ClassTarget:
        """The target, if it is one of classes; else ValueError."""
        if not isinstance(self.target, ClassTarget):
            raise ValueError("this model predicts numbers: it has no classes")
        return self.target

    def evaluate(self, frame: polars.DataFrame, notes: list[str] | None = None) -> Report:
        """How good the predictions are for rows whose answers are in the table too.

        `notes` gets a sentence on whatever had to be assumed of the answers.
        """
        frame = answered(frame, self.target_name, [] if notes is None else notes)
        return self._report(find_column(frame, self.target_name), self.output(frame, notes), notes)

    def _report(self, answers: polars.Series, output: Array, notes: list[str] | None) -> Report:
        if isinstance(self.target, ClassTarget):
            return classification_report(
                class_numbers(self.target.encode(answers, notes)),
                class_numbers(output),
                [str(name) for name in self.target.classes],
            )
        true = self.target.decode(self.target.encode(answers))
        return regression_report(true, self.target.decode(output))

    @classmethod
    def fit(
        cls,
        table: Table,
        target: str | None = None,
        recipe: Recipe | None = None,
        *,
        task: str | None = None,
        test: Table | None = None,
        callbacks: Sequence[Callable[[Event], Any]] = (),
        keeping: Mapping[str, Any] | None = None,
    ) -> Fit:
        """Split the rows, learn the encoding from the training rows, train, and measure.

        Parameters
        ----------
        table : of inputs and answers.
        target : the column to predict; by default the one the file names, else the last.
        recipe : what to train and how.
        task : "classification" or "regression"; by default told from the target column.
        test : a table of its own to test on; none of `table` is held out for that then.
        callbacks : as `Network.train` takes them.
        keeping : `checkpoint`, `checkpoint_epochs`, `checkpoint_seconds` and `resume`, as
            `Network.train` takes them.

        Raises
        ------
        ValueError
            If there is no such column, nothing to learn from, or a setting does not fit.
        """
        recipe, keeping = recipe or Recipe(), keeping or {}
        if keeping.get("checkpoint") is not None and len(recipe.alpha) > 1:
            several = ", ".join(f"{alpha:g}" for alpha in recipe.alpha)
            raise ValueError(
                f"a checkpoint is of one network, and alpha is {several}: train with one alpha at "
                "a time, each with a checkpoint of its own"
            )
        rows = divide(table, target, recipe, task, test)
        name, notes = rows.target, rows.notes
        encoder = TableEncoder.fit(
            rows.trained.drop(name), scaling=recipe.scaling or table.scaling or "standard"
        )
        notes += encoder.notes
        encoded = fit_target(rows, recipe.target_scaling or table.target_scaling or "standard")

        def samples(frame: polars.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            return encoder.transform(frame), encoded.encode(find_column(frame, name))

        # What is wrong with the rows to measure on is found before training, not after.
        answers = find_column(rows.measured, name)
        inputs = encoder.transform(rows.measured)
        encoded.encode(answers)
        settings: dict[str, Any] = {"metric": _accuracy if rows.task == "classification" else _r2}
        settings |= recipe.settings
        if rows.validated.height:
            settings["validation_data"] = samples(rows.validated)
        else:
            settings["early_stopping"] = False
        file = Checkpoint.asked_for(
            keeping.get("checkpoint"), keeping.get("checkpoint_epochs"),
            keeping.get("checkpoint_seconds"), keeping.get("resume", False),
        )  # fmt: skip
        if file is not None:
            file.of = _names(name, encoder, encoded)
            settings["checkpoint"] = file
        alphas, network = _train_each(
            recipe, rows.task, *samples(rows.trained), callbacks, settings
        )
        history = network.history or History()

        predictor = cls(network, encoder, encoded, name)
        output = np.asarray(network.predict(inputs), dtype=np.float64)
        report = predictor._report(answers, output, notes)
        on = "test" if rows.tested.height else "training"
        if on == "training":
            few = f"{rows.trained.height} rows are too few to hold some out"
            why_all = few if recipe.test and test is None else "no rows were held out"
            notes.append(f"{why_all}: it is measured on the rows it has learnt from")
        chosen = asdict(replace(recipe, settings={}, alpha=(network.objective.alpha,)))
        for name in ("engine", "n_threads"):  # who computed it says nothing about the model
            del chosen[name]
        plain = {k: v for k, v in recipe.settings.items() if isinstance(v, str | int | float)}
        training = {"settings": plain, "epochs": len(history), "stopped": history.stopped}
        predictor.about = {
            "metrics": {"on": on, **report.to_dict()},
            "rows": rows.counts,
            "training": chosen | training,
        }
        return Fit(
            predictor,
            history,
            rows.task,
            rows.why,
            rows.counts,
            report,
            on,
            answers.to_numpy(),
            encoded.decode(output),
            alphas if len(recipe.alpha) > 1 else {},
            tuple(notes),
        )

    def save(self, path: str | os.PathLike[str], **more: Any) -> None:
        """Write everything needed to predict to one model file; `more` joins the header."""
        encoder, target = self.encoder.to_dict(), self.target.to_dict()
        header, tensors = self.network._to_file()
        header |= {
            "table": {"encoder": encoder, "target": target, "target_name": self.target_name},
            "about": self.about,
            "test_rows": make_rows(self.example_rows(), self._answers),
        }
        theta = to_numpy(self.network.theta)
        model_file.write(
            path, theta, header, tensors, more, lambda t, h: self.from_file(t["theta"], h, t)
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Predictor:
        """The predictor of a model file.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is no such file, or it holds another kind of model or none at all.
        """
        tensors, header = model_file.read_tensors(path)
        kind = model_file.kind(header)
        if kind == "Network":
            raise ValueError(f"{os.fspath(path)!r} holds a bare network: read it with Network.load")
        if kind != cls.__name__:
            raise ValueError(f"{os.fspath(path)!r} holds a {kind}: read it with pellucid.load")
        with model_file.named(path):
            return cls.from_file(tensors["theta"], header, tensors)

    @classmethod
    def from_file(
        cls, theta: Array, header: Mapping[str, Any], tensors: Mapping[str, Array] | None = None
    ) -> Predictor:
        """The predictor of a theta and a header as `model_file.read_tensors` gives them."""
        network = Network.from_file(theta, header, tensors)
        table = fields.mapping(header["table"])
        encoder = TableEncoder.from_dict(fields.mapping(table["encoder"]))
        of_target = fields.mapping(table["target"])
        target = (ClassTarget if "classes" in of_target else NumericTarget).from_dict(of_target)
        sizes = len(encoder.feature_names), target.n_outputs
        its = network.architecture.n_inputs, network.architecture.n_outputs
        if sizes != its:
            raise ValueError(
                f"columns and target are for a network of {sizes[0]} inputs and {sizes[1]} "
                f"outputs, and it has {its[0]} and {its[1]}"
            )
        about = fields.mapping(header.get("about") or {})
        predictor = cls(network, encoder, target, fields.text(table["target_name"]), about)
        if "test_rows" in header:
            refuse_other_answers(header["test_rows"], predictor._answers, network.theta.dtype)
        return predictor

    def _answers(self, rows: Mapping[str, Sequence[Any]]) -> NDArray[np.float64]:
        """What plain rows give: probabilities, or numbers."""
        frame = table_of_columns(rows).frame
        with np.errstate(all="ignore"):
            classes = isinstance(self.target, ClassTarget)
            return self.predict_proba(frame) if classes else self.predict(frame)


def fit_target(rows: Rows, scaling: str | float) -> ClassTarget | NumericTarget:
    """Classes from all rows, so that a rare one is known; a scale from the training rows alone.

    Raises
    ------
    ValueError
        If there is one class only, or numbers are to be predicted and the target holds others.
    """
    if rows.task == "classification":
        return ClassTarget.fit(rows.answers)
    answers = find_column(rows.trained, rows.target)
    try:
        target = NumericTarget.fit(answers, scaling)
    except ValueError as error:
        raise ValueError(f"{error}; to tell classes apart, ask for task classification") from error
    if answers.n_unique() == 1:
        rows.notes.append(f"{rows.target} is the same in every row: there is nothing to learn")
    return target


def _train_each(
    recipe: Recipe,
    task: str,
    X: Array,
    y: Array,
    callbacks: Sequence[Callable[[Event], Any]],
    settings: Mapping[str, Any],
) -> tuple[dict[float, float], Network]:
    """The loss to judge by of each alpha, and the network that had the lowest."""
    losses: dict[float, float] = {}
    networks: dict[float, Network] = {}
    for alpha in recipe.alpha:
        network = recipe.network(task, X.shape[1], y.shape[1], alpha)
        history = network.train(X, y, callbacks=callbacks, **settings)
        networks[alpha] = network
        if len(history):
            losses[alpha] = min(history.validation_loss, default=history.loss[-1])
        if history.stopped == "interrupted":
            break
    best = min(networks, key=lambda alpha: losses.get(alpha, np.inf))
    return losses, networks[best]


def _names(
    target: str, encoder: TableEncoder, encoded: ClassTarget | NumericTarget
) -> dict[str, Any]:
    """What columns and classes are called, of which training itself sees numbers."""
    return {
        "target": target,
        "classes": described(encoded.to_dict().get("classes")),
        "columns": [column.name for column in encoder.columns],
        "encoding of the columns": {"hash": hash_of(encoder.to_dict())},
    }


def class_numbers(output: Array) -> NDArray[np.int64]:
    """(n, k) outputs or one-hot rows, or (n, 1) of two classes -> (n,) class numbers."""
    if output.shape[1] > 1:
        return np.asarray(output.argmax(axis=1))
    return np.asarray(output[:, 0] > 0.5, dtype=np.int64)


def _accuracy(output: Array, y: Array) -> float:
    return float(np.mean(class_numbers(output) == class_numbers(y)))


def _r2(output: Array, y: Array) -> float:
    spread = float(((y - y.mean(axis=0)) ** 2).sum())
    return 1.0 - float(((output - y) ** 2).sum()) / spread if spread else 0.0
