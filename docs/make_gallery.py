"""The gallery is a page whose code is run, and whose pictures are what that code makes.

python docs/make_gallery.py      runs docs/gallery.md, and writes its pictures and their words

A line `<!-- name -->` stands where the picture of the code above it belongs: of the last `display`,
or of the last `shown`, which is a page. What follows, to `<!-- end -->`, is written anew.
"""

from __future__ import annotations

import doctest
import re
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from pellucid.page import page
from pellucid.pictures import PICTURES
from pellucid.plots import Display, theme

if TYPE_CHECKING:
    from PIL import Image


PAGE = Path(__file__).with_name("gallery.md")
FOLDER = PAGE.with_name("gallery")

WIDTH, DPI, SHOWN = 1040, 140, 720
"""Dots across each picture, dots an inch where it fits, and CSS pixels across it on the page."""

PAGE_WIDTH, TALLEST, FADING, MARGIN = 840, 900, 90, 24
"""CSS pixels across a page and down the part that is shown; dots that fade, and around it."""

MOST = 400
"""Letters of the words on a page."""

FOLD = "document.querySelectorAll('details:has(table)').forEach(each => each.open = false)"

SLOT = re.compile(r"^<!-- (?P<name>[\w-]+) -->\n.*?^<!-- end -->\n", re.DOTALL | re.MULTILINE)


def run(text: str) -> Iterator[tuple[re.Match[str], Any, dict[str, Any]]]:
    """Run the code of the page; at each place of a picture, what is to be seen there.

    Yields
    ------
    The place, the display or the page that the code has made, and all names that it has bound.
    """
    names: dict[str, Any] = {}
    done = 0
    for slot in SLOT.finditer(text):
        for example in doctest.DocTestParser().get_examples(text[done : slot.start()]):
            exec(compile(example.source, str(PAGE), "single"), names)
        done = slot.end()
        yield slot, names.pop("display", None) or names.pop("shown"), names


def words(display: Any) -> str:
    """What a picture shows, with its numbers, for those who cannot see it."""
    if not isinstance(display, Display):
        return shorten(str(display), MOST, placeholder=" ...")
    kind = next(each for each in PICTURES.values() if each.display == type(display).__name__)
    return f"{kind.shows.capitalize()}: {kind.words(display)}."


def element(name: str, said: str) -> str:
    """A picture on the page, light or dark as the reader's system is."""
    return f"""<!-- {name} -->
<picture>
<source media="(prefers-color-scheme: dark)" srcset="gallery/{name}-dark.png">
<img src="gallery/{name}.png" width="{SHOWN}" alt="{escape(said)}">
</picture>
<!-- end -->
"""


def drawn(display: Display, style: str) -> Image.Image:
    """A display in the middle of a sheet that is as wide as all others."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.png"
        width = display.figure_.get_size_inches()[0]
        display.save(path, min(DPI, WIDTH / width), style)
        picture = Image.open(path).convert("RGB")
    sheet = Image.new("RGB", (WIDTH, picture.height), theme(style).ground)
    sheet.paste(picture, ((WIDTH - picture.width) // 2, 0))
    return sheet


def photographed(browser: Any, shown: Any, style: str) -> Image.Image:
    """The top of a page in a browser, without its tables that fold; it fades where it goes on."""
    from PIL import Image, ImageChops

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        whole = hasattr(shown, "to_html")
        path.write_text(shown.to_html() if whole else page("", shown._repr_html_()), "utf-8")
        browser.open(path, width=PAGE_WIDTH, dark=style == "dark")
        browser.driver.execute_script(FOLD)
        browser.screenshot(folder + "/page.png", scale=WIDTH / PAGE_WIDTH)
        picture = Image.open(folder + "/page.png").convert("RGB")
    ground = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
    _, top, _, bottom = ImageChops.difference(picture, ground).getbbox() or (0, 0, *picture.size)
    tallest = round(TALLEST * WIDTH / PAGE_WIDTH)
    end = min(bottom + MARGIN, top + tallest)
    if end < bottom:
        fading = Image.linear_gradient("L").resize((WIDTH, FADING))
        picture.paste(ground.crop((0, 0, WIDTH, FADING)), (0, end - FADING), fading)
    return picture.crop((0, max(top - MARGIN, 0), WIDTH, end))


def write(picture: Image.Image, name: str, said: str) -> None:
    """A small file, which says in itself what it shows."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    about.add_itxt("Description", said)
    few = picture.quantize(dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True, pnginfo=about)


def main() -> None:
    """Draw all, light and dark, and put the words on the page."""
    sys.path.insert(0, str(PAGE.parents[1] / "tests"))
    from browser import Browser  # type: ignore[import-not-found]

    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    browser, text = Browser(), PAGE.read_text(encoding="utf-8")
    said = {}
    try:
        for slot, shown, _ in run(text):
            name = slot["name"]
            said[name] = words(shown)
            for style, ending in (("light", ""), ("dark", "-dark")):
                made = (
                    drawn(shown, style)
                    if isinstance(shown, Display)
                    else photographed(browser, shown, style)
                )
                write(made, name + ending, said[name])
    finally:
        browser.close()
    PAGE.write_text(SLOT.sub(lambda at: element(at["name"], said[at["name"]]), text), "utf-8")


if __name__ == "__main__":
    main()
