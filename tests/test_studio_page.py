"""The studio's page in a browser: what a person does there, and who is not let in."""

import http.client
import io
import re
import signal
import time
from contextlib import closing

import httpx
import numpy as np
import pytest
from PIL import Image
from selenium.webdriver.common.keys import Keys

from pellucid import Predictor, datasets
from pellucid.studios.experiment import Experiment
from pellucid.studios.material import Material, table_of
from pellucid.studios.plane import Plane
from pellucid.studios.run import Run
from studio_tab import Tab

# --- who is let in ------------------------------------------------------------------------------


def ask(studio, path="/", **headers):
    """The status of a request with such headers, and what it answers."""
    headers.setdefault("host", f"127.0.0.1:{studio.port}")
    with closing(http.client.HTTPConnection("127.0.0.1", studio.port, timeout=30)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer, answer.read().decode()


WEBSOCKET = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"


def cookie(studio):
    return {"cookie": f"pellucid-studio-{studio.port}={studio.token}"}


def test_who_has_the_token_gets_a_cookie_that_no_script_and_no_other_site_can_use(studio):
    status, answer, text = ask(studio, f"/?token={studio.token}")
    assert (status, "pellucid studio" in text) == (200, True)
    given = answer.getheader("set-cookie")
    assert f"={studio.token};" in given
    assert "HttpOnly" in given
    assert "SameSite=Strict" in given
    assert ask(studio, "/", **cookie(studio))[0] == 200
    for others in ('prefs={"theme":"dark"}; %s', "a b=c; %s; =; x", "%s; é=1"):  # of other ports
        value = others % cookie(studio)["cookie"]
        assert ask(studio, "/", cookie=value.encode("latin-1"))[0] == 200, others


@pytest.mark.parametrize("headers", [{}, WEBSOCKET])
@pytest.mark.parametrize("path", ["/", SOCKET, "/_nicegui/3/components/x.js", "/?token=", "/x/"])
@pytest.mark.parametrize("given", ["", "wrong", "é"])
def test_without_the_token_nothing_is_answered(studio, path, headers, given):
    wrong = {"cookie": f"pellucid-studio-{studio.port}={given}"} if given else {}
    status, answer, text = ask(studio, path, **headers, **{k: v.encode() for k, v in wrong.items()})
    assert status == 403
    assert studio.token not in text
    assert answer.getheader("set-cookie") is None


@pytest.mark.parametrize("headers", [{}, WEBSOCKET])
@pytest.mark.parametrize(
    "foreign",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"host": "evil.example"},
        {"host": "evil.example:80", "origin": "http://evil.example:80"},
        {"host": ""},
    ],
)
def test_foreign_origins_and_names_are_refused_even_with_the_token(studio, headers, foreign):
    for path in (f"/?token={studio.token}", SOCKET):
        assert ask(studio, path, **headers, **cookie(studio), **foreign)[0] == 403


def test_the_own_origin_is_let_in_by_every_name_of_the_machine(studio):
    for host in (f"127.0.0.1:{studio.port}", f"localhost:{studio.port}"):
        own = {"host": host, "origin": f"http://{host}"}
        assert ask(studio, "/", **cookie(studio), **own)[0] == 200
        assert ask(studio, SOCKET, **WEBSOCKET, **cookie(studio), **own)[0] == 101


def test_a_body_beyond_the_bound_is_refused(studio):
    size = {"content-length": str(2**30)}
    assert ask(studio, "/", **cookie(studio), **size)[0] == 413

    def endless():
        for _ in range(80):
            yield b"x" * 2**20

    with pytest.raises(httpx.HTTPError):
        httpx.post(
            f"{studio.address}/", content=endless(), headers=cookie(studio)
        ).raise_for_status()


def test_an_end_is_an_end(studios):
    for number in (signal.SIGINT, signal.SIGTERM):
        assert studios().end(number) == (0, "", "")


