"""What the exported script takes and refuses: the model itself says which texts are right."""

import csv
import io
import runpy
import subprocess
import sys
from datetime import datetime
from functools import cache

import numpy as np
import polars as pl
import pytest

import pellucid
from pellucid import MLPRegressor, Network
from pellucid.delimited import MISSING

N = 200
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"hidden_layer_sizes": (6,), "bag": 1, "min_steps": 10, "bins": 4, "random_state": 0}


@cache
def fitted():
    """A model of a column of each kind, and its rows."""
    rng = np.random.default_rng(0)
    table = {
        "age": rng.normal(40, 9, N).tolist(),
        "wet": ["true" if i % 3 else "false" for i in range(N)],
        "amount": ["much" if i % 9 == 0 else str(i) for i in range(N)],
        "when": [f"2011-{1 + i % 12:02d}-{1 + i % 28:02d} {i % 24:02d}:30" for i in range(N)],
        "day": [f"{1 + i % 28}.{1 + i % 12}.20{i % 30:02d}" for i in range(N)],
        "job": ["abc"[i % 3] for i in range(N)],
    }
    kind = np.where(np.array(table["age"]) + np.arange(N) % 3 > 40, "old", "young")
    model = pellucid.TabularClassifier(**SMALL, column_types={"amount": "number"})
    return table, model.fit(table, kind)


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    return pellucid.export_python(fitted()[1], tmp_path_factory.mktemp("few") / "few.py").path


@pytest.fixture(scope="module")
def proba(script):
    return runpy.run_path(str(script))["predict_proba"]


def python(*words, given=None):
    return subprocess.run([sys.executable, *map(str, words)], input=given, capture_output=True)


def said(script, *words, given=None):
    """The one line on stderr when it ends with 2."""
    done = python("-I", script, *words, given=given)
    assert (done.returncode, done.stdout) == (2, b""), done.stderr
    (line,) = done.stderr.decode().splitlines()
    return line


def first_rows(n):
    return {name: items[:n] for name, items in fitted()[0].items()}


# --- the shape of what is given -------------------------------------------------------------------


@pytest.mark.parametrize("given", ["39", 39, 39.5, None, {"a": 1}, np.float64(3), {"a", "b"}])
def test_a_column_that_is_no_list_is_refused(proba, given):
    for table in ({**first_rows(1), "age": given}, {**first_rows(1), "job": given}):
        with pytest.raises(ValueError, match=r"^column '(age|job)' is .*: expected a list of val"):
            proba(table)


def test_one_row_as_a_dict_is_refused_by_its_first_column(proba):
    row = {name: items[0] for name, items in fitted()[0].items()}
    message = (
        rf"^column 'age' is {row['age']!r}: expected a list of values; for one row give \[row\]$"
    )
    with pytest.raises(ValueError, match=message):
        proba(row)
    with pytest.raises(ValueError, match=r"^column 'job' is 'abc': expected a list of values"):
        proba({**first_rows(3), "job": "abc"})
    np.testing.assert_allclose(proba([row]), proba(first_rows(1)))


def test_columns_of_unequal_length_are_named(proba):
    wrong = {**first_rows(3), "wet": ["true"]}
    message = "^column 'job' has 3 values and column 'wet' has 1: expected as many in each$"
    with pytest.raises(ValueError, match=message):
        proba(wrong)


@pytest.mark.parametrize("given", ["abc", [1, 2], 7, None, [["a"]], np.ones((2, 6)), [{}, "a"]])
def test_what_is_no_table_is_refused(proba, given):
    message = "^the table is .*: expected a dict of columns, or a list of dicts$"
    with pytest.raises(TypeError, match=message.replace(".*", r"[\s\S]*")):
        proba(given)


def test_a_column_that_is_not_there_is_named(proba):
    rows = pl.DataFrame(first_rows(2))
    whole = rows.to_dict(as_series=False)
    less = {name: items for name, items in whole.items() if name != "wet"}
    for table in (less, rows.drop("wet"), rows.drop("wet").to_pandas(), [*rows.to_dicts(), {}]):
        with pytest.raises(ValueError, match=r"^there is no column '(wet|age)'$"):
            proba(table)


