"""Pages: legible in light and dark, and in need of nothing from elsewhere."""

import re
from html.parser import HTMLParser

import pytest

from pellucid.page import COLOURS, fragment, page

TEXT = ("ink", "muted", "accent", "second", "good", "bad")


def luminance(colour):
    """Relative luminance by WCAG 2.1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("text", TEXT)
@pytest.mark.parametrize("ground", ["ground", "card"])
def test_text_has_the_contrast_that_wcag_asks_for(theme, text, ground):
    pair = sorted(luminance(COLOURS[theme][name]) for name in (text, ground))
    assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5


def test_a_page_is_whole_escapes_its_title_and_loads_nothing():
    text = page("a <b> & c", "<h1>x</h1>", "p { color: red; }", "let a = 1;")
    opened, closed = [], []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: opened.append(tag)
    parser.handle_endtag = closed.append
    parser.feed(text)
    for tag in ("html", "head", "title", "style", "body", "main", "h1", "script"):
        assert opened.count(tag) == closed.count(tag) == 1, tag
    assert "<title>a &lt;b&gt; &amp; c</title>" in text
    assert not re.search(r"https?://|@import|url\(", text)


def test_a_fragment_brings_its_style_along_and_styles_nothing_else():
    style = re.search(r"<style>(.*)</style>", fragment("<p>x</p>"), re.S).group(1)
    without_media = re.sub(r"@media[^{]*\{(.*?\}) *\}", r"\1", style)
    for selectors in re.findall(r"([^{}]+)\{[^{}]*\}", without_media):
        assert all(one.strip().startswith(".pellucid") for one in selectors.split(",")), selectors