def test_it_leaves_no_file_behind(studios, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    studio = studios()
    assert ask(studio, f"/?token={studio.token}")[0] == 200
    assert studio.end() == (0, "", "")
    assert list(tmp_path.iterdir()) == []


# --- what a person does -------------------------------------------------------------------------


LOSSES, SCORES = (f".panel-curves .curve:nth-of-type({i})" for i in (2, 4))


def losses(tab):
    """(epoch -> loss) of training, as the curves were sent it."""
    sent = tab.payload(".panel-curves .drawing")
    epochs = sent["epochs"][0].astype(int).tolist()
    return dict(zip(epochs, sent["lines"][0].tolist(), strict=True))


def test_play_pause_step_and_rewind_have_the_numbers_of_the_library(tab):
    experiment = Experiment("circles", hidden=(5,), epochs=30, seed=6)
    fit = Predictor.fit(table_of(experiment), recipe=experiment.recipe()).predictor
    expected = np.float32(fit.network.history.loss).tolist()
    page = tab(experiment.to_address())
    assert page.epoch == 0
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)
    page.click("one-step")
    page.wait(lambda: "1/10 steps" in page.text(".epoch-of"))
    page.play("epoch=30")
    assert page.epoch == 30
    page.wait(lambda: 30 in losses(page))
    first = losses(page)
    assert [*first] == [*range(31)]
    for epoch, loss in first.items():  # the epoch that was begun by a step is summed otherwise
        assert not epoch or loss == pytest.approx(expected[epoch - 1], rel=1e-6)
    page.click("rewind")
    page.wait(lambda: page.epoch == 0 and "&epoch=" not in page.query)
    page.play("epoch=30")
    page.wait(lambda: 30 in losses(page))
    again = losses(page)
    assert again[30] == expected[29]
    assert all(not epoch or loss == expected[epoch - 1] for epoch, loss in again.items())
    grid = Plane.of(Material.of(experiment)).X
    said = (fit.network.predict(grid)[:, 0] * 255).round()
    page.wait(lambda: (page.payload(".panel-surface .drawing")["values"] == said).all())


def test_each_built_in_set_is_chosen_and_trained_to_the_numbers_of_the_library(tab):
    page = tab("epochs=4&seed=3&hidden=6&batch_size=2")
    for name in [*datasets.DATASETS][::-1]:
        page.choose("Data set", name)
        page.wait(lambda name=name: page.text("#words").startswith(f"{name}:"), name)
        experiment = Experiment(name, hidden=(6,), batch_size=2, epochs=4, seed=3)
        assert Experiment.from_address(page.query) == experiment
        fit = Predictor.fit(table_of(experiment), recipe=experiment.recipe()).predictor
        page.play("epoch=4")
        page.wait(lambda: 4 in losses(page), f"the last epoch of {name}")
        assert losses(page)[4] == np.float32(fit.network.history.loss[-1]), name
        assert page.said == ""


def test_scaling_is_chosen_and_by_default_what_suits_the_data(tab):
    page = tab("data=iris&epochs=3")
    field = page.driver.find_element("xpath", "//label[normalize-space()='Scaling']/..")
    assert "standard · auto" in field.text
    page.choose("Scaling", "maximum")
    page.wait(lambda: "scaling=maximum" in page.query)
    page.play("epoch=3")
    experiment = Experiment("iris", epochs=3, scaling="maximum")
    fit = Predictor.fit(table_of(experiment), recipe=experiment.recipe()).predictor
    assert losses(page)[3] == np.float32(fit.network.history.loss[-1])


def test_weights_that_were_gone_on_with_are_in_a_link(tab):
    page = tab("data=circles&epochs=5&seed=2")
    page.play("epoch=5")
    page.driver.find_element("css selector", "[role=switch][aria-label='Keep weights']").click()
    page.choose("Optimizer", "sgd")
    page.wait(lambda: "solver=sgd" in page.query and "start=" in page.query)
    page.play("epoch=5")
    page.wait(lambda: 5 in losses(page))
    before = losses(page)
    page.driver.get(page.driver.current_url)
    page.wait_until_shown()
    page.wait(lambda: page.epoch == 5 and 5 in losses(page))
    assert losses(page)[5] == before[5]
    page.driver.get(page.driver.current_url.replace("start=", "start=0"))
    page.wait_until_shown()
    assert "begins at are no longer here" in page.said


def test_a_long_run_can_be_paused_and_goes_on(tab):
    page = tab("data=sums&epochs=100000&batch_size=4")
    page.click("play")
    page.wait(lambda: page.is_playing and page.epoch >= 2)
    page.click("play")
    page.wait(lambda: not page.is_playing)
    page.wait(lambda: is_quiet(page.studio), "quiet")
    epoch = page.epoch
    time.sleep(0.5)
    assert page.epoch == epoch
    page.wait(lambda: f"epoch={epoch}" in page.query)
    page.click("play")
    page.wait(lambda: page.epoch > epoch)


