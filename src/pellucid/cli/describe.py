"""`pellucid info` and `pellucid datasets`: what a model file holds, and what is built in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import datasets as built_in
from pellucid import model_file
from pellucid.cli.data import AsJson, ModelPath
from pellucid.columns import TextColumn, listed
from pellucid.engines import available
from pellucid.model import Network
from pellucid.predictor import Predictor
from pellucid.saving import load
from pellucid.scores import NAMES, Score

if TYPE_CHECKING:
    from pellucid.tabular import TabularClassifier, TabularRegressor


def info(model: ModelPath, as_json: AsJson = False) -> None:
    """Describe a model file: its network, columns, score when trained, and versions."""
    theta, header = model_file.read(model)
    if as_json:
        print(json.dumps(header | {"parameters": int(theta.size)}, indent=2, sort_keys=True))
        return
    loaded: Any = load(model)
    print(f"{model}: {model.stat().st_size} bytes, format {header['format_version']}")
    print(", ".join(f"{name} {number}" for name, number in sorted(header["versions"].items())))
    is_bag = hasattr(loaded, "schema_")
    if isinstance(loaded, Predictor | Network):
        print(loaded.network if isinstance(loaded, Predictor) else loaded)
    elif not is_bag:
        last = loaded[-1] if hasattr(loaded, "steps") else loaded
        print(f"{loaded}\n{last.network_}\n{_what_it_predicts(loaded)}")
    else:
        bag = loaded._bag
        print(f"{loaded}\n{len(bag.members)} networks, {bag.objective.layout.architecture}")
    print(f"theta: {theta.dtype}, length {np.linalg.norm(theta):.4g}")
    if isinstance(loaded, Predictor):
        try:
            _describe(loaded)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"what {str(model)!r} says of its training is damaged") from error
    elif is_bag:
        _describe_bag(loaded, header.get("about"))
    print(f"engines here: {', '.join(available())}")


def _what_it_predicts(model: Any) -> str:
    """Of what an estimator, or a pipeline, was fitted on, and how far it came."""
    last = model[-1] if hasattr(model, "steps") else model
    if hasattr(model, "steps") and hasattr(model[0], "encoder_"):
        names: Any = [column.name for column in model[0].encoder_.columns]
    else:
        names = getattr(model, "feature_names_in_", None)
    columns = f"{model.n_features_in_} columns without names" if names is None else listed([*names])
    classes = getattr(model, "classes_", None)
    what = "numbers" if classes is None else f"one of {listed(np.asarray(classes).tolist())}"
    if isinstance(classes, list):
        what = f"{len(classes)} targets"
    return f"predicts {what} from {columns}; {last.n_iter_} epochs, loss {last.loss_:.4g}"


def _describe(predictor: Predictor) -> None:
    encoder = predictor.encoder
    n, name = len(encoder.columns), predictor.target_name
    print(f"predicts {name!r} ({predictor.task}) from {n} columns:")
    for line in _columns(encoder.columns):
        print(f"  {line}")
    about: dict[str, Any] = predictor.about
    if about:
        counts = about.get("rows", {})
        parts = ("train", "validation", "test")
        rows = ", ".join(f"{counts[part]} {part}" for part in parts if counts.get(part))
        print(f"rows: {rows}; trained {about['training']['epochs']} epochs "
              f"({about['training']['stopped']})")  # fmt: skip
        metrics = about["metrics"]
        figures = [f"{k} {v:.4g}" for k, v in metrics.items() if isinstance(v, float)]
        print(f"on the {metrics['on']} rows: {', '.join(figures)}")


def _describe_bag(model: TabularClassifier | TabularRegressor, about: Any) -> None:
    task = "classification" if hasattr(model, "classes_") else "regression"
    used, name = len(model.schema_.used), model.target_name_
    print(f"predicts {name!r} ({task}) from {used} columns:\n\n{model.schema_}\n")
    for note in model.notes_:
        print(f"note: {note}")
    if not np.isnan(model.oob_score_):
        score = "accuracy" if task == "classification" else "R2"
        print(f"out of the bag: {score} {model.oob_score_:.4g}")
    kept = about if isinstance(about, dict) else {}
    counts, metrics, errors = (kept.get(k) for k in ("rows", "metrics", "uncertainty"))
    if not (isinstance(counts, dict) and isinstance(metrics, dict) and isinstance(errors, dict)):
        return
    parts = ("train", "validation", "test")
    print("rows: " + ", ".join(f"{counts[part]} {part}" for part in parts if counts.get(part)))
    known = [name for name in NAMES if name in errors and metrics.get(name) is not None]
    scores = [Score(k, metrics[k], np.nan if errors[k] is None else errors[k]) for k in known]
    figures = ", ".join(f"{NAMES[s.name]} {s}" for s in scores)
    print(f"on the {metrics.get('on')} rows: {figures}")


def _columns(columns: Any, most: int = 24) -> list[str]:
    """A line a column, long lists cut."""
    lines = []
    for column in columns[:most]:
        if isinstance(column, TextColumn):
            some = ", ".join(column.levels[:6]) + (", ..." if len(column.levels) > 6 else "")
            what = f"text, {len(column.levels)} levels: {some}"
        else:
            what = f"number, median {column.median:g}"
        lines.append(f"{column.name}: {what}" + (", may be missing" * column.marks_missing))
    return lines if len(columns) <= most else [*lines, f"... and {len(columns) - most} more"]


def datasets(as_json: AsJson = False) -> None:
    """List the built-in data sets."""
    rows = {name: line for name, (_, line) in built_in.DATASETS.items()}
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    width = max(len(name) for name in rows)
    for name, line in rows.items():
        print(f"{name:<{width}}  {line}")
