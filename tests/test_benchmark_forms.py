"""Sizes and times of a model's forms are measured, and the page shows what was written down."""

import json
import sys
from pathlib import Path

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import forms
import pellucid
from pellucid.export import translate


@pytest.fixture
def task(tmp_path):
    rows = pl.DataFrame({"a": [0.5, 1.5, 2.5, 4.0] * 10, "b": ["x", "it's", "x", None] * 10})
    settings = {"hidden_layer_sizes": (5,), "bag": 2, "min_steps": 5, "random_state": 0}
    model = pellucid.TabularClassifier(**settings).fit(rows, ["p", "q"] * 20)
    translation = translate(model)
    columns = translation.take(rows)
    first = {name: list(items)[: forms.EXAMPLES] for name, items in columns.items()}
    return forms.Task(forms.Model(model, "a small one", rows), translation, first, tmp_path, 0.02)


@pytest.mark.parametrize("form", forms.FORMS)
def test_every_form_has_a_size_and_a_time(task, form):
    found = forms.FORMS[form](task)
    assert 500 < found.size < 100_000
    assert 1e-9 < found.seconds < 1.0
    assert (found.flash or 500) < found.size


def test_what_is_missing_is_a_stroke_in_the_table():
    form, second, *others = forms.FORMS
    one = {"title": "t", "parameters": 3, "dtype": "float32"}
    results = {
        "machine": {"processor": "P", "system": "S", "python": "3", "load": 0.0},
        "models": {
            "m": one
            | {
                "forms": {
                    form: {"bytes": 1500, "seconds": 2e-6, "flash": None},
                    second: {"bytes": 8000, "seconds": 1e-3, "flash": 3100},
                }
            }
        },
    }
    table = forms.table(results)
    assert table.header == ["form", "m, KB", "m, a row"]
    first = [[form, "2", "2 us"], [second, "8 (3)", "1 ms"]]
    assert table.rows == [*first, *([other, "-", "-"] for other in others)]


def test_the_page_shows_the_results_that_are_kept():
    results = json.loads(forms.RESULTS.read_text())
    page = forms.PAGE.read_text()
    assert set(results["models"]) == set(forms.MODELS)
    assert results["missing"] == {}
    assert forms.written(page, results) == page
    with pytest.raises(ValueError, match="to write between"):
        forms.written("no marks", results)
