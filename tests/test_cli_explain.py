"""`pellucid explain`: a row of a model file on the command line, in each form, and mistakes."""

import json
import os
import pty
import re
import subprocess
import sys

import numpy as np
import polars
import pytest

import pellucid
from pellucid import MLPClassifier, Network, Predictor, Recipe, datasets
from printed import assert_adds_up

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def by_hand(tmp_path):
    """The network of the published walk-through, in a file."""
    network = Network([2, 3, 1], "sigmoid", "sigmoid", bias=False)
    network.weights = [[[0.2, 0.6, 0.1], [0.8, 0.7, 0.7]], [[0.4], [0.5], [0.9]]]
    network.save(tmp_path / "by_hand.safetensors")
    return network


@pytest.fixture
def exam(tmp_path):
    fit = Predictor.fit(
        datasets.load("exam").table(), None, Recipe(hidden=(3,), settings={"epochs": 5})
    )
    fit.predictor.save(tmp_path / "exam.safetensors")
    return fit.predictor


def test_the_published_walk_through_is_reproduced_with_its_own_weights(run, by_hand):
    made = run("explain", "by_hand.safetensors", "--row", "2,9", "--digits", "9")
    assert (made.code, made.err) == (0, "")
    for line in (
        "z1 = (2 * 0.2) + (9 * 0.8) = 7.6",
        "z2 = (2 * 0.6) + (9 * 0.7) = 7.5",
        "z3 = (2 * 0.1) + (9 * 0.7) = 6.5",
        "a1 = sigmoid(7.6) = 0.999499799",
        "a2 = sigmoid(7.5) = 0.999447221",  # the page that it comes from has another number
        "a3 = sigmoid(6.5) = 0.998498818",
        "z1 = (0.999499799 * 0.4) + (0.999447221 * 0.5) + (0.998498818 * 0.9) = 1.79817247",
        "a1 = sigmoid(1.79817247) = 0.857926325",
    ):
        assert f"\n  {line}\n" in made.out
    assert "0.857926" in run("explain", "by_hand.safetensors", "--row", "2,9", "--digits", "6").out
    assert assert_adds_up(made.out, 9) == 9


def test_with_a_target_the_loss_the_way_back_and_the_update_follow(run, by_hand):
    arguments = ("explain", "by_hand.safetensors", "--row", "2,9", "--target", "0.92")
    made = run(*arguments, "--learning-rate", "0.5", "--digits", "8")
    assert assert_adds_up(made.out, 8) > 25
    by_hand.train_step([2, 9], [0.92], learning_rate=0.5, solver="sgd")
    for name, array in by_hand.parameters.items():
        for place, value in np.ndenumerate(array):
            index = ",".join(str(i + 1) for i in place)
            assert re.search(
                rf"\n  new {re.escape(name)}\[{index}\] = .* = {value:.8g}\n", made.out
            )
    assert "rate 0.1: new = old" in run(*arguments).out


def test_a_row_of_a_table_brings_its_own_target(run, exam):
    made = run("explain", "exam.safetensors", "exam", "--row", "1", "--backward")
    assert "  score: y1 = 92 / 100 = 0.92\n" in made.out
    assert made.out == f"{pellucid.explaining.explain(exam, [2, 9], 92)}\n"
    asked = run("explain", "exam.safetensors", "exam", "--row", "1", "--learning-rate", "0.1")
    assert asked.out == made.out
    other = run("explain", "exam.safetensors", "exam", "--row", "1", "--target", "50").out
    assert "  score: y1 = 50 / 100 = 0.5\n" in other
    by_name = run("explain", "exam.safetensors", "--row", "hours slept=9,hours studied=2").out
    assert by_name == run("explain", "exam.safetensors", "--row", "2,9").out
    polars.DataFrame({"hours studied": [2.0, 4.0], "hours slept": [9.0, 8.0]}).write_csv("new.csv")
    assert run("explain", "exam.safetensors", "new.csv", "--row", "1").out == by_name
    polars.DataFrame(
        {"hours studied": [2.0, 4.0], "hours slept": [9.0, 8.0], "score": [None, 3.0]}
    ).write_csv("gaps.csv")
    assert run("explain", "exam.safetensors", "gaps.csv", "--row", "1").out == by_name


