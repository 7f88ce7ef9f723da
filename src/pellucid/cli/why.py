"""`pellucid explain --why` and `--importance`: what each column did for one answer, or for all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pellucid.cli.data import open_data
from pellucid.subject import Subject

if TYPE_CHECKING:
    from pellucid.attribution import Attribution, Importance

FORMS = ("text", "html", "json")


def of_row(subject: Subject, x: Any, method: str, output: str | None, form: str) -> str:
    """A bar for each column of one row, which add up to the answer less the baseline's.

    Parameters
    ----------
    x : one row, as the subject encodes it.
    method : of `pellucid.attribution.METHODS`, with - or _ between words.
    output : the class to explain, or which number, counted from 1.
    form : one of `FORMS`.
    """
    from pellucid.attribution import attribute

    asked = output if subject.classes is not None else _place(subject, x, output)
    found = attribute(subject.model, x, method.replace("-", "_"), output=asked)
    return _written(found, form, f"Why {found.explained[0]}")


def _place(subject: Subject, x: Any, output: str | None) -> int:
    """The place from 0 of a number counted from 1."""
    k = subject.answers(x).shape[1]
    if output is None and k == 1:
        return 0
    if output is None:
        raise ValueError(f"the model predicts {k} numbers: say which to explain, --output 1 to {k}")
    if not output.isdecimal() or not 1 <= int(output) <= k:
        expected = "1, the only number" if k == 1 else f"the number to explain, 1 to {k}"
        raise ValueError(f"--output is {output!r}: expected {expected}")
    return int(output) - 1


def of_columns(subject: Subject, data: str | None, form: str) -> str:
    """A bar for each column: how much worse the model is on DATA when it is shuffled."""
    from pellucid.attribution import permutation_importance

    if data is None:
        raise ValueError("--importance is of many rows: give DATA, with the right answers in it")
    X, y = subject.divide(open_data(data))
    if y is None:
        raise ValueError(
            f"--importance needs the answers, and {data} has no column {subject.target_name!r}"
        )
    found = permutation_importance(subject.model, X, y, random_state=0)
    return _written(found, form, f"What matters to {subject.target_name}")


def _written(found: Attribution | Importance, form: str, title: str) -> str:
    if form == "json":
        return json.dumps(found.to_dict(), indent=2) + "\n"
    if form == "html":
        from pellucid.page import escape, page

        return page(title, f"<h1>{escape(title)}</h1>\n{found._repr_html_()}")
    return f"{found}\n"
