"""Data of one's own in the studio: files, good and hostile, pasted text, drawn points, models."""

import gzip
import io
import pickle
import zipfile
from functools import cache

import numpy as np
import polars as pl
import pytest
from selenium.webdriver import ActionChains

from pellucid import (
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    Recipe,
    TabularClassifier,
    datasets,
    load,
    save,
)
from pellucid.studios.continuing import Opened
from pellucid.studios.drawn import DrawnPoints
from pellucid.studios.experiment import Experiment
from pellucid.studios.facts import facts_of, number
from pellucid.studios.given import MOST_UNPACKED, table_given
from pellucid.studios.panels.giving import waits_for
from pellucid.studios.run import Run
from pellucid.studios.selection import Selection
from pellucid.studios.session import Session
from pellucid.studios.shelf import Shelf
from pellucid.tables import Table, read_table
from studio_tab import Tab


def give(page, path):
    page.driver.find_element("css selector", "#uploader input[type=file]").send_keys(str(path))


def words(page):
    return page.text("#words")


def show(page, title):
    for each in page.driver.find_elements("css selector", ".q-tab"):
        if each.text.strip() == title:
            each.click()


# --- good ones ----------------------------------------------------------------------------------


def test_a_table_with_gaps_and_text_is_learnt_and_told(tab, table):
    page = tab("data=moons&epochs=20&hidden=5&activation=tanh")
    give(page, table)
    page.wait(lambda: words(page).startswith("things.csv"))
    assert page.said == ""
    assert page.text("#about-data") == "120 rows of 4 columns"
    assert page.text("#features") == "3 of 3"
    page.click("choose-features")
    page.wait(lambda: "things" not in page.said and "11" in page.text("#columns"))
    lines = page.text("#columns").split("\n")
    assert any(line.split()[:3] == ["length", "number", "11"] for line in lines)
    assert any("colour" in line and "text" in line for line in lines)
    assert "missing" in page.text("#first-rows")
    page.play("epoch=20")
    experiment = Experiment(hidden=(5,), epochs=20)
    fit = Predictor.fit(read_table(table), recipe=experiment.recipe())
    shown = page.payload(".panel-curves .drawing")["lines"][0]
    assert float(shown[-1]) == float(np.float32(fit.history.loss[-1]))
    page.driver.find_element("css selector", "[aria-label='Learn from colour']").click()
    page.wait(lambda: "features=length,price" in page.query)
    page.wait(lambda: page.text("#features") == "2 of 3")
    before = page.query
    page.driver.get(page.driver.current_url)
    page.wait_until_shown()
    assert page.query == before
    assert words(page).startswith("things.csv")


@pytest.mark.parametrize("ending", ["parquet", "npz", "csv.gz"])
def test_other_kinds_of_files_are_read_too(tab, tmp_path, ending):
    iris, path = datasets.load("iris"), tmp_path / f"flowers.{ending}"
    frame = iris.table().frame
    if ending == "parquet":
        frame.write_parquet(path)
    elif ending == "npz":
        np.savez(path, X=iris.X, y=iris.y)
    else:
        path.write_bytes(gzip.compress(frame.write_csv().encode()))
    page = tab()
    give(page, path)
    page.wait(lambda: words(page).startswith(f"flowers.{ending}: 112 rows"))
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)


def test_a_column_without_any_value_is_told_of_and_the_rest_is_learnt(tab, tmp_path):
    path = tmp_path / "gaps.csv"
    path.write_text("a,b,y\n" + "".join(f"{i},,{i * 2}\n" for i in range(30)))
    page = tab("data=moons&epochs=4")
    give(page, path)
    page.wait(lambda: words(page).startswith("gaps.csv"))
    page.play("epoch=4")
    assert page.epoch == 4
    assert page.said == ""


def test_text_is_pasted(tab):
    page = tab()
    page.click("paste")
    field = page.wait(lambda: page.driver.find_elements("css selector", "#pasted"))[0]
    rows = "\n".join(f"{i}\t{i * i}" for i in range(12))
    page.script(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))",
        field, f"side\tarea\n{rows}",
    )  # fmt: skip
    page.wait(lambda: page.script("return document.activeElement !== null"))
    ActionChains(page.driver).pause(0.5).perform()
    page.click("take-pasted")
    page.wait(lambda: "Predicts area" in words(page))


