"""Model files of every format there has been are read as on the day they were written."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.pipeline import Pipeline

import pellucid
from pellucid import Network, Predictor, model_file

FOLDER = Path(__file__).parent / "data"
FILES = sorted(FOLDER.glob("format-*/*.safetensors"))
TO_THE_BIT = {"network", "predictor", "estimator", "pipeline"}
"""What computes with +, -, *, / and the engine's own functions alone, the same on each machine."""


def asked(model, question, rows):
    """The answers of a model to rows as they are in the file beside it."""
    if isinstance(model, Network):
        rows = np.array(rows, model.theta.dtype)
    elif isinstance(rows, dict) and isinstance(model, Predictor | Pipeline):
        rows = pl.DataFrame(rows)
    answers = getattr(model, question)(rows)
    return np.hstack(answers) if isinstance(answers, list) else answers


def test_each_format_has_files():
    versions = [int(folder.name.partition("-")[2]) for folder in FOLDER.glob("format-*")]
    assert sorted(versions) == list(range(1, model_file.FORMAT_VERSION + 1))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_file_of_an_older_format_gives_the_answers_it_gave(path, each_engine):
    saved = json.loads(path.with_suffix(".json").read_text())
    model = pellucid.load(path)
    assert f"format-{model_file.read(path)[1]['format_version']}" == path.parent.name
    exactly = path.stem.partition("-")[0] in TO_THE_BIT and each_engine == "native"
    for question, expected in saved["answers"].items():
        answers = asked(model, question, saved["rows"])
        if exactly or answers.dtype.kind not in "f":
            assert answers.tolist() == expected
        else:
            in_float32 = answers.dtype == np.float32 or "tabular" in path.stem
            tolerance = 1e-5 if in_float32 else 1e-12
            np.testing.assert_allclose(answers, expected, rtol=tolerance, atol=tolerance)
