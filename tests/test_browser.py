"""The browser that tests of pages rely on sees what is wrong with one."""

import pytest

QUIET = """<!doctype html><html lang="en"><title>quiet</title>
<style>body { background: white; margin: 0 }
@media (prefers-color-scheme: dark) { body { background: black } }</style>
<img alt="" src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E">
"""
WIDE = "<div style='width: 700px'>wide</div>"


@pytest.fixture
def shown(browser, tmp_path):
    """Opens a page of that text, and says where it is."""

    def open_(text, **window):
        path = tmp_path / "page.html"
        path.write_text(text)
        browser.open(path, **window)
        return path

    return open_


def test_a_quiet_page_says_nothing_and_asks_for_itself_alone(browser, shown):
    path = shown(QUIET)
    assert browser.driver.title == "quiet"
    assert browser.console == []
    assert browser.requests == [path.as_uri()]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("<script>console.error('from the page')</script>", "from the page"),
        ("<script>throw new Error('thrown')</script>", "thrown"),
        ("<script>console.log('a word')</script>", "a word"),
        ("<img src='missing.png'>", "ERR_FILE_NOT_FOUND"),
    ],
)
def test_what_goes_wrong_in_a_page_is_heard_and_forgotten_with_the_next(
    browser, shown, wrong, said
):
    shown(QUIET + wrong)
    assert any(said in line for line in browser.console), browser.console
    shown(QUIET)
    assert browser.console == []


@pytest.mark.parametrize(
    "wrong",
    [
        "<img src='{}'>",
        "<link rel='stylesheet' href='{}'>",
        "<style>body {{ background: url({}) }}</style>",
        "<style>@font-face {{ font-family: far; src: url({}) }} p {{ font: 9px far }}</style><p>x",
        "<script>fetch('{}')</script>",
    ],
)
def test_whatever_a_page_loads_from_elsewhere_is_seen(browser, shown, wrong):
    far = "http://elsewhere.example/thing"
    path = shown(QUIET + wrong.format(far))
    assert set(browser.requests) == {path.as_uri(), far}


def test_a_page_is_shown_in_light_and_dark_at_any_width_and_printed(browser, shown, tmp_path):
    from matplotlib.image import imread

    for dark, colour in ((False, 1.0), (True, 0.0)):
        shown(QUIET, dark=dark, width=640, height=300)
        browser.screenshot(tmp_path / "page.png")
        pixels = imread(tmp_path / "page.png")
        assert pixels.shape[:2] == (300, 640)
        assert (pixels[..., :3] == colour).all()
    shown(QUIET + "<div style='height: 2000px'>tall</div>", width=640, height=300)
    browser.screenshot(tmp_path / "tall.png")
    assert imread(tmp_path / "tall.png").shape[:2] >= (2000, 640)
    shown(QUIET + WIDE, width=640)
    assert browser.wider == 60
    browser.resize(800)
    assert browser.wider == 0
    browser.print(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