def test_the_keyboard_does_what_the_buttons_do(tab):
    page = tab("data=xor&hidden=3&epochs=40")
    keys = page.driver.find_element("tag name", "body")
    keys.send_keys("e")
    page.wait(lambda: page.epoch == 1)
    keys.send_keys("s")
    page.wait(lambda: page.epoch == 2)  # four rows are one batch
    keys.send_keys("r")
    page.wait(lambda: page.epoch == 0)
    keys.send_keys(" ")
    page.wait(lambda: page.epoch == 40)


def test_keys_go_on_working_where_a_button_or_a_switch_has_the_focus(tab):
    page = tab("data=xor&hidden=3&epochs=40")
    page.play("epoch=40")
    page.driver.switch_to.active_element.send_keys("r")
    page.wait(lambda: page.epoch == 0, "the start, from the play button")
    page.driver.switch_to.active_element.send_keys(" ")  # its own press, not one more
    page.wait(lambda: page.epoch == 40)
    page.script("document.querySelector('#timeline').focus()")
    page.driver.switch_to.active_element.send_keys("r")
    page.wait(lambda: page.epoch == 0, "the start, from the slider")
    bias = page.driver.find_element("css selector", "[role=switch][aria-label=Biases]")
    bias.send_keys(" ")
    page.wait(lambda: "bias=" in page.query)
    assert not page.is_playing
    bias.send_keys("e")
    page.wait(lambda: page.epoch == 1)
    rate = page.driver.find_element("xpath", "//label[.='Learning rate']").get_attribute("for")
    page.driver.find_element("id", rate).send_keys("e-1")  # a number is being typed
    page.wait(lambda: "learning_rate=" in page.query)
    page.wait(lambda: page.epoch == 0)


def test_by_default_a_run_is_easy_to_watch_and_full_speed_is_a_choice(tab):
    page = tab("data=moons&epochs=2000&speed=")  # of which full speed records every eighth
    page.script(
        "window.seen = []; const look = () => { const epoch = "
        "Number(document.querySelector('#epoch').innerText.replace(/\\s/g, ''));"
        "if (window.seen.at(-1) !== epoch) window.seen.push(epoch);"
        "requestAnimationFrame(look); }; look();"
    )
    page.click("play")
    page.wait(lambda: page.epoch >= 300, "some epochs")
    page.click("play")
    page.wait(lambda: not page.is_playing)
    seen = page.script("return window.seen")
    assert seen == sorted(set(seen))
    assert len(seen) >= 8  # and not at once
    assert page.epoch < 2000
    slide = (
        "const slider = document.querySelector('#timeline'); slider.value = arguments[0];"
        "slider.dispatchEvent(new Event('input'));"
    )
    for epoch in {*seen[-4:], 101, 203}:  # whatever it went through is recorded
        page.script(slide, epoch)
        page.wait(lambda: page.epoch == epoch, f"epoch {epoch}")  # noqa: B023
    assert "speed=" not in page.driver.current_url
    page.click("speed")
    option = "//*[@role='option'][normalize-space()='full speed']"
    page.wait(lambda: page.driver.find_elements("xpath", option))[0].click()
    page.wait(lambda: "speed=full" in page.driver.current_url)
    page.play("epoch=2000")
    page.driver.get(page.driver.current_url)
    page.wait_until_shown()
    assert page.script("return document.querySelector('#speed').value") == "full speed"


def test_the_slider_shows_an_epoch_that_was_recorded(tab):
    page = tab("data=moons&epochs=30")
    page.play("epoch=30")
    trained = page.payload(".panel-surface .drawing")["values"]
    page.script("document.querySelector('#timeline').focus()")
    page.driver.switch_to.active_element.send_keys(Keys.HOME)
    page.wait(lambda: page.epoch == 0)
    page.wait(lambda: (page.payload(".panel-surface .drawing")["values"] != trained).any())
    page.click("live")
    page.wait(lambda: page.epoch == 30)
    page.wait(lambda: (page.payload(".panel-surface .drawing")["values"] == trained).all())


