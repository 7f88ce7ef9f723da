"""Exported JSON: the model bit for bit when it is read back, and its answers in JavaScript."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import pellucid
from pellucid import MLPClassifier, Network, Predictor, Recipe, datasets
from pellucid.activations import ACTIVATIONS
from pellucid.export import translate
from pellucid.export.plain import from_dict, to_dict
from pellucid.export.program import CATEGORY
from pellucid.tables import Table, read_table

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

READER = Path(__file__).resolve().parents[1] / "docs" / "pellucid.js"
FILES = {
    "adult": ("adult.data.gz", "column_15"),
    "california": ("california-housing.csv.gz", "median_house_value"),
    "bike": ("bike-hourly.csv.gz", "cnt"),
}
ROWS, FIRST = 1000, 1500  # to compare on, and before them to train on


@cache
def fitted(folder, name, kind):
    """A model, and rows that it has not seen."""
    if name == "digits":
        digits = datasets.load("digits")
        model = MLPClassifier((20,), max_iter=10, random_state=0).fit(digits.X, digits.y)
        return model, digits.X[:ROWS]
    file, target = FILES[name]
    rows = read_table(folder / file).frame.sample(ROWS + FIRST, seed=0)
    if kind == "plain":
        recipe = Recipe(settings={"epochs": 3})
        model = Predictor.fit(Table(rows[:FIRST]), target, recipe).predictor
    else:
        estimator = pellucid.TabularClassifier if name == "adult" else pellucid.TabularRegressor
        settings = {"hidden_layer_sizes": (16, 8), "bag": 2, "min_steps": 30, "bins": 6}
        model = estimator(**settings, random_state=0).fit(rows[:FIRST], target)
    return model, rows[FIRST:].drop(target)


MODELS = [("digits", "plain"), *((name, kind) for name in FILES for kind in ("plain", "bag"))]


@pytest.fixture(scope="module")
def node():
    """The program that runs JavaScript; it must be there, or the reader of the docs is untried."""
    found = shutil.which("node")
    assert found, "no node on this machine: install Node.js, whose `node` runs docs/pellucid.js"
    return found


CODE = """
const { load, predict } = require(process.argv[1]);
const { readFileSync } = require("fs");
const model = load(JSON.parse(readFileSync(process.argv[2], "utf8")));
const rows = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(rows.map((row) => predict(model, row))));
"""


def in_node(node, path, rows):
    done = subprocess.run(
        [node, "-e", CODE, READER, path],
        input=json.dumps(rows), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows_of(program, columns):
    """Rows as JavaScript has them."""
    plain = {
        column.name: [text or None for text in columns[column.name]]
        if column.kind == CATEGORY
        else [None if x != x else x for x in np.asarray(columns[column.name]).tolist()]
        for column in program.columns
    }
    return [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]


def strictly(text):
    """JSON, in which NaN and Infinity are not."""

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_it_reads_back_bit_for_bit_and_has_the_models_answers(tabular, tmp_path, name, kind):
    model, rows = fitted(tabular, name, kind)
    made = pellucid.export_json(model, tmp_path / "m.json")
    text = made.path.read_text()
    assert made.size == len(text.encode())
    program, read = translate(model).program, from_dict(strictly(text))
    assert read.columns == program.columns
    assert read.numbers == program.numbers
    assert (read.cells, read.marked, read.categories) == (
        program.cells, program.marked, program.categories
    )  # fmt: skip
    assert (read.answer, read.target_name) == (program.answer, program.target_name)
    columns = translate(model).take(rows)
    assert read.run(columns).tobytes() == program.run(columns).tobytes()
    again = pellucid.export_json(model, tmp_path / "again.json").path
    assert again.read_bytes() == made.path.read_bytes()


@pytest.mark.parametrize(("name", "kind"), MODELS)
def test_javascript_gives_the_models_answers(tabular, tmp_path, node, name, kind):
    model, rows = fitted(tabular, name, kind)
    path = pellucid.export_json(model, tmp_path / "m.json").path
    translation, fields = translate(model), strictly(path.read_text())
    examples = fields["examples"]
    columns = translation.take(rows)
    given = examples["rows"] + rows_of(translation.program, columns)
    found = in_node(node, path, given)
    real = translation.answers(columns)
    own = np.vstack([examples["answers"], real])
    answers = np.array([one.get("probabilities", one.get("numbers")) for one in found])
    assert len(real) == ROWS
    assert np.abs(answers - own).max() <= 1e-6 * max(1.0, np.abs(own).max())
    if "labels" in examples:
        labels = [*examples["labels"], *translation.program.labels(real)]
        assert [one["label"] for one in found] == labels


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_javascript_has_every_activation(tmp_path, node, dtype):
    X = np.random.default_rng(0).normal(size=(20, 3)) * 3
    for name in ACTIVATIONS:
        model = Network([3, 5, 2], name, dtype=dtype, seed=0)
        path = pellucid.export_json(model, tmp_path / "m.json").path
        found = [one["numbers"] for one in in_node(node, path, X.tolist())]
        np.testing.assert_allclose(found, model.predict(X), rtol=1e-5, atol=1e-6)


def test_javascript_says_what_is_wrong(tmp_path, node):
    path = pellucid.export_json(Network([2, 1], seed=0), tmp_path / "m.json").path
    for row, said in (({"x1": 1}, "the row has no x2"), ({"x1": 1, "x2": "a"}, "x2 is a")):
        with pytest.raises(AssertionError, match=said):
            in_node(node, path, [row])
    path.write_text('{"pellucid_program": 2}')
    with pytest.raises(AssertionError, match="not a program of version 1"):
        in_node(node, path, [])


def test_what_is_no_program_is_refused():
    fields = to_dict(translate(Network([2, 1], seed=0)).program)
    with pytest.raises(ValueError, match="pellucid_program is 2: expected 1"):
        from_dict(fields | {"pellucid_program": 2})
    for name in set(fields) - {"pellucid_program"}:
        with pytest.raises(ValueError, match="this program is damaged"):
            from_dict({key: value for key, value in fields.items() if key != name})
