"""A peer is another library's model of the same rows, to compare with: LightGBM by its defaults."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.cli.measure import Measured, Model, against, known_columns
from pellucid.tabular import Schema, TabularClassifier
from pellucid.tabular.encoder import codes_of
from pellucid.tabular.frames import CATEGORY, Frame, frame_of
from pellucid.tabular.moments import numbers_in
from pellucid.tabular.values import texts_of

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray


def refuse_without() -> None:
    """Raise ValueError if LightGBM is not installed."""
    if find_spec("lightgbm") is None:
        raise ValueError("--compare needs LightGBM: pip install lightgbm")


def lightgbm(
    model: Model,
    trained: polars.DataFrame,
    answers: NDArray[Any],
    tested: polars.DataFrame,
    measured: Measured,
) -> Measured:
    """LightGBM as it comes, trained on the same rows as `model` and measured on the same.

    Numbers as they are, dates as their parts, text as categoricals.

    Parameters
    ----------
    answers : (n,) of the rows trained on.
    measured : of the model, on the rows tested on.
    """
    from lightgbm import LGBMClassifier, LGBMRegressor

    settings: dict[str, Any] = {
        "random_state": model.random_state, "n_jobs": model.n_jobs, "verbose": -1
    }  # fmt: skip
    encoding = Columns(model.schema_, frame_of(known_columns(model, trained)))
    X = encoding.arrays(frame_of(known_columns(model, trained)))
    new = encoding.arrays(frame_of(known_columns(model, tested)))
    categorical: Any = encoding.categorical or "auto"
    if isinstance(model, TabularClassifier):
        classifier = LGBMClassifier(**settings)
        classifier.fit(X, answers, categorical_feature=categorical)
        output = np.asarray(classifier.booster_.predict(new))
        if output.ndim == 1:
            output = np.stack([1.0 - output, output], axis=1)
    else:
        regressor = LGBMRegressor(**settings).fit(X, answers, categorical_feature=categorical)
        output = np.asarray(regressor.booster_.predict(new))
    return against(model, output, measured.answers, {}, measured.on)


class Columns:
    """A table's columns as numbers: categories by their place among those of training."""

    def __init__(self, schema: Schema, frame: Frame) -> None:
        self.schema = schema
        self.lookups: dict[str, dict[str, int]] = {}
        self.categorical: list[int] = []
        place = 0
        for column in schema.used:
            values = frame.column(column.name)
            if column.kind == CATEGORY:
                levels = sorted({text for text in texts_of(values) if text is not None})
                self.lookups[column.name] = {level: i for i, level in enumerate(levels)}
                self.categorical.append(place)
                place += 1
            else:
                place += len(numbers_in(column, values))

    def arrays(self, frame: Frame) -> NDArray[np.float64]:
        """The rows of a table (n, k); NaN for what is missing or new."""
        columns: list[NDArray[np.float64]] = []
        for column in self.schema.used:
            values = frame.column(column.name)
            if column.name in self.lookups:
                codes = codes_of(texts_of(values), self.lookups[column.name])
                columns.append(np.where(codes < 0, np.nan, codes))
            else:
                columns += numbers_in(column, values).values()
        return np.stack(columns, axis=1)
