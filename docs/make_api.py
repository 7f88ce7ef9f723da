"""The API page is made from the code: every public name, how it is called, and what it is.

python docs/make_api.py      writes docs/api.md
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pellucid

PAGE = Path(__file__).with_name("api.md")

TABLES = {
    "ACTIVATIONS": "activations",
    "ENGINES": "engines",
    "INITIALIZERS": "initializers",
    "LAYERS": "layers",
    "LOSSES": "losses",
    "OPTIMIZERS": "optimizers",
    "SCALERS": "scaling",
    "SCHEDULES": "schedules",
    "SOLVERS": "solvers",
}


SKLEARN_ROUTING = ("set_fit_request", "set_partial_fit_request", "set_score_request",
                   "set_transform_request")  # fmt: skip
"""Methods that scikit-learn adds by itself."""


def first_paragraph(thing: Any) -> str:
    """What a docstring says before its sections."""
    return (inspect.getdoc(thing) or "").split("\n\n")[0]


def signature(thing: Any) -> str:
    """How it is called, without the types, which the docstrings give in words."""
    if inspect.isclass(thing) and issubclass(thing, Warning):
        return ""
    parameters = [
        p.replace(annotation=inspect.Parameter.empty)
        for p in inspect.signature(thing).parameters.values()
        if p.name != "self"
    ]
    return str(inspect.Signature(parameters))


def members(cls: type) -> list[str]:
    """A line for each public method and property of a class of ours."""
    lines = []
    for name, member in inspect.getmembers(cls):
        if name.startswith("_") or not name.islower():
            continue
        function = inspect.unwrap(member) if callable(member) else None
        if name in SKLEARN_ROUTING:
            continue
        if isinstance(member, property):
            lines.append(f"- `.{name}`: {first_paragraph(member)}")
        elif function is not None and "pellucid" in getattr(function, "__module__", ""):
            lines.append(f"- `.{name}{signature(function)}`: {first_paragraph(member)}")
    return lines


def page() -> str:
    """The whole page."""
    parts = [
        "# The public names",
        "Made from the code by `docs/make_api.py`; `help(pellucid.Network)` and the like say more, "
        "with shapes, errors, sources and examples that run.",
        "## Tables",
        "What can be meant by a name. Each is a dictionary; add a row to add one.",
    ]
    for name, module in TABLES.items():
        rows = ", ".join(f"`{row}`" for row in getattr(pellucid, name))
        parts.append(f"- **`{name}`** (`pellucid.{module}`): {rows}")
    parts.append("## Classes and functions")
    for name in sorted(
        set(pellucid.__all__) - set(TABLES) - {"__version__"}, key=lambda name: (name.lower(), name)
    ):
        thing = getattr(pellucid, name)
        parts += [f"### `{name}{signature(thing)}`", first_paragraph(thing)]
        if inspect.isclass(thing) and (lines := members(thing)):
            parts.append("\n".join(lines))
    return "\n\n".join(parts).replace("\n\n- **", "\n- **") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
