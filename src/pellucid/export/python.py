"""A Python script is one readable file that gives a model's answers with NumPy alone."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from pellucid.atomic import refuse_unwritable, write_atomically
from pellucid.export.checking import ROWS, Exported, checked
from pellucid.export.dates import text_of
from pellucid.export.listing import listing
from pellucid.export.program import CATEGORY, DATE, Classes, Column, Floats, Program
from pellucid.export.translation import Translation

SECONDS = 300
"""A script that takes longer than this for a few rows is stopped."""

MODULES = sys.stdlib_module_names | {"numpy"}
"""Whose names no script may have: it, or NumPy, would import the script in their place."""


def write(translation: Translation, path: str | os.PathLike[str]) -> Exported:
    """Write a model as a script, which is run before on made-up rows, as users will run it.

    Raises
    ------
    ValueError
        If it does not give the model's answers, which it then says, or is called like a module.
    OSError
        If it cannot be written.
    """
    path, program = Path(path), translation.program
    refuse_name(path)
    refuse_unwritable(path)
    data = listing(program, path.name).encode()

    def run(table: Mapping[str, Any]) -> Floats:
        with TemporaryDirectory() as folder:
            script = Path(folder) / "script.py"
            script.write_bytes(data)
            return answers_of(script, program, table)

    off = checked(translation, "Python", run)
    write_atomically(path, data)
    return Exported(path, "python", len(data), off, ROWS)


def refuse_name(path: Path) -> None:
    """Raise a ValueError if a script of that name would hide a module that it imports itself.

    Examples
    --------
    >>> refuse_name(Path("income.py"))
    >>> refuse_name(Path("o/csv.py"))
    Traceback (most recent call last):
    ValueError: o/csv.py would hide the module csv from Python, ...: choose another name
    """
    if path.suffix == ".py" and path.stem in MODULES:
        raise ValueError(
            f"{path} would hide the module {path.stem} from Python, which the script or NumPy may "
            "import: choose another name"
        )


def answers_of(script: Path, program: Program, table: Mapping[str, Any]) -> Floats:
    """What a script prints for columns, in a process that has nothing of ours.

    Raises
    ------
    ValueError
        If it fails, or prints a label that is not the likeliest.
    """
    command, given = [sys.executable, "-I", str(script), "-"], csv_of(program, table).encode()
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ValueError(
            f"the Python export takes more than {SECONDS} s for {ROWS} rows: nothing is written"
        ) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise ValueError(f"the Python export does not run, so nothing is written: {said}")
    _, *lines = csv.reader(io.StringIO(done.stdout.decode(), newline=""))
    if not isinstance(program.answer, Classes):
        return np.array(lines, np.float64)
    p = np.array([line[1:] for line in lines], np.float64)
    labels = [str(label) for label in program.labels(p)]
    if [line[0] for line in lines] != labels:
        raise ValueError("the Python export prints other labels: nothing is written")
    return p


def csv_of(program: Program, table: Mapping[str, Any]) -> str:
    r"""Columns as `Program.run` takes them, as CSV: dates in the format of their column.

    Examples
    --------
    >>> from pellucid import Network
    >>> from pellucid.export.translation import translate
    >>> csv_of(translate(Network([2, 1], seed=0)).program, {"x1": [1.5], "x2": [np.nan]})
    'x1,x2\n1.5,\n'
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(column.name for column in program.columns)
    texts = [_texts(column, table[column.name]) for column in program.columns]
    writer.writerows(zip(*texts, strict=True))
    return file.getvalue()


def _texts(column: Column, items: Any) -> list[str]:
    if column.kind == CATEGORY:
        return list(items)
    numbers = np.asarray(items, np.float64).tolist()
    if column.kind == DATE:
        return [text_of(days, column.date_format) for days in numbers]
    return ["" if x != x else repr(x) for x in numbers]
