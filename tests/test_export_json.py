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
from pellucid.delimited import MISSING
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


TRIED = """
const { load, predict } = require(process.argv[1]);
const [program, rows] = JSON.parse(require("fs").readFileSync(0, "utf8"));
const odd = { NaN, Infinity, "-Infinity": -Infinity };
const model = load(program);
console.log(JSON.stringify(rows.map((row) => {
  try { return predict(model, row?.odd ? { ...row, x: odd[row.odd] } : row).numbers[0]; }
  catch (error) { return `${error.name}: ${error.message}`; }
})));
"""


def tried(node, rows, **more):
    """What is made of each row by a network whose only answer is its input, or what is said.

    The only column is `x`, and absent values are 7.
    """
    one = Network([1, 1], seed=0)
    layer = {"W": [[1.0]], "b": [0.0], "activation": "identity"}
    fields = to_dict(translate(one).program) | {"networks": [[layer]]}
    fields["columns"] = [{"name": "x", "kind": "number"} | more]
    fields["numbers"] = [{"column": 0, "absent": 7.0}]
    done = subprocess.run(
        [node, "-e", TRIED, READER], input=json.dumps([fields, rows]), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def xs(*items):
    return [{"x": item} for item in items]


def test_javascript_reads_numbers_as_the_script_does(node):
    rows = [*xs(1, -2.5, "3", " .5 ", "1.", "1e2", True, False, None), {"odd": "NaN"}]
    assert tried(node, rows) == [1, -2.5, 3, 0.5, 1, 100, 1, 0, 7, 7]
    assert tried(node, xs(*MISSING)) == [7] * len(MISSING)
    for item, shown in (
        ("x", "'x'"), ("1_0", "'1_0'"), ("1,5", "'1,5'"), ("0x10", "'0x10'"), ("true", "'true'"),
        ("1e999", "'1e999'"), ("Infinity", "'Infinity'"), ([1], "1"), ({}, "[object Object]"),
    ):  # fmt: skip
        (said,) = tried(node, xs(item))
        assert said == f"Error: column 'x' is {shown}: expected a number"
    for infinite in ("Infinity", "-Infinity"):
        said = f"Error: column 'x' is {infinite}: expected a number"
        assert tried(node, [{"odd": infinite}]) == [said]


def test_javascript_honours_boolean_and_lenient(node):
    assert tried(node, xs("true", " FALSE ", "1", 0, "?"), boolean=True) == [1, 0, 1, 0, 7]
    said = "Error: column 'x' is 'maybe': expected true or false, 1 or 0"
    assert tried(node, xs("maybe"), boolean=True) == [said]
    assert tried(node, xs("much", "1_0", "12", "true"), lenient=True) == [7, 7, 12, 7]
    (said,) = tried(node, [{"odd": "Infinity"}], lenient=True)
    assert said == "Error: column 'x' is Infinity: expected a number"


def test_javascript_honours_gaps(node):
    rows = [*xs(None, "", "NA"), {"odd": "NaN"}]
    said = [f"Error: column 'x' is {x}: expected a number" for x in ("null", "''", "'NA'", "NaN")]
    assert tried(node, rows, gaps=False) == said
    assert tried(node, rows, gaps=True) == [7] * 4


def test_javascript_wants_dates_as_days(node):
    said = "expected a date, as days since the beginning of 1970"
    assert tried(node, xs(15005.5, None), kind="date") == [15005.5, 7]
    for item, shown in (("2011-01-31", "'2011-01-31'"), (True, "true"), ("5", "'5'")):
        assert tried(node, xs(item), kind="date") == [f"Error: column 'x' is {shown}: {said}"]


def test_javascript_says_what_is_no_row(node):
    for row, said in (
        ({}, "there is no column 'x'"), ({"y": 1}, "there is no column 'x'"),
        ([], "the row has 0 values: expected 1"), ([1, 2], "the row has 2 values: expected 1"),
        ("abc", "the row is 'abc': expected an object, or an array of 1 values"),
        (None, "the row is null: expected an object, or an array of 1 values"),
    ):  # fmt: skip
        assert tried(node, [row]) == [f"Error: {said}"]
    assert tried(node, [{}], name="constructor") == ["Error: there is no column 'constructor'"]
    assert tried(node, [[3]]) == [3]


def test_javascript_refuses_another_version(tmp_path, node):
    path = tmp_path / "m.json"
    path.write_text('{"pellucid_program": 2}')
    with pytest.raises(AssertionError, match="not a program of version 1"):
        in_node(node, path, [])


PAGE = """
const vm = require("vm");
const page = vm.createContext({});
const before = new Set(vm.runInContext("Object.getOwnPropertyNames(globalThis)", page));
const code = require("fs").readFileSync(process.argv[1], "utf8");
for (let i = 0; i < 2; i++) new vm.Script(code).runInContext(page); // as two tags would
const names = "[...Object.getOwnPropertyNames(globalThis)]";
const added = vm.runInContext(names, page).filter((name) => !before.has(name));
const lexical = ["load", "predict", "sigmoid", "model", "MISSING", "ACTIVATIONS"].filter((name) =>
  vm.runInContext(`typeof ${name}`, page) !== "undefined");
console.log(JSON.stringify([added, lexical, Object.keys(page.pellucid)]));
"""


def test_a_page_gets_one_name(node):
    """As a script of a page, where there is no `module`, even if it is loaded twice."""
    done = subprocess.run([node, "-e", PAGE, READER], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [["pellucid"], [], ["load", "predict"]]


def test_what_is_no_program_is_refused():
    fields = to_dict(translate(Network([2, 1], seed=0)).program)
    with pytest.raises(ValueError, match="pellucid_program is 2: expected 1"):
        from_dict(fields | {"pellucid_program": 2})
    for name in set(fields) - {"pellucid_program"}:
        with pytest.raises(ValueError, match="this program is damaged"):
            from_dict({key: value for key, value in fields.items() if key != name})
