"""A baseline is the row that an answer is compared with: one that says as little as may be."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.attribution.answer import Floats
from pellucid.subject import CELL, NUMERIC, Input, Subject


def usual_baseline(subject: Subject) -> tuple[Floats, str]:
    """A row of inputs (1, n_inputs) without news, and what it is in words.

    A number is what stands in for a missing one, and a category is one that training did not have,
    so that none of its levels is set: it is what the model makes of a row of which nothing is
    known, but that nothing is marked as missing.
    """
    inputs = [_at_rest(subject, one) for one in subject.inputs]
    columns = {one.column for one in subject.inputs if one.kind == NUMERIC}
    if not subject.takes_tables:
        scaled = any(one.number is not None for one in subject.inputs)
        words = "0 as the network gets it" if scaled else "0 in each column"
    elif len(columns) == len(subject.columns):
        words = "the median of each column"
    else:
        words = "medians; no known level of a category"
    return np.array([inputs]), words


def given_baseline(subject: Subject, baseline: Any, n: int) -> Floats:
    """One row of inputs or n of them; ValueError if there are others."""
    x0 = subject.encode(baseline)
    if len(x0) not in (1, n):
        raise ValueError(f"baseline has {len(x0)} rows and X has {n}: give one, or one for each")
    return x0


def _at_rest(subject: Subject, one: Input) -> float:
    if one.number is None:
        return 0.0
    number = one.number
    if number.by_code:
        z = number.by_code[len(subject.taken[one.column].levels) + 1]
    else:
        z = number.absent
    if one.kind == CELL and one.cell is not None:
        return float(np.clip((z - one.cell.low) * one.cell.slope, 0.0, 1.0))
    return float(z)
