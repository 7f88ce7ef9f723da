"""A pipeline's subject is that of its last step, behind the steps before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.export.inputs import of_table_encoder
from pellucid.export.networks import named_columns
from pellucid.export.program import Column, Number
from pellucid.export.tables import line
from pellucid.subject.base import NUMERIC, Floats, Input, Subject
from pellucid.subject.tables import inputs_of, table_of, typed

if TYPE_CHECKING:
    from numpy.typing import NDArray


class PipelineSubject(Subject):
    """Steps of scikit-learn's that end in an estimator of pellucid's."""

    def __init__(self, model: Any) -> None:
        from pellucid.subject import subject_of

        self.last = subject_of(model[-1])
        steps = [step for _, step in model.steps[:-1] if step not in (None, "passthrough")]
        self.steps = steps
        self.encoding = steps[0].encoder_ if steps and hasattr(steps[0], "encoder_") else None
        self.takes_tables = self.encoding is not None
        columns, inputs = self._before(model)
        last = self.last
        super().__init__(
            model, last.networks, columns, inputs, last.classes, last.target_name, last.history,
            last.exclusive,
        )  # fmt: skip

    def _before(self, model: Any) -> tuple[Sequence[Column], Sequence[Input]]:
        if self.encoding is not None and len(self.steps) == 1:
            parts, order = of_table_encoder(self.encoding)
            return parts["columns"], inputs_of(parts, self.encoding.feature_names, order)
        names = getattr(model, "feature_names_in_", None)
        n = model.n_features_in_
        names = [f"x{i + 1}" for i in range(n)] if names is None else [str(name) for name in names]
        columns = [Column(name, gaps=False) for name in names]
        if n != len(self.last.inputs):
            raise ValueError(
                f"the pipeline's steps turn {n} columns into {len(self.last.inputs)} inputs, and "
                "only TableEncoding and scalers say which comes from which"
            )
        factor, start = np.ones(n), np.zeros(n)
        try:
            for step in self.steps:
                of_step, at = line(step, n)
                factor, start = factor * of_step, start * of_step + at
        except ValueError:  # another step: that column i becomes input i is all there is to say
            return columns, [Input(name, i) for i, name in enumerate(names)]
        numbers = [Number(i, "", -start[i] / factor[i], factor[i]) for i in range(n)]
        return columns, [Input(name, i, NUMERIC, numbers[i]) for i, name in enumerate(names)]

    def _encode(self, X: Any) -> Floats:
        X = table_of(X, self.columns) if self.takes_tables else self.matrix(X)
        for step in self.steps:
            X = step.transform(_with_names(X, step))
        return self.last.encode(X)

    def _encode_targets(self, y: Any) -> Floats:
        return self.last.encode_targets(y)

    def _predict(self, X: Any) -> NDArray[Any]:
        labels: NDArray[Any] = self.last.predict(self.encode(X))
        return labels

    def _answer(self, output: Floats) -> Floats:
        return self.last._answer(output)

    def _rows_of(self, frame: Any) -> Any:
        return frame if self.takes_tables else super()._rows_of(frame)

    def _rows_of_columns(self, columns: Mapping[str, list[Any]]) -> Any:
        return typed(columns, self.taken) if self.takes_tables else self.matrix(columns)


def _with_names(X: Any, step: Any) -> Any:
    """Numbers under the names that a step was fitted on, if it was fitted on a table."""
    named = getattr(step, "feature_names_in_", None)
    if named is None or hasattr(X, "columns"):
        return X
    return named_columns(np.asarray(X), named)
