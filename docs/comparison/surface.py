"""The surface is what can be set on an estimator, read off it and called.

What scikit-learn has and pellucid lacks, or has with another default, raises.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np
from sklearn.utils._param_validation import StrOptions

from comparison.same import SMALL, kind_of
from comparison.sides import LIBRARIES, PELLUCID, SKLEARN, data, fit, fitted, table

KINDS = ("MLPClassifier", "MLPRegressor")


def classes(kind: str) -> tuple[Any, Any]:
    """The class of either library."""
    return getattr(LIBRARIES[SKLEARN], kind), getattr(LIBRARIES[PELLUCID], kind)


def defaults(cls: type) -> dict[str, Any]:
    """The parameters of a class and their defaults, in order."""
    signature = inspect.signature(cls)
    return {name: parameter.default for name, parameter in signature.parameters.items()}


def accepted(cls: Any, name: str) -> set[str]:
    """Kinds of values that a parameter takes, in words; strings as they are written."""
    words = set()
    for constraint in cls._parameter_constraints[name]:
        if isinstance(constraint, StrOptions):
            words |= {f'"{option}"' for option in constraint.options}
        elif constraint is callable:
            words.add("a function")
        elif constraint is None:
            words.add("None")
        elif isinstance(constraint, type):
            words.add(f"{'an' if constraint.__name__[0] in 'AEIO' else 'a'} {constraint.__name__}")
    return words


def parameters() -> str:
    """scikit-learn's parameters, their defaults, and what else pellucid takes for them."""
    rows: dict[str, list[str]] = {}
    for kind in KINDS:
        theirs, ours = classes(kind)
        given, known = defaults(theirs), defaults(ours)
        for name, default in given.items():
            if (
                name not in known
                or known[name] != default
                or type(known[name]) is not type(default)
            ):
                raise AssertionError(
                    f"{kind}'s {name}: {default!r} and {known.get(name, 'missing')!r}"
                )
            if gone := accepted(theirs, name) - accepted(ours, name):
                raise AssertionError(f"{kind}'s {name} does not take {gone}")
            more = ", ".join(sorted(accepted(ours, name) - accepted(theirs, name)))
            by_side = [written(given[name]), written(known[name])]
            enter(rows, name, kind, [*by_side, more])
        by_place = [by_place_in(cls) for cls in (theirs, ours)]
        if by_place[0] != by_place[1][: len(by_place[0])]:
            raise AssertionError(f"{kind}: arguments by place are {by_place}")
    header = ["parameter", "of", f"default in {SKLEARN}", f"in {PELLUCID}", "pellucid also takes"]
    return table(header, list(rows.values()))


def written(value: Any) -> str:
    """A value as code."""
    return f"`{value!r}`".replace("'", '"')


def enter(rows: dict[str, list[str]], name: str, kind: str, cells: list[str]) -> None:
    """A row for a parameter, or another class in the row that it has."""
    of = kind.removeprefix("MLP").lower()
    if name in rows:
        rows[name][1] += f" and {of}"
    else:
        rows[name] = [f"`{name}`", of, *cells]


def by_place_in(cls: type) -> list[str]:
    """The parameters that may be given without their names."""
    signature = inspect.signature(cls)
    return [p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]


def described(cls: type) -> dict[str, str]:
    """The first sentence on every parameter in a docstring."""
    doc = (inspect.getdoc(cls) or "").partition("Parameters\n----------\n")[2]
    doc = doc.partition("\n\nAttributes\n")[0]
    found = {}
    for entry in re.split(r"\n(?=\w)", doc):
        head, _, text = entry.partition("\n")
        sentence = re.split(r"(?<=[^.])\.(?:\s|$)", " ".join(text.split()))[0]
        for name in head.partition(" : ")[0].split(", "):
            keep = sentence.startswith("None")
            found[name] = sentence if keep else sentence[:1].lower() + sentence[1:]
    return found


