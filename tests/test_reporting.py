"""A report states what scikit-learn counts, on one page that any browser opens as it is."""

import base64
import json
import re
from html.parser import HTMLParser

import numpy as np
import polars
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_absolute_error, r2_score

from pellucid import (
    MLPClassifier,
    MLPRegressor,
    Network,
    TabularClassifier,
    TabularRegressor,
    datasets,
    load,
    save,
)
from pellucid.held_out import as_in_training
from pellucid.reporting import model_card, report
from pellucid.reporting.html import bars
from pellucid.subject import subject_of
from pellucid.tables import read_table

HOSTILE = "<script>alert(1)</script>"
QUICK = {"bag": 2, "max_epochs": 2, "min_steps": 1, "hidden_layer_sizes": (16,), "random_state": 0}


class Page(HTMLParser):
    """The headings, pictures and tables of a page, and every tag that is never closed."""

    def __init__(self, text):
        super().__init__()
        self.levels, self.alts, self.scripts, self.heads = [], [], 0, 0
        self.ids, self.links, self.addresses = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if re.fullmatch(r"h\d", tag):
            self.levels.append(int(tag[1]))
        if tag == "img":
            self.alts.append(given["alt"])
        self.scripts += tag == "script"
        self.heads += tag == "th" and given.get("scope") in ("col", "row")
        self.ids += [given["id"]] if "id" in given else []
        for name in ("src", "srcset", "href"):
            address = given.get(name)
            if address is not None:
                (self.links if address.startswith("#") else self.addresses).append(address)


@pytest.fixture(scope="module")
def iris():
    return datasets.load("iris")


@pytest.fixture(scope="module")
def of_iris(iris):
    model = MLPClassifier(solver="lbfgs", hidden_layer_sizes=(8,), random_state=0)
    return model.fit(iris.X, iris.y)


@pytest.fixture(scope="module")
def iris_report(iris, of_iris):
    return report(of_iris, iris.X, iris.y, data="iris", use="To tell three irises apart.")


def test_scores_are_those_of_scikit_learn_with_a_guess_beside_them(iris, of_iris, iris_report):
    made = iris_report.quality.to_dict()
    (scores,) = made["scores"].values()
    p = of_iris.predict_proba(iris.X)
    assert scores["metrics"]["accuracy"] == accuracy_score(iris.y, of_iris.predict(iris.X))
    assert scores["metrics"]["log_loss"] == pytest.approx(log_loss(iris.y, p))
    f1 = [each["f1"] for each in made["by_class"]["classes"].values()]
    assert f1 == pytest.approx(f1_score(iris.y, of_iris.predict(iris.X), average=None).tolist())
    (guessed,) = made["baseline"]["scores"].values()
    assert guessed["metrics"]["accuracy"] == pytest.approx(1 / 3)
    assert guessed["metrics"]["log_loss"] == pytest.approx(np.log(3))


def test_numbers_are_judged_against_their_mean(iris):
    X, y = iris.X[:, :3], iris.X[:, 3]
    model = MLPRegressor(solver="lbfgs", hidden_layer_sizes=(), alpha=0.0, max_iter=2000)
    made = report(model.fit(X, y), X, y).quality
    (scores,) = ({s.name: s.value for s in each} for each in made.scores.values())
    linear = LinearRegression().fit(X, y).predict(X)
    assert scores["r2"] == pytest.approx(r2_score(y, linear), abs=1e-4)
    assert scores["mae"] == pytest.approx(mean_absolute_error(y, linear), abs=1e-3)
    (guessed,) = ({s.name: s.value for s in each} for each in made.guessed.values())
    assert guessed["r2"] == pytest.approx(0.0, abs=1e-12)
    assert guessed["mae"] == pytest.approx(np.abs(y - y.mean()).mean())


def test_several_numbers_have_scores_each_and_must_be_as_many_as_predicted(iris):
    X, Y = iris.X[:, :2], iris.X[:, 2:]
    model = MLPRegressor(solver="lbfgs", hidden_layer_sizes=(3,), random_state=0, max_iter=5000)
    model.fit(X, Y)
    made = report(model, X, Y)
    assert len(made.quality.scores) == 2
    assert "the first of 2" in made.headline
    with pytest.raises(ValueError, match="1 numbers a row and the model predicts 2"):
        report(model, X, Y[:, 0])
    with pytest.raises(ValueError, match="expected one for each row"):
        report(model, X, Y[:-1])