# --- hostile ones -------------------------------------------------------------------------------


class Opener:
    def __reduce__(self):
        return open, ("/tmp/pellucid-pickle-was-run", "w")


def zipped(**members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return made.getvalue()


@cache
def bomb():
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f8", "fortran_order": False, "shape": (2**26, 1)}
    )
    return zipped(X=head.getvalue() + bytes(MOST_UNPACKED), y=b"")


def of_objects():
    made = io.BytesIO()
    np.savez(made, X=np.array([Opener()], object), y=np.array([1]))
    return made.getvalue()


def wide_parquet():
    made = io.BytesIO()
    pl.DataFrame({"x": np.zeros(1_200_000, np.int8)}).write_parquet(made)
    return made.getvalue()


HOSTILE = {
    "bomb.npz": (bomb, "unpacks to"),
    "bomb.csv.gz": (lambda: gzip.compress(bytes(MOST_UNPACKED + 2**20), 1), "unpacks to more"),
    "twice.csv.gz": (lambda: gzip.compress(gzip.compress(b"a,b\n1,2\n")), "packed twice"),
    "model.pkl": (lambda: pickle.dumps(Opener()), "pickle"),
    "objects.npz": (of_objects, "allow_pickle"),
    "noise.csv": (lambda: np.random.default_rng(0).bytes(50_000), "binary file"),
    "cut.parquet": (lambda: wide_parquet()[:-50], "damaged"),
    "long.parquet": (wide_parquet, "1,200,000 rows"),
    "wide.csv": (lambda: b"a" + b",1" * 6000 + b"\n", "6,001 columns"),
    "name.csv": (lambda: b"x" * 3000 + b",y\n1,2\n3,4\n", "letters"),
    "ragged.csv": (lambda: b"a,b\n1,2\n3,4\n5\n6,7\n8,9\n", "line 4"),
    "nothing.csv": (lambda: b"", "empty"),
    "bad.safetensors": (lambda: bytes([40, 0, 0, 0, 0, 0, 0, 0]) + b"{" + b"x" * 60, ""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(name):
    make, said = HOSTILE[name]
    data = make()
    with pytest.raises(ValueError, match=name) as error:
        (Opened.given if name.endswith("safetensors") else table_given)(data, name)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert "/tmp" not in str(error.value)


def test_hostile_files_are_one_message_each_and_the_page_lives(tab, tmp_path):
    page = tab("data=xor&hidden=3&activation=tanh&epochs=50")
    for name in ("bomb.npz", "model.pkl", "objects.npz", "noise.csv", "bad.safetensors"):
        path = tmp_path / name
        path.write_bytes(HOSTILE[name][0]())
        give(page, path)
        page.wait(lambda name=name: name in page.said, name)
        assert words(page).startswith("xor")
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(100 * 2**20)
    give(page, large)
    page.wait(lambda: "more than 50 MB" in page.said)
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)


def test_scripts_and_formulas_in_a_table_are_words(tab, tmp_path):
    evil = '<img src=x onerror="window.evil=1"><script>window.evil=1</script>'
    frame = pl.DataFrame(
        {
            evil: np.arange(40.0),
            "=cmd|'/c calc'!A1": ["=1+1", "@SUM(A1)"] * 20,
            '"><b>kind': ["</td><script>window.evil=1</script>", "b"] * 20,
        }
    )
    path = tmp_path / "evil.csv"
    frame.write_csv(path)
    page = tab("tab=rows")
    give(page, path)
    page.wait(lambda: words(page).startswith("evil.csv"))
    page.wait(lambda: "=1+1" in page.text("#first-rows"))
    assert "<script>" in page.text("#first-rows")
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)
    assert page.script("return window.evil ?? null") is None
    assert (
        page.script("return document.querySelectorAll('main script, main img, main b').length") == 0
    )


# --- drawn points -------------------------------------------------------------------------------


def trail(page, x, y):
    pad = page.driver.find_element("id", "sketchpad")
    chain = ActionChains(page.driver, duration=60)
    chain.move_to_element_with_offset(pad, x, y).click_and_hold()
    for step in (40, 40, 40):
        chain.move_by_offset(step, 0)
    chain.release().perform()


