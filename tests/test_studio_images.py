"""Images in the studio: those that the network gets wrong, and one that is drawn by keys alone."""

import base64
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from pellucid.studios.experiment import Experiment
from pellucid.studios.facts import percent
from pellucid.studios.gallery import RIGHT, WRONG, Gallery
from pellucid.studios.raster import Raster
from pellucid.studios.run import Run
from pellucid.targets import ClassTarget
from studio_tab import Tab

IMAGES = ".panel-surface .images"
DIGITS = Experiment("digits", hidden=(24,), epochs=15, seed=3)
PIXELS = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]


@pytest.fixture(scope="module")
def learnt():
    """The predictor of the digits after 4 epochs, and its material, by the library alone."""
    with Run(DIGITS) as run:
        run.forward(epochs=4)
        network = run.network_at(run.standing.theta)
        return run.material.predictor(network), run.material


def shown(page):
    """What is in the places that are full: row, what is said of it, how sure, its name."""
    return page.script(
        "return [...document.querySelectorAll('.image-slot:enabled')].map((e) => ["
        "e.dataset.row, ...[...e.querySelectorAll('span')].map((span) => span.innerText), "
        "e.getAttribute('aria-label')])"
    )


def expected(predictor, frame, name):
    """The same by `Predictor` on a table, and how many are wrong."""
    X, true = frame.drop(name), frame[name].to_numpy()
    p, said = predictor.predict_proba(X), predictor.predict(X)
    sure = p.max(axis=1)
    order = np.argsort(-sure, kind="stable")
    wrong = [i for i in order if said[i] != true[i]]
    right = [i for i in order[::-1] if said[i] == true[i]]
    texts = [f"{true[i]}, said {said[i]}" for i in wrong[:WRONG]]
    texts += [str(true[i]) for i in right[:RIGHT]]
    rows = [*wrong[:WRONG], *right[:RIGHT]]
    return [[i, text, percent(sure[i])] for i, text in zip(rows, texts, strict=True)], len(wrong)


def pixels_of(page, i):
    """The red, green and blue of the canvas of a place, as (rows, columns, 3)."""
    values = page.script(
        "const canvas = document.querySelectorAll('.image-slot canvas')[arguments[0]];"
        "return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]",
        i,
    )
    return np.array(values, float).reshape(8, 8, 4)[..., :3]


# --- those that are wrong -----------------------------------------------------------------------


def test_images_labels_and_how_sure_are_those_of_the_predictor(tab, learnt):
    predictor, material = learnt
    page = tab(f"{DIGITS.to_address()}&epoch=4")
    page.wait(lambda: page.epoch == 4)
    rows, wrong = expected(predictor, material.tested, "digit")
    assert WRONG < wrong < 100
    page.wait(lambda: [each[:3] for each in shown(page)] == [
        [f"test-{i}", text, sure] for i, text, sure in rows
    ], "the images")  # fmt: skip
    n = material.tested.height
    said = f"{wrong} wrong ({percent(wrong / n)})\nof {n} test images"
    assert page.text(".images-count") == said
    i, text, sure = rows[0]
    assert shown(page)[0][3] == f"test row {i + 1}: {text}, {sure} sure"
    # Light pages have dark ink: what is drawn falls as the pixels rise, one level for each.
    for place, (i, *_) in enumerate(rows):
        ink = material.tested[int(i)].select(PIXELS).to_numpy().reshape(8, 8)
        drawn = pixels_of(page, place).sum(axis=2)
        levels = [{*drawn[ink == level].tolist()} for level in np.unique(ink)]
        assert all(len(level) == 1 for level in levels)
        assert all(min(a) > max(b) for a, b in pairwise(levels))