def test_the_page_is_whole_ordered_and_says_its_pictures_in_words(iris_report):
    text = iris_report.to_html()
    page = Page(text)
    assert text.startswith("<!doctype html>\n<html lang=")
    assert page.levels[:2] == [1, 2]
    steps = np.diff(page.levels)
    assert page.levels.count(1) == 1
    assert steps.max() == 1, "a level of headings is left out"
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)
    assert all(address.startswith("data:") for address in page.addresses)
    assert len(page.alts) == len(iris_report.pictures) >= 6
    assert all(any(figure.isdigit() for figure in alt) for alt in page.alts)
    assert page.heads > 20


def test_the_row_that_is_explained_is_followed_step_by_step_too(iris, of_iris, iris_report):
    step = iris_report.step
    told = of_iris.predict(iris.X[:1])[0]
    assert step.lines[-2].value == f'"{told}"'
    right = "right" if told == iris.y[0] else "wrong"
    assert step.lines[-1].note == f"so the answer is {right}"
    assert {section.part for section in step.sections} == {"forward", "answer"}
    html = iris_report.to_html()
    page = Page(html)
    assert len(page.ids) == len({*page.ids})
    assert {link[1:] for link in page.links} <= {*page.ids}
    assert sum(place.startswith("n") and "-" in place for place in page.ids) == len(step.lines)
    assert html.count('<div class="step">') == 1
    wide = MLPClassifier((9,) * 9, max_iter=2, random_state=0)
    with pytest.warns(ConvergenceWarning):
        wide.fit(iris.X, iris.y)
    long = report(wide, iris.X, iris.y)
    assert long.step is None
    assert '<div class="step">' not in long.to_html()


def test_what_is_on_the_page_is_in_the_document_for_programs_too(iris_report):
    made = json.loads(json.dumps(iris_report.to_dict()))
    assert made["quality"]["rows"] == 150
    assert len(made["importance"]["columns"]) == 4
    assert made["why"]["rows"][0]["gap"] == pytest.approx(0.0, abs=1e-6)
    assert {"confusion", "calibration", "network", "gradients"} <= set(made["pictures"])
    assert made["card"]["use"] == "To tell three irises apart."
    assert set(made["diagnosis"]["examined"]) > {"dead units", "saturated units"}
    assert iris_report.headline in str(iris_report)
    assert "<main>" not in iris_report._repr_html_()


def test_the_same_rows_make_the_same_page(iris, of_iris, iris_report):
    again = report(of_iris, iris.X, iris.y, data="iris", use="To tell three irises apart.")
    assert again.to_html() == iris_report.to_html()


def test_more_rows_than_asked_for_are_drawn_from_and_it_is_said(iris, of_iris):
    made = report(of_iris, iris.X, iris.y, rows=60)
    assert made.quality.rows == 60
    assert made.notes[0].startswith("Of 150 rows, 60 were drawn at random")
    with pytest.raises(ValueError, match="row is 150: expected 0"):
        report(of_iris, iris.X, iris.y, row=150)


def test_a_page_is_written_whole_or_not_at_all(tmp_path, iris_report):
    with pytest.raises(ValueError, match=r"does not end in \.html"):
        iris_report.save(tmp_path / "page.txt")
    iris_report.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == iris_report.to_html()
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_names_and_classes_that_are_html_are_shown_as_they_are(task, browser, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=120)
    frame = polars.DataFrame(
        {HOSTILE: x, "a\"b'&c": np.where(x > 1, HOSTILE, "</style><b>"), "z": rng.normal(size=120)}
    )
    path = tmp_path / "model.safetensors"
    if task == "classification":
        y = np.where(x + frame["z"].to_numpy() > 0, HOSTILE, "<img src=x onerror=alert(1)>")
        save(TabularClassifier(**QUICK).fit(frame, y), path)
    else:
        y = x + 1.0
        save(TabularRegressor(**QUICK).fit(frame, y), path)
    made = report(path, frame, y, data=HOSTILE, use=HOSTILE)
    text = made.to_html()
    assert Page(text).scripts == 0
    assert "onerror=alert(1)>" not in text.replace("&gt;", "")
    made.save(tmp_path / "page.html")
    browser.open(tmp_path / "page.html")
    assert browser.console == []
    assert browser.requests == [(tmp_path / "page.html").as_uri()]
    assert HOSTILE in browser.driver.find_element("tag name", "main").text
    assert (
        browser.driver.find_elements(
            "css selector", "main b:not(.tiles b):not(p b):not(.step b.value)"
        )
        == []
    )
    card = made.card.to_markdown().partition("## How to load it")[0]
    assert HOSTILE not in card
    assert r"\<script\>" in card