def test_points_are_drawn_and_a_link_has_them(tab):
    page = tab("epochs=30&hidden=4&batch_size=8")
    page.click("draw")
    page.wait(lambda: page.driver.find_elements("id", "sketchpad") and page.text("#drawn-count"))
    ActionChains(page.driver).pause(0.4).perform()
    trail(page, -100, -100)
    page.wait(lambda: page.text("#drawn-count") == "4 points")
    assert not page.driver.find_element("id", "learn-drawn").is_enabled()
    page.click("pad-class-C")
    trail(page, -100, 100)
    page.wait(lambda: page.text("#drawn-count") == "8 points")
    page.click("pad-erase")
    trail(page, -60, 100)
    page.wait(lambda: page.text("#drawn-count") == "5 points")
    page.click("pad-undo")
    page.wait(lambda: page.text("#drawn-count") == "8 points")
    page.click("pad-clear")
    page.wait(lambda: page.text("#drawn-count") == "0 points")
    page.click("pad-undo")
    page.wait(lambda: page.text("#drawn-count") == "8 points")
    page.click("learn-drawn")
    page.wait(lambda: "data=drawn-" in page.query)
    page.play("epoch=30")
    experiment = Experiment.from_address(page.query)
    sketch = DrawnPoints.read(experiment.data)
    assert [k for _, _, k in sketch.points] == [0] * 4 + [2] * 4
    x, y, _ = np.array(sketch.places()).T
    assert np.diff(x[:4]).min() > 0.05
    assert np.ptp(y[:4]) == 0
    assert y[0] > 0 > y[-1]
    fit = Predictor.fit(sketch.table(), recipe=experiment.recipe())
    shown = page.payload(".panel-curves .drawing")["lines"][0]
    assert float(shown[-1]) == float(np.float32(fit.history.loss[-1]))
    before = page.query
    page.driver.get(page.driver.current_url)
    page.wait_until_shown()
    page.wait(lambda: page.query == before)
    again = page.payload(".panel-curves .drawing")["lines"][0]
    assert again[-1] == shown[-1]


@pytest.mark.parametrize("text", ["drawn-A", "drawn-Zaaaa", "drawn-A" + "é" * 4, "drawn-"])
def test_damaged_points_in_an_address_are_one_message(tab, text):
    page = tab(f"data={text}")
    assert "draw" in page.said
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)


# --- models -------------------------------------------------------------------------------------


def test_a_model_is_opened_and_trained_on(tab, tmp_path):
    table = datasets.load("iris").table()
    recipe = Recipe(hidden=(6,), activation=("tanh",), settings={"epochs": 5}, validation=0.0)
    model = Predictor.fit(table, recipe=recipe).predictor
    path = tmp_path / "flowers.safetensors"
    model.save(path)
    page = tab("data=moons")
    give(page, path)
    page.wait(lambda: page.text("#goes-on") == "Goes on from flowers.safetensors")
    assert words(page).startswith("iris")
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)
    experiment = Experiment.from_address(page.query)
    opened = Opened.of(load(path), path.name)
    material = opened.material(experiment, None)
    with Run(experiment, material, model.network.theta) as run:
        run.forward(epochs=1)
        expected = float(np.float32(run.history.loss[0]))
    page.wait(lambda: len(page.payload(".panel-curves .drawing")["lines"][0]) == 2)
    assert float(page.payload(".panel-curves .drawing")["lines"][0][1]) == expected
    page.click("leave-model")
    page.wait(lambda: "model" not in page.query and page.epoch == 0)


