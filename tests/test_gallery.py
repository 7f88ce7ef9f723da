"""The gallery shows every kind of picture, and what it shows is what its code makes now."""

import re
import shlex
import sys
from html import unescape
from pathlib import Path

import pytest
from PIL import Image

from pellucid.pictures import NO_MODEL, PICTURES
from pellucid.plots import Display

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import make_gallery  # noqa: E402

TEXT = make_gallery.PAGE.read_text()
ALTS = {
    Path(file).stem: unescape(said)
    for file, said in re.findall(r'<img src="(\S+)" width="720" alt="(.*)">', TEXT)
}
FILES = sorted(make_gallery.FOLDER.glob("*.png"))
SAVING = re.search(
    r"^```python\n(from pellucid import save\n.*?)^```", TEXT, re.MULTILINE | re.DOTALL
)
COMMANDS = re.findall(r"^pellucid plot (.*)$", TEXT.replace("\\\n", " "), re.MULTILINE)


@pytest.fixture(scope="module")
def made():
    """What the code of the page makes, by the name of the picture, and all names it has bound."""
    shown, names = {}, {}
    for slot, display, bound in make_gallery.run(TEXT):
        shown[slot["name"]], names = display, bound
    return shown, names


def test_every_kind_and_every_display_has_its_picture_and_its_command(made):
    shown, _ = made
    displays = {type(each).__name__ for each in shown.values() if isinstance(each, Display)}
    assert displays == {each.display for each in PICTURES.values()}
    assert set(PICTURES) <= set(shown)
    assert {command.split()[0] for command in COMMANDS} == set(PICTURES)


def test_each_picture_is_told_in_words_that_its_code_gives_now(made):
    shown, _ = made
    assert {name: make_gallery.words(each) for name, each in shown.items()} == ALTS, (
        "run python docs/make_gallery.py"
    )


def test_the_files_are_those_of_the_page_light_and_dark():
    assert {path.stem for path in FILES} == {name + end for name in ALTS for end in ("", "-dark")}
    assert sum(path.stat().st_size for path in FILES) < 1_500_000
    for path in FILES:
        name = path.stem.removesuffix("-dark")
        with Image.open(path) as picture:
            assert picture.width == make_gallery.WIDTH, path
            assert picture.text["Description"] == ALTS[name], "run python docs/make_gallery.py"
            corner = sum(picture.convert("RGB").getpixel((0, 0)))
        assert (corner < 200) == path.stem.endswith("-dark"), path


def test_a_command_of_the_page_draws_what_the_code_beside_it_does(made, run, tmp_path, monkeypatch):
    shown, names = made
    monkeypatch.chdir(tmp_path)
    exec(SAVING[1], dict(names))
    told = []
    for command in COMMANDS:
        kind, *rest = shlex.split(command)
        if PICTURES[kind].needs != NO_MODEL:  # those train the same networks again
            drawn = run("plot", kind, *rest, "--out", "drawn.png", "--json")
            assert drawn.code == 0, (command, drawn.err)
            told.append(drawn.json["words"])
    on_the_page = [
        PICTURES[name if name in PICTURES else "boundary"].words(each)
        for name, each in shown.items()
        if isinstance(each, Display) and name not in ("moons", "regularisation")
    ]
    assert told == on_the_page