def test_a_card_tells_what_the_file_does_and_makes_nothing_up(tmp_path, of_iris):
    path = tmp_path / "iris.safetensors"
    save(of_iris, path)
    card = model_card(path)
    assert card.use is None
    assert "Not stated." in card.to_markdown()
    assert card.model["parameters"] == "67"  # (4 + 1) 8 + (8 + 1) 3
    assert card.file["size"] == f"{path.stat().st_size:,} bytes"
    assert len(card.file["digest"].split()[1]) == 64
    assert card.versions["numpy"] == np.__version__
    assert [column.missing for column in card.columns] == ["refused"] * 4
    namespace = {}
    code = card.load.replace("'iris.safetensors'", repr(str(path))).replace("model.predict(X)", "")
    exec(code, namespace)
    X = datasets.load("iris").X
    assert (namespace["model"].predict(X) == of_iris.predict(X)).all()
    unsaved = model_card(Network([2, 1], seed=0), use="none")
    assert unsaved.file == {}
    assert "says how it was trained" in unsaved.training["known"]


def test_a_card_says_how_each_column_is_scaled(table, run):
    run(
        "train",
        table,
        "--target",
        "kind",
        "--preset",
        "plain",
        "--epochs",
        2,
        "--out",
        "m.safetensors",
    )
    subject = subject_of("m.safetensors")
    columns = {column.name: column for column in model_card("m.safetensors").columns}
    assert columns["colour"].values == "blue, green, red"
    assert columns["colour"].becomes == "3 inputs of 0 or 1"
    assert columns["length"].missing.endswith(", with a mark")
    number = next(each.number for each in subject.inputs if each.name == "length")
    found = re.fullmatch(r"\(x ([−+]) (.*)\) / (.*)", columns["length"].becomes)
    shift = float(found[2]) * (1 if found[1] == "−" else -1)
    assert shift == pytest.approx(number.shift, rel=1e-3)
    assert float(found[3]) == pytest.approx(1 / number.factor, rel=1e-3)
    assert "learnt from" in model_card("m.safetensors").training["rows"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, tabular):
    """The whole tables of adult, with names, and of California, and of digits, and models."""
    folder = tmp_path_factory.mktemp("whole")
    frame = read_table(tabular / "adult.data.gz").frame
    frame.columns = [f"column {i}" for i in range(1, 15)] + ["income"]
    frame.write_csv(folder / "adult.csv")
    return folder


