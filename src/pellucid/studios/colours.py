"""Colours of the studio are those of pages and of pictures, as variables that styles read."""

from __future__ import annotations

from pellucid.page import COLOURS
from pellucid.plots.palette import THEMES


def colours() -> str:
    """Rules that set them: as the reader's system is, or as the page's switch says."""
    light, dark = _variables("light"), _variables("dark")
    return (
        f":root {{ {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        f"body.body--light {{ {light} }}\nbody.body--dark {{ {dark} }}\n"
    )


EDGES = {"light": "#848b97", "dark": "#6f7784"}
"""Of fields and switches: a contrast of 3 or more on `ground` and on `card`."""


def _variables(name: str) -> str:
    """Those of one theme: each for styles, and lists of several for drawings."""
    theme = THEMES[name]
    made = COLOURS[name] | {
        "edge": EDGES[name],
        "series": " ".join(theme.colours),
        "diverging": " ".join(theme.below_to_above),
        "sequential": " ".join(theme.low_to_high),
        "ramp": f"linear-gradient(90deg, {', '.join(theme.low_to_high)})",
        "below": theme.below_to_above[1],
        "above": theme.below_to_above[-2],
        **{f"series-{i}": colour for i, colour in enumerate(theme.colours)},
    }
    return "".join(f"--{name}:{value};" for name, value in made.items())
