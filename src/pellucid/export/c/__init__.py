"""An export to C is one header that depends on nothing, for programs and microcontrollers."""

from __future__ import annotations

import os
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.atomic import write_atomically
from pellucid.export.c import int8 as weights8
from pellucid.export.c.compiler import find_compiler, object_bytes, run, why_none
from pellucid.export.c.header import Header
from pellucid.export.c.names import HEADERS, name
from pellucid.export.checking import ROWS, Exported, checked
from pellucid.export.program import Classes, Program
from pellucid.export.translation import Translation

if TYPE_CHECKING:
    from pellucid.export.c.int8 import Answers

LOSSES = (0.05, 0.5)
"""The most that weights of 8 bits may change answers by, on average and at the worst row."""

EXAMPLES = 1000
"""Made-up rows that the cost of rounding is measured on."""


def write(
    translation: Translation,
    path: str | os.PathLike[str],
    int8: bool = False,
    data: Answers | None = None,
) -> Exported:
    """Write a model as a header, which a C compiler, if there is one, has tried out.

    Parameters
    ----------
    path : the names in the header begin with that of the file: `income.h` has `income_predict`.
    int8 : round weights to whole numbers of 8 bits, with a scale for each unit.
    data : columns as `Translation.take` gives them with the right answers (n,), places of classes
        or numbers: `about` tells what rounding costs there.

    Raises
    ------
    ValueError
        If the header does not compile or give the model's answers to made-up rows: to 1e-6, or
        with weights of 8 bits, within `LOSSES`. Nothing is written then.

    Warns
    -----
    UserWarning
        If there is no C compiler, so that the header could not be tried out.

    Examples
    --------
    >>> import tempfile
    >>> from pellucid import Network
    >>> from pellucid.export import FORMS
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = FORMS["c"](Network([2, 3, 1], seed=0), Path(folder, "sums.h"))
    >>> made.about["flash"], made.difference < 1e-6
    ('104 bytes', True)
    """
    path = Path(path)
    prefix = _prefix(path)
    program, about = translation.program, {}
    header = Header(program, prefix, file=path.name)
    if int8:
        program, rounded = weights8.rounded(translation.program)
        header = Header(program, prefix, rounded, path.name)
        about = _loss(translation, translation.program, program, data)
    with tempfile.TemporaryDirectory() as folder:
        off, rows = np.nan, 0
        if command := find_compiler():
            target = (
                replace(translation, program=program, answers=program.run) if int8 else translation
            )
            off = checked(target, "C", lambda columns: run(header, columns, Path(folder), command))
            rows = ROWS
            size = object_bytes(Path(folder))
            about["compiled with"] = " ".join(command)
        else:
            size = None
            about["not compiled because"] = why_none()
            warnings.warn(
                f"{path} could not be compiled and held against the model: {why_none()}; install "
                "a C compiler, or name it by CC in the environment",
                stacklevel=3,
            )
    about["flash"] = f"{header.flash:,} bytes"
    if size is not None:
        about["with code, on this machine"] = f"{size:,} bytes"
    about["RAM"] = f"{header.ram:,} bytes"
    text = header.text().encode()
    write_atomically(path, text)
    return Exported(path, "c", len(text), off, rows, about)


def _prefix(path: Path) -> str:
    """What names in a header of such a path begin with."""
    if path.stem.lower() in HEADERS:
        raise ValueError(f"{path.name} is the name of one of C's own headers: choose another")
    return name(path.stem, "model")


def _loss(
    translation: Translation, own: Program, rounded: Program, data: Answers | None
) -> dict[str, str]:
    """What rounding costs on made-up rows, and on rows whose answers are known."""
    columns = own.example_rows(EXAMPLES)
    answers, found = translation.answers(columns), rounded.run(columns)
    off = np.abs(found - answers)
    if not isinstance(own.answer, Classes):
        off /= max(1.0, float(np.abs(answers).max(initial=0.0)))
    mean, worst = float(off.mean()), float(off.max())
    if not (mean <= LOSSES[0] and worst <= LOSSES[1]):
        raise ValueError(
            f"weights of 8 bits change answers by {mean:.2g} on average and {worst:.2g} at most, "
            f"where {LOSSES[0]:g} and {LOSSES[1]:g} were expected: nothing is written"
        )
    about = weights8.loss(own, answers, found)
    if data is not None:
        (what, before), (_, after) = (weights8.score(program, data) for program in (own, rounded))
        about[what] = f"{before:.6g}, with 8 bits {after:.6g}, on {len(data[1])} rows"
    return about
