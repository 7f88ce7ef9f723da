"""What is taken along from the studio: each file is downloaded, and then really used."""

import re
import shutil
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from selenium.webdriver.common.keys import Keys

import pellucid
from pellucid import Predictor, datasets
from pellucid.studios.experiment import Experiment
from pellucid.studios.run import Run
from pellucid.studios.session import Kept
from pellucid.tables import read_table
from studio_tab import Tab

ROWS = "return document.querySelectorAll('.runs .run:not(.head)').length"
PINNED = "return document.querySelectorAll('.runs .run.pinned').length"


@pytest.fixture
def tab(browser, studio, tmp_path):
    """Opens the page; what is downloaded comes to a folder of the test."""
    where = {"behavior": "allow", "downloadPath": str(tmp_path / "down"), "eventsEnabled": False}
    (tmp_path / "down").mkdir()
    browser.driver.execute_cdp_cmd("Browser.setDownloadBehavior", where)
    yield lambda query="", **window: Tab(browser, studio, query, **window)
    assert browser.console == []
    browser.open("about:blank")


@pytest.fixture
def take(tmp_path):
    """Downloads a form; its path."""

    def taken(page, form, name):
        page.click(f"take-{form}")
        path = tmp_path / "down" / name
        page.wait(lambda: path.exists() and path.stat().st_size and not page.said, name)
        page.wait(lambda: page.text("#take-note").startswith(name))
        return path

    return taken


def losses(page):
    sent = page.payload(".panel-curves .drawing")
    epochs = sent["epochs"][0].astype(int).tolist()
    return dict(zip(epochs, sent["lines"][0].tolist(), strict=True))


def test_every_form_of_a_run_is_what_the_page_shows(tab, take, tmp_path, browser):
    experiment = Experiment("iris", hidden=(5,), epochs=12, seed=3)
    page = tab(f"{experiment.to_address()}&tab=take&epoch=8")
    page.wait(lambda: page.epoch == 8)
    with Run(experiment) as run:
        run.forward(epochs=8)
        network, loss = run.network_at(run.standing.theta), run.history.loss[-1]
        material = run.material
        expected = material.predictor(network).predict_proba(material.tested)
    stem = "iris-4-5-3"
    model = pellucid.load(take(page, "model", f"{stem}.safetensors"))
    assert (model.predict_proba(material.tested) == expected).all()
    assert model.about["training"]["epochs"] == 8

    frame = read_table(take(page, "data", f"{stem}.csv")).frame
    assert frame.equals(datasets.load("iris").table().frame)

    script = take(page, "script", f"{stem}.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert f"training loss {loss!r}\n" in done.stdout
    assert "the same weights as in the studio, to the last bit" in done.stdout
    assert float(np.float32(loss)) == losses(page)[8]

    import onnxruntime

    session = onnxruntime.InferenceSession(take(page, "onnx", f"{stem}.onnx"))
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64}
    given = {
        each.name: material.tested[each.name].to_numpy().astype(kinds[each.type]).reshape(-1, 1)
        for each in session.get_inputs()
    }
    outputs = [np.asarray(each) for each in session.run(None, given)]
    found = next(each for each in outputs if each.shape == expected.shape)
    np.testing.assert_allclose(found, expected, atol=1e-5)

    header = take(page, "c", f"{stem}.h")
    assert shutil.which("gcc")
    (tmp_path / "main.c").write_text(f'#include "{header}"\nint main(void) {{ return 0; }}\n')
    command = ["gcc", "-std=c99", "-Wall", "-Werror", "-Wno-unused", tmp_path / "main.c", "-lm"]
    subprocess.run([*command, "-o", tmp_path / "main"], check=True)
    subprocess.run([tmp_path / "main"], check=True)

    assert take(page, "diagram", f"{stem}.svg").read_text().startswith("<svg")
    link = page.script("return document.getElementById('link').value")
    assert link.endswith(page.driver.current_url.partition("?")[2])
    report = take(page, "report", f"{stem}.html")
    assert browser.console == []
    browser.open(report)
    assert "Predicting species" in browser.driver.title
    assert browser.console == []
    assert all(url.startswith("file:") for url in browser.requests)


def test_a_script_of_ones_own_data_reads_the_table_beside_it(tab, take, table, tmp_path):
    page = tab("hidden=4&tab=take&epochs=9&schedule=cosine&dropout=0.1")
    page.driver.find_element("css selector", "#uploader input[type=file]").send_keys(str(table))
    page.wait(lambda: page.text("#words").startswith("things.csv"))
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)
    names = page.text("#words")
    size = names.split(" by ")[1].split(" units")[0].replace(" – ", "-")
    stem = f"things-{size}"
    script = take(page, "script", f"{stem}.py")
    alone = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert alone.returncode != 0
    assert f"{stem}.csv" in alone.stderr
    take(page, "data", f"{stem}.csv")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert "the same weights as in the studio, to the last bit" in done.stdout
    fit = Predictor.fit(read_table(table), recipe=Experiment.from_address(page.query).recipe())
    assert float(np.float32(fit.history.loss[0])) == losses(page)[1]
    changed = script.with_name(f"{stem}.csv")
    changed.write_text(changed.read_text().replace("red", "blue"))
    other = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert other.returncode == 1
    assert "these are not the studio's numbers" in other.stderr


