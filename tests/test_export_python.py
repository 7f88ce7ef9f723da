"""The exported script, as a process of its own: the model's answers by NumPy alone, and errors."""

import ast
import csv
import io
import runpy
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from functools import cache

import numpy as np
import polars as pl
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pellucid
from pellucid import MLPClassifier, MLPRegressor, Network, Predictor, Recipe, datasets
from pellucid.activations import ACTIVATIONS
from pellucid.export import FORMS, translate
from pellucid.export.dates import text_of
from pellucid.export.listing import listing
from pellucid.export.program import PARTS, Cell, Classes, Column, Number, Numbers, Program
from pellucid.export.python import answers_of
from pellucid.tables import Table, read_table

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FILES = {
    "adult": ("adult.data.gz", "column_15"),
    "california": ("california-housing.csv.gz", "median_house_value"),
    "bike": ("bike-hourly.csv.gz", "cnt"),
}
ROWS, FIRST = 1000, 1500  # to compare on, and before them to train on
SMALL = {"hidden_layer_sizes": (16, 8), "bag": 2, "min_steps": 30, "bins": 6, "random_state": 0}


@cache
def frame(folder, name):
    file, target = FILES[name]
    return read_table(folder / file).frame.sample(ROWS + FIRST, seed=0), target


def fitted(folder, name, kind):
    rows, target = frame(folder, name)
    if kind == "plain":
        recipe = Recipe(settings={"epochs": 3})
        return Predictor.fit(Table(rows[:FIRST]), target, recipe).predictor
    estimator = pellucid.TabularClassifier if name == "adult" else pellucid.TabularRegressor
    return estimator(**SMALL).fit(rows[:FIRST], target)