def test_arrays_series_and_tuples_are_columns(proba):
    rows = first_rows(5)
    own = proba(rows)
    for kind in (tuple, np.array, pl.Series, lambda items: np.array(items, object)):
        given = {name: kind(items) for name, items in rows.items()}
        np.testing.assert_array_equal(proba(given), own)


def test_gaps_of_pandas_are_gaps(proba):
    frame = pl.DataFrame(first_rows(8)).to_pandas().convert_dtypes()
    for i, name in enumerate(frame.columns):
        frame.loc[i, name] = None
    assert frame["age"].dtype.name == "Float64"
    own = fitted()[1].predict_proba(frame)
    np.testing.assert_allclose(proba(frame), own, atol=1e-6)
    np.testing.assert_allclose(proba(frame.to_dict("records")), own, atol=1e-6)


def test_rows_of_numbers_of_a_model_without_names(tmp_path):
    model = Network([2, 3, 1], seed=0)
    path = pellucid.export_python(model, tmp_path / "m.py").path
    predict = runpy.run_path(str(path))["predict"]
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    own = model.predict(X)[:, 0]
    frame = pl.DataFrame(X)
    for rows in (X, X.tolist(), tuple(X), frame, frame.to_pandas()):
        np.testing.assert_allclose(predict(rows), own, rtol=1e-12)
    for rows, row in (("abc", "'abc'"), ([1, 2], "1"), ({"x1": [1]}, "{'x1'"), (5, "5")):
        with pytest.raises(ValueError, match=rf"^row 1 is {row}.*: expected a list of 2 numbers$"):
            predict(rows)
    with pytest.raises(ValueError, match=r"^row 1 has 3 values: expected 2 numbers$"):
        predict([[1, 2, 3]])


# --- what counts as a number, and as a date -------------------------------------------------------

NUMBERS = """
    1 -1 +1 1. .5 . 1.5 1e3 1E-3 1e 1e+ e5 1_0 1_000.5 0x10 0b1 1e5_0 1,5 1,000 inf -inf
    Infinity nan NaN NAN infinity +nan 1e400 -1e400 1e-400 00012 -0 --1 +-1 1+1 1-1 1j ١٢ ٣.٥
    １２ ² ½ 1f 1L 1d $5 5% 1/2 true FALSE True tRuE falſe no yes t f much NA N/A null NULL None
    none - ? ?? 12e3.5 1e3e3 1.2.3 1'000 a 0o7
"""
DATES = """
    20200101 2020-01-01 20200101T1500 2020-W01-1 2020W011 2020-1-1 2020-13-01 2020-02-30
    2020-01 2020 2020-01-01T15 2020-01-01T15:00Z 2020-01-01T15:00+02:00
    2020-01-01T15:00:00.123456789 -20200101 20200101- 2020-01-01T1500 20200101T15:00-03:00
    20200101T150000-0300 31.1.2011 31.01.11 1.1.2011 32.1.2011 01/02/2011 2020-001 10000-01-01
    0001-01-01 soon 15005 15005.5 - -- NA null None ? 1-1 ２020-01-01 2020-01-01T24:00
    2020-01-01t15:00 2020-01-01_15:00 1.1.20111 31.1.2011x 31..1.2011
"""
SPACED = ["", " ", "\t1 ", " 1 5", "1\n", "\xa01", "2020-01-01 15:00", " 2020-01-01 ", "1 e5"]


def drawn(signs, pattern, n):
    """Texts of some signs by chance, and a pattern with one place of it changed."""
    rng = np.random.default_rng(len(signs))
    for _ in range(n):
        yield "".join(rng.choice(list(signs), rng.integers(1, 7)))
        changed = list(pattern)
        changed[rng.integers(len(changed))] = rng.choice(["", *signs])
        yield "".join(changed)


TEXTS = [
    *NUMBERS.split(), *DATES.split(), *SPACED, *MISSING,
    *drawn("0179+-._,eE naif", "-12.5e+10", 60),
    *drawn("0129-:TWZ+. ", "2011-01-31T15:00:00+01:00", 60),
]  # fmt: skip


