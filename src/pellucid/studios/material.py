"""Material is data made ready for an experiment: split, encoded, and known by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import datasets
from pellucid.model import Network
from pellucid.predictor import Predictor, fit_target
from pellucid.preprocessing import TableEncoder
from pellucid.rows import Rows, divide
from pellucid.samples import as_targets
from pellucid.studios.experiment import Experiment
from pellucid.tables import Table, find_column
from pellucid.targets import ClassTarget, NumericTarget

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Material:
    """Rows to train on and to test on, and what turns others into the same.

    Parameters
    ----------
    trained, tested : the rows as a table has them, with their answers.
    encoder, target : what turns them into the network's inputs and targets.
    X, y, X_test, y_test : those, as the network gets them.
    target_name, task, why : what is predicted, and how that was told.
    notes : what was assumed or left out, a sentence each.
    columns : all that the table has, those that are not learnt from too.
    """

    trained: polars.DataFrame
    tested: polars.DataFrame
    encoder: TableEncoder
    target: ClassTarget | NumericTarget
    X: NDArray[np.float64]
    y: NDArray[np.float64]
    X_test: NDArray[np.float64]
    y_test: NDArray[np.float64]
    target_name: str
    task: str
    why: str
    notes: tuple[str, ...]
    columns: tuple[str, ...]

    @classmethod
    def of(cls, experiment: Experiment, table: Table | None = None) -> Material:
        """What an experiment is made on.

        Parameters
        ----------
        table : that was given; by default the built-in set that the experiment names.

        Raises
        ------
        ValueError
            If there is no such set or column, or nothing to learn from.

        Examples
        --------
        >>> material = Material.of(Experiment("iris"))
        >>> material.X.shape, material.y_test.shape, material.target_name
        ((112, 4), (38, 3), 'species')
        """
        recipe, target = experiment.recipe(), experiment.target or None
        table, columns = learnt_from(experiment, table)
        rows = divide(table, target, recipe, None, None)
        encoder = TableEncoder.fit(
            rows.trained.drop(rows.target), scaling=recipe.scaling or table.scaling or "standard"
        )
        encoded = fit_target(rows, recipe.target_scaling or table.target_scaling or "standard")
        return cls.encoded(rows, encoder, encoded, columns)

    @classmethod
    def encoded(
        cls, rows: Rows, encoder: TableEncoder, encoded: ClassTarget | NumericTarget,
        columns: tuple[str, ...],
    ) -> Material:  # fmt: skip
        """Rows, by an encoder and a target that have been fitted already."""

        def samples(frame: polars.DataFrame) -> tuple[Any, Any]:
            return encoder.transform(frame), encoded.encode(find_column(frame, rows.target))

        X, y = samples(rows.trained)
        X_test, y_test = samples(rows.tested) if rows.tested.height else (X[:0], y[:0])
        return cls(
            rows.trained, rows.tested, encoder, encoded, X, y, X_test, y_test, rows.target,
            rows.task, rows.why, (*rows.notes, *encoder.notes), columns,
        )  # fmt: skip

    def network(self, experiment: Experiment) -> Network:
        """The experiment's network before training; ValueError if its loss cannot take these."""
        made = experiment.recipe().network(
            self.task, self.X.shape[1], self.y.shape[1], experiment.alpha
        )
        as_targets(self.y, len(self.y), self.y.shape[1], made.objective.loss)
        return made

    def predictor(self, network: Network) -> Predictor:
        """A network of these columns as a model that takes tables."""
        return Predictor(network, self.encoder, self.target, self.target_name)


def learnt_from(experiment: Experiment, table: Table | None) -> tuple[Table, tuple[str, ...]]:
    """The table with an experiment's noise and of its features alone, and all columns it had."""
    table = table_of(experiment) if table is None else noisy(table, experiment)
    columns = tuple(table.frame.columns)
    if experiment.features:
        target = experiment.target or table.target or columns[-1]
        name = find_column(table.frame, target).name
        chosen = [find_column(table.frame, feature).name for feature in experiment.features]
        kept = [column for column in chosen if column != name]
        table = replace(table, frame=table.frame.select([*kept, name]))
    return table, columns


def table_of(experiment: Experiment) -> Table:
    """The built-in set that an experiment names, with its noise."""
    maker, _ = datasets.DATASETS.get(experiment.data, (None, ""))
    if maker is not None and "noise" in signature(maker).parameters:
        options: dict[str, Any] = {"seed": experiment.seed}
        if experiment.noise is not None:
            options["noise"] = experiment.noise
        return datasets.load(experiment.data, **options).table()
    return noisy(datasets.load(experiment.data).table(), experiment)


def noise_of(experiment: Experiment) -> float:
    """An experiment's noise; by default that which the set is made with, if it is.

    Examples
    --------
    >>> noise_of(Experiment("moons")), noise_of(Experiment("moons", noise=0.0))
    (0.2, 0.0)
    """
    if experiment.noise is not None:
        return experiment.noise
    maker, _ = datasets.DATASETS.get(experiment.data, (None, ""))
    made = None if maker is None else signature(maker).parameters.get("noise")
    return 0.0 if made is None else float(made.default)


def noisy(table: Table, experiment: Experiment) -> Table:
    """The same table with noise in its number columns, if the experiment has any."""
    if not experiment.noise:
        return table
    import polars as pl

    rng = np.random.default_rng(experiment.seed)
    name = experiment.target or table.target or table.frame.columns[-1]
    columns = []
    for column in table.frame:
        if column.name == name or not column.dtype.is_numeric():
            columns.append(column)
            continue
        numbers = column.cast(pl.Float64)
        spread = float(numbers.std() or 0.0)  # type: ignore[arg-type]
        columns.append(numbers + pl.Series(rng.normal(0, experiment.noise * spread, len(column))))
    return replace(table, frame=pl.DataFrame(columns))
