"""A table's model is a program whose columns, numbers and inputs are those of its encoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.export.inputs import of_bag_encoder, of_table_encoder
from pellucid.export.networks import named_columns
from pellucid.export.program import (
    CATEGORY,
    DATE,
    Classes,
    Column,
    Floats,
    Layer,
    Number,
    Numbers,
    Program,
)
from pellucid.export.translation import Translation, about, inverse, layers, layers_of, translate

if TYPE_CHECKING:
    import polars

    from pellucid.predictor import Predictor
    from pellucid.tabular import TabularClassifier, TabularRegressor


def of_predictor(model: Predictor) -> Translation:
    """The program of a table's encoder, one network and a target."""
    parts, order = of_table_encoder(model.encoder)
    output = model.network.architecture.output_activation.name
    answer: Classes | Numbers
    if model.task == "classification":
        answer = Classes(tuple(model.classes.classes))
    else:
        scaler = model.target.scaler  # type: ignore[union-attr]
        answer = Numbers((model.target_name,), *inverse(scaler, 1))
    if isinstance(answer, Classes) and output not in ("softmax", "sigmoid"):
        raise ValueError(f"classes are told by {output} outputs, which are no probabilities")
    program = Program(
        **parts, networks=(layers_of(model.network, order),), answer=answer,
        target_name=model.target_name,
        about=about(model) | {"metrics": model.about.get("metrics")},
    )  # fmt: skip

    def answers(table: Mapping[str, Any]) -> Floats:
        output = model.output(_frame(program, table))
        if isinstance(answer, Classes):
            return model.classes.probabilities(output)
        return model.target.decode(output).reshape(len(output), -1)

    take = _taker(program)
    return Translation(program, take, answers, take(model.example_rows()))


def _frame(program: Program, table: Mapping[str, Any]) -> polars.DataFrame:
    """Columns as a program has them, as a table of numbers and text with nulls."""
    import polars as pl

    return pl.DataFrame(
        {
            column.name: pl.Series([text or None for text in table[column.name]], dtype=pl.String)
            if column.kind == CATEGORY
            else pl.Series(table[column.name]).fill_nan(None)
            for column in program.columns
        }
    )


def of_pipeline(model: Any) -> Translation:
    """The program of a table's encoding, or of scalers of numbers, and an estimator."""
    *before, (_, last) = model.steps
    steps = [step for _, step in before if step not in (None, "passthrough")]
    inner = translate(last)
    if len(steps) == 1 and hasattr(steps[0], "encoder_"):
        return _of_encoding(steps[0].encoder_, inner)
    return _of_scalers(model, steps, inner) if steps else inner


def _of_scalers(model: Any, steps: Sequence[Any], inner: Translation) -> Translation:
    """Each scaler is a straight line, z = x factor + start, and so are several in a row."""
    n = len(inner.program.columns)
    factor, start = np.ones(n), np.zeros(n)
    for step in steps:
        of_step, at = line(step, n)
        factor, start = factor * of_step, start * of_step + at
    numbers = tuple(
        Number(i, "", -b / f, f)
        for i, (f, b) in enumerate(zip(factor.tolist(), start.tolist(), strict=True))
    )
    named = getattr(model, "feature_names_in_", None)
    names = [c.name for c in inner.program.columns] if named is None else [str(x) for x in named]
    program = replace(
        inner.program,
        columns=tuple(Column(name, gaps=False) for name in names),
        numbers=numbers,
        matrix=named is None,
    )
    own = [column.name for column in inner.program.columns]

    def answers(table: Mapping[str, Any]) -> Floats:
        X = np.column_stack([table[name] for name in names])
        for step in steps:
            X = step.transform(_named(X, step))
        return inner.answers(dict(zip(own, np.asarray(X).T, strict=True)))

    return Translation(program, _taker(program), answers)


def _named(X: Any, step: Any) -> Any:
    """X as a table, if the step was fitted on one."""
    named = getattr(step, "feature_names_in_", None)
    if named is None:
        return np.asarray(X)
    return named_columns(np.asarray(X), named)