def answers_to(answers, name, item):
    """What is made of a row with that item in a column; None if it is refused, and named."""
    try:
        return np.asarray(answers({**first_rows(1), name: [item]}))
    except ValueError as error:
        return None if f"column {name!r} holds" in str(error) else error


def alike(proba, name, item):
    """Whether both the model and the script take it, with the same answer."""
    own, here = (answers_to(answers, name, item) for answers in (fitted()[1].predict_proba, proba))
    assert (own is None) == (here is None), (name, item)
    if own is None:
        return False
    np.testing.assert_allclose(here, own, atol=1e-6, err_msg=repr(item))
    return True


TAKEN_WHERE = {
    "1_0": {"amount"},
    "1,5": {"amount"},
    "much": {"amount"},
    "true": {"amount", "wet"},
    "20200101": {"amount", "wet", "age"},
    "1e3": {"amount", "wet", "age"},
    "2020-01-01": {"amount", "when"},
    "1.1.2011": {"amount", "day"},
}


@pytest.mark.parametrize("name", ["age", "wet", "amount", "when", "day"])
def test_texts_are_taken_or_refused_as_the_model_does(proba, name):
    taken = {text for text in TEXTS if alike(proba, name, text)}
    assert set(MISSING) <= taken
    assert {text for text in TAKEN_WHERE if text in taken} == {
        text for text, columns in TAKEN_WHERE.items() if name in columns
    }
    assert taken == set(TEXTS) if name == "amount" else len(set(TEXTS) - taken) > 50


def test_objects_are_read_as_the_model_reads_them(proba):
    moment = datetime(2011, 3, 4, 5)
    for name, item, taken in [
        ("age", True, True), ("age", 10, True), ("age", 10**400, False), ("age", moment, False),
        ("wet", True, True), ("wet", np.False_, True), ("wet", 1, True), ("wet", 0.0, True),
        ("when", moment, True), ("when", moment.date(), True), ("when", 20200101, False),
        ("when", 5.5, False), ("day", moment, True), ("day", 20110101, False),
    ]:  # fmt: skip
        assert alike(proba, name, item) == taken, (name, item)


def test_booleans_are_asked_for_as_such(script, proba):
    with pytest.raises(
        ValueError, match=r"'wet' holds 'maybe' in row 1: expected true or false, 1"
    ):
        proba({**first_rows(1), "wet": ["maybe"]})
    with pytest.raises(ValueError, match=r"'age' holds 'true' in row 1: expected a number$"):
        proba({**first_rows(1), "age": ["true"]})
    told = runpy.run_path(str(script))["__doc__"]
    assert "    wet     true or false, 1 or 0\n" in told
    assert "    age     a number\n" in told


# --- what it says of itself -----------------------------------------------------------------------


def test_like_columns_are_told_together(tmp_path):
    names = [f"pixel_{i // 8}_{i % 8}" for i in range(64)]
    rng = np.random.default_rng(0)
    X = pl.DataFrame(rng.normal(size=(40, 67)), schema=["width", *names, "a1", "a2"])
    model = MLPRegressor(hidden_layer_sizes=(3,), max_iter=3).fit(X, rng.normal(size=40))
    path = pellucid.export_python(model, tmp_path / "m.py").path
    there = runpy.run_path(str(path))
    assert there["__doc__"].splitlines()[-4:] == [
        "    width                   a number",
        "    pixel_0_0 to pixel_7_7  64 columns, each a number",
        "    a1                      a number",
        "    a2                      a number",
    ]
    np.testing.assert_allclose(there["predict"](X), model.predict(X), rtol=1e-9)


