"""`pellucid plot` draws each kind of picture that fits a model, and says why another does not."""

import json

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from pellucid import MLPClassifier, MLPRegressor, Network, datasets, save
from pellucid import plots as displays
from pellucid.counts import counted
from pellucid.pictures import (
    ANSWERS,
    NO_MODEL,
    NOTHING,
    PICTURES,
    Scene,
    fitting,
    length,
    picture,
    taken,
    words,
)
from pellucid.subject import subject_of

STARTS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
TABLES = ["--bag", 2, "--max-time", 1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models of three kinds, as files: of digits, of numbers, and of two columns."""
    folder = tmp_path_factory.mktemp("models")
    digits = datasets.load("digits")
    model = MLPClassifier(hidden_layer_sizes=(12,), max_iter=8, random_state=0, early_stopping=True)
    with pytest.warns(ConvergenceWarning):
        model.fit(digits.X, digits.y)
    save(model, folder / "digits.safetensors")
    diabetes = datasets.load("diabetes")
    numbers = MLPRegressor(
        hidden_layer_sizes=(6,), loss="quantile", quantile=[0.1, 0.5, 0.9], max_iter=50,
        target_scaling="standard", learning_rate_init=0.01, random_state=0,
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning):
        numbers.fit(diabetes.table().frame.drop("progression"), diabetes.y)
    save(numbers, folder / "diabetes.safetensors")
    moons = datasets.load("moons")
    model = MLPClassifier(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=2000)
    save(model.fit(moons.X, moons.y), folder / "moons.safetensors")
    return folder


def test_every_display_of_the_package_is_drawn_by_a_kind_of_picture():
    ours = {name for name in displays.__all__ if name.endswith("Display") and name != "Display"}
    assert {each.display for each in PICTURES.values()} == ours


def test_without_a_kind_all_kinds_are_listed(run):
    text = run("plot").out
    listed = run("plot", "--json").json
    assert [each["kind"] for each in listed] == list(PICTURES)
    assert all(each["kind"] in text and each["shows"] in text for each in listed)
    assert {each["needs"] for each in listed} == {
        "MODEL", "MODEL DATA", "MODEL DATA with answers", "no model"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["digits", "diabetes", "moons"])
def test_all_pictures_that_fit_a_model_are_drawn_and_the_others_say_why_not(name, folder, run):
    path = folder / f"{name}.safetensors"
    scene = Scene(subject_of(path))
    fit = {each.name for each in fitting(scene)}
    assert {"network", "activations", "gradients", "validation-curve"} <= fit
    assert ("confusion" in fit) == (name != "diabetes")
    assert ("weights" in fit) == (name == "digits")
    assert ("quantiles" in fit) == (name == "diabetes")
    for kind, each in PICTURES.items():
        if each.needs == NO_MODEL or kind == "validation-curve":
            continue
        rows = [] if each.needs == NOTHING else [name]
        result = run("plot", kind, path, *rows, "--out", f"{kind}.svg", "--json")
        if kind in fit:
            assert result.code == 0, result.err
            assert result.json["written"] == f"{kind}.svg"
            assert any(letter.isdigit() for letter in result.json["words"])
        else:
            assert result.code == 2
            assert result.err.startswith(f"pellucid: no {kind} of this model: ")
            assert "what fits it: loss-curve" in result.err or "fits it: errors" in result.err
            assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("ending", STARTS)
def test_a_picture_is_of_the_kind_and_theme_that_was_asked_for(ending, folder, run, tmp_path):
    words = ["plot", "confusion", folder / "digits.safetensors", "digits"]
    pages = {}
    for theme in ("light", "dark"):
        run(*words, "--out", f"{theme}.{ending}", "--theme", theme)
        pages[theme] = (tmp_path / f"{theme}.{ending}").read_bytes()
        assert pages[theme].startswith(STARTS[ending])
    assert pages["light"] != pages["dark"]
    assert "light or dark" in run(*words, "--theme", "blue").err
    assert ".png, .svg or .pdf" in run(*words, "--out", "picture.gif").err


def test_the_words_of_a_confusion_matrix_are_its_numbers(folder, run):
    digits = datasets.load("digits")
    model = subject_of(folder / "digits.safetensors")
    right = int(np.sum(model.predict(digits.X) == digits.y))
    said = run("plot", "confusion", folder / "digits.safetensors", "digits").out
    assert said.startswith(f"{right:,} of 1,797 rows in 10 classes are right")


def test_options_choose_columns_rows_and_settings(folder, run):
    path = folder / "diabetes.safetensors"
    said = run("plot", "boundary", path, "diabetes", "--features", "bmi, bp").out
    assert "bmi from" in said
    assert "bp from" in said
    said = run("plot", "quantiles", path, "diabetes", "--features", "s5").out
    assert "where s5 is" in said
    plain = run("plot", "network", path, "--out", "a.svg")
    with_row = run("plot", "network", path, "diabetes", "--row", 3, "--out", "b.svg")
    assert plain.code == with_row.code == 0
    small = folder / "moons.safetensors"
    over = run("plot", "validation-curve", small, "moons", "--over", "alpha=0.001,10").out
    assert "of 2 values, alpha 0.001 is best" in over


def test_whatever_is_missing_or_wrong_is_one_line_with_its_cure(folder, run):
    path = folder / "digits.safetensors"
    wrong = {
        ("confuson", path): "did you mean confusion?",
        ("confusion",): "needs MODEL DATA with answers",
        ("confusion", path): "needs MODEL DATA with answers",
        ("network", path, "--row", 1): "--row",
        ("network", path, "digits", "--row", 5000): "--row is 5000: digits has the rows 1 to 1797",
        ("network", path, "digits", "--row", 0): "--row",
        ("confusion", path, "digits", "--over", "alpha=1"): "--over is not for confusion",
        ("validation-curve", path, "digits", "--over", "foo=1,2"): "'foo' is no setting",
        ("moons", path): "needs no MODEL",
        ("boundary", path, "digits", "--features", "x1,nothing"): "nothing",
        ("boundary", path, "digits", "--features", "x1,x2,x3"): "two columns",
        ("validation-curve", path, "digits", "--over", "alpha"): "alpha=0,0.01",
        ("confusion", path, "digits", "--target", "nothing"): "'nothing'",
    }
    for given, said in wrong.items():
        result = run("plot", *given)
        assert result.code == 2, given
        assert said in result.err, (given, result.err)
        assert len(result.err.splitlines()) == 1


def test_rows_are_counted_from_one(folder, run, tmp_path):
    subject = subject_of(folder / "diabetes.safetensors")
    X, _ = subject.divide(datasets.load("diabetes").table())
    displays.NetworkDisplay.from_estimator(subject, X[:1]).save("first.svg")
    run(
        "plot", "network", folder / "diabetes.safetensors", "diabetes", "--row", 1, "--out", "1.svg"
    )
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "first.svg").read_bytes()


def test_answers_are_judged_by_rows_that_the_model_has_not_seen(run):
    assert run("train", "iris", "--epochs", 20, "--seed", 3, "-q").code == 0
    counts = subject_of("model.safetensors").model.about["rows"]
    drawn = run("plot", "confusion", "model.safetensors", "iris", "--json")
    assert drawn.json["rows"] == counts["test"] < 150
    assert f"and {counts['test']} to test on, of which these alone are drawn" in drawn.err
    assert run("plot", "activations", "model.safetensors", "iris", "--json").json["rows"] == 150


def test_an_answer_that_cannot_be_the_model_s_is_one_line(folder, run):
    save(Network([4, 3, 1], seed=0), "net.safetensors")
    result = run("report", "net.safetensors", "iris")
    assert result.code == 2
    assert "column 'species' holds 'setosa' and the model predicts numbers" in result.err
    iris = datasets.load("iris")
    model = MLPClassifier(solver="lbfgs", hidden_layer_sizes=(5,), random_state=0, alpha=0.01)
    save(model.fit(iris.X, iris.y), "codes.safetensors")
    for kind in ("confusion", "boundary"):
        result = run("plot", kind, "codes.safetensors", "iris")
        assert result.code == 2
        assert "holds 'setosa' and the model tells apart 0, 1, 2" in result.err


def test_a_target_has_its_name_on_axes_where_the_model_knows_none(folder, run):
    path = folder / "diabetes.safetensors"
    table = datasets.load("diabetes").table()
    subject = subject_of(path)
    X, y = subject.divide(table, "progression")
    scene = Scene(subject, X, y)
    assert "progression" in picture("errors").draw(scene, "light").ax_.get_ylabel()
    assert picture("boundary").draw(scene, "light").target_name == "progression"


def test_words_are_of_one_row_or_of_several_and_of_numbers_as_people_write_them():
    assert counted(1, "row") == "1 row"
    shown = displays.ConfusionMatrixDisplay(
        np.array([[5, 1], [0, 2000]]), display_labels=["a", "b"]
    )
    assert words.of_confusion(shown).endswith("most often wrong: 1 row of a taken for b")
    off = displays.PredictionErrorDisplay.from_predictions(
        [100_000.0, 300_000.0, 500_000.0], [120_000.0, 290_000.0, 500_000.0]
    )
    assert "less than 10,000 off" in words.of_prediction_error(off)
    assert "20,000 below the prediction" in words.of_residuals(off)


def test_two_moons_need_no_model(run, tmp_path):
    result = run("plot", "regularisation", "--out", "strip.png", "--json")
    assert result.code == 0
    assert "lambda 10" in json.loads(result.out)["words"]
    assert (tmp_path / "strip.png").stat().st_size > 10_000


def test_rows_are_taken_of_any_table_and_a_picked_row_stays_the_one():
    import pandas
    import polars

    X, places = np.arange(12.0).reshape(6, 2), np.array([4, 0])
    kinds = [X, pandas.DataFrame(X), polars.DataFrame(X), X.tolist(), {"a": X[:, 0].tolist()}]
    for table in kinds:
        assert length(table) == 6
        assert length(taken(table, places)) == 2
    assert taken(polars.DataFrame(X), places).to_numpy().tolist() == X[places].tolist()
    subject = subject_of(MLPClassifier(hidden_layer_sizes=(2,), solver="lbfgs").fit(X, [0, 1] * 3))
    scene = Scene(subject, X, np.array([0, 1] * 3), row=5).some(2)
    assert scene.rows == 2
    assert scene.one.tolist() == [[10.0, 11.0]]
    assert picture("gradients").needs == ANSWERS
