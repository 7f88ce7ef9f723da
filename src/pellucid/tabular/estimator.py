"""A tabular model is a bag of networks that scikit-learn can fit: what both kinds share."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.metrics import check_scoring
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    _check_feature_names,
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from pellucid.checkpoint import Checkpoint
from pellucid.example_rows import ROWS, Value
from pellucid.registry import near
from pellucid.tabular.bag import Bag, parts_held_out
from pellucid.tabular.frames import Frame, frame_of, table_of
from pellucid.tabular.hyperparameters import Hyperparameters
from pellucid.tabular.member import Data, Floats32, Recipe
from pellucid.tabular.preparation import Preparation
from pellucid.tabular.progress import bars
from pellucid.tabular.resuming import REFIT, TRAINING, BagCheckpoint, training_of
from pellucid.tabular.schema import IGNORED, Schema, infer
from pellucid.tabular.targets import is_target, targets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TableWarning(UserWarning):
    """Something about a table that was worked around."""


@dataclass(eq=False, repr=False)
class Tabular(Hyperparameters, BaseEstimator):
    """What `TabularClassifier` and `TabularRegressor` share; not to be used by itself."""

    _classes: ClassVar[bool]

    # --- fitting --------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Learn to predict y from the columns of X.

        Parameters
        ----------
        X : a table of pandas, polars or pyarrow, a path to a CSV, TSV or Parquet file, a dict of
            columns, or an array (n, n_features).
        y : (n,) the targets; or the name of the column of X that holds them.
        sample_weight : (n,) weights of the rows. Rows of weight 0 are left out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a column holds numbers and text, a value is infinite, y is missing somewhere, or
            nothing is left to learn from; the model is then as it was before.
        """
        before = dict(self.__dict__)
        try:
            self._fit(X, y, sample_weight)
        except BaseException:  # a Ctrl-C too
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        return self

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> None:
        frame, y, name = self._frame_to_fit(X, y)
        y = self._targets(y, frame.n_rows, name)
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, y, ensure_non_negative=True)
            if not weight.any():
                raise ValueError("sample_weight is 0 in every row: expected some above 0")
            if (weight == 0.0).any():
                kept = np.flatnonzero(weight)
                frame, y, weight = frame.rows(kept), y[kept], weight[kept]
        file = Checkpoint.asked_for(
            self.checkpoint, self.checkpoint_epochs, self.checkpoint_seconds, self.resume
        )
        parameters = self.get_params(deep=False)
        if file is not None:
            parameters["random_state"] = file.chosen(self.random_state)
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        kind = f"{type(self).__name__}.fit"
        checkpoint = None if file is None else BagCheckpoint(file, kind)
        if checkpoint is not None:
            seed = checkpoint.seed(seed, self.random_state)
        notes = list(frame.notes)
        schema = self._schema(frame, y, notes)
        encoded = self._encode_targets(y)  # (n, n_outputs), and (n,) for encoding by the target
        preparation = Preparation(self.bins, self.max_levels, seed)
        encoder, rows = preparation.fit(frame, schema, encoded[1])
        given, weight = weight, self._weights(y, weight)
        data = Data(rows, encoded[0], None if weight is None else weight.astype(np.float32))
        held_out = parts_held_out(
            len(y), self.bag, self.validation_fraction,
            encoded[1] if self._classes else None, seed,
        )  # fmt: skip
        self.target_name_ = name
        self.schema_, self.notes_ = schema, tuple(notes)
        if checkpoint is not None:
            training = training_of(
                parameters, self._recipe(), (frame, y, given, name), (encoder, data),
                self.engine, seed,
            )  # fmt: skip
            checkpoint.begin(training)
            if self.resume and self.verbose:
                print(f"note: {checkpoint.told(self.bag, self.refit)}", file=sys.stderr)
        self._bag = self._train(encoder, data, held_out, seed, checkpoint)
        self._look_back(data, y)
        self.leaderboard_ = self._leaderboard()

    def _train(
        self, encoder: Any, data: Data, held_out: Any, seed: int, checkpoint: BagCheckpoint | None
    ) -> Bag:
        recipe = self._recipe()
        how: dict[str, Any] = {"engine": self.engine, "n_jobs": self._jobs()}
        budget = None if self.max_time is None else self.max_time / (2 if self.refit else 1)
        places = {} if checkpoint is None else checkpoint.places(self.bag)
        with bars(self.verbose) as shown, checkpoint or nullcontext():
            told = [*shown, *self.callbacks]
            bag = Bag.train(
                recipe, encoder, data, held_out, self._judge, seed, callbacks=told,
                max_time=budget, places=places.get(TRAINING), **how,
            )  # fmt: skip
            self._seen = bag.members
            if self.refit and any(len(part) for part in held_out):
                none = np.zeros(0, np.intp)
                bag = Bag.train(
                    recipe, encoder, data, [none] * self.bag, self._judge, seed, callbacks=told,
                    max_time=budget, like=bag.members, places=places.get(REFIT), **how,
                )  # fmt: skip
        lost = sum(not member.best_epoch for member in bag.members)
        if lost == len(bag.members):
            raise ValueError(
                "training diverged in the first epoch: look for very large values in y, or lower "
                f"learning_rate_init (it was {self.learning_rate_init})"
            )
        if lost:
            warnings.warn(
                f"training of {lost} of {self.bag} networks diverged at once: they are left out",
                stacklevel=5,
            )
            bag.members = [member for member in bag.members if member.best_epoch]
        return bag

    def _recipe(self) -> Recipe:
        sizes = tuple(int(size) for size in np.atleast_1d(self.hidden_layer_sizes))
        if min(sizes, default=1) < 1:
            raise ValueError(f"hidden_layer_sizes is {sizes}: expected whole numbers from 1 on")
        return Recipe(
            self._classes, sizes, self.activation, self.dropout, self.learning_rate_init,
            self.weight_decay, self.schedule, self.batch_size, self.min_steps, self.max_epochs,
            self.early_stopping, getattr(self, "label_smoothing", 0.0),
        )  # fmt: skip

    def _jobs(self) -> int | None:
        return None if self.n_jobs in (None, -1) else self.n_jobs

    def _frame_to_fit(self, X: Any, y: Any) -> tuple[Frame, Any, str]:
        """The columns to learn from, the target, and what it is called."""
        frame = table_of(X)
        if frame is None:
            return self._array_to_fit(X, y)
        if frame.n_rows < 2:
            raise ValueError(
                f"Found table with {frame.n_rows} sample(s) while a minimum of 2 is required"
            )
        name = y if isinstance(y, str) else str(getattr(y, "name", None) or "target")
        if y is None:
            raise ValueError(
                "y is None: requires y to be passed; give the targets, or the name of their "
                f"column, such as y={frame.names[-1]!r}"
            )
        if isinstance(y, str):
            if y not in frame.names:
                raise ValueError(f"y is {y!r}, no column of the table: {near(y, frame.names)}")
            y = frame.column(y)
            frame = frame.without(name)
        if hasattr(X, "columns"):
            _check_feature_names(self, X, reset=True)
        self.n_features_in_ = len(frame.names)
        if not frame.names:
            raise ValueError("0 feature(s) in the table while a minimum of 1 is required.")
        if frame.named:
            self.feature_names_in_ = np.array(frame.names, dtype=object)
        return frame, y, name

    def _array_to_fit(self, X: Any, y: Any) -> tuple[Frame, Any, str]:
        """The same of an array, whose columns have no names."""
        if isinstance(y, str):
            raise ValueError(
                f"y is {y!r}, and an array has no columns by name: give the targets themselves"
            )
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target "
                "y is None."
            )
        X, y = validate_data(
            self, X, y, dtype=None, ensure_all_finite=False, multi_output=True,
            ensure_min_samples=2,
        )  # fmt: skip
        return frame_of(X), y, "target"

    def _schema(self, frame: Frame, y: NDArray[Any], notes: list[str]) -> Schema:
        """What the columns are; a column that is the target itself is left out."""
        schema = infer(frame, self.column_types)
        asked = {str(name) for name in self.column_types or ()}
        others = [column.name for column in schema.used]
        columns = []
        for column in schema:
            free = column.name in others and column.name not in asked and len(others) > 1
            if free and is_target(column, frame, y):
                others.remove(column.name)
                warnings.warn(
                    f"column {column.name!r} equals the target in every row and is not used; "
                    f"column_types={{{column.name!r}: {column.kind!r}}} uses it all the same",
                    TableWarning,
                    stacklevel=5,
                )
                column = column.ignored("the same as the target in every row")
            columns.append(column)
        schema = Schema(tuple(columns))
        for why in dict.fromkeys(c.note for c in schema if c.kind == IGNORED):
            names = [c.name for c in schema if c.kind == IGNORED and c.note == why]
            notes.append(f"not used, {why}: {', '.join(map(repr, names))}")
        if not schema.used:
            raise ValueError("no column is of use to learn from: " + "; ".join(notes))
        return schema

    # --- predicting -----------------------------------------------------------------------------

    def _frame(self, X: Any) -> Frame:
        """The columns of a table to predict, by the names they had in training."""
        check_is_fitted(self)
        frame = table_of(X, by_row=True)
        if frame is None:
            X = validate_data(self, X, dtype=None, ensure_all_finite=False, reset=False)
            return frame_of(X).renamed([column.name for column in self.schema_])
        known = [column.name for column in self.schema_]
        if not hasattr(self, "feature_names_in_"):
            if hasattr(X, "columns"):
                _check_feature_names(self, X, reset=False)
            if len(frame.names) != self.n_features_in_:
                raise ValueError(
                    f"X has {len(frame.names)} features, but {type(self).__name__} is expecting "
                    f"{self.n_features_in_} features as input"
                )
            return frame.renamed(known)
        needed = [column.name for column in self.schema_.used]
        missing = [name for name in needed if name not in frame.names]
        if missing:
            listed = ", ".join(map(repr, missing))
            raise ValueError(
                f"columns seen in training are missing: {listed}. The table has "
                f"{', '.join(map(repr, frame.names))}"
            )
        extra = [name for name in frame.names if name not in {*known, self.target_name_}]
        if extra:
            warnings.warn(
                f"columns that training did not have are ignored: {', '.join(map(repr, extra))}",
                TableWarning,
                stacklevel=4,
            )
        return frame

    def _raw(self, X: Any) -> Floats32:
        """The raw output of each network (members, n, n_outputs)."""
        frame = self._frame(X)
        return self._bag.outputs(self._bag.encoder.compact(frame))

    def permutation_importance(
        self,
        X: Any,
        y: Any = None,
        *,
        scoring: Any = None,
        n_repeats: int = 5,
        random_state: Any = None,
        sample_weight: Any = None,
    ) -> dict[str, NDArray[Any]]:
        """How much the score falls when the values of a column are shuffled among the rows.

        Parameters
        ----------
        X, y : rows that were not trained on, as `fit` takes them.
        scoring : as scikit-learn takes it; by default `score`.

        Returns
        -------
        dict of arrays
            `column`, `importance` (mean over repeats) and `std`, the most important first;
            `pandas.DataFrame` takes it as it is. Parts of one column are shuffled together.
        """
        check_is_fitted(self)
        frame = frame_of(X)
        if y is None:
            y = self.target_name_
        if isinstance(y, str):
            y = targets_of(frame.column(y), frame.n_rows, y)
        used = [column.name for column in self.schema_.used]
        frame = self._frame(X)
        scorer = check_scoring(self, scoring)
        rng = check_random_state(random_state)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        whole = scorer(self, frame, y, **weights)
        falls = np.empty((len(used), n_repeats))
        for i, name in enumerate(used):
            for j in range(n_repeats):
                shuffled = frame.shuffled(name, rng.permutation(frame.n_rows))
                falls[i, j] = whole - scorer(self, shuffled, y, **weights)
        mean, std = falls.mean(axis=1), falls.std(axis=1)
        order = np.argsort(-mean, kind="stable")
        return {"column": np.array(used)[order], "importance": mean[order], "std": std[order]}

    # --- what is fitted -------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], **more: Any) -> None:
        """Write everything needed to predict to one model file, which `pellucid.load` reads.

        It is safetensors with a JSON header: data, no code. What came of single rows of training
        (`oob_prediction_`, `oob_decision_function_`) is not in it.

        Parameters
        ----------
        more : what else shall be in the header, plain data by name.

        Raises
        ------
        ValueError
            If an activation is one's own code, or classes are neither text, numbers nor booleans.
        """
        from pellucid.tabular.saving import save

        check_is_fitted(self)
        save(self, path, **more)

    def example_rows(self) -> dict[str, list[Value]]:
        """A few rows to predict, as plain values by column, made up from what the model knows."""
        check_is_fitted(self)
        rows = self._bag.encoder.example_rows()
        if hasattr(self, "feature_names_in_"):
            return rows
        empty: list[Value] = [None] * ROWS
        return {column.name: rows.get(column.name, empty) for column in self.schema_}

    def unseen(self, X: Any) -> list[str]:
        """What a table to predict has that training did not know, a sentence each."""
        notes: list[str] = []
        frame = self._frame(X)
        self._bag.encoder.compact(frame, notes)
        return notes

    def _leaderboard(self) -> dict[str, NDArray[Any]]:
        """The networks of the bag, the best first."""
        members = sorted(enumerate(self._seen, 1), key=lambda pair: pair[1].best_loss)
        return {
            "member": np.array([i for i, _ in members]),
            self._loss_name: np.array([m.best_loss for _, m in members]),
            "rows_held_out": np.array([len(m.held_out) for _, m in members]),
            "best_epoch": np.array([m.best_epoch for _, m in members]),
            "epochs": np.array([m.epochs for _, m in members]),
            "steps": np.array([m.steps for _, m in members]),
            "seconds": np.array([m.seconds for _, m in members]),
            "stopped": np.array([m.stopped for _, m in members]),
        }

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_seen", None)  # the networks with the rows they held out, for `fit` alone
        return state

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_bag")