def test_a_script_repeats_a_run_that_was_stepped_and_one_that_went_on_with_weights(
    tab, take, tmp_path
):
    page = tab("data=moons&tab=take&epochs=6&seed=5")
    for _ in range(3):
        page.click("one-step")
    page.wait(lambda: "step=3" in page.query)
    page.play("epoch=6")
    script = take(page, "script", "moons-2-4-1.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert "the same weights as in the studio, to the last bit" in done.stdout
    script.unlink()
    page.driver.find_element("css selector", "[role=switch][aria-label='Keep weights']").click()
    page.choose("Optimizer", "sgd")
    page.wait(lambda: "solver=sgd" in page.query and page.epoch == 0)
    page.play("epoch=6")
    take(page, "model", "moons-2-4-1.safetensors")  # the script reads how columns are scaled there
    script = take(page, "script", "moons-2-4-1.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert "the same weights as in the studio, to the last bit" in done.stdout


def test_what_cannot_be_made_is_one_message(tab):
    page = tab("data=moons&tab=take")
    page.click("take-script")
    page.wait(lambda: "nothing to repeat before an epoch" in page.said)
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)


def test_runs_are_kept_side_by_side(tab):
    page = tab("data=moons&epochs=15&tab=compare")
    page.play("epoch=15")
    page.click("keep-run")
    page.wait(lambda: page.script("return document.querySelectorAll('.runs .run').length") == 3)
    page.click("add-layer")
    page.wait(lambda: "hidden=4,4" in page.query)
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)
    page.wait(lambda: "units 4-4" in page.text(".runs"))
    assert "units 4," in page.text(".runs")
    page.click("pin-0-run")
    page.wait(lambda: "\n" in page.text(".runs .run:last-child .number:nth-child(6)"))
    lines = page.script(
        "return [...document.querySelectorAll('.runs .run:last-child .number')].map("
        "(e) => e.innerText.replaceAll('−', '-').split('\\n').map(Number))"
    )
    with Run(Experiment("moons", epochs=15)) as run:
        run.forward(epochs=15)
        first = run.marks[-1]
    with Run(Experiment("moons", epochs=15, hidden=(4, 4), activation=("tanh",) * 2)) as run:
        run.forward(epochs=1)
        mark = run.marks[-1]
    for name, (value, off) in zip(("loss", "test_loss", "test_score"), lines[1:], strict=True):
        assert value == pytest.approx(getattr(mark, name), rel=1e-3)
        assert off == pytest.approx(getattr(mark, name) - getattr(first, name), rel=0.06, abs=1e-3)
    page.click("reload-0-run")
    page.wait(lambda: page.epoch == 15 and "hidden" not in page.query)
    page.click("drop-0-run")
    page.wait(lambda: page.script("return document.querySelectorAll('.runs .run').length") == 2)


