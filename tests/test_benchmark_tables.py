"""Tables are benchmarked on the same rows for all, and what is missing is named, not left out."""

import doctest
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import table_report
import tables
from process import PeerFailedError
from report import as_text
from table_data import TABLES, Table, divided
from table_scores import calibration_error, ratio, scores
from table_systems import SYSTEMS

NOWHERE = {"lightgbm": "/nowhere/bin/python"}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Where tests run side by side, OpenMP's threads wait for each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def results():
    return tables.run(["iris"], ["single", "lightgbm", "histgb"], 2, 60, 100, NOWHERE)


def test_every_system_is_scored_and_timed_for_each_seed(results):
    (iris,) = results["tables"]
    assert iris["rows"] == [60, 38]
    assert iris["columns"] == [4, 0]
    assert set(iris["systems"]) == {"single", "histgb"}
    for found in iris["systems"].values():
        assert found["seeds"] == [0, 1]
        assert {len(found[what]) for what in tables.MEASURED} == {2}
        assert min(found["fit"] + found["predict"] + found["predict_one"]) > 0.0
        assert max(found["error"]) < 0.3
    assert results["failures"] == []


def test_a_system_that_is_not_installed_is_named_with_its_cure(results):
    assert "pip install 'pellucid[bench]'" in results["missing"]["lightgbm"]
    assert any(line.startswith("MISSING  lightgbm: ") for line in table_report.heading(results))
    assert "MISSING  lightgbm" in table_report.page({"limited": results})


def test_without_lightgbm_errors_stand_by_themselves(results):
    by_title = {table.title: table for table in table_report.tables(results)}
    assert by_title["Error beside LightGBM's"].rows == [("iris", "60 x 4", "-", "-")]
    assert "+-" in by_title["Error"].rows[0][2]
    asked = by_title["What is asked of a bag"]
    assert {row[-1] for row in asked.rows} == {"not measured"}


def made(**systems):
    """A run on adult and bike with the errors of some systems."""
    about = {"real": True, "classes": False, "rows": [10_000, 500], "columns": [3, 1],
             "dropped": {}, "target": "t"}  # fmt: skip
    lists = {
        name: {"seeds": [*range(len(errors))], "error": errors, "fit": [5.0] * len(errors),
               "predict": [1.0], "predict_one": [2e-3]}
        for name, errors in systems.items()
    }  # fmt: skip
    named = {
        name: {"title": SYSTEMS[name].title, "package": "p", "version": "1", "told": "nothing"}
        for name in systems
    }
    machine = {"processor": "P", "cores": 2, "system": "S", "python": "3", "load": 0.0}
    return {
        "machine": machine, "rows": 10_000, "test_part": 0.25, "seeds": 2, "many": 100_000,
        "systems": named, "missing": {}, "failures": [],
        "tables": [{"name": name, "systems": lists} | about for name in ("adult", "bike")],
    }  # fmt: skip


def test_errors_are_set_beside_lightgbm_s_and_the_number_of_seeds_is_said():
    some = made(pellucid=[1.0, 3.0], lightgbm=[2.0, 2.0], mlp=[4.0, 4.0], torch=[1.0])
    first, asked, *_ = table_report.tables(some)
    assert list(first.header)[2:] == [
        "pellucid (2 seeds)", "LightGBM (2 seeds)", "scikit-learn's MLP (2 seeds)",
        "the recipe in PyTorch (1 seed)",
    ]  # fmt: skip
    cells = ("1.000 +- 0.500", "1.000 +- 0.000", "2.000 +- 0.000", "0.500")
    assert first.rows[0] == ("adult", "10 000 x 3, 1 text", *cells)
    assert first.rows[2] == ("geometric mean of 2", "the real tables", "1.000", "1.000", "2.000",
                             "0.500")  # fmt: skip
    verdicts = {(row[0], row[1]): row[-1] for row in asked.rows}
    assert verdicts == {
        ("california", "error, beside LightGBM's"): "not measured",
        ("bike", "error, beside LightGBM's"): "NO",
        ("adult", "error, beside LightGBM's"): "yes",
        ("adult", "log-loss, beside LightGBM's"): "not measured",
        ("adult", "error, beside scikit-learn's MLP's"): "yes",
        ("bike", "error, beside scikit-learn's MLP's"): "yes",
        ("adult", "time for a fit"): "yes",
        ("adult", "time for one row"): "NO",
        ("adult", "time for 100 000 rows"): "yes",
    }
    assert "10 000 x 3" in as_text(first)


def test_the_page_has_both_kinds_of_runs_and_why_columns_are_dropped():
    some, whole = made(pellucid=[1.0, 3.0]), made(pellucid=[2.0]) | {"rows": None}
    for one in some["tables"]:
        one["dropped"] = {"casual": "adds up", "registered": "adds up"}
    page = table_report.page({"limited": some, "whole": whole})
    assert "## Up to 10 000 rows" in page
    assert "## The whole of each table" in page
    assert "Bike is without casual and registered: adds up." in page


def test_a_ratio_over_seeds_is_of_means_with_its_standard_error():
    assert ratio([2.0, 2.0, 2.0], [1.0, 1.0, 1.0]) == (2.0, 0.0)
    value, error = ratio([1.0, 2.0], [0.0, 2.0])  # one seed without any error
    assert value == 1.5
    assert error == pytest.approx(np.std([1.0, -1.0], ddof=1) / np.sqrt(2) / 1.0)
    assert np.isnan(ratio([1.0], [0.0])).all()
    assert np.isnan(ratio([1.0], [])).all()
    assert ratio([1.0, 9.0], [2.0])[0] == 0.5


