"""Accuracy is compared on the same arrays, and a difference is told from noise."""

import doctest
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import accuracy

IRIS = next(problem for problem in accuracy.PROBLEMS if problem.name == "iris")


def test_both_libraries_are_measured_and_agree_on_iris():
    done = accuracy.measure(replace(IRIS, settings={"max_iter": 20}), seeds=2)
    assert (done["rows"], done["inputs"], done["score"]) == (150, 4, "accuracy")
    assert done["pellucid"]["epochs"] == done["scikit-learn"]["epochs"] == [20, 20]
    assert done["pellucid"]["scores"] == done["scikit-learn"]["scores"]
    assert done["difference"]["verdict"] == "same"
    assert "iris" in accuracy.line(done)


def test_rows_are_divided_by_the_seed_and_scaled_by_those_to_train_on():
    (X, y), (X_test, y_test) = accuracy.divided(IRIS, IRIS.frame(), 1)
    assert (X.shape, X_test.shape) == ((112, 4), (38, 4))
    np.testing.assert_allclose(X.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=0), 1.0)
    assert sorted(np.unique(y)) == sorted(np.unique(y_test))
    again = accuracy.divided(IRIS, IRIS.frame(), 1)[0]
    np.testing.assert_array_equal(X, again[0])
    other = accuracy.divided(IRIS, IRIS.frame(), 2)[0]
    assert (other[0] != X).any()


def test_targets_of_regression_are_standardised_and_leaks_dropped(tabular):
    bike = next(problem for problem in accuracy.PROBLEMS if problem.name == "bike")
    frame = bike.frame()
    (X, y), _ = accuracy.divided(bike, frame, 0)
    assert X.shape[1] == frame.width - 1 - len(bike.drop)
    assert y.mean() == pytest.approx(0.0, abs=1e-12)
    assert y.std() == pytest.approx(1.0)


def test_adult_is_both_its_files_with_two_classes(tabular):
    adult = next(problem for problem in accuracy.PROBLEMS if problem.name == "adult")
    frame = adult.frame()
    assert frame.height == 32_561 + 16_281
    assert sorted(frame[adult.target].unique()) == ["<=50K", ">50K"]


def test_a_worse_score_is_told_from_noise_and_from_rounding():
    assert accuracy.compare([0.7, 0.8, 0.9], [0.8, 0.9, 1.0])["verdict"] == "worse"
    assert accuracy.compare([0.7, 0.9, 0.8], [0.8, 0.7, 0.9])["verdict"] == "same"
    assert accuracy.compare([0.7, 0.9, 0.8], [0.7 + 1e-9, 0.9 + 1e-9, 0.8 + 1e-9])["within_noise"]


def test_data_that_are_not_there_are_named_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PELLUCID_DATA", str(tmp_path))
    monkeypatch.setattr(accuracy, "RESULTS", tmp_path / "accuracy.json")
    assert accuracy.main(["--only", "california", "--seeds", "2"]) == 1
    out = capsys.readouterr().out
    assert "MISSING  california: no california-housing.csv.gz in" in out
    assert "set PELLUCID_DATA" in out
    assert not (tmp_path / "accuracy.json").exists()


def test_results_are_written_where_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(accuracy, "PROBLEMS", [replace(IRIS, settings={"max_iter": 5})])
    target = tmp_path / "accuracy.json"
    assert accuracy.main(["--seeds", "2", "--json", str(target)]) == 0
    assert [one["name"] for one in json.loads(target.read_text())["datasets"]] == ["iris"]


@pytest.mark.parametrize(
    ("words", "said"), [("--only cats", "no data set has 'cats'"), ("--seeds 1", "expected 2")]
)
def test_a_command_line_that_means_nothing_is_refused(words, said, capsys):
    with pytest.raises(SystemExit) as exit_:
        accuracy.main(words.split())
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


def test_its_examples_run():
    assert doctest.testmod(accuracy).failed == 0