def test_the_address_holds_all_and_a_link_opens_it_again(tab):
    experiment = Experiment("iris", hidden=(6, 3), activation=("relu", "tanh"), epochs=20, seed=8)
    page = tab(f"{experiment.to_address()}&epoch=7&log=yes")
    page.wait(lambda: page.epoch == 7 and "epoch=7" in page.query)
    assert "token" not in page.query
    assert Experiment.from_address(page.query) == experiment
    assert "log=yes" in page.query
    page.wait(lambda: 7 in losses(page))
    before = losses(page)
    page.driver.get(page.driver.current_url)  # by its cookie
    page.wait_until_shown()
    page.wait(lambda: page.epoch == 7 and 7 in losses(page))
    assert losses(page) == before
    with Run(experiment) as run:
        run.forward(epochs=7)
        expected = {mark.epoch: float(np.float32(mark.loss)) for mark in run.marks}
    assert before == expected


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("hidden=9999", "units of a hidden layer is 9999"),
        ("data=mooons", "unknown dataset 'mooons'"),
        ("data=table-0123456789abcdef", "no longer here"),
        ("data=iris&target=specis", "specis"),
        ("epoch=-1", "epoch is '-1'"),
        ("epoch=5000", "epoch is 5000"),
        ("data=%3Cscript%3Ealert(1)%3C/script%3E", "<script>"),
    ],
)
def test_a_wrong_address_is_one_message_and_the_page_lives(tab, query, said):
    page = tab(query)
    assert said in page.said
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)


def test_a_run_that_diverges_says_so_and_the_page_lives(tab):
    page = tab("data=diabetes&solver=sgd&learning_rate=1000&epochs=50")
    page.click("play")
    page.wait(lambda: "diverged" in page.said)
    page.wait(lambda: (page.payload(SCORES) or {}).get("range") == [-1, 1], "axes that can be read")
    page.click("banner-button")  # it says Rewind
    page.wait(lambda: page.epoch == 0 and not page.said)


def test_a_loss_that_cannot_take_the_targets_is_one_message(tab):
    page = tab("data=sums&epochs=3")
    page.choose("Output", "sigmoid")
    page.wait(lambda: "takes targets from 0 to 1: choose another loss" in page.said)
    assert "output" not in page.query
    page.choose("Loss", "squared error")
    page.wait(lambda: "loss=squared_error" in page.query)
    page.choose("Output", "sigmoid")
    page.wait(lambda: "output=sigmoid" in page.query and not page.said)


def test_where_there_are_no_test_rows_the_training_rows_are_named(tab):
    page = tab("data=xor&epochs=3")
    pressed = ".panel-outcome .toggle [aria-pressed=true]"
    assert page.text(pressed) == "training rows"
    page.choose("Data set", "iris")
    page.wait(lambda: page.text(pressed) == "test rows")


def test_at_the_end_of_a_run_play_and_steps_say_so(tab):
    page = tab("data=xor&epochs=5")
    page.play("epoch=5")
    for button in ("play", "one-step", "one-epoch"):
        page.click(button)
        page.wait(lambda: "All 5 epochs are done: rewind" in page.said, button)
        page.click("rewind")
        page.wait(lambda: page.epoch == 0 and not page.said)
        page.play("epoch=5")


def points(page, selector):
    """Pixels in the colour of the test rows' line, which lies above, where a curve begins."""
    image = Image.open(io.BytesIO(page.canvas(selector))).convert("RGB")
    colour = page.script("return getComputedStyle(document.body).getPropertyValue('--series-1')")
    begin = np.asarray(image.crop((40, 18, 54, image.height)))
    return int((begin == list(bytes.fromhex(colour.strip("# ")))).all(axis=2).sum())


def test_where_a_run_begins_is_a_point_and_each_epoch_is_on_the_curve(tab):
    page = tab("data=iris&epochs=700&seed=4")
    page.wait(lambda: points(page, LOSSES) >= 9, "the point of epoch 0")
    page.play("epoch=700")
    page.wait(lambda: 700 in losses(page))
    with Run(Experiment("iris", epochs=700, seed=4)) as run:
        run.forward(epochs=700)
        all_of_it = np.float32([run.marks[0].loss, *run.history.loss])
    shown = losses(page)
    assert 300 < len(shown) <= 600
    assert {*shown.values()} >= {all_of_it.min(), all_of_it.max()}
    assert all(all_of_it[epoch] == loss for epoch, loss in shown.items())
    assert max(np.diff([*shown])) <= 6


