"""Which preset `pellucid train` takes, and what it refuses of tables: in one line, with exit 2."""

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pellucid import TabularClassifier, TabularRegressor
from test_cli_refusals import assert_refused

QUICK = ("--bag", 1, "--max-time", 0.1)


def written(text):
    Path("t.csv").write_text(text)
    return "t.csv"


@pytest.fixture
def untrained(monkeypatch):
    """Fails if a training begins."""

    def train(*arguments, **more):
        raise AssertionError("training began")

    monkeypatch.setattr("pellucid.tabular.bag.Bag.train", train)


# --- which it is -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "preset", "why"),
    [
        (["iris", "--epochs", 1], "plain", "the default for built-in sets, arrays and images"),
        (["iris", "--bag", 1, "--max-time", 0.1], "tables", "since --bag is an option of it"),
        (["iris", "--preset", "tables", "--max-time", 0.2], "tables", "as asked for"),
        (["t.csv", "--epochs", 1], "plain", "since --epochs is an option of it"),
        (["t.csv", "--no-bias", "--hidden", 3, "--epochs", 1], "plain",
         "since --hidden, --bias and --epochs are options of it"),
        (["t.csv", "--preset", "plain", "--max-time", 0.01], "plain", "as asked for"),
        (["t.csv", "--bag", 1, "--max-time", 0.1], "tables", "the default for table files"),
        (["t.parquet", "--max-time", 0.1], "tables", "the default for table files"),
        (["t.npz", "--max-time", 0.1], "plain", "the default for built-in sets, arrays and images"),
    ],
)  # fmt: skip
def test_the_preset_is_what_suits_the_data_and_the_options(run, table, arguments, preset, why):
    frame = pl.read_csv(table)
    frame.write_csv("t.csv")
    frame.write_parquet("t.parquet")
    np.savez("t.npz", X=frame.select("price").to_numpy(), y=frame["kind"].to_numpy().astype(str))
    made = run("train", *arguments, "--json").json
    assert (made["preset"], made["preset_why"]) == (preset, why)


def test_another_preset_than_the_default_is_said(run, table):
    err = run("train", table, "--epochs", 1).err
    note = "note: --epochs is an option of --preset plain, which is taken in place of tables\n"
    assert err.startswith(note)
    assert "preset" not in run("train", "iris", "--epochs", 1).err


def test_options_of_one_preset_are_refused_with_the_other(run, table, untrained):
    assert_refused(run("train", table, "--preset", "tables", "--solver", "sgd"),
                   "--solver is an option of --preset plain, and --preset tables was asked for: "
                   "leave it out, or ask for --preset plain")  # fmt: skip
    assert_refused(run("train", "iris", "--preset", "plain", "--bag", 2, "--refit"), "leave them",
                   "--bag and --refit are options of --preset tables")  # fmt: skip
    assert_refused(run("train", table, "--epochs", 5, "--bag", 2),
                   "--bag is an option of --preset tables and --epochs is an option of --preset "
                   "plain: leave the ones or the others out")  # fmt: skip
    assert_refused(run("train", table, "--preset", "table"), "'table'", "did you mean tables")


# --- columns and targets -----------------------------------------------------------------------


def test_a_column_of_numbers_and_text_is_refused_with_its_first_row_and_the_cure(run, untrained):
    rows = [f"{i},{i % 3},{'xy'[i % 2]}" for i in range(90)]
    rows[60] = "many,0,x"
    path = written("age,b,kind\n" + "\n".join(rows) + "\n")
    assert_refused(run("train", path), "'age'", "text among numbers", "'many' in row 61",
                   "--column-type 'age=number' takes", "--column-type 'age=category'")  # fmt: skip
    assert_refused(run("train", path, "--column-type", "age=date"), "'age'", "expected dates")


def test_a_mixed_column_may_be_taken_for_numbers_or_text(run):
    rows = [f"{'many' if i == 60 else i},{'xy'[i % 2]}" for i in range(90)]
    path = written("age,kind\n" + "\n".join(rows) + "\n")
    for kind in ("number", "category"):
        made = run("train", path, "--column-type", f"age={kind}", *QUICK, "--json").json
        assert made["schema"][0]["kind"] == kind


def test_columns_and_targets_that_are_not_there(run, table, untrained):
    assert_refused(run("train", table, "--target", "prise"), "'prise'", "did you mean price")
    assert_refused(run("train", table, "--exclude", "prise"), "'prise'", "did you mean price")
    assert_refused(run("train", table, "--column-type", "prise=number"), "'prise'", "price")
    assert_refused(run("train", table, "--column-type", "price=numbr"), "'price=numbr'",
                   "did you mean number")  # fmt: skip
    assert_refused(run("train", table, "--column-type", "price"), "'price'", "name=kind")
    assert_refused(run("train", table, "--column-type", "kind=category"), "'kind' is the target")
    assert_refused(run("train", table, "--exclude", "kind"), "'kind' is the target")
    assert_refused(run("train", table, "--exclude", "price", "--column-type", "price=date"),
                   "--exclude and --column-type both have 'price'")  # fmt: skip


def test_a_target_that_is_missing_everywhere_or_always_the_same(run, untrained):
    assert_refused(run("train", written("a,b\n" + "1,\n2,\n" * 20)), "no rows")
    assert_refused(run("train", written("a,b\n" + "1,x\n2,x\n" * 20)), "one class only", "'x'")


