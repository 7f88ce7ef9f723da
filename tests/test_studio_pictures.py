"""Pictures of the studio, as docs/studio.md has them: made by a person's clicks, light and dark.

They are written into the folder that PELLUCID_PICTURES names (`make docs-studio`: docs/studio),
and by default into one that is thrown away.
"""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.studios.lessons import lesson
from studio_tab import Tab

GUIDE = Path(__file__).parents[1] / "docs" / "studio.md"
WIDTH, HEIGHT, COLOURS, MOST_BYTES = 1280, 860, 224, 120_000


def trained(tab):
    """Moons, learnt."""
    tab.play("epoch=300")


def told_apart(tab):
    """Digits, learnt, and those that are not."""
    tab.play("epoch=20")
    tab.wait(lambda: "wrong" in tab.text("#panel-surface"), "the images")


def in_a_lesson(tab):
    """Over-fitting, seen and being cured."""
    tab.play("epoch=3000")
    tab.wait(lambda: "0" in tab.text("#lesson-reading"), "the numbers")


def at_the_doctor(tab):
    """A finding."""
    tab.play("epoch=20")
    tab.wait(lambda: "epoch 20" in tab.text("#doctor-note"), "a look at the end")


PICTURES = {
    "trained": ("hidden=4,3&activation=tanh,tanh&epochs=300", trained, "#panel-diagram"),
    "digits": ("data=digits&hidden=24&activation=relu&epochs=20", told_apart, "#panel-diagram"),
    "lesson": (f"{lesson('moons').experiment.to_address()}&lesson=moons", in_a_lesson, "#details"),
    "doctor": (
        f"{lesson('sums').experiment.to_address()}&tab=doctor",
        at_the_doctor,
        "#details",
    ),
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_for_the_guide(browser, studio, name, dark, tmp_path):
    query, do, shown = PICTURES[name]
    tab = Tab(browser, studio, query, width=WIDTH, height=HEIGHT, dark=dark)
    do(tab)
    tab.script(
        "document.activeElement.blur();"
        "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
        "window.scrollBy(0, Math.min(Math.max(box.bottom - innerHeight + 16, 0), box.top - 114))",
        shown,
    )
    browser.driver.execute_cdp_cmd(
        "Input.dispatchMouseEvent", {"type": "mouseMoved", "x": 2, "y": HEIGHT - 2}
    )
    tab.wait(lambda: tab.script("return !document.querySelector('.q-tooltip')"), "no tooltip")
    image = Image.open(io.BytesIO(browser.driver.get_screenshot_as_png())).convert("RGB")
    assert image.size == (WIDTH, HEIGHT)
    levels = np.asarray(image.convert("L"))
    assert (np.median(levels) < 80) == dark
    assert levels.std() > 8  # something is there
    file_name = f"{name}-{'dark' if dark else 'light'}.png"
    assert f"studio/{file_name}" in GUIDE.read_text("utf-8")
    folder = Path(os.environ.get("PELLUCID_PICTURES") or tmp_path)
    image.quantize(COLOURS).save(folder / file_name, optimize=True)
    assert (folder / file_name).stat().st_size < MOST_BYTES
    browser.open("about:blank")