def test_a_row_of_a_table_says_whether_the_answer_is_right_and_how_to_see_the_way_back(run, exam):
    forward = run("explain", "exam.safetensors", "--row", "2,9").out
    made = run("explain", "exam.safetensors", "exam", "--row", "1").out
    assert made.startswith(forward)
    verdict, hint = made.removeprefix(forward).splitlines()
    told = float(pellucid.explaining.explain(exam, [2, 9]).by_key["answer.score"].value)
    off, side = re.fullmatch(
        r"  right score = 92, so the answer is (\S+) too (low|high)", verdict
    ).groups()
    assert float(off) == pytest.approx(abs(told - 92), rel=1e-3)
    assert side == ("high" if told > 92 else "low")
    assert "--backward" in hint
    document = run("explain", "exam.safetensors", "exam", "--row", "1", "--json").json
    assert document["sections"][-1]["lines"][-1]["value"] == 92
    assert "--backward" not in str(document)
    lost = run("explain", "exam.safetensors", "--row", "2,9", "--backward")
    assert lost.code == 2
    assert "give --target, or DATA with the column 'score'" in lost.err


def test_a_digits_model_fits_a_screen_and_all_of_it_is_there_for_the_asking(run, tmp_path):
    digits = datasets.load("digits")
    model = MLPClassifier((100,), max_iter=3, random_state=0).fit(digits.X, digits.y)
    pellucid.save(model, tmp_path / "digits.safetensors")
    row = ",".join(f"{value:g}" for value in digits.X[16])
    lines = run("explain", "digits.safetensors", "--row", row).out.splitlines()
    assert len(lines) <= 50
    assert max(map(len, lines)) <= 120
    given = run("explain", "digits.safetensors", "digits", "--row", "17")
    assert given.out.startswith("\n".join(lines))
    right = model.predict(digits.X[16:17])[0] == digits.y[16]
    verdict = f'right target = "{digits.y[16]}", so the answer is {"right" if right else "wrong"}'
    assert verdict in given.out.splitlines()[-2]
    assert len(given.out.splitlines()) == len(lines) + 2
    back = run("explain", "digits.safetensors", "digits", "--row", "17", "--backward").out
    assert back.startswith("\n".join(lines))
    assert f'for target is "{digits.y[16]}"' in back
    assert len(back.splitlines()) <= 75
    assert assert_adds_up(back, 4) > 35
    whole = run("explain", "digits.safetensors", "--row", row, "--all").out
    assert " more" not in whole
    assert len(whole.splitlines()) > 220
    some = run("explain", "digits.safetensors", "--row", row, "--units", "3", "--terms", "2").out
    assert "... and 98 more units" in some
    assert " from 63 more" in some


def test_the_forms_go_to_standard_output_or_to_a_file(run, by_hand):
    arguments = ("explain", "by_hand.safetensors", "--row", "2,9")
    made = run(*arguments, "--json")
    assert made.out == run(*arguments, "--form", "json").out
    z = [line["value"] for line in made.json["sections"][0]["lines"] if ".z" in line["key"]]
    assert z == by_hand.trace([2, 9]).z[0][0].tolist()
    text = run(*arguments).out
    for form in ("text", "markdown", "html", "json"):
        assert run(*arguments, "--form", form, "--out", f"made.{form}").out == ""
        with open(f"made.{form}", encoding="utf-8") as file:
            assert file.read() == run(*arguments, "--form", form).out
    with open("made.text", encoding="utf-8") as file:
        assert file.read() == text
    for name, form in (("a.html", "html"), ("a.md", "markdown"), ("a.json", "json"), ("a", "text")):
        assert run(*arguments, "--out", name).code == 0
        with open(name, encoding="utf-8") as file, open(f"made.{form}", encoding="utf-8") as same:
            assert file.read() == same.read()
    assert json.loads(made.out)["title"].startswith("Network 2 -> 3 sigmoid")


