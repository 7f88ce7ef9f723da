"""`pellucid info` and `pellucid datasets`: what a model file holds, and what there is to play with."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from pellucid import datasets as built_in
from pellucid import model_file
from pellucid.cli.data import AsJson, ModelPath
from pellucid.predictor import Predictor, load


def info(model: ModelPath, as_json: AsJson = False) -> None:
    """Describe a model file: its network, columns, score when trained, and versions."""
    theta, header = model_file.read(model)
    if as_json:
        print(json.dumps(header | {"parameters": int(theta.size)}, indent=2, sort_keys=True))
        return
    loaded = load(model)
    network = loaded.network if isinstance(loaded, Predictor) else loaded
    print(f"{model}: {model.stat().st_size} bytes, format {header['format_version']}")
    print(", ".join(f"{name} {number}" for name, number in sorted(header["versions"].items())))
    print(network)
    print(f"theta: {theta.dtype}, length {np.linalg.norm(theta):.4g}")
    if isinstance(loaded, Predictor):
        _describe(loaded)


def _describe(predictor: Predictor) -> None:
    encoder = predictor.encoder
    print(f"predicts {predictor.target_name!r} ({predictor.task}) from {len(encoder.columns)} columns:")
    for line in _columns(encoder.columns):
        print(f"  {line}")
    about: dict[str, Any] = predictor.about
    if about:
        rows = ", ".join(f"{n} {name}" for name, n in about["rows"].items() if n)
        print(f"trained on: {rows} rows, {about['training']['epochs']} epochs "
              f"({about['training']['stopped']})")  # fmt: skip
        metrics = about["metrics"]
        figures = [f"{k} {v:.4g}" for k, v in metrics.items() if isinstance(v, float)]
        print(f"on the {metrics['on']} rows: {', '.join(figures)}")


def _columns(columns: Any, most: int = 24) -> list[str]:
    """A line a column, long lists cut."""
    lines = [column.describe() for column in columns[:most]]
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