def test_an_image_is_chosen_by_a_click_and_by_keys_and_goes_to_the_pad(tab, learnt):
    predictor, material = learnt
    page = tab(f"{DIGITS.to_address()}&epoch=4&tab=numbers")
    page.wait(lambda: page.epoch == 4)
    rows, _ = expected(predictor, material.tested, "digit")
    page.wait(lambda: len(shown(page)) == len(rows))
    slots = page.driver.find_elements(By.CSS_SELECTOR, ".image-slot")
    slots[0].click()
    first, second = (f"test-{rows[i][0]}" for i in (0, 6))
    page.wait(lambda: f"pick={first}" in page.query)
    page.wait(lambda: slots[0].get_attribute("aria-pressed") == "true")
    page.wait(lambda: page.text(".numbers h3") == f"Row {rows[0][0] + 1} of test")
    # The arrow keys go on from there, a row is five of them; Enter chooses.
    slots[0].send_keys(Keys.ARROW_DOWN)
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait(lambda: f"pick={second}" in page.query and f"row={second}" in page.query)
    assert page.script(
        "return [...document.querySelectorAll('.image-slot')].map((e) => e.tabIndex)"
    ) == [-1] * 6 + [0] + [-1] * (WRONG + RIGHT - 7)
    frame = material.tested[int(rows[6][0])]
    p = predictor.predict_proba(frame.drop("digit"))[0]
    page.wait(lambda: (sent := page.payload("#pad .drawing")) and np.allclose(
        sent["probabilities"], p, atol=1e-6), "the pad")  # fmt: skip
    on_pad = page.payload("#pad .drawing")["pixels"]
    ink = frame.select(PIXELS).to_numpy().reshape(8, 8)
    assert np.abs(on_pad - ink / 16 * 255).max() <= 1
    # Who draws on, draws on that: the middle of its darkest pixel is ink already.
    row, column = np.unravel_index(ink.argmax(), ink.shape)
    assert drawn_ink(page)[14 * row + 7, 14 * column + 7] > 240
    wipe = page.driver.find_element(By.CSS_SELECTOR, ".pad-wipe")
    page.script("arguments[0].scrollIntoView({block: 'center'})", wipe)
    wipe.click()
    page.wait(lambda: not drawn_ink(page).any() and page.text(".pad-share.best") == "")


def test_the_plane_of_two_inputs_is_still_there_and_is_in_the_address(tab):
    page = tab(f"{DIGITS.to_address()}&epoch=1")
    page.wait(lambda: shown(page))
    find = page.driver.find_element
    find(By.XPATH, "//section[@id='panel-surface']//button[normalize-space()='two inputs']").click()
    page.wait(lambda: page.payload(".panel-surface .square"), "the plane")
    assert "learnt=plane" in page.query
    assert not shown(page)
    page.driver.refresh()
    page.wait_until_shown()
    page.wait(lambda: page.payload(".panel-surface .square"), "the plane")
    find(By.XPATH, "//section[@id='panel-surface']//button[normalize-space()='images']").click()
    page.wait(lambda: shown(page) and "learnt" not in page.query)
    # Other data: those that are no images have the plane alone.
    page.choose("Data set", "iris")
    page.wait(lambda: page.payload(".panel-surface .square"), "the plane")
    assert not find(By.CSS_SELECTOR, ".panel-surface .toggle").is_displayed()


def test_without_test_rows_the_training_images_are_shown_and_follow_the_training(tab):
    experiment = Experiment("digits", hidden=(8,), epochs=3, test=0.0)
    page = tab(experiment.to_address())
    page.wait(lambda: "of 1 797 training images" in page.text(".images-count"))
    height = page.driver.find_element(By.ID, "panel-surface").size["height"]
    page.play("epoch=3")
    with Run(experiment) as run:
        run.forward(epochs=3)
        predictor = run.material.predictor(run.network_at(run.standing.theta))
        rows, wrong = expected(predictor, run.material.trained, "digit")
    page.wait(lambda: [each[:3] for each in shown(page)] == [
        [f"train-{i}", text, sure] for i, text, sure in rows
    ], "the images at the end, in order")  # fmt: skip
    assert page.text(".images-count").startswith(f"{wrong} wrong")
    assert page.driver.find_element(By.ID, "panel-surface").size["height"] == height


def gallery(p, true, *before, **options):
    """That of probabilities of two classes."""
    p, y = np.array(p)[:, None], np.array(true)[:, None]
    return Gallery.of_rows(ClassTarget(("a", "b")), p, y, *before, **options)


