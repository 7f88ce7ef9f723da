"""A predictor is a network with what turns a table into its inputs and its outputs into answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid import model_file
from pellucid.arrays import Array
from pellucid.columns import NumericColumn, numbers_of
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
from pellucid.splitting import split_rows
from pellucid.tables import Table, find_column
from pellucid.targets import ClassTarget, NumericTarget, infer_task
from pellucid.training import Event

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

    def output(self, frame: polars.DataFrame) -> Array:
        """The network's own output (n, n_outputs)."""
        return np.asarray(self.network.predict(self.inputs(frame)), dtype=np.float64)

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
        if not isinstance(self.target, ClassTarget):
            raise ValueError("this model predicts numbers: it has no classes")
        return self.target.probabilities(self.output(frame))

    def evaluate(self, frame: polars.DataFrame, notes: list[str] | None = None) -> Report:
        """How good the predictions are for rows whose answers are in the table too.

        `notes` gets a sentence on whatever had to be assumed of the answers.
        """
        frame = _answered(frame, self.target_name, [] if notes is None else notes)
        answers = find_column(frame, self.target_name)
        output = self.output(frame)
        if isinstance(self.target, ClassTarget):
            return classification_report(
                _class_numbers(self.target.encode(answers, notes)),
                _class_numbers(output),
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

        Raises
        ------
        ValueError
            If there is no such column, nothing to learn from, or a setting does not fit.
        """
        recipe = recipe or Recipe()
        frame, notes = table.frame, list(table.notes)
        name = target or table.target or frame.columns[-1]
        answers = find_column(frame, name)
        _refuse_infinite(frame)  # before any row is moved, so that the message names the right one
        frame = _answered(frame, name, notes)
        answers = find_column(frame, name)
        if frame.height == 0:
            raise ValueError("the table has no rows to learn from")
        for excluded in recipe.exclude:
            frame = frame.drop(find_column(frame, excluded).name)
        if frame.width < 2:
            raise ValueError(f"{name!r} is the only column: there is nothing to predict it from")
        if task not in (None, "classification", "regression"):
            raise ValueError(f"task is {task!r}: expected 'classification' or 'regression'")
        why = "as asked for"
        if task is None and target in (None, table.target) and table.task is not None:
            task, why = table.task, "as the data set says"
        elif task is None:
            task, why = infer_task(answers)

        classes = answers.cast(str).to_numpy() if task == "classification" else None
        held_out = 0.0 if test is not None else recipe.test
        parts = split_rows(frame.height, classes, recipe.validation, held_out, recipe.seed)
        trained, validated, tested = (frame[rows.tolist()] for rows in parts)
        if test is not None:
            notes += test.notes
            tested = _answered(test.frame, name, notes)

        encoder = TableEncoder.fit(
            trained.drop(name), scaling=recipe.scaling or table.scaling or "standard"
        )
        notes += encoder.notes
        encoded: ClassTarget | NumericTarget
        if task == "classification":
            encoded = ClassTarget.fit(answers)
        else:
            scaling = recipe.target_scaling or table.target_scaling or "standard"
            try:
                encoded = NumericTarget.fit(find_column(trained, name), scaling)
            except ValueError as error:
                raise ValueError(f"{error}; for classes, say so: task classification") from error
            if find_column(trained, name).n_unique() == 1:
                notes.append(f"{name} is the same in every row: there is nothing to learn")

        X, y = encoder.transform(trained), encoded.encode(find_column(trained, name))
        measured = tested if tested.height else trained
        # Whatever is wrong with the rows to measure on is to be found before training, not after.
        encoder.transform(measured)
        encoded.encode(find_column(measured, name))
        settings = {"metric": _accuracy if task == "classification" else _r2, **recipe.settings}
        if validated.height:
            settings["validation_data"] = (
                encoder.transform(validated),
                encoded.encode(find_column(validated, name)),
            )
        else:
            settings["early_stopping"] = False
        networks: list[tuple[float, Network, History]] = []
        for alpha in recipe.alpha:
            network = recipe.network(task, X.shape[1], y.shape[1], alpha)
            history = network.train(X, y, callbacks=callbacks, **settings)
            networks.append((alpha, network, history))
            if history.stopped == "interrupted":
                break
        alphas = {a: min(h.validation_loss, default=h.loss[-1]) for a, _, h in networks if len(h)}
        alpha, network, history = min(networks, key=lambda row: alphas.get(row[0], np.inf))

        predictor = cls(network, encoder, encoded, name)
        on = "test" if tested.height else "training"
        report = predictor.evaluate(measured, notes)
        if on == "training":
            few = f"{frame.height} rows are too few to hold some out"
            why_all = few if recipe.test and test is None else "no rows were held out"
            notes.append(f"{why_all}: it is measured on the rows it has learnt from")
        rows = {"train": trained.height, "validation": validated.height, "test": tested.height}
        chosen = asdict(replace(recipe, settings={}, alpha=(alpha,)))
        plain = {k: v for k, v in recipe.settings.items() if isinstance(v, str | int | float)}
        training = {"settings": plain, "epochs": len(history), "stopped": history.stopped}
        predictor.about = {
            "metrics": {"on": on, **report.to_dict()},
            "rows": rows,
            "training": chosen | training,
        }
        return Fit(
            predictor,
            history,
            task,
            why,
            rows,
            report,
            on,
            find_column(measured, name).to_numpy(),
            predictor.predict(measured),
            alphas if len(recipe.alpha) > 1 else {},
            tuple(notes),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything needed to predict to one model file."""
        table = {
            "encoder": self.encoder.to_dict(),
            "target": self.target.to_dict(),
            "target_name": self.target_name,
        }
        self.network.save(path, table=table, about=self.about)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Predictor:
        """The predictor of a model file.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is no such file, or it holds a bare network or no model at all.
        """
        model = load(path)
        if not isinstance(model, cls):
            raise ValueError(f"{os.fspath(path)!r} holds a bare network: read it with Network.load")
        return model


def load(path: str | os.PathLike[str]) -> Predictor | Network:
    """What a model file holds: a `Predictor` with its columns, or a bare `Network`."""
    theta, header = model_file.read(path)
    network = Network.from_file(theta, header)
    if "table" not in header:
        return network
    try:
        table = header["table"]
        target = table["target"]
        return Predictor(
            network,
            TableEncoder.from_dict(table["encoder"]),
            (ClassTarget if "classes" in target else NumericTarget).from_dict(target),
            str(table["target_name"]),
            header.get("about"),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the header of {os.fspath(path)!r} is damaged: {error!r}") from error


def _refuse_infinite(frame: polars.DataFrame) -> None:
    """Raise ValueError naming the first infinite number, its column and its row in the table."""
    numbers_of(frame, [NumericColumn(c.name, 0.0) for c in frame if c.dtype.is_float()])


def _answered(frame: polars.DataFrame, target: str, notes: list[str]) -> polars.DataFrame:
    """The rows that have an answer; `notes` gets how many have none."""
    answers = find_column(frame, target)
    if not answers.null_count():
        return frame
    notes.append(f"rows without {target}, left out: {answers.null_count()}")
    return frame.filter(answers.is_not_null())


def _class_numbers(output: Array) -> NDArray[np.int64]:
    """(n, k) outputs or one-hot rows, or (n, 1) of two classes -> (n,) class numbers."""
    if output.shape[1] > 1:
        return np.asarray(output.argmax(axis=1))
    return np.asarray(output[:, 0] > 0.5, dtype=np.int64)


def _accuracy(output: Array, y: Array) -> float:
    return float(np.mean(_class_numbers(output) == _class_numbers(y)))


def _r2(output: Array, y: Array) -> float:
    spread = float(((y - y.mean(axis=0)) ** 2).sum())
    return 1.0 - float(((output - y) ** 2).sum()) / spread if spread else 0.0