def test_more_classes_than_can_be_told_apart(run, untrained):
    path = written("a,b\n" + "".join(f"{i},c{i % 2000}\n" for i in range(4000)))
    assert_refused(run("train", path), "the target has 2000 classes in 3400 rows, and at most ",
                   "put rare ones together", "as numbers with --task regression")  # fmt: skip
    assert_refused(run("train", path, "--task", "regression"), "'c", "numbers", "classification")


def test_columns_that_tell_nothing(run, untrained):
    result = run("train", written("a,b,c\n" + "1,,x\n1,,y\n" * 20))
    assert result.code == 2
    assert "no column is of use" in result.err
    assert "the same in every row: 'a'" in result.err
    assert "every value is missing: 'b'" in result.err
    assert_refused(run("train", written("b\n" + "1\n2\n" * 20)), "'b'", "only column")
    assert_refused(run("train", written("a,b\n" + "inf,x\n0,y\n" * 20)), "'a'", "inf", "row 1")


def test_what_is_wrong_with_test_rows_is_found_before_training(run, table, untrained):
    other = Path("other.csv")
    other.write_text("length,colour,price,kind\n1,red,100,enormous\n")
    assert_refused(run("train", table, "--test-data", other), "'enormous'", "'big', 'small'")
    other.write_text("length,colour,kind\n1,red,big\n")
    assert_refused(run("train", table, "--test-data", other), "no column 'price'")
    other.write_text("length,colour,price,kind\n1,red,100,big\nlong,red,100,big\n")
    assert_refused(run("train", table, "--test-data", other), "'length'", "'long'", "row 2")


# --- options -----------------------------------------------------------------------------------


def test_numbers_that_make_no_sense(run, table, untrained):
    assert_refused(run("train", table, "--bag", 0), "--bag", "1")
    assert_refused(run("train", table, "--max-time", 0), "--max-time is 0.0", "more than 0")
    assert_refused(run("train", table, "--threads", 0), "--threads is 0", "from 1 on")
    assert_refused(run("train", table, "--seed", -1), "seed is -1", "from 0 on")
    assert_refused(run("train", table, "--engine", "naitve"), "'naitve'", "did you mean native")
    assert_refused(run("train", table, "--test", 1.5), "1.5")
    assert_refused(run("train", table, "--task", "clustering"), "'clustering'", "regression")
    assert_refused(run("train", table, "--out", table), "things.csv", "read")


def test_comparing_needs_lightgbm_and_rows_to_test_on(run, table, untrained, monkeypatch):
    few = written("a,b\n" + "1,x\n2,y\n" * 5)
    monkeypatch.setattr(sys.modules["importlib.util"], "find_spec", lambda name: True)
    assert_refused(run("train", few, "--compare"), "--compare needs rows to test on", "--test-data")
    monkeypatch.setattr("pellucid.cli.peer.find_spec", lambda name: None)
    assert_refused(run("train", table, "--compare"),
                   "--compare needs LightGBM: pip install lightgbm")  # fmt: skip


# --- a model at work ---------------------------------------------------------------------------


def test_a_table_to_predict_that_is_not_as_in_training(run, table):
    run("train", table, "--exclude", "price", *QUICK, "-q")
    other = Path("other.csv")
    other.write_text("lenght,colour\n1,red\n")
    assert_refused(run("predict", "model.safetensors", other), "missing: 'length'", "'lenght'")
    other.write_text("length,colour\n1,red\nlong,red\n")
    assert_refused(run("predict", "model.safetensors", other), "'length'", "'long'", "row 2")
    assert_refused(run("evaluate", "model.safetensors", other), "'kind'")
    other.write_text("length,colour,kind\n1,red,\n")
    assert_refused(run("evaluate", "model.safetensors", other), "no row has an answer in 'kind'")
    other.write_text("length,colour,kind\n1,red,enormous\n")
    assert_refused(run("evaluate", "model.safetensors", other), "'enormous'", "'big', 'small'")


def test_a_model_is_asked_only_for_what_it_can_give(run, table, tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 1)), rng.normal(size=40)
    frame = pl.DataFrame({"a": X[:, 0], "b": y})
    frame.write_csv("t.csv")
    quick = {"max_time": 0.1, "bag": 4}
    TabularRegressor(**quick).fit(frame, "b").save("numbers")
    TabularClassifier(**quick).fit(frame.select("a"), y > 0).save("classes")
    for option in (("--probabilities",), ("--set", 0.9)):
        assert_refused(
            run("predict", "numbers", "t.csv", *option), "predicts numbers", "--interval"
        )
    assert_refused(run("predict", "classes", "t.csv", "--interval", 0.9), "--set")
    for model, option in (("numbers", "--interval"), ("classes", "--set")):
        assert_refused(run("predict", model, "t.csv", option, 0.999), "0.999", "ask for less")
        assert_refused(run("predict", model, "t.csv", option, 90), "90", "between 0 and 1")
    run("train", "iris", "--epochs", 1, "-q")
    for option in ("--interval", "--set"):
        assert_refused(run("predict", "model.safetensors", "iris", option, 0.9), option, "a bag",
                       "--preset tables")  # fmt: skip


def test_a_model_file_that_is_damaged_is_one_line(run, table):
    run("train", table, *QUICK, "-q")
    data = Path("model.safetensors").read_bytes()
    Path("short").write_bytes(data[: len(data) // 2])
    Path("changed").write_bytes(data.replace(b"temperature", b"tempurature"))
    for name in ("short", "changed"):
        assert_refused(run("info", name), name)
        assert run("check", name).code == 1
        for command in ("predict", "evaluate"):
            assert_refused(run(command, name, table), name)