def printed(script, rows, *more):
    """The lines that it prints for CSV, of which the first is names."""
    done = subprocess.run(
        [sys.executable, "-I", script, "-", *more], input=rows.encode(), capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    return list(csv.reader(io.StringIO(done.stdout.decode())))


def refused(script, rows):
    """The one line on stderr for CSV that is wrong."""
    done = subprocess.run(
        [sys.executable, "-I", script, "-"], input=rows.encode(), capture_output=True
    )
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    return line


def assert_well_written(path):
    """As a linter and a formatter with no settings of ours see it, and nothing but NumPy in it."""
    for words in (["check", "--select", "E,F,I,UP"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *words, "--isolated", "--no-cache", path]
        done = subprocess.run(ruff, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert imported - {"numpy"} <= sys.stdlib_module_names
    assert "numpy" in imported


@pytest.mark.parametrize("kind", ["plain", "bag"])
@pytest.mark.parametrize("name", FILES)
def test_real_rows_of_a_file(tabular, tmp_path, name, kind):
    rows, target = frame(tabular, name)
    rows = rows[FIRST:].drop(target)
    model = fitted(tabular, name, kind)
    made = pellucid.export_python(model, tmp_path / "model.py")
    assert made.form == "python"
    assert made.size == made.path.stat().st_size
    assert made.difference < (1e-6 if kind == "bag" else 1e-12)
    assert_well_written(made.path)
    names, *lines = printed(made.path, rows.write_csv())
    tolerance = 1e-6 if kind == "bag" else 1e-12
    if name == "adult":
        assert names == [target, "probability of <=50K", "probability of >50K"]
        own = model.predict_proba(rows)
        assert [line[0] for line in lines] == np.asarray(model.predict(rows)).tolist()
        found = np.array([line[1:] for line in lines], float)
    else:
        assert names == [target]
        own, found = model.predict(rows)[:, None], np.array(lines, float)
    assert found.shape == own.shape
    assert np.abs(found - own).max() <= tolerance * max(1.0, np.abs(own).max())


def test_digits(tmp_path):
    digits = datasets.load("digits")
    model = MLPClassifier((20,), max_iter=10, random_state=0).fit(digits.X, digits.y)
    made = pellucid.export_python(model, tmp_path / "model.py")
    rows = digits.X[:ROWS]
    text = pl.DataFrame(rows, schema=[f"p{i}" for i in range(64)]).write_csv()
    _, *lines = printed(made.path, text)
    assert [int(line[0]) for line in lines] == model.predict(rows).tolist()
    p = np.array([line[1:] for line in lines], float)
    np.testing.assert_allclose(p, model.predict_proba(rows), atol=1e-12)
    without_names = text.split("\n", 1)[1]
    assert printed(made.path, without_names)[1:] == lines


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_and_no_other(tmp_path, name, dtype):
    X = np.random.default_rng(0).normal(size=(40, 3))
    model = Network([3, 5, 4, 2], name, dtype=dtype, seed=0, scale_inputs=name == "relu")
    path = FORMS["python"](model, tmp_path / "model.py").path
    there = runpy.run_path(str(path))
    np.testing.assert_allclose(there["predict"](X), model.predict(X), rtol=1e-5, atol=1e-6)
    used = {name, "sigmoid"} if name == "swish" else {name} - {"identity"}
    assert set(there) & set(ACTIVATIONS) == used
    assert_well_written(path)


@pytest.mark.parametrize("sizes", [[2, 1], [3, *[3] * 8, 2], [40, 60, 2]])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_are_the_same_bits(tmp_path, sizes, dtype):
    model = Network(sizes, "tanh", "softmax" if sizes[-1] > 1 else "sigmoid", dtype=dtype, seed=0)
    program = translate(model).program
    path = pellucid.export_python(model, tmp_path / "model.py").path
    there = runpy.run_path(str(path))
    (layers,) = program.networks
    found = there["NETWORKS"][0] if "NETWORKS" in there else [
        (there[f"W{i}"], there[f"b{i}"]) for i in range(1, len(layers) + 1)
    ]  # fmt: skip
    for (W, b), layer in zip(found, layers, strict=True):
        for array, own in ((W, layer.W), (b, layer.b)):
            assert array.dtype == own.dtype
            assert array.tobytes() == own.tobytes()
    readable = program.n_parameters <= 2000
    assert ("base64" in path.read_text()) is not readable
    X = np.random.default_rng(0).normal(size=(5, sizes[0]))
    q = model.predict(X)
    p = q if sizes[-1] > 1 else np.hstack([1 - q, q])
    np.testing.assert_allclose(there["predict_proba"](X), p, atol=1e-6)
    assert there["predict"](X) == p.argmax(axis=1).tolist()
    assert_well_written(path)


def test_several_numbers_and_scalers(tmp_path):
    X = np.random.default_rng(0).normal(size=(80, 4)) * 9 + 5
    model = make_pipeline(
        StandardScaler(),
        MLPRegressor(hidden_layer_sizes=(8,), max_iter=20, target_scaling="standard"),
    ).fit(X, X[:, :2] * [1, 100])
    path = pellucid.export_python(model, tmp_path / "model.py").path
    found = runpy.run_path(str(path))["predict"](X.tolist())
    np.testing.assert_allclose(found, model.predict(X), rtol=1e-12, atol=1e-10)
    names, *lines = printed(path, pl.DataFrame(X).write_csv())
    assert names == ["target 1", "target 2"]
    np.testing.assert_allclose(np.array(lines, float), model.predict(X), rtol=1e-12, atol=1e-10)
    assert_well_written(path)


def some_program(seed):
    """A program of parts drawn by chance, such as no model may have yet."""
    rng = np.random.default_rng(seed)

    def chance(p=0.5):
        return bool(rng.random() < p)

    single, gaps = chance(), chance(0.7)
    kinds = [k for k in ("number", "category", "date") if chance(0.6)] or ["number"]
    columns, numbers, categories = [], [], []
    for i in range(rng.integers(1, 9)):
        kind = kinds[i % len(kinds)]
        levels = tuple(f"l{j}" for j in range(rng.integers(1, 40))) if kind == "category" else ()
        same = {"other": 0} if levels and chance() else {}
        columns.append(Column(
            f"column {i} " + "long " * rng.integers(0, 12), kind, levels, same, gaps,
            boolean=kind == "number" and chance(0.2), lenient=kind == "number" and chance(0.2),
            date_format="%d.%m.%Y" if kind == "date" and chance() else "",
        ))  # fmt: skip
        if kind == "category":
            by_code = tuple(rng.normal(size=len(levels) + 2).tolist())
            if chance():
                numbers.append(Number(i, by_code=by_code))
            if chance() or not numbers:
                categories.append((i, chance()))
            continue
        scaled = {"shift": rng.normal(), "factor": rng.uniform(0.1, 2)} if chance(0.7) else {}
        limit, absent = 3.0 * chance(), rng.normal() * chance() * gaps
        for part in PARTS if kind == "date" else [""]:
            numbers.append(Number(i, part, **scaled, limit=limit, absent=absent))
    cells = [Cell(int(rng.integers(len(numbers))), rng.normal(), 3.0) for _ in range(
        rng.integers(0, 60) * bool(numbers and chance()))]  # fmt: skip
    marked = tuple(i for i, c in enumerate(columns) if c.kind != "category" and gaps and chance())
    program = Program(
        tuple(columns), tuple(numbers), marked, tuple(cells), tuple(categories), (), Classes(())
    )
    n_inputs = len(numbers) + len(marked) + len(cells) + sum(map(program.width, categories))
    k = int(rng.integers(1, 4))
    sizes = [n_inputs, *rng.integers(1, 70, rng.integers(0, 8)).tolist(), k]
    classes = chance()
    output = ("sigmoid" if k == 1 else "softmax") if classes else "identity"
    networks = tuple(
        translate(
            Network(sizes, "tanh", output, dtype="float32" if single else "float64", seed=i)
        ).program.networks[0]
        for i in range(rng.integers(1, 4))
    )  # fmt: skip
    answer = Classes(tuple(range(max(k, 2))), 0.01 * chance(), 0.001 * chance())
    if not classes:
        names = tuple(f"answer {i}" for i in range(k))
        scale = tuple(rng.uniform(1, 9, k).tolist()) if chance() else (1.0,) * k
        low, high = (-0.5, np.inf) if chance() else (-np.inf, np.inf)
        answer = Numbers(names, scale, (0.0,) * k, low, high)
    return replace(program, networks=networks, answer=answer, target_name="what")


@pytest.mark.parametrize("seed", range(40))
def test_programs_of_parts_by_chance(tmp_path, seed):
    program = some_program(seed)
    path = tmp_path / "model.py"
    path.write_text(listing(program))
    assert_well_written(path)
    table = program.example_rows(30)
    there = runpy.run_path(str(path))
    answers = there["predict_proba" if "predict_proba" in there else "predict"]
    written = {
        c.name: [text_of(x, c.date_format) for x in table[c.name]]
        if c.kind == "date" else table[c.name] for c in program.columns
    }  # fmt: skip
    found, own = answers(written), program.run(table)
    assert np.abs(found.reshape(own.shape) - own).max() < (1e-5 if program.dtype == "f4" else 1e-12)
    if seed % 8 == 0:
        np.testing.assert_allclose(answers_of(path, program, table), own, atol=1e-5)


# --- odd tables -----------------------------------------------------------------------------------

N = 300
NAMES = ["it's", 'a "b"', "class", "größe", 'three """', "back\\slash", "a b", "a_b", "x,y"]


@cache
def odd():
    """A table with every kind of column, and names that break what is careless."""
    rng = np.random.default_rng(0)
    table = {name: rng.normal(size=N) for name in NAMES}
    table["it's"][::7] = np.nan
    table |= {
        "day": [f"{1 + i % 28}.{1 + i % 12}.20{i % 30:02d}" for i in range(N)],
        "when": [f"2011-{1 + i % 12:02d}-{1 + i % 28:02d} {i % 24:02d}:30" for i in range(N)],
        "wet": ["true" if i % 3 else "false" for i in range(N)],
        "many": [f"level {i % 60} ü" for i in range(N)],
        "few": [["a", "b\"'", None, 'c"', "d\\"][i % 5] for i in range(N)],
        "flag": [["TRUE", "False", None][i % 3] for i in range(N)],
        "amount": ["much" if i % 9 == 0 else str(i) for i in range(N)],
    }
    kind = np.where(table["a b"] + np.arange(N) % 3 > 1, 'yes "so"', "no, 'not'")
    types = {"amount": "number", "flag": "category"}
    model = pellucid.TabularClassifier(**SMALL, column_types=types).fit(table, kind)
    return pl.DataFrame(table), model


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    return pellucid.export_python(odd()[1], tmp_path_factory.mktemp("odd") / "odd.py").path


def test_odd_names_and_every_kind_of_column(script):
    rows, model = odd()
    assert_well_written(script)
    names, *lines = printed(script, rows.write_csv(quote_style="always"))
    assert names[1:] == ["probability of no, 'not'", 'probability of yes "so"']
    p = np.array([line[1:] for line in lines], float)
    np.testing.assert_allclose(p, model.predict_proba(rows), atol=1e-6)
    assert [line[0] for line in lines] == model.predict(rows).tolist()
    kinds = {column.kind for column in translate(model).program.columns}
    assert kinds == {"number", "category", "date"}


def test_as_a_module_it_takes_columns_rows_and_frames(script):
    rows, model = odd()
    rows = rows[:20]
    own = model.predict_proba(rows)
    proba = runpy.run_path(str(script))["predict_proba"]
    for table in (rows.to_dict(as_series=False), rows.to_dicts(), rows, rows.to_pandas()):
        np.testing.assert_allclose(proba(table), own, atol=1e-6)
    moments = rows.to_dicts()
    for row in moments:
        row["day"] = datetime.strptime(row["day"], "%d.%m.%Y")
        row["when"] = np.datetime64(row["when"])
        row["wet"] = row["wet"] == "true"
    np.testing.assert_allclose(proba(moments), own, atol=1e-6)
    assert proba(rows[:0]).shape == (0, 2)


def test_what_is_wrong_is_said_in_one_line(script):
    rows, _ = odd()
    assert refused(script, "") == "error: - is empty"
    assert refused(script, rows.drop("a b").write_csv()) == "error: there is no column 'a b'"
    wrong = rows.with_columns(pl.Series("a b", ["1", "2", "three", *["4"] * (N - 3)]))
    said = "error: column 'a b' holds 'three' in row 3: expected a number"
    assert refused(script, wrong.write_csv()) == said
    wrong = rows.with_columns(day=pl.lit("2011-01-31"))
    said = "error: column 'day' holds '2011-01-31' in row 1: expected a date written %d.%m.%Y"
    assert refused(script, wrong.write_csv()) == said
    wrong = rows.with_columns(when=pl.lit("soon"))
    assert "expected a date written such as 2011-01-31" in refused(script, wrong.write_csv())
    first, second, *_ = rows.write_csv().splitlines()
    said = f"error: row 1 has {len(rows.columns) + 1} values: expected {len(rows.columns)}"
    assert refused(script, f"{first}\n{second},7\n").startswith(said)
    done = subprocess.run([sys.executable, script, "none.csv"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert done.returncode == 2
    assert "python odd.py data.csv" in done.stdout


def test_a_matrix_of_other_rows_is_refused(tmp_path):
    path = pellucid.export_python(Network([2, 1], seed=0), tmp_path / "m.py").path
    assert refused(path, "a,b\n1,2,3\n") == "error: row 1 has 3 values: expected 2 numbers"
    said = "error: column 'x2' holds '' in row 2: expected a number"
    assert refused(path, "1,2\n1,\n") == said


def test_a_script_that_is_off_is_not_written(tmp_path):
    translation = translate(Network([2, 1], seed=0))
    off = replace(translation, answers=lambda table: translation.answers(table) * (1 + 1e-5))
    with pytest.raises(ValueError, match=r"Python export is 1e-05 off .*: nothing is written"):
        FORMS["python"](off, tmp_path / "model.py")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["python", "json"])
def test_a_folder_that_is_not_there_is_named(tmp_path, form):
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        FORMS[form](Network([2, 1], seed=0), tmp_path / "nowhere" / "model")


def test_the_command_writes_it_too(run, table):
    assert (
        run("train", table, "--target", "kind", "--epochs", "2", "--out", "m.safetensors").code == 0
    )
    done = run("export", "m.safetensors", "--python", "model.py")
    assert done.code == 0, done.err
    assert done.out.startswith("model.py  ")
    names, *lines = printed("model.py", table.read_text())
    assert names[0] == "kind"
    assert len(lines) == 120
