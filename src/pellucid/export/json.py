"""A program as JSON is for other languages and web pages: what each number means is in the docs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.atomic import refuse_unwritable, write_atomically
from pellucid.export.checking import ROWS, Exported, checked
from pellucid.export.plain import finite, from_dict, to_dict
from pellucid.export.program import CATEGORY, Classes, Program
from pellucid.export.translation import Translation

EXAMPLES = 8
"""Rows with answers, by which a reader can tell that it reads well."""


def write(translation: Translation, path: str | os.PathLike[str]) -> Exported:
    """Write a model as JSON, which is read back before, and run on made-up rows.

    The same model gives the same bytes.

    Raises
    ------
    ValueError
        If what is read does not give the model's answers.
    OSError
        If it cannot be written.
    """
    refuse_unwritable(path)
    fields = to_dict(translation.program) | {"examples": _examples(translation)}
    lines = (
        f"{json.dumps(name)}: {json.dumps(value, allow_nan=False, ensure_ascii=False)}"
        for name, value in fields.items()
    )
    data = ("{\n" + ",\n".join(lines) + "\n}\n").encode()
    read = from_dict(json.loads(data))
    if _weights(read) != _weights(translation.program):
        raise ValueError("the JSON export is not read back as it was: nothing is written")
    off = checked(translation, "JSON", read.run)
    write_atomically(path, data)
    return Exported(Path(path), "json", len(data), off, ROWS)


def _weights(program: Program) -> list[bytes]:
    return [
        part.tobytes() for layers in program.networks for one in layers for part in (one.W, one.b)
    ]


def _examples(translation: Translation) -> dict[str, Any]:
    """Rows as dicts, None where there is no value, and what the model makes of them."""
    program = translation.program
    table = program.example_rows(EXAMPLES)
    answers = translation.answers(table)
    found = {"rows": _rows(program, table), "answers": answers.tolist()}
    labels = {"labels": program.labels(answers)} if isinstance(program.answer, Classes) else {}
    return dict(finite(found | labels))


def _rows(program: Program, table: Mapping[str, Any]) -> list[dict[str, Any]]:
    columns = {
        column.name: [text or None for text in table[column.name]]
        if column.kind == CATEGORY
        else np.asarray(table[column.name], np.float64).tolist()
        for column in program.columns
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
