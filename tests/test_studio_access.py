"""The studio's page for those who cannot see it well, or go by keys: names, contrast, focus."""

import pytest
from selenium.webdriver.common.keys import Keys

from legible import by_tab, named, nameless, too_pale
from pellucid.studios.panels import PANELS
from studio_tab import Tab

TABS = [place.name for place in PANELS if place.place == "details"]
QUERY = "data=iris&epochs=30&seed=2"
DEFECTS = """<!doctype html><title>defects</title>
<body style="background: white">
<p style="color: #777">too pale</p> <p style="color: #767676">just dark enough</p>
<p style="color: #8d8d8d; font-size: 30px">large</p> <p style="opacity: .6; color: #444">faded</p>
<button style="outline: none" id="bare">no ring</button> <button disabled>disabled</button>
<button id="ringed" aria-label="with a ring" style="outline: 2px solid black"></button>
<input aria-label="named"><button id="nameless"></button>
"""


def test_defects_are_found(browser, tmp_path):
    page = tmp_path / "defects.html"
    page.write_text(DEFECTS)
    browser.open(page)
    assert [pale.partition(": ")[2] for pale in too_pale(browser)] == ["too pale", "faded"]
    assert [what.split(":")[0] for what in nameless(browser)] == ["button"]
    rings = {each["id"]: each["best"] for each in by_tab(browser)}
    assert rings["bare"] == 0
    assert rings["ringed"] == pytest.approx(21)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_can_be_read_and_all_controls_have_names(browser, studio, dark):
    page = Tab(browser, studio, f"{QUERY}&lesson=xor", dark=dark)
    page.play("epoch=30")
    browser.driver.find_element("css selector", ".unit-spot[aria-label*='layer 1']").click()
    for name in TABS:
        page.script(
            "[...document.querySelectorAll('.details .q-tab')][arguments[0]].click()",
            TABS.index(name),
        )
        page.wait(lambda: page.script(
            "return !!document.querySelector('#panel-' + arguments[0])?.checkVisibility()",
            name,  # noqa: B023
        ), name)  # fmt: skip
        assert (name, too_pale(browser)) == (name, [])
        assert (name, nameless(browser)) == (name, [])
    told = named(browser)
    assert [role for role, _ in told].count("main") == 1
    assert ("switch", "Biases") in told
    assert ("tablist", "Details") in told
    page = Tab(browser, studio, "data=diabetes&solver=sgd&learning_rate=1000", dark=dark)
    page.click("play")
    page.wait(lambda: "diverged" in page.said)
    assert too_pale(browser) == nameless(browser) == []
    browser.open("about:blank")


def test_names_say_what_a_button_does_now_and_what_was_done(browser, studio):
    page = Tab(browser, studio, "data=sums&batch_size=4&epochs=100000&learnt=xor")

    def has(role, name):
        return (role, name) in named(browser)

    assert has("button", "Play")
    assert has("button", "XOR needs a hidden layer, done")
    page.click("play")
    page.wait(lambda: has("button", "Pause"))
    page.click("play")
    page.wait(lambda: has("button", "Play"))
    live = "return document.querySelector('#live').getAttribute('aria-pressed')"
    assert page.script(live) == "true"
    page.script("document.querySelector('#timeline').focus()")
    page.driver.switch_to.active_element.send_keys(Keys.HOME)
    page.wait(lambda: page.script(live) == "false")
    browser.open("about:blank")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_whatever_the_tab_key_reaches_shows_it(browser, studio, dark):
    Tab(browser, studio, f"{QUERY}&lesson=xor", dark=dark)
    reached = by_tab(browser)
    assert {"theme", "play", "live", "speed", "seed", "timeline"} <= {e["id"] for e in reached}
    assert {"switch", "checkbox", "tab", "combobox"} <= {each["role"] for each in reached}
    assert len(reached) > 40
    assert [each for each in reached if each["best"] < 3] == []
    play = next(each for each in reached if each["id"] == "play")
    assert play["radius"] == "50%"  # the focus leaves its shape
    browser.open("about:blank")


def test_tooltips_come_to_keys_too_and_go_at_escape(browser, studio):
    page = Tab(browser, studio)
    shown = "return document.querySelector('.q-tooltip')?.innerText ?? ''"
    page.driver.switch_to.active_element.send_keys(Keys.TAB, Keys.TAB)
    page.wait(lambda: page.script(shown) == "Rewind to the start (R)", "the tooltip")
    assert too_pale(browser) == []
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.wait(lambda: page.script(shown) == "", "its end")
    page.driver.switch_to.active_element.send_keys(Keys.TAB)
    page.wait(lambda: page.script(shown) == "Play (Space)", "the next")
    browser.open("about:blank")
