"""An answer is written as JSON or as CSV; numbers come back from either to the last bit."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from pellucid.serving.answering import Answerer, Answers

if TYPE_CHECKING:
    from numpy.typing import NDArray


def to_json(
    answerer: Answerer,
    answers: Answers,
    notes: tuple[str, ...] = (),
    intervals: NDArray[Any] | None = None,
) -> bytes:
    """The document that is answered."""
    document: dict[str, Any] = {
        "target": answerer.target,
        "predictions": answers.predictions.tolist(),
    }
    if answers.probabilities is not None:
        document["classes"] = answerer.classes
        document["probabilities"] = answers.probabilities.tolist()
    if intervals is not None:
        document["intervals"] = intervals.tolist()
    document["notes"] = list(notes)
    return json.dumps(document, allow_nan=False).encode()


def to_csv(answerer: Answerer, answers: Answers, intervals: NDArray[Any] | None = None) -> bytes:
    """The same columns as `pellucid predict` writes, in the order of the rows."""
    name, predictions = answerer.target, answers.predictions
    if predictions.ndim == 1:
        columns = {name: predictions.tolist()}
    else:
        several = predictions.reshape(len(predictions), -1).T
        columns = {f"{name} {j}": column.tolist() for j, column in enumerate(several, 1)}
    if answers.probabilities is not None:
        pairs = zip(answerer.classes or (), answers.probabilities.T, strict=True)
        columns |= {f"probability of {label}": p.tolist() for label, p in pairs}
    if intervals is not None:
        before = f"{name} " if name in ("lower", "upper") else ""
        columns[f"{before}lower"], columns[f"{before}upper"] = intervals.T.tolist()
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()
