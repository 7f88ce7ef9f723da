"""What a page shows is a picture that needs no file, is light or dark with it, and has words."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import Any

from pellucid.pictures import Picture, Scene
from pellucid.plots.network import NetworkDisplay

LARGEST_SVG = 200_000
"""Bytes of an SVG up to which it is put in; a larger picture is put in as dots."""

DOTS_AN_INCH = 170

DOTS_OF_A_PAGE = 96
"""To the inch of a picture, so that letters are as large in all of them."""


@dataclass(frozen=True)
class Shown:
    """A picture as a page has it.

    Parameters
    ----------
    name : of the kind of picture.
    shows : what, in a line.
    words : its numbers, for those who cannot see it.
    light, dark : the picture as data URLs; the same where it suits itself to the page.
    width, height : in dots of a page, where it is wide enough.
    """

    name: str
    shows: str
    words: str
    light: str
    dark: str
    width: int
    height: int

    def to_html(self) -> str:
        """A figure with its caption."""
        words = escape(self.words)
        dark = ""
        if self.dark != self.light:
            media = "screen and (prefers-color-scheme: dark)"
            dark = f'<source media="{media}" srcset="{self.dark}">'
        return (
            f'<figure id="{self.name}" style="width:{self.width}px"><picture>{dark}'
            f'<img src="{self.light}" alt="{words}" width="{self.width}" '
            f'height="{self.height}"></picture>\n'
            f"<figcaption>{escape(_capital(self.shows))}. "
            f'<span class="muted">{_capital(words)}.</span></figcaption></figure>'
        )


def shown(picture: Picture, scene: Scene) -> Shown:
    """Draw a picture for a page, of one computation light and dark."""
    display = picture.draw(scene, "light")
    light = _data_url(display)
    dark = light if isinstance(display, NetworkDisplay) else _data_url(display.again("dark"))
    width, height = (round(DOTS_OF_A_PAGE * side) for side in display.figure_.get_size_inches())
    words = picture.words(display)
    return Shown(picture.name, picture.shows, words, light, dark, width, height)


def _data_url(display: Any) -> str:
    svg = display.to_svg().encode()
    if len(svg) <= LARGEST_SVG:
        return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
    dots = BytesIO()
    display.figure_.savefig(dots, format="png", dpi=DOTS_AN_INCH)
    return "data:image/png;base64," + base64.b64encode(dots.getvalue()).decode()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