def test_scores_by_hand():
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]])
    got = scores(True, np.array(["a", "b", "b"]), p, np.array(["a", "b"]))
    assert got["error"] == pytest.approx(1 / 3)
    assert got["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.7]).mean())
    assert got["ece"] == pytest.approx((0.1 + 0.6 + 0.3) / 3)  # a bin each
    assert scores(False, [1.0, 2.0], [4.0, 6.0]) == {"error": pytest.approx(np.sqrt(12.5))}
    certain = np.array([[1.0, 0.0]] * 4)
    assert calibration_error(certain, np.array([0, 0, 1, 1])) == 0.5


def test_rows_are_divided_by_the_seed_and_levels_are_those_of_training():
    names = [f"row {i}" for i in range(121)]
    frame = pd.DataFrame({"c": [*"aaabbb"] * 20 + ["a"], "name": names, "y": [0, 1] * 60 + [0]})
    table = Table("t", "y", True, frame.copy)
    first, again, other = (divided(table, table.frame(), seed, 50) for seed in (0, 0, 1))
    assert first.digest() == again.digest() != other.digest()
    assert (len(first.X), len(first.X_test)) == (50, 31)
    assert first.y.mean() == pytest.approx(0.5, abs=0.03)
    assert set(first.X["name"].cat.categories) == set(first.X["name"])
    assert first.X_test["name"].isna().all()
    assert not first.X_test["c"].isna().any()


def test_real_tables_are_whole_and_without_what_gives_the_answer_away(tabular):
    shapes = {name: TABLES[name].frame().shape for name in ("adult", "california", "bike")}
    assert shapes == {"adult": (48_842, 15), "california": (20_640, 10), "bike": (17_379, 13)}
    adult = TABLES["adult"].frame()
    assert set(adult["income"]) == {"<=50K", ">50K"}
    assert adult["workclass"].isna().sum() == 2_799
    assert (adult.dtypes == "category").sum() == 8


def test_systems_that_had_other_rows_are_found_out():
    class Fake:
        def __init__(self, digest):
            self.digest = digest

        def ask(self, **task):
            return {"digest": self.digest, "rows": [3, 1], "columns": [1, 0], "error": 0.5,
                    "fit": 1.0, "predict": 1.0, "predict_one": 1.0}  # fmt: skip

    same = {"histgb": Fake("a"), "mlp": Fake("a")}
    assert set(tables.measure("iris", same, 1, 9, 9, [])["systems"]) == {"histgb", "mlp"}
    with pytest.raises(PeerFailedError, match="not the same rows"):
        tables.measure("iris", same | {"mlp": Fake("b")}, 1, 9, 9, [])
    slow = tables.measure("iris", {"torch": Fake("a")}, 5, 9, 9, [])
    assert slow["systems"]["torch"]["seeds"] == [0]


def test_a_system_that_fails_is_named_and_the_others_go_on(capsys):
    class Broken:
        def ask(self, **task):
            raise PeerFailedError("mlp on iris: MemoryError")

    failures = []
    done = tables.measure("iris", {"mlp": Broken()}, 1, 9, 9, failures)
    assert done["systems"] == {}
    assert failures == ["mlp on iris: MemoryError"]
    assert "FAILED  mlp on iris" in capsys.readouterr().out


def test_a_table_that_is_not_there_is_named_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path))
    monkeypatch.setattr(tables, "RESULTS", tmp_path / "tables.json")
    words = ["--sets", "bike", "--systems", "histgb", "--quick"]
    assert tables.main(words) == 1
    out = capsys.readouterr().out
    assert "MISSING  bike: no bike-hourly.csv.gz in" in out
    assert "set PELLUCID_DATA" in out
    assert not (tmp_path / "tables.json").exists()


def test_results_are_written_where_asked_beside_the_other_kind_of_run(tmp_path, capsys):
    target, page = tmp_path / "tables.json", tmp_path / "tables.md"
    target.write_text(json.dumps({"whole": made(histgb=[1.0]) | {"rows": None}}))
    words = ["--sets", "iris", "--systems", "histgb", "--quick", "--json", str(target)]
    assert tables.main([*words, "--page", str(page)]) == 0
    assert set(json.loads(target.read_text())) == {"limited", "whole"}
    assert "## The whole of each table" in page.read_text()
    assert "wrote" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--sets cats", "no set is called 'cats'"),
        ("--systems prophet", "no system is called 'prophet'"),
        ("--python torch", "expected NAME=PATH"),
        ("--seeds 0", "expected 1 and 10"),
        ("--whole --rows 100", "leave out --rows"),
    ],
)
def test_a_command_line_that_means_nothing_is_refused(words, said, capsys):
    with pytest.raises(SystemExit) as exit_:
        tables.arguments(words.split())
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "partial"),
    [
        ("", False),
        ("--whole", False),
        ("--seeds 5 --rows 10000 --systems torch,mlp,histgb,lightgbm,single,pellucid", False),
        ("--seeds 4", True),
        ("--rows 9000", True),
        ("--sets iris", True),
        ("--systems mlp", True),
        ("--quick", True),
        ("--whole --seeds 2", True),
    ],
)
def test_only_a_run_of_all_of_it_is_written_by_itself(words, partial):
    assert tables.arguments(words.split()).partial is partial


@pytest.mark.parametrize("name", ["table_scores", "table_report", "table_data", "tables"])
def test_the_examples_of_a_module_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