def test_a_terminal_gets_colours_and_the_same_letters(run, by_hand, tmp_path):
    text = run("explain", "by_hand.safetensors", "--row", "2,9").out
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pellucid", "explain", "by_hand.safetensors", "--row", "2,9"]
    terminal = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "40"}
    terminal.pop("NO_COLOR", None)
    process = subprocess.Popen(command, stdout=theirs, cwd=tmp_path, env=terminal)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait() == 0
    coloured = shown.decode().replace("\r\n", "\n")
    assert "\x1b[1" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--row", "2"], "the row has 1 value and the model takes 2 columns"),
        (["--row", "2,9,1"], "the row has 3 values and the model takes 2 columns"),
        (["--row", "2,much"], "column 'hours slept' is given as 'much': expected a number"),
        (["--row", "hours=2"], "the row has 1 value and the model takes 2 columns"),
        ([], 'which row? Give --row "hours studied,hours slept", or DATA and --row NUMBER'),
        (["exam"], "--row is missing: expected the number of a row of exam, from 1 to 3"),
        (["exam", "--row", "4"], "--row is '4': expected the number of a row of exam, from 1 to 3"),
        (["exam", "--row", "0"], "--row is '0': expected the number of a row of exam"),
        (["exam", "--row", "2,9"], "--row is '2,9': expected the number of a row of exam"),
        (["iris", "--row", "1"], "hours studied"),
        (["exma", "--row", "1"], "did you mean exam?"),
        (["--row", "2,9", "--target", "good"], "the target is 'good': expected a number"),
        (["--row", "2,9", "--network", "2"], "network is 2: the model has one network"),
        (["--row", "2,9", "--learning-rate", "0.1"], "need the right answer: give --target"),
        (
            ["--row", "2,9", "--target", "1", "--learning-rate", "-1"],
            "learning_rate is -1.0: expected",
        ),
        (["--row", "2,9", "--target", "1e400"], "the target is '1e400': expected a finite number"),
        (["--row", "2,9", "--form", "pdf"], "unknown form 'pdf'"),
        (["--row", "2,9", "--form", "html", "--json"], "--json and --form html are two forms"),
        (["--row", "2,9", "--digits", "0"], "--digits"),
        (["--row", "2,9", "--out", "exam.safetensors"], "it is read by this command"),
        (["--row", "2,9", "--out", "no/where.html"], "cannot write to 'no/where.html'"),
    ],
)
def test_a_mistake_is_told_in_one_line(run, exam, arguments, message):
    made = run("explain", "exam.safetensors", *arguments)
    assert made.code == 2
    assert made.out == ""
    assert message in made.err
    assert made.err.count("\n") == 1


def test_an_unknown_class_is_refused_and_a_known_one_taken_as_text(run, tmp_path):
    iris = datasets.load("iris")
    names = np.array(["setosa", "versicolor", "virginica"])[iris.y]
    for labels, good in ((names, "virginica"), (iris.y, "2")):
        model = MLPClassifier((4,), max_iter=3, random_state=0).fit(iris.X, labels)
        pellucid.save(model, tmp_path / "iris.safetensors")
        arguments = ("explain", "iris.safetensors", "--row", "5.1,3.5,1.4,0.2", "--target")
        made = run(*arguments, good)
        assert f'y3 = 1, for target is "{good}"; 0 of all others' in made.out
        assert assert_adds_up(made.out, 4) > 40
        wrong = run(*arguments, "rose")
        assert wrong.code == 2
        assert "the target is 'rose': expected one of" in wrong.err


def test_what_is_no_model_file_is_refused(run):
    assert "no model file 'missing.safetensors'" in run("explain", "missing.safetensors").err
