"""A heading is what a script says of itself: what it predicts, how to use it, and what it takes."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from pellucid.export.program import CATEGORY, DATE, Classes, Column, Numbers, Program

LONGEST = 40
"""Characters of a name are shown, at most."""

MANY = 12
"""So many labels, or fewer, are named."""

ALIKE = 4
"""So many columns in a row, or more, that differ in digits alone are told together."""


def heading(program: Program, name: str) -> str:
    """The docstring of a script in a file called `name`.

    Examples
    --------
    >>> from pellucid import Network
    >>> from pellucid.export.translation import translate
    >>> heading(translate(Network([2, 1], seed=0)).program, "model.py").splitlines()[0][3:]
    'Predicts target, a number.'
    """
    several = len(program.networks)
    takes = "rows of numbers" if program.matrix else "a dict of columns or a list of dicts"
    if isinstance(program.answer, Classes):
        what = f"Predicts {program.target_name}: {_among(program.answer.labels, 'or')}."
        functions, prints = "predict, predict_proba", "the label and its probabilities"
    else:
        what, functions, prints = _numbers(program, program.answer), "predict", "what it predicts"
    sizes = " -> ".join(map(str, [program.n_inputs, *(len(one.b) for one in program.networks[0])]))
    kind = f"{several} neural networks" if several > 1 else "a neural network"
    averaged = ", whose answers are averaged" if several > 1 else ""
    model = program.about.get("model", "model")
    lines = [
        *_wrapped(what),
        "",
        *_wrapped(
            f"One file that needs NumPy alone{_least_python(program)}. For each row of a CSV file, "
            f"{prints}:"
        ),
        "",
        f"    python {name} data.csv",
        "",
        f"A file called - is standard input. From Python, of {takes}:",
        "",
        f"    from {name.removesuffix('.py')} import {functions}",
        "",
        *_wrapped(
            f"It is {kind} of {sizes} units{averaged}, with {program.n_parameters} parameters in "
            f"all. Made by {program.about.get('made_by', 'pellucid')} from "
            f"{'an' if model[0] in 'AEIOM' else 'a'} {model}. {_measured(program)}"
        ),
        "",
        *_columns(program),
    ]
    return f'"""{_within(lines)}\n"""'


def _numbers(program: Program, answer: Numbers) -> str:
    if len(answer.names) == 1:
        return f"Predicts {program.target_name}, a number."
    return f"Predicts {_among(answer.names, 'and')}, which are numbers."


def _among(items: Sequence[Any], word: str) -> str:
    """Some names in a sentence; of many, how many there are."""
    texts = [str(item) for item in items]
    if len(texts) > MANY:
        return f"one of {len(texts)}, from {texts[0]} to {texts[-1]}"
    return f" {word} ".join([", ".join(texts[:-1]), texts[-1]])


def _measured(program: Program) -> str:
    """What the model reached."""
    metrics = program.about.get("metrics")
    if not metrics:
        return ""
    found = [f"{k.replace('_', ' ')} {v:.4g}" for k, v in metrics.items() if isinstance(v, float)]
    return f"On {metrics.get('on', 'its')} rows it had {', '.join(found)}."


def _columns(program: Program) -> list[str]:
    columns = program.columns
    if program.matrix:
        return [f"Columns: {len(columns)} numbers, in their order; none may be missing."]
    may = "values may" if any(column.gaps for column in columns) else "none may"
    lines = [f"Columns, which are found by their names; {may} be missing:", ""]
    told = []
    for (what, _), run in groupby(columns, lambda column: (_what(column), _stem(column.name))):
        names = [
            textwrap.shorten(_shown(column.name), LONGEST, placeholder="...") for column in run
        ]
        if len(names) < ALIKE:
            told += [(name, what) for name in names]
        else:
            told.append((f"{names[0]} to {names[-1]}", f"{len(names)} columns, each {what}"))
    width = max(len(name) for name, _ in told)
    return [*lines, *(f"    {name:<{width}}  {what}" for name, what in told)]


def _what(column: Column) -> str:
    """What a column holds."""
    if column.kind == CATEGORY:
        return f"text, of which {len(column.levels)} are known"
    if column.kind == DATE:
        return f"a date, {column.date_format or 'such as 2011-01-31 15:00'}"
    return "true or false, 1 or 0" if column.boolean else "a number"


def _stem(name: str) -> str:
    """A name with all numbers in it alike."""
    return re.sub(r"\d+", "0", name)


def _least_python(program: Program) -> str:
    """The oldest Python that has what the script is written with, if it is not a very old one."""
    columns = program.columns
    if any(column.kind == DATE and not column.date_format for column in columns):
        return " and Python 3.11 or newer, which reads all ISO dates"
    return " and Python 3.9 or newer" * any(column.kind == CATEGORY for column in columns)


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, 88, break_long_words=False, break_on_hyphens=False)


def _shown(text: str) -> str:
    """Text without what cannot be seen."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _within(lines: Sequence[str]) -> str:
    """Lines that stay within a docstring, whatever names there are in them."""
    text = "\n".join(_shown(line).rstrip() for line in lines)
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').rstrip()