def test_the_command_line_opens_a_model_that_then_waits_for_its_data(studios, browser, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = (X.sum(axis=1) > 0).astype(int)
    names = ["a", "b", "c"]
    frame = pl.DataFrame(X, schema=names).with_columns(high=pl.Series(y))
    model = MLPClassifier(
        solver="lbfgs", hidden_layer_sizes=(3,), activation="tanh", random_state=0
    )
    model.fit(frame.select(names), y)
    save(model, tmp_path / "model.safetensors")
    frame.write_csv(tmp_path / "data.csv")
    studio = studios(tmp_path / "model.safetensors")
    page = Tab(browser, studio)
    browser.open(studio.url)
    page.wait_until_shown()
    assert page.text("#goes-on") == "model.safetensors waits for its data"
    assert "'a', 'b', 'c'" in page.said
    page.driver.find_element("css selector", ".banner [aria-label^='Put']").click()
    page.wait(lambda: not page.said)
    page.driver.find_element("css selector", "[aria-label='Which data it waits for']").click()
    page.wait(lambda: "'a', 'b', 'c'" in page.said)
    page.script(  # what asks for a file is not opened, as no driver could close it
        "document.querySelector('.uploader input[type=file]')"
        ".addEventListener('click', (event) => { event.preventDefault(); window.asked = true; })"
    )
    page.click("banner-button")
    page.wait(lambda: page.script("return window.asked"), "the chooser of files")
    give(page, tmp_path / "data.csv")
    page.wait(lambda: not page.said)
    page.wait(lambda: page.text("#goes-on").startswith("Goes on from model.safetensors"))
    page.click("one-epoch")
    page.wait(lambda: page.epoch == 1)
    assert browser.console == []


@pytest.mark.parametrize(
    ("answers", "others", "why"),
    [
        ([True, False], [0, 1], "the classes 'False', 'True'"),
        ([0, 1], np.linspace(0, 2, 60), "the classes '0', '1'"),
        (np.linspace(0, 2, 60), ["yes", "no"], "'a', 'b', and a column of numbers to predict"),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_model_waits_for_answers_that_it_knows(answers, others, why):
    X = pl.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), schema=["a", "b"])
    shelf = Shelf()

    def put(answers):
        answered = X.with_columns(k=pl.Series(np.resize(answers, 60)))
        return shelf.put(Table(answered, target="k"), "answers.csv")

    kind = MLPRegressor if len(answers) > 2 else MLPClassifier
    model = kind(hidden_layer_sizes=(3,), max_iter=5, random_state=0)
    opened = Opened.of(model.fit(X, np.resize(answers, 60)), "model.safetensors")
    session = Session(shelf)
    session.change(data=put(others))
    before = session.run
    session.open(opened)
    assert session.waiting is opened
    assert session.run is before
    assert why in waits_for(opened)
    session.change(data=put(answers))
    assert session.opened is opened
    assert np.array_equal(session.run.start, opened.network.theta)
    session.close()


def test_a_network_of_three_classes_waits_for_as_many():
    shelf = Shelf()
    session = Session(shelf, "data=moons")
    opened = Opened.of(Network([2, 3, 3], output_activation="softmax", seed=0), "three.safetensors")
    session.open(opened)
    assert session.waiting is opened
    assert "2 columns of numbers, and a column of 3 classes" in waits_for(opened)
    table = Table(pl.DataFrame({"a": range(30), "b": range(30), "k": ["x", "y", "z"] * 10}))
    session.change(data=shelf.put(table, "three.csv"))
    assert session.opened is opened
    session.close()


def test_an_input_is_told_as_the_table_has_it(table):
    shelf = Shelf()
    digest = shelf.put(read_table(table), "things.csv")
    session = Session(shelf, "")
    session.change(data=digest, target="kind")
    trained = session.material.trained
    gap = trained["length"].is_null().arg_max()
    session.set("row", f"train-{gap}")
    names = session.material.encoder.feature_names
    row, x = trained.row(gap, named=True), session.material.X[gap]

    def told(name):
        at = names.index(name)
        facts = dict(facts_of(session.view(), Selection("unit", 0, at))["facts"])
        assert facts["as the network gets it"] == number(x[at])
        return facts[f"in row {gap + 1} of training"]

    assert told("length") == told("length missing") == "missing"
    assert told("price") == number(row["price"])
    assert {told(f"colour={each}") for each in ("red", "green", "blue")} == {row["colour"]}
    session.close()


def test_a_bag_is_refused_in_one_line(run, tmp_path):
    iris = datasets.load("iris")
    frame = iris.table().frame
    made = TabularClassifier(random_state=0).fit(frame.drop("species")[::3], frame["species"][::3])
    save(made, tmp_path / "bag.safetensors")
    result = run("studio", tmp_path / "bag.safetensors", "--port", 0, "--no-browser")
    assert result.code == 2
    assert "bag of networks" in result.err
    assert len(result.err.strip().split("\n")) == 1