def line(step: Any, n: int) -> tuple[Floats, Floats]:
    """The factor and the start (n,) of a scaler of scikit-learn's."""
    name = type(step).__name__
    none, one = np.zeros(n), np.ones(n)
    if name == "MinMaxScaler" and not step.clip:
        return step.scale_, step.min_
    if name in ("StandardScaler", "MaxAbsScaler", "RobustScaler"):
        center = {"StandardScaler": "mean_", "RobustScaler": "center_"}.get(name, "")
        shift, scale = (getattr(step, a, None) for a in (center, "scale_"))
        centered = getattr(step, "with_mean", getattr(step, "with_centering", True))
        shift = none if shift is None or not centered else shift
        scale = one if scale is None else scale
        return 1.0 / scale, -shift / scale
    raise ValueError(
        f"a Pipeline's step {name} cannot be exported: expected TableEncoding, StandardScaler, "
        "MinMaxScaler (without clip), MaxAbsScaler or RobustScaler before the estimator"
    )


def _of_encoding(encoder: Any, inner: Translation) -> Translation:
    parts, order = of_table_encoder(encoder)
    first, *rest = inner.program.networks[0]
    network = (Layer(first.W[order], first.b, first.activation), *rest)
    program = replace(inner.program, **parts, networks=(network,), matrix=False)
    names = [column.name for column in inner.program.columns]

    def answers(table: Mapping[str, Any]) -> Floats:
        X = encoder.transform(_frame(program, table))
        return inner.answers(dict(zip(names, X.T, strict=True)))

    return Translation(program, _taker(program), answers)


# --- bags ---------------------------------------------------------------------------------------


def _scores(model: TabularClassifier | TabularRegressor) -> dict[str, Any]:
    """How good it was on the rows that each network had not seen."""
    score = "accuracy" if hasattr(model, "classes_") else "r2"
    names = {"oob_score_": score, "oob_log_loss_": "log_loss", "oob_rmse_": "rmse"}
    found = {name: getattr(model, attribute, np.nan) for attribute, name in names.items()}
    return {"on": "out-of-bag"} | {n: float(v) for n, v in found.items() if np.isfinite(v)}


def of_bag(model: TabularClassifier | TabularRegressor) -> Translation:
    """The program of several networks whose answers are averaged."""
    if not hasattr(model, "_bag"):
        raise ValueError(f"this {type(model).__name__} is not fitted: call fit first")
    bag, encoder = model._bag, model._bag.encoder
    answer: Classes | Numbers
    temperature = 1.0
    if hasattr(model, "classes_"):
        calibration = model._calibration
        temperature = calibration.temperature
        labels = tuple(model.classes_.tolist())
        answer = Classes(labels, calibration.smoothing, calibration.floor)
    else:
        low, high = model._bounds
        answer = Numbers((model.target_name_,), (model._std,), (model._mean,), low, high)
    program = Program(
        **of_bag_encoder(encoder),
        networks=tuple(
            layers(bag.objective.layout, member.theta, None, temperature) for member in bag.members
        ),
        answer=answer,
        target_name=model.target_name_,
        about=about(model) | {"metrics": _scores(model)},
    )

    def answers(table: Mapping[str, Any]) -> Floats:
        given = {column.name: _given(column, table[column.name]) for column in program.columns}
        if isinstance(answer, Classes):
            return model.predict_proba(given)
        return model.predict(given)[:, None]

    take = _taker(program, model)
    return Translation(program, take, answers, take(model.example_rows()))


def _given(column: Column, items: Any) -> Any:
    """A column as models that take tables want it."""
    if column.kind == CATEGORY:
        return [text or None for text in items]
    if column.kind == DATE:
        return (np.asarray(items) * 86_400_000_000).round().astype(
            "timedelta64[us]"
        ) + np.datetime64(0, "us")
    return items


def _taker(program: Program, model: Any = None) -> Callable[[Any], dict[str, Any]]:
    """What turns a table of any library into a program's columns."""

    def take(table: Any) -> dict[str, Any]:
        from pellucid.tabular.frames import frame_of
        from pellucid.tabular.values import dates_of, numbers_of, texts_of

        frame = frame_of(table) if model is None else model._frame(table)
        taken: dict[str, Any] = {}
        for column in program.columns:
            values = frame.column(column.name)
            if column.kind == CATEGORY:
                taken[column.name] = ["" if v is None else v for v in texts_of(values)]
            elif column.kind == DATE:
                written = "" if model is None else model.schema_[column.name].date_format
                dates = dates_of(values, column.name, written)
                elapsed = dates - np.datetime64(0, "D")
                taken[column.name] = elapsed / np.timedelta64(1, "D")
            else:
                lenient = model is not None and model.schema_[column.name].lenient
                taken[column.name] = numbers_of(values, column.name, lenient, boolean=True)
        return taken

    return take