@pytest.mark.parametrize(
    ("data", "size", "options"),
    [
        ("adult", 2e6, ["--bag", 2, "--max-time", 4]),
        ("california", 2.5e6, ["--bag", 2, "--max-time", 4, "--target", "median_house_value"]),
        ("digits", 2.5e6, ["--epochs", 10]),
    ],
)
def test_reports_on_real_data_open_without_an_error_and_load_nothing(
    data, size, options, whole, tabular, run, browser, tmp_path
):
    paths = {"adult": whole / "adult.csv", "california": tabular / "california-housing.csv.gz"}
    path = paths.get(data, data)
    assert run("train", path, *options, "--out", "m.safetensors").code == 0
    result = run("report", "m.safetensors", path, "--out", "page.html", "--card", "card.md")
    assert result.code == 0, result.err
    page = tmp_path / "page.html"
    assert page.stat().st_size < size
    for dark in (False, True):
        browser.open(page, dark=dark)
        assert browser.console == []
        assert browser.requests == [page.as_uri()]
        for width in (480, 800, 1280, 1920):
            browser.resize(width)
            assert browser.wider == 0, width
        shown = browser.driver.execute_script(
            "return [...document.images].map(i => [i.complete, i.naturalWidth, i.currentSrc])"
        )
        assert all(complete and width > 100 for complete, width, _ in shown)
        ground = browser.driver.execute_script(
            "return getComputedStyle(document.documentElement).backgroundColor"
        )
        lightness = np.mean([int(part) for part in re.findall(r"\d+", ground)[:3]])
        assert (lightness < 60) if dark else (lightness > 240)
    browser.print(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").stat().st_size > 20_000
    text = browser.driver.find_element("tag name", "main").text
    assert result.out.splitlines()[0] in text.replace("\n", " ")
    assert (tmp_path / "card.md").read_text().startswith("# Model card")


def test_the_command_says_what_is_missing(run, table):
    run(
        "train",
        table,
        "--target",
        "kind",
        "--preset",
        "plain",
        "--epochs",
        2,
        "--out",
        "m.safetensors",
    )
    assert "does not end in .html" in run("report", "m.safetensors", table, "--out", "x.pdf").err
    same = run("report", "m.safetensors", table, "--out", "m.safetensors")
    assert same.code == 2
    bare = table.with_name("bare.csv")
    polars.read_csv(table).drop("kind").write_csv(bare)
    assert "--target" in run("report", "m.safetensors", bare).err
    made = run("report", "m.safetensors", table, "--json", "--use", "To try it.").json
    assert made["written"] == ["report.html"]
    assert made["card"]["use"] == "To try it."


def test_the_headline_is_of_rows_that_the_model_has_not_seen(run):
    assert run("train", "digits", "--epochs", 3, "-q").code == 0
    digits = datasets.load("digits").table()
    halves = as_in_training(subject_of("model.safetensors"), "model.safetensors", digits)
    (X, y), known = halves.unseen, load("model.safetensors").about
    made = run("report", "model.safetensors", "digits", "--json").json
    assert len(y) == known["rows"]["test"]
    assert f"On {len(y)} rows of digits that it has not seen it is right" in made["headline"]
    (scores,) = made["quality"]["scores"].values()
    right = accuracy_score(y.astype(str), load("model.safetensors").predict(X).astype(str))
    assert scores["metrics"]["accuracy"] == pytest.approx(right)
    assert scores["metrics"]["accuracy"] == pytest.approx(known["metrics"]["accuracy"])
    assert made["diagnosis"]["test_rows"] == len(y)
    assert not any("known" in note for note in made["notes"])


def test_where_it_is_not_known_whether_rows_are_new_the_page_says_so(iris_report):
    assert "It is not known whether the model has learnt" in " ".join(iris_report.notes)
    assert "has not seen" not in iris_report.headline


def test_one_row_is_one_row_and_nothing_is_shuffled(iris, of_iris):
    made = report(of_iris, iris.X[:1], iris.y[:1])
    assert "On 1 row it is right" in made.headline
    assert made.importance is None


def test_bars_of_losses_go_to_the_left_of_one_line():
    made = bars(("a", "b", "c"), [("x", "", "", 3.0), ("y", "", "", -1.0)], "")
    spans = re.findall(r"(more|less)\" style=\"margin-left:([\d.]+)%;width:([\d.]+)%", made)
    assert spans == [("more", "25.0", "75.0"), ("less", "0.0", "25.0")]


def test_pictures_have_their_natural_size_and_the_page_its_title(iris_report):
    page = iris_report.to_html()
    for each in iris_report.pictures:
        if each.light.startswith("data:image/svg"):
            svg = base64.b64decode(each.light.partition(",")[2]).decode()
            width, unit = re.search(r'<svg[^>]* width="([\d.]+)(pt)?"', svg).groups()
            assert each.width == pytest.approx(float(width) * (96 / 72 if unit else 1), abs=1)
        assert f'width="{each.width}" height="{each.height}"' in page
    assert f"<title>{iris_report.title}</title>" in page
    how_good, leans_on = page.split('id="importance"')
    assert "was shuffled" in leans_on
    assert "shuffled" not in how_good


def test_a_network_that_was_never_trained_has_learnt_from_no_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    made = report(Network([4, 3, 1], seed=0), X, X[:, 0] * 2)
    assert "underfitting" in {each.name for each in made.diagnosis.findings} | {
        *made.diagnosis.skipped
    }
    assert "it has learnt from" not in made.to_html()