def added() -> str:
    """The parameters that pellucid adds, from its docstrings."""
    rows: dict[str, list[str]] = {}
    for kind in KINDS:
        theirs, ours = classes(kind)
        for name, default in defaults(ours).items():
            if name not in defaults(theirs):
                enter(rows, name, kind, [written(default), described(ours)[name]])
    return table(["parameter", "of", "default", "what it is"], list(rows.values()))


# --- after a fit ----------------------------------------------------------------------------------

FITS: dict[str, dict[str, Any]] = {
    "adam": {"max_iter": 5},
    "early stopping": {"max_iter": 5, "early_stopping": True},
    "lbfgs": {"max_iter": 5, "solver": "lbfgs"},
}


def attributes_of(model: Any) -> dict[str, str]:
    """Every public fitted attribute of an estimator, and what kind of thing it is."""
    names = [
        name for name in dir(model)
        if name.endswith("_") and not name.startswith("_") and hasattr(model, name)
    ]  # fmt: skip
    return {name: kind_of_value(getattr(model, name)) for name in names}


def kind_of_value(value: Any) -> str:
    """What a value is, in a word or two.

    Examples
    --------
    >>> kind_of_value([0.5, 0.25]), kind_of_value(np.zeros((2, 3))), kind_of_value("softmax")
    ('list of 2', '(2, 3)', '"softmax"')
    """
    if isinstance(value, np.ndarray):
        return str(value.shape)
    if isinstance(value, list):
        return f"list of {len(value)}"
    if isinstance(value, str):
        return f'"{value}"' if len(value) < 20 else "a sentence"
    if value is None or isinstance(value, int | np.integer):
        return str(value)
    return "float" if isinstance(value, float | np.floating) else type(value).__name__


def attributes(name: str) -> str:
    """The table of fitted attributes of the estimator for a data set; "-" is none."""
    X, y = data(name)
    kind = kind_of(name)
    seen: dict[str, list[str]] = {}
    for i, settings in enumerate(FITS.values()):
        theirs, ours = fitted(fit(kind, SMALL | settings, X, y))
        sides = attributes_of(theirs), attributes_of(ours)
        if missing := set(sides[0]) - set(sides[1]):
            raise AssertionError(f"{kind} lacks {missing} after {settings}")
        for side, found in enumerate(sides):
            for attribute, value in found.items():
                seen.setdefault(attribute, ["-"] * 6)[3 * side + i] = value
        for attribute, value in sides[0].items():
            if sides[1][attribute] != value:
                raise AssertionError(f"{kind}'s {attribute}: {value}, and {sides[1][attribute]}")
    first = [a for a, cells in seen.items() if cells[:3] != ["-"] * 3]
    rows = [[f"`{a}`", *seen[a]] for a in [*first, *(a for a in seen if a not in first)]]
    fits = list(FITS)
    header = ["attribute", *(f"{SKLEARN}: {fits[0]}" if i == 0 else fits[i] for i in range(3)),
              *(f"{PELLUCID}: {fits[0]}" if i == 0 else fits[i] for i in range(3))]  # fmt: skip
    return table(header, rows)


def methods() -> str:
    """The table of public methods of both estimators."""
    rows: dict[str, list[str]] = {}
    for place, kind in enumerate(KINDS):
        theirs, ours = (public_methods(cls) for cls in classes(kind))
        if missing := theirs - ours:
            raise AssertionError(f"{kind} lacks {missing}")
        for name in ours:
            row = rows.setdefault(name, [f"`{name}`", "-", "-"])
            row[1 + place] = "both" if name in theirs else "pellucid"
    ordered = sorted(rows.values(), key=lambda row: ("both" not in row, row[0]))
    return table(["method", *KINDS], ordered)


def public_methods(cls: type) -> set[str]:
    """What can be called on an estimator."""
    return {
        name for name in dir(cls)
        if not name.startswith("_") and not isinstance(getattr(cls, name, None), property)
        and callable(getattr(cls, name, cls))
    }  # fmt: skip