@pytest.mark.parametrize("width", [800, 1024, 1280, 2560])
def test_a_message_covers_no_control_and_the_epoch_no_slider(tab, width):
    page = tab("data=diabetes&solver=sgd&learning_rate=1000&epochs=100000", width=width)
    page.click("play")
    page.wait(lambda: "diverged" in page.said)
    page.wait(lambda: "steps" in page.text(".epoch-of"))
    covered = page.script(
        """return [...document.querySelectorAll(".header button, .header input, h1, .card h2, "
            + ".banner button")].filter((e) => e.checkVisibility()).filter((e) => {
            const { x, y, width, height } = e.getBoundingClientRect();
            if (y + height > innerHeight - 80) return false;
            return [0.1, 0.5, 0.9].flatMap((i) => [0.1, 0.5, 0.9].map((j) => [i, j])).some(
                ([i, j]) => {
                    const top = document.elementFromPoint(x + i * width, y + j * height);
                    return !e.contains(top) && !top?.contains(e);
                });
        }).map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert covered == []
    right, left = page.script(
        """const range = document.createRange(), ends = [];
        for (const part of document.querySelectorAll(".epoch > *")) {
            range.selectNodeContents(part);
            const box = part.getBoundingClientRect();
            ends.push(Math.min(range.getBoundingClientRect().right, box.right));
        }
        return [Math.max(...ends), document.querySelector("#timeline").getBoundingClientRect().left]
        """
    )
    assert right < left


def test_a_change_of_a_control_begins_another_run(tab):
    page = tab("data=moons&epochs=30")
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)
    page.click("add-layer")
    page.wait(lambda: page.query == "hidden=4,4&activation=tanh,tanh&epochs=30")
    page.wait(lambda: page.epoch == 0)
    assert "2 – 4 – 4 – 1" in page.text("#words")
    size = page.driver.find_element("css selector", "[aria-label='Units of layer 2']")
    size.send_keys("0")
    page.wait(lambda: "hidden=4,40" in page.query)
    size.send_keys("000")
    page.wait(lambda: "units of a hidden layer" in page.said)
    assert "hidden=4,40" in page.query


# --- tabs ---------------------------------------------------------------------------------------


def test_two_tabs_are_two_sessions(tab, browser):
    page = tab("data=xor&hidden=3&epochs=1000")
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    try:
        browser.driver.get(page.studio.at("data=iris"))
        page.wait_until_shown()
        page.click("one-epoch")
        page.wait(lambda: page.epoch == 1)
        browser.driver.switch_to.window(first)
        assert page.epoch == 0
        assert page.text("#words").startswith("xor")
        browser.driver.switch_to.window(browser.driver.window_handles[-1])
    finally:
        browser.driver.close()
        browser.driver.switch_to.window(first)


def is_quiet(studio):
    """Whether it has nothing to compute."""
    began = studio.seconds
    time.sleep(0.5)
    return studio.seconds - began < 0.1


def test_closing_a_tab_ends_its_run(browser, studios):
    studio = studios()
    page = Tab(browser, studio)
    before = studio.threads
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.driver.get(studio.at("data=sums&batch_size=1&epochs=100000"))
    page.wait_until_shown()
    page.click("play")
    page.wait(lambda: page.is_playing and studio.threads > before)
    browser.driver.close()
    browser.driver.switch_to.window(first)
    page.wait(lambda: is_quiet(studio), "quiet")


def test_a_connection_that_was_dropped_comes_back_to_the_same_run(tab):
    page = tab("data=moons&epochs=50")
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)
    page.script("window.mark = 'the same page'; window.socket.io.engine.close()")
    page.wait(lambda: page.script("return window.socket.connected"))
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 2)
    assert page.script("return window.mark") == "the same page"


def test_a_connection_that_is_lost_for_longer_pauses_the_run_and_finds_it_again(tab):
    page = tab("data=sums&batch_size=1&epochs=100000")
    page.click("play")
    page.wait(lambda: page.epoch > 100)
    page.script(
        "window.mark = 'the same page'; const io = window.socket.io; io.randomizationFactor(0);"
        "io.reconnectionDelay(6000); io.reconnectionDelayMax(6000); io.engine.close()"
    )
    page.wait(lambda: is_quiet(page.studio), "the pause")
    assert not page.script("return window.socket.connected")
    page.wait(lambda: page.script("return window.socket.connected"))
    before = page.epoch
    page.wait(lambda: page.is_playing and page.epoch > before + 100, "more epochs")
    assert page.script("return window.mark") == "the same page"
    page.click("play")
    page.wait(lambda: not page.is_playing)


def test_a_notebook_shows_it_within_its_own_page(browser, tmp_path, notebook_window):
    page = tmp_path / "notebook.html"
    page.write_text(f"<!doctype html><title>notebook</title>{notebook_window}")
    browser.open(page)
    driver = browser.driver
    driver.switch_to.frame(0)
    end = time.monotonic() + 40
    while time.monotonic() < end:
        if driver.execute_script("return document.querySelector('#epoch')?.innerText") == "0":
            break
        time.sleep(0.1)
    words = driver.execute_script("return document.querySelector('#words').innerText")
    assert words.startswith("circles")
    driver.execute_script("document.getElementById('one-epoch').click()")
    while time.monotonic() < end:
        if driver.execute_script("return document.querySelector('#epoch').innerText") == "1":
            break
        time.sleep(0.1)
    assert driver.execute_script("return document.querySelector('#epoch').innerText") == "1"
    driver.switch_to.default_content()
    assert browser.console == []


# --- how it looks -------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [800, 1280, 1920, 2560])
def test_nothing_is_wider_than_the_window_and_nothing_jumps(tab, width):
    page = tab("data=iris&epochs=200", width=width, height=900)
    assert page.browser.wider == 0

    def places():
        return page.script(
            "return [...document.querySelectorAll('.card, .drawing, .header button')].map("
            "(e) => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]"
            ".map(Math.round); })"
        )

    before = places()
    page.play("epoch=200")
    assert places() == before
    assert page.browser.wider == 0


@pytest.mark.parametrize("width", [800, 1024, 1280, 2560])
@pytest.mark.parametrize(
    "query",
    [
        "data=iris&activation=leaky_relu&schedule=inverse_scaling",
        "data=diabetes&initializer=lecun_uniform",
        "data=digits",
    ],
)
def test_what_is_chosen_fits_its_field_and_is_told_in_full(tab, width, query):
    page = tab(query, width=width)
    cut = page.script(
        "return [...document.querySelectorAll('.left .q-select .q-field__native span')]"
        ".filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.innerText)"
    )
    assert cut == []
    full = page.script("return [...document.querySelectorAll('.left .control')].map(e => e.title)")
    loss = "squared_error" if "diabetes" in query else "cross_entropy"
    assert f"{loss}: what suits the task" in full


@pytest.mark.parametrize("width", [1280, 1440, 1920, 2560])
def test_the_columns_end_together_whatever_tab_is_open(tab, width):
    page = tab("data=iris", width=width)
    ends = set()
    titles = {"lessons": "Lessons", "rows": "Table", "take": "Take along", "compare": "Compare"}
    for name, title in titles.items():
        tabs = page.driver.find_elements("css selector", ".details .q-tab")
        next(each for each in tabs if each.text == title).click()
        page.wait(lambda name=name: page.script(
            "return document.querySelector(`#panel-${arguments[0]}`)?.checkVisibility()", name
        ))  # fmt: skip
        ends |= {*page.script(
            "return ['.left', '.right .card:last-child', '.details'].map((name) => "
            "Math.round(document.querySelector(name).getBoundingClientRect().bottom + scrollY))"
        )}  # fmt: skip
    assert len(ends) == 1


def test_light_and_dark_follow_the_system_and_the_switch(tab):
    def ground(page):
        found = page.script("return getComputedStyle(document.querySelector('.card')).background")
        return sum(map(int, re.findall(r"\d+", found)[:3]))

    page = tab(dark=True)
    dark, drawn_dark = ground(page), page.canvas(".panel-surface .drawing")
    page.click("theme")
    page.wait(lambda: ground(page) > dark)
    page.wait(lambda: page.canvas(".panel-surface .drawing") != drawn_dark)
    page.driver.refresh()  # the choice is kept
    page.wait_until_shown()
    page.wait(lambda: ground(page) > dark)
    page.script("localStorage.clear()")
    page = tab(dark=False)
    assert ground(page) > dark
