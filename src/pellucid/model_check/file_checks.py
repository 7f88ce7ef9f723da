"""A file's checks are those that loading makes, each for itself, so that all are told at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import fields, model_file
from pellucid.arrays import to_numpy
from pellucid.digest import digest_of
from pellucid.model_check.result import Check
from pellucid.objective import Objective
from pellucid.saving import restored
from pellucid.subject import Subject, subject_of
from pellucid.tables import table_of_columns
from pellucid.vectors import (
    OUTPUTS_TOLERANCE,
    TOLERANCE,
    OtherAnswersError,
    answers_off,
    outputs_off,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

BROKEN = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""What a damaged description may make go wrong."""

FILE, FINITE, DIGEST = "file", "finite weights", "digest"
VECTORS, MODEL, ROWS = "test vectors", "model", "test rows"


def check_file(path: str | os.PathLike[str]) -> tuple[list[Check], Subject | None]:
    """What is to be said of a file, and the model in it if it can be made.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    later = (FINITE, DIGEST, VECTORS, MODEL, ROWS)
    try:
        tensors, header = model_file.read_unproven(path)
    except ValueError as error:
        why = "the file cannot be read"
        return [Check.failed(FILE, _said(error)), *(Check.skipped(n, why) for n in later)], None
    version = header["format_version"]
    checks = [Check.passed(FILE, f"format {version}"), check_finite(tensors)]
    if "digest" not in header:
        checks.append(Check.skipped(DIGEST, f"files of format {version} have none"))
    elif header["digest"] == digest_of(header, tensors):
        checks.append(Check.passed(DIGEST))
    else:
        checks.append(Check.failed(DIGEST, "what is in the file is not what was saved"))
    with np.errstate(all="ignore"):
        checks.append(_vectors(tensors["theta"], header))
        made, subject = _model(tensors, header)
    return [*checks, *made], subject


def check_finite(tensors: Mapping[str, NDArray[Any]]) -> Check:
    """How many numbers are NaN or infinite."""
    bad = {name: int((~np.isfinite(to_numpy(a))).sum()) for name, a in tensors.items()}
    where = ", ".join(f"{n} in {name}" for name, n in bad.items() if n)
    return Check.of(FINITE, sum(bad.values()), 0, where and f"{where} NaN or infinite")


def _vectors(theta: NDArray[Any], header: Mapping[str, Any]) -> Check:
    """How far the outputs of the networks are from those that the file says, the worst of them."""
    try:
        layout = Objective.from_dict(header).layout
        vectors = fields.mapping(header["test_vectors"])
        several = "tabular" in header
        thetas = theta.reshape(-1, layout.size) if several else [theta]
        outputs = vectors["outputs"] if several else [vectors["outputs"]]
        if theta.size != layout.size * len(outputs):
            raise ValueError(f"{theta.size} numbers for {layout.size} parameters")
        off = [
            outputs_off(layout, one, {"inputs": vectors["inputs"], "outputs": given})
            for one, given in zip(thetas, outputs, strict=True)
        ]
    except BROKEN as error:
        return Check.failed(VECTORS, _said(error))
    return Check.of(VECTORS, max(off), OUTPUTS_TOLERANCE)


def _model(
    tensors: Mapping[str, NDArray[Any]], header: Mapping[str, Any]
) -> tuple[list[Check], Subject | None]:
    """Whether a model can be made of it, and whether that gives the answers it gave."""
    dtype = "float32" if "tabular" in header else tensors["theta"].dtype.name
    try:
        model = restored(dict(tensors), header)
    except OtherAnswersError as error:
        found = Check.of(ROWS, error.off, TOLERANCE[dtype])
        if error.what == ROWS:
            return [Check.passed(MODEL), found], None
        why = "its networks give other outputs"
        return [Check.failed(MODEL, why), Check.skipped(ROWS, "there is no model")], None
    except BROKEN as error:
        why = _said(error)
        return [Check.failed(MODEL, why), Check.skipped(ROWS, "there is no model")], None
    subject = subject_of(model)
    made = Check.passed(MODEL, type(model).__name__)
    if "test_rows" not in header:
        why = "a bare network has none" if subject.kind == "Network" else "the file has none"
        return [made, Check.skipped(ROWS, why)], subject
    off = answers_off(header["test_rows"], lambda rows: _answers(subject, rows))
    return [made, Check.of(ROWS, off, TOLERANCE[dtype])], subject


def _answers(subject: Subject, rows: Any) -> NDArray[Any]:
    """The answers to plain rows, as they stand in a file."""
    if isinstance(rows, Mapping) and not hasattr(subject.model, "_bag"):
        rows = table_of_columns(rows).frame
    return subject.answers(rows)


def _said(error: Exception) -> str:
    """An error in one line."""
    text = str(error) if isinstance(error, ValueError) else repr(error)
    return " ".join(text.split())[: model_file.MOST_SAID]
