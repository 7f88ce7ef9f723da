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

WIDE = 1.6
"""Width by height from which a picture has a line of its own."""


@dataclass(frozen=True)
class Shown:
    """A picture as a page has it.

    Parameters
    ----------
    name : of the kind of picture.
    shows : what, in a line.
    words : its numbers, for those who cannot see it.
    light, dark : the picture as data URLs; the same where it suits itself to the page.
    wide : whether it needs the whole width.
    """

    name: str
    shows: str
    words: str
    light: str
    dark: str
    wide: bool = False

    def to_html(self) -> str:
        """A figure with its caption."""
        words = escape(self.words)
        dark = ""
        if self.dark != self.light:
            media = "screen and (prefers-color-scheme: dark)"
            dark = f'<source media="{media}" srcset="{self.dark}">'
        return (
            f'<figure id="{self.name}"{" class=wide" if self.wide else ""}><picture>{dark}'
            f'<img src="{self.light}" alt="{words}"></picture>\n'
            f"<figcaption>{escape(_capital(self.shows))}. "
            f'<span class="muted">{_capital(words)}.</span></figcaption></figure>'
        )


def shown(picture: Picture, scene: Scene) -> Shown:
    """Draw a picture for a page."""
    display = picture.draw(scene, "light")
    light = _data_url(display)
    dark = light if isinstance(display, NetworkDisplay) else _data_url(picture.draw(scene, "dark"))
    width, height = display.figure_.get_size_inches()
    words = picture.words(display)
    return Shown(picture.name, picture.shows, words, light, dark, width > WIDE * height)


def _data_url(display: Any) -> str:
    svg = display.to_svg().encode()
    if len(svg) <= LARGEST_SVG:
        return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
    dots = BytesIO()
    display.figure_.savefig(dots, format="png", dpi=DOTS_AN_INCH)
    return "data:image/png;base64," + base64.b64encode(dots.getvalue()).decode()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