def test_the_least_python_is_named_where_the_code_needs_it(script, tmp_path):
    assert "and Python 3.11 or newer" in " ".join(script.read_text().split())
    plain = pellucid.export_python(Network([2, 1], seed=0), tmp_path / "m.py").path
    assert "Python 3" not in plain.read_text()
    rows = {"job": ["a", "b", "c"] * 20, "pay": [1.0, 2.0, 3.0] * 20}
    model = pellucid.TabularRegressor(**SMALL).fit({"job": rows["job"]}, rows["pay"])
    text = pellucid.export_python(model, tmp_path / "n.py").path.read_text()
    assert "NumPy alone and Python 3.9 or newer" in " ".join(text.split())


# --- from the command line ------------------------------------------------------------------------


def test_a_reader_that_stops_early_is_no_error(script, tmp_path):
    rows = pl.DataFrame(fitted()[0])
    many = tmp_path / "many.csv"
    pl.concat([rows] * 50).write_csv(many)
    script_of = 'set -o pipefail; "$0" -I "$1" "$2" | head -1'
    done = subprocess.run(
        ["bash", "-c", script_of, sys.executable, script, many], capture_output=True, text=True
    )
    assert done.stdout == "target,probability of old,probability of young\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_files_that_cannot_be_read_are_named_in_one_line(script, tmp_path):
    none, latin = tmp_path / "none.csv", tmp_path / "latin.csv"
    expected = f"error: {none} cannot be read: No such file or directory"
    assert said(script, none) == expected
    latin.write_bytes("größe\n1\n".encode("latin-1"))
    assert said(script, latin) == f"error: {latin} cannot be read: it is not text in UTF-8"
    assert said(script, tmp_path) == f"error: {tmp_path} cannot be read: Is a directory"
    assert said(script, "-", given=b"\xff\xfe") == (
        "error: - cannot be read: it is not text in UTF-8"
    )


def test_a_name_that_comes_twice_is_refused_if_the_model_needs_it(script):
    rows = pl.DataFrame(first_rows(3))
    lines = rows.write_csv().splitlines()
    text = "\n".join(
        f"{line},{'age,note,note' if i == 0 else '1,2,3'}" for i, line in enumerate(lines)
    )
    expected = "error: - has 2 columns called 'age'"
    assert said(script, "-", given=text.encode()) == expected
    harmless = text.replace("job,age,", "job,more,").encode()
    plain = rows.write_csv().encode()
    found = [python("-I", script, "-", given=given).stdout for given in (harmless, plain)]
    assert found[0] == found[1] != b""


def test_names_alone_give_names_alone(script, tmp_path):
    header = ",".join(fitted()[0]) + "\n"
    done = python("-I", script, "-", given=header.encode())
    assert (done.returncode, done.stderr) == (0, b"")
    (line,) = csv.reader(io.StringIO(done.stdout.decode()))
    assert line == ["target", "probability of old", "probability of young"]


@pytest.mark.parametrize("name", ["numpy", "csv", "sys", "math", "base64", "datetime", "re", "os"])
def test_names_of_modules_are_refused(tmp_path, name):
    path = tmp_path / f"{name}.py"
    with pytest.raises(ValueError, match=f"{name}.py would hide the module {name} .*: choose anot"):
        pellucid.export_python(Network([2, 1], seed=0), path)
    assert not list(tmp_path.iterdir())


def test_modules_that_others_import_would_break_a_script_too(tmp_path):
    """So that not only the few that stand in the script are refused."""
    path = pellucid.export_python(Network([2, 1], seed=0), tmp_path / "m.py").path
    path.rename(tmp_path / "functools.py")
    (tmp_path / "rows.csv").write_text("1,2\n")
    assert python(tmp_path / "functools.py", tmp_path / "rows.csv").returncode != 0
    with pytest.raises(ValueError, match="would hide the module functools"):
        pellucid.export_python(Network([2, 1], seed=0), tmp_path / "functools.py")


def test_the_command_writes_nothing_if_a_name_is_refused(run, tmp_path):
    Network([2, 1], seed=0).save(tmp_path / "m.safetensors")
    (tmp_path / "o").mkdir()
    done = run("export", "m.safetensors", "--json", "m.json", "--python", "o/numpy.py")
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert "o/numpy.py would hide the module numpy" in line
    assert [path.name for path in tmp_path.rglob("*.*")] == ["m.safetensors"]