def test_images_stay_in_their_places_as_long_as_the_set_is_the_same():
    first = gallery([0.9, 0.8, 0.7, 0.4], [0, 0, 0, 0])
    assert first.rows[:4].tolist() == [0, 1, 2, -1]
    assert first.rows[WRONG] == 3
    # Their order is another now, the set is not.
    same = gallery([0.6, 0.8, 0.99, 0.1], [0, 0, 0, 0], first)
    assert same.rows.tolist() == first.rows.tolist()
    assert same.sure[:3].tolist() == [0.6, 0.8, 0.99]
    # One is right now, another wrong: it takes the place that is free while the network trains.
    changed = [0.6, 0.3, 0.99, 0.7], [0, 0, 0, 0]
    assert gallery(*changed, first, steady=True).rows[:4].tolist() == [0, 3, 2, -1]
    assert gallery(*changed, first).rows[:4].tolist() == [2, 3, 0, -1]
    # More than there is room for, and a number that is none.
    many = gallery([*np.linspace(0.5, 1, 40), np.nan], [0] * 41)
    assert many.rows[:WRONG].tolist() == list(range(39, 39 - WRONG, -1))
    assert np.isfinite(many.sure).all()
    assert many.of == 41


# --- the pad, by keys ---------------------------------------------------------------------------


def drawn_ink(page):
    """What is on the pad, (112, 112) from 0 to 255."""
    text = page.script(
        "const pad = getElement(Number(document.querySelector('#pad .drawing').id.slice(1)));"
        "const {data} = pad.context.getImageData(0, 0, 112, 112);"
        "return btoa(Array.from(data.filter((_, i) => i % 4 === 0), (v) => "
        "String.fromCharCode(v)).join(''))"
    )
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(112, 112)


def test_a_digit_that_is_drawn_by_keys_is_what_the_library_says_of_the_same_pixels(tab):
    experiment = Experiment("digits", hidden=(32,), activation=("relu",), epochs=12, seed=0)
    with Run(experiment) as run:
        run.forward(epochs=12)
        predictor = run.material.predictor(run.network_at(run.standing.theta))
        raster = Raster.of(run.material, predictor.network)
    page = tab(f"{experiment.to_address()}&epoch=12")
    page.wait(lambda: page.epoch == 12)
    sheet = page.driver.find_element(By.CSS_SELECTOR, ".pad-sheet canvas")
    assert sheet.get_attribute("role") == "application"
    assert "arrow keys" in sheet.get_attribute("aria-label")
    up, down, left, right = Keys.ARROW_UP, Keys.ARROW_DOWN, Keys.ARROW_LEFT, Keys.ARROW_RIGHT
    sheet.send_keys(up * 9)
    assert not drawn_ink(page).any()  # the pen is up
    page.wait(lambda: page.text("#pad [role=status]") == "The pen is up.")
    one = [Keys.SPACE + down * 18, Keys.SPACE]
    sides = (left * 4, down * 3, left * 3, down * 12, right * 3, down * 3, right * 8,
             up * 3, right * 3, up * 12, left * 3, up * 3, left * 4)  # fmt: skip
    zero = [up * 18 + Keys.ENTER, *sides, Keys.ENTER]
    for strokes, digit in ((one, "1"), (zero, "0")):
        for stroke in strokes:
            sheet.send_keys(stroke)
        page.wait(lambda: page.text("#pad [role=status]") == "The pen is up.")
        ink = drawn_ink(page)
        assert ink.any()
        frame = raster.frame(raster.pixels(ink / 255))
        p = predictor.predict_proba(frame)[0]
        page.wait(lambda p=p: (sent := page.payload("#pad .drawing")) and np.allclose(
            sent["probabilities"], p, atol=1e-6), digit)  # fmt: skip
        assert str(predictor.predict(frame)[0]) == digit
        assert page.text(".pad-share.best .pad-name") == digit
        sheet.send_keys(Keys.DELETE if digit == "1" else Keys.ESCAPE)
        page.wait(lambda: not drawn_ink(page).any() and page.text(".pad-share.best") == "")
    assert not page.is_playing  # Space drew


def test_a_table_without_names_of_pixels_has_no_images(browser, studios, tmp_path):
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"a": rng.normal(size=40), "b": rng.normal(size=40)})
    path = tmp_path / "plain.csv"
    frame.with_columns(kind=pl.when(frame["a"] > 0).then(pl.lit("x")).otherwise(pl.lit("y"))
                       ).write_csv(path)  # fmt: skip
    page = Tab(browser, studios(path), "")
    page.wait(lambda: page.payload(".panel-surface .square"), "the plane")
    assert not page.driver.find_elements(By.CSS_SELECTOR, IMAGES)
    browser.open("about:blank")
