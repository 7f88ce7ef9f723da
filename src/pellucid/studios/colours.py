"""Colours of the studio are those of pages and of pictures, as variables that styles read."""

from __future__ import annotations

from pellucid.page import COLOURS

SERIES = {
    "light": "#0072b2 #d55e00 #009e73 #c46a9b #7b3f00 #3d424b",
    "dark": "#56b4e9 #e69f00 #00ad7e #cc79a7 #f0e442 #d5d8de",
}
DIVERGING = {
    "light": "#8f3b00 #d55e00 #f4b98f #ffffff #94c3e3 #0072b2 #00416b",
    "dark": "#ffd9a0 #e69f00 #704f0c #14171a #1f5475 #56b4e9 #cdeaff",
}
SEQUENTIAL = {
    "light": "#ffffff #cfe2f1 #8abbdd #3a8bc0 #0b4a80 #062a4d",
    "dark": "#14171a #1c3a56 #1f6296 #3f9ad2 #8fcdf2 #e3f4ff",
}


def colours() -> str:
    """Rules that set them: as the reader's system is, or as the page's switch says."""
    light, dark = _variables("light"), _variables("dark")
    return (
        f":root {{ {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        f"body.body--light {{ {light} }}\nbody.body--dark {{ {dark} }}\n"
    )


def _variables(theme: str) -> str:
    named = COLOURS[theme] | {
        "series": SERIES[theme], "diverging": DIVERGING[theme], "sequential": SEQUENTIAL[theme]
    }  # fmt: skip
    several = "".join(f"--series-{i}:{colour};" for i, colour in enumerate(SERIES[theme].split()))
    return "".join(f"--{name}:{value};" for name, value in named.items()) + several
