"""`pellucid explain --why` and `--importance`: bars that add up, other forms, refusals."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import pellucid
from pellucid.attribution import attribute
from pellucid.subject import subject_of


@pytest.fixture
def trained(run, table):
    assert run("train", table, "--target", "kind", "--epochs", 5, "--out", "m.st", "-q").code == 0
    return "m.st", table


def test_why_prints_a_bar_for_each_column_of_a_row(run, trained):
    model, table = trained
    text = run("explain", model, table, "--row", 3, "--why").out
    assert "integrated gradients" in text.splitlines()[0]
    assert re.search(r"^colour = blue +[+-]0\.\d+  [+-]+$", text, re.M)
    assert max(map(len, text.splitlines())) <= 80
    by_name = run("explain", model, "--row", "colour=blue,length=0.5,price=99", "--why").out
    assert "length = 0.5" in by_name


def test_why_is_what_attribute_says(run, trained):
    model, table = trained
    for method in ("integrated-gradients", "gradient_x_input", "gradient"):
        given = ("--row", 3, "--why", "--method", method, "--output", "big", "--json")
        (row,) = run("explain", model, table, *given).json["rows"]
        subject = subject_of(model)
        X, _ = subject.divide(pellucid.tables.read_table(table))
        found = attribute(model, X[2:3], method.replace("-", "_"), output="big")
        assert row["explained"] == "big"
        np.testing.assert_allclose(row["values"], found.values[0])


def test_importance_is_of_the_columns_of_a_table(run, trained):
    model, table = trained
    lines = run("explain", model, table, "--importance").out.splitlines()
    assert lines[0].startswith("accuracy 0.")
    assert {line.split()[0] for line in lines[1:]} == {"length", "colour", "price"}
    document = run("explain", model, table, "--importance", "--json").json
    assert document["scoring"] == "accuracy"


def test_bars_are_a_page_too(run, trained):
    model, table = trained
    for option in (("--row", 1, "--why"), ("--importance",)):
        code = run("explain", model, table, *option, "--form", "html", "--out", "w.html").code
        assert code == 0
        page = Path("w.html").read_text()
        assert run("explain", model, table, *option, "--out", "v.html").code == 0
        assert Path("v.html").read_text() == page
        assert page.startswith("<!doctype html>")
        assert "length" in page


def test_what_cannot_be_asked_is_refused(run, trained):
    model, table = trained
    rows = "a,b,c"
    for words, said in (
        (("--why",), "which row"), (("--importance",), "give DATA"),
        (("--row", rows, "--why", "--importance"), "one of them"),
        ((table, "--row", 1, "--why", "--form", "markdown"), "text, html, json"),
        ((table, "--row", 1, "--why", "--method", "lime"), "integrated_gradients"),
        ((table, "--row", 1, "--why", "--output", "huge"), "no class"),
        ((table, "--row", 1, "--why", "--target", "big"), "--target"),
    ):  # fmt: skip
        result = run("explain", model, *words)
        assert (result.code, result.out) == (2, ""), words
        assert said in result.err, result.err
        assert len(result.err.splitlines()) == 1


def test_of_several_numbers_one_is_asked_for_and_counted_from_1_as_in_the_explanation(run):
    network = pellucid.Network([2, 3], seed=0)
    network.save("three.safetensors")
    asked = ("explain", "three.safetensors", "--row", "1,2")
    assert "--output 1 to 3" in run(*asked, "--why").err
    for output in ("0", "4", "last"):
        refused = run(*asked, "--why", "--output", output)
        assert refused.code == 2
        assert f"--output is '{output}': expected the number to explain, 1 to 3" in refused.err
    (row,) = run(*asked, "--why", "--output", 3, "--json").json["rows"]
    assert row["explained"] == "y3"
    assert row["output"] == pytest.approx(network.predict([1.0, 2.0])[2])
    (z3,) = [line for line in run(*asked).out.splitlines() if line.startswith("  z3 = ")]
    assert float(z3.split(" = ")[-1]) == pytest.approx(row["output"], rel=1e-3)
    (alone,) = attribute(network, [1.0, 2.0], output=2).explained
    assert alone == row["explained"]


def test_digits_fit_a_screen(run):
    run("train", "digits", "--epochs", 2, "-q")
    result = run("explain", "model.safetensors", "digits", "--row", 5, "--why")
    assert len(result.out.splitlines()) <= 20
    assert json.loads(run("explain", "model.safetensors", "digits", "--row", 5, "--why",
                          "--json").out)["of"] == "probability"  # fmt: skip