def test_a_table_that_text_cannot_hold_is_taken_as_parquet(tab, take, tmp_path):
    frame = pl.DataFrame({"code": ["007", "042", "100"] * 10, "y": np.arange(30.0)})
    frame.write_parquet(tmp_path / "codes.parquet")
    page = tab("epochs=3&tab=take")
    field = page.driver.find_element("css selector", "#uploader input[type=file]")
    field.send_keys(str(tmp_path / "codes.parquet"))
    page.wait(lambda: page.text("#words").startswith("codes.parquet"))
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)
    assert read_table(take(page, "data", "codes-3-4-1.parquet")).frame.equals(frame)
    script = take(page, "script", "codes-3-4-1.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert "the same weights" in done.stdout


def test_runs_are_told_apart_without_colour_and_their_buttons_are_in_reach(tab):
    page = tab("data=xor&hidden=3&epochs=30&tab=compare", width=800)
    page.play("epoch=30")
    count = "return document.querySelectorAll('.runs .run').length"
    for kept in range(1, 13):
        page.click("keep-run")
        page.wait(lambda kept=kept: page.script(count) == kept + 2)
    kinds = page.script(
        "return [...document.querySelectorAll('.swatch')].map((e) => {"
        "const style = getComputedStyle(e); return [style.backgroundImage, e.clientWidth]; })"
    )
    assert len({background for background, _ in kinds}) == 13
    assert min(width for _, width in kinds) > 20
    without_colour = {re.sub(r"rgb\([^)]*\)", "", background) for background, _ in kinds}
    assert len(without_colour) >= 4
    for name in ("pin-0-run", "reload-0-run", "drop-11-run"):
        button = page.driver.find_element("id", name)
        box = page.script("const b = arguments[0].getBoundingClientRect(); return [b.x, b.right];",
                          button)  # fmt: skip
        runs = page.script("const b = document.querySelector('.runs').getBoundingClientRect();"
                           "return [b.x, b.right]")  # fmt: skip
        assert runs[0] <= box[0] < box[1] <= runs[1]
    names = page.payload("#panel-compare .curve")["names"]
    assert names == [*(f"run {i}" for i in range(1, 13)), "this run"]
    page.click("pin-0-run")
    page.wait(lambda: page.script(PINNED) == 1)
    page.click("keep-run")  # the 13th: none of the others goes
    page.wait(lambda: page.said == "12 runs are kept: drop one first")
    assert page.script(count) == 14
    assert page.script(PINNED) == 1
    page.click("drop-1-run")
    page.wait(lambda: page.script(count) == 13 and not page.said)
    page.click("keep-run")
    page.wait(lambda: page.script(count) == 14)
    again = page.script(
        "return [...document.querySelectorAll('.swatch')].map((e) => {"
        "const style = getComputedStyle(e); return [style.backgroundImage, e.clientWidth]; })"
    )
    assert again == [kinds[0], *kinds[2:12], kinds[1], kinds[12]]
    looks = page.payload("#panel-compare .curve")["looks"]
    assert looks == [0, *range(2, 12), 13, -1]


def test_a_run_that_is_renamed_is_pinned_gone_back_to_and_dropped(tab):
    page = tab("data=moons&epochs=9&tab=compare", width=1280)
    for kept in (1, 2):
        page.click("one-epoch")
        page.wait(lambda kept=kept: page.epoch == kept)
        page.click("keep-run")
        page.wait(lambda kept=kept: page.script(ROWS) == kept + 1)
    name = "a run of one epoch, of a long name"
    field = page.driver.find_element("css selector", "input.q-field__native[aria-label='Name of "
                                     "run 1']")  # fmt: skip
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(name)
    page.wait(lambda: page.payload("#panel-compare .curve")["names"][0] == name)
    assert field.get_attribute("title") == name
    assert field.rect["width"] >= 110
    for button, words in (("pin", "Baseline:"), ("reload", "Go back to"), ("drop", "Drop")):
        found = page.driver.find_element("id", f"{button}-0-run")
        page.wait(lambda found=found, words=words: found.get_attribute("aria-label")
                  == f"{words} {name}")  # fmt: skip
    page.click("pin-0-run")
    page.wait(lambda: "\n" in page.text(".runs .run:last-child .number:nth-child(6)"))
    assert page.script(PINNED) == 1
    page.click("pin-0-run")
    page.wait(lambda: page.script(PINNED) == 0)
    page.click("pin-0-run")
    page.wait(lambda: page.script(PINNED) == 1)
    page.click("reload-0-run")
    page.wait(lambda: page.epoch == 1)
    assert page.script(PINNED) == 1
    page.click("drop-0-run")
    page.wait(lambda: page.script(ROWS) == 2)
    assert page.script(PINNED) == 0
    assert page.payload("#panel-compare .curve")["names"] == ["run 2", "this run"]


def test_going_back_comes_to_the_same_step_by_way_of_weights_that_were_set(tab):
    experiment = Experiment("xor", hidden=(3,), epochs=30, batch_size=1, seed=1)
    edits = "set=10:2:1.5"
    page = tab(f"{experiment.to_address()}&epoch=4&step=3&{edits}&tab=compare")
    page.wait(lambda: "step=3" in page.query and edits in page.query)
    page.wait(lambda: "weights set by hand" in page.text(".runs"))
    weights = page.payload(".network-drawing")["weights"]
    page.click("keep-run")
    page.wait(lambda: page.script(ROWS) == 2)
    assert page.text(".runs .run:nth-child(2) .settings") == "weights set by hand, 3 steps on"
    numbers = page.text(".runs .run:nth-child(2)")
    page.click("rewind")
    page.wait(lambda: page.epoch == 0 and "set=" not in page.query)
    page.wait(lambda: "weights set by hand" not in page.text(".runs .run:last-child"))
    page.click("reload-0-run")
    page.wait(lambda: "epoch=4&step=3" in page.query and edits in page.query)
    page.wait(lambda: all(map(np.array_equal, weights,
                              page.payload(".network-drawing")["weights"])))  # fmt: skip
    assert page.text(".runs .run:nth-child(2)") == numbers
    own = numbers.split()[-4:]
    page.wait(lambda: page.text(".runs .run:last-child").split()[-4:] == own)


def test_what_is_kept_leads_to_where_its_numbers_are_from():
    steps = Experiment("xor", hidden=(3,), epochs=30, batch_size=1)
    diverging = Experiment("diabetes", solver="sgd", learning_rate=50.0, epochs=30, batch_size=5)
    for experiment in (steps, diverging):
        with Run(experiment) as run:
            run.forward(epochs=3)
            run.forward(steps=2)
            kept = Kept.of(run)
        with Run(experiment) as again:
            again.go_to(kept.waypoint)
            assert again.standing.ended == run.standing.ended
            assert again.standing.theta.tobytes() == run.standing.theta.tobytes()
            assert np.array_equal(Kept.of(again).loss, kept.loss)
    assert run.standing.ended == "diverged"


def test_the_link_can_be_read_at_each_width(tab):
    for width in (800, 1280, 1440):
        page = tab("data=iris&tab=take", width=width)
        assert page.script("return document.getElementById('link').clientWidth") >= 190
