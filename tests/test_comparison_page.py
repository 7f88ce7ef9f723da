"""The comparison page is what both libraries do now, and what it rests on does see a difference."""

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import make_comparison  # noqa: E402
import pellucid  # noqa: E402
from comparison import requests, same, sides, surface  # noqa: E402


def test_the_page_is_what_both_libraries_do():
    code = "import make_comparison; print(make_comparison.page(), end='')"
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "docs", capture_output=True, text=True, check=True
    )
    assert made.stdout == make_comparison.PAGE.read_text(), "run python docs/make_comparison.py"


@dataclass(eq=False, repr=False)
class Patient(pellucid.MLPClassifier):
    tol: float = 1e-3


class Bare(pellucid.MLPClassifier):
    def __init__(self, hidden_layer_sizes=(100,)):
        pass


def hasty(**settings):
    return pellucid.MLPClassifier(**settings, learning_rate_init=0.001 * (1 + 1e-6))


@pytest.fixture
def plant(monkeypatch):
    """Puts another classifier in the place of pellucid's."""

    def plant(classifier):
        library = SimpleNamespace(MLPClassifier=classifier, MLPRegressor=pellucid.MLPRegressor)
        monkeypatch.setitem(sides.LIBRARIES, sides.PELLUCID, library)

    return plant


def test_a_default_that_differs_is_seen(plant):
    plant(Patient)
    with pytest.raises(AssertionError, match=r"MLPClassifier's tol: 0\.0001 and 0\.001"):
        surface.parameters()


def test_a_parameter_that_is_missing_is_seen(plant):
    plant(Bare)
    with pytest.raises(AssertionError, match="activation: 'relu' and 'missing'"):
        surface.parameters()


def test_a_course_that_differs_in_its_sixth_digit_is_seen(plant):
    plant(hasty)
    with pytest.raises(AssertionError, match="losses and weights differ by"):
        same.row_of(same.Course("three classes"))


def test_a_line_that_does_not_do_what_was_asked_is_seen(tmp_path):
    wrong = requests.Request("nothing", (), "MLPClassifier().fit(X, y)", "it.n_layers_ == 4")
    with pytest.raises(AssertionError, match=r"not so: it\.n_layers_ == 4"):
        requests.answered(wrong, str(tmp_path / "model"))
    with pytest.raises(NameError):
        requests.answered(wrong._replace(code="MLPClassifer()"), str(tmp_path / "model"))


def test_every_request_is_told_apart_by_its_words_and_cites_numbers_once():
    assert len({request.what for request in requests.REQUESTS}) == len(requests.REQUESTS)
    for request in requests.REQUESTS:
        assert list(request.asked) == sorted(set(request.asked)), request.what


def test_a_row_of_another_length_is_no_row():
    with pytest.raises(ValueError, match="a row has 1 cells, expected 2"):
        sides.table(["a", "b"], [["1"]])


def test_nothing_on_the_page_is_worse_beyond_noise_and_all_data_are_there():
    results = json.loads((make_comparison.RESULTS / "accuracy.json").read_text())
    names = {one["name"].partition(",")[0] for one in results["datasets"]}
    bundled = {"digits", "iris", "wine", "breast_cancer", "diabetes"}
    assert names == bundled | {"adult", "california", "bike"}
    assert not results["missing"]
    for one in results["datasets"]:
        assert one["seeds"] >= 5
        ours, theirs = (one[side]["scores"] for side in ("pellucid", "scikit-learn"))
        gaps = np.subtract(ours, theirs)
        assert one["difference"]["mean"] == pytest.approx(gaps.mean(), abs=1e-12)
        error = gaps.std(ddof=1) / math.sqrt(len(gaps))
        assert one["difference"]["standard_error"] == pytest.approx(error, abs=1e-12)
        assert gaps.mean() >= -max(2 * error, 1e-6), one["name"]
