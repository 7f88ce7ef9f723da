"""`pellucid train` on table files: a bag of networks, its scores and what they are worth."""

import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
from math import sqrt

import numpy as np
import pytest
from sklearn.metrics import log_loss

import pellucid
from pellucid import TabularClassifier, TabularRegressor, model_file

QUICK = ("--bag", 2, "--max-time", 0.2)
HERE = [sys.executable, "-m", "pellucid"]


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def lines_of(path):
    with open(path) as file:
        return rows_of(file.read())


def numbers(rows, name):
    return np.array([float(row[name]) for row in rows])


@pytest.fixture
def halves(table):
    """The table's rows in two files: to learn from, and to test on."""
    head, *lines = table.read_text().splitlines()
    for name, some in (("a.csv", lines[:80]), ("b.csv", lines[80:])):
        (table.parent / name).write_text("\n".join([head, *some]) + "\n")
    return "a.csv", "b.csv"


def test_a_table_file_gets_a_bag_its_schema_and_its_scores(run, table, tmp_path):
    result = run("train", table, *QUICK)
    assert result.code == 0
    for part in (
        "classification of 'kind' (target 'kind' is text with 2 different values)",
        "preset: tables (the default for table files), a bag of 2 networks",
        "rows: 102 train, 18 test",
        "length  number         11",
        "colour  category        0         3",
        "on the 18 test rows  accuracy",
        "majority '",
        "out of the bag, on ",
        "wrote model.safetensors",
    ):
        assert part in result.out, part
    assert "network 2 of 2" in result.err
    model = pellucid.load(tmp_path / "model.safetensors")
    assert isinstance(model, TabularClassifier)
    assert model.target_name_ == "kind"
    assert model.oob_score_ > 0.7


# --- the scores --------------------------------------------------------------------------------


def test_the_scores_of_classes_are_those_of_the_predictions_it_writes(run, halves):
    made = run("train", halves[0], "--test-data", halves[1], *QUICK, "--json").json
    assert made["rows"] == {"train": 80, "validation": 0, "test": 40}
    rows = rows_of(run("predict", "model.safetensors", halves[1], "--probabilities").out)
    p = np.stack([numbers(rows, f"probability of {c}") for c in ("big", "small")], axis=1)
    true = [row["kind"] for row in lines_of(halves[1])]
    right = np.array([row["kind"] == kind for row, kind in zip(rows, true, strict=True)])
    metrics, errors = made["metrics"], made["uncertainty"]
    assert metrics["accuracy"] == right.mean()
    assert metrics["log_loss"] == pytest.approx(log_loss(true, p))
    assert errors["accuracy"] == pytest.approx(sqrt(right.mean() * right.std() ** 2 / 40), abs=0.03)
    losses = -np.log(p[np.arange(40), [["big", "small"].index(kind) for kind in true]])
    assert errors["log_loss"] == pytest.approx(losses.std(ddof=1) / sqrt(40))
    assert metrics["classes"]["big"]["support"] == true.count("big")
    again = run("evaluate", "model.safetensors", halves[1], "--json").json
    for name in ("metrics", "uncertainty", "baseline"):
        assert again[name] == made[name]
    seen = [row["kind"] for row in lines_of(halves[0])]
    guess = max(("big", "small"), key=seen.count)
    assert made["baseline"]["guess"] == f"majority {guess!r}"
    assert made["baseline"]["metrics"]["accuracy"] == true.count(guess) / 40


def test_the_scores_of_numbers_are_those_of_the_predictions_it_writes(run, halves):
    made = run("train", halves[0], "--target", "price", "--test-data", halves[1], *QUICK,
               "--json").json  # fmt: skip
    rows = rows_of(run("predict", "model.safetensors", halves[1], "--interval", 0.9).out)
    y, seen = (numbers(lines_of(half), "price") for half in reversed(halves))
    predicted, low, high = (numbers(rows, name) for name in ("price", "lower", "upper"))
    assert list(rows[0]) == ["price", "lower", "upper"]
    metrics = made["metrics"]
    assert metrics["rmse"] == pytest.approx(sqrt(np.mean((y - predicted) ** 2)))
    assert metrics["r2"] == pytest.approx(1 - np.mean((y - predicted) ** 2) / y.var())
    assert metrics["mae"] == pytest.approx(np.mean(abs(y - predicted)))
    held = np.mean((low <= y) & (y <= high))
    assert made["interval"]["held"] == held
    assert made["interval"]["mean_width"] == pytest.approx(np.mean(high - low))
    rmse = sqrt(np.mean((y - seen.mean()) ** 2))
    assert made["baseline"]["metrics"]["rmse"] == pytest.approx(rmse)
    text = run("evaluate", "model.safetensors", halves[1]).out
    assert text.startswith("on 40 rows")
    assert f"intervals for 90% of rows hold {held:.2f} +- " in text
    wide, narrow = (
        rows_of(run("predict", "model.safetensors", halves[1], "--interval", part).out)
        for part in (0.9, 0.5)
    )
    assert (numbers(wide, "lower") <= numbers(narrow, "lower")).all()


def test_the_score_out_of_the_bag_is_the_models_own(run, table, tmp_path):
    made = run("train", table, *QUICK, "--json").json
    model = pellucid.load(tmp_path / "model.safetensors")
    assert made["out_of_bag"]["metrics"]["accuracy"] == pytest.approx(model.oob_score_)
    assert made["out_of_bag"]["metrics"]["log_loss"] == pytest.approx(model.oob_log_loss_)
    held_out = model.leaderboard_["rows_held_out"].sum()  # other rows by each
    assert made["out_of_bag"]["rows"] == held_out


def test_few_rows_are_measured_out_of_the_bag_and_fewer_on_themselves_as_is_said(run, tmp_path):
    path = tmp_path / "few.csv"
    path.write_text("a,b\n" + "".join(f"{i},{i * i}\n" for i in range(12)))
    result = run("train", path, "--task", "regression", "--max-time", 0.2)
    assert "on 12 rows, out of the bag  R2" in result.out
    assert "no rows were held out to test on" in result.err
    path.write_text("a,b\n" + "".join(f"{i},{i * i}\n" for i in range(6)))
    result = run("train", path, "--task", "regression", "--max-time", 0.2)
    assert "on the 6 training rows" in result.out
    assert "6 rows are too few to hold some out" in result.err
    assert "intervals" not in result.out


@pytest.mark.parametrize("target", ["kind", "price"])
def test_lightgbm_is_trained_and_measured_on_the_same_rows(run, halves, target):
    """The same as LightGBM makes of pandas' columns, categories among them."""
    import lightgbm
    import pandas

    made = run("train", halves[0], "--target", target, "--test-data", halves[1], "--compare",
               *QUICK, "--threads", 1, "--json").json  # fmt: skip
    a, b = (pandas.read_csv(half) for half in halves)
    text = [c for c in ("colour", "kind") if c != target]
    for frame in (a, b):
        frame[text] = frame[text].astype("category")
    kind = lightgbm.LGBMClassifier if target == "kind" else lightgbm.LGBMRegressor
    peer = kind(random_state=0, n_jobs=1, verbose=-1).fit(a.drop(columns=target), a[target])
    if target == "kind":
        score = log_loss(b[target], peer.predict_proba(b.drop(columns=target)))
        assert made["lightgbm"]["metrics"]["log_loss"] == pytest.approx(score)
    else:
        score = sqrt(np.mean((b[target] - peer.predict(b.drop(columns=target))) ** 2))
        assert made["lightgbm"]["metrics"]["rmse"] == pytest.approx(score)
    shown = run("train", halves[0], "--target", target, "--compare", *QUICK, "--threads", 1).out
    assert "LightGBM, as it comes  " in shown


# --- what it takes in --------------------------------------------------------------------------


def test_columns_are_left_out_and_taken_for_what_is_asked(run, table, tmp_path):
    made = run("train", table, "--exclude", "price", "--column-type", "length=category",
               "--column-type", "colour=ignored", *QUICK, "--json").json  # fmt: skip
    kinds = {column["name"]: column["kind"] for column in made["schema"]}
    assert kinds == {"length": "category", "colour": "ignored", "price": "ignored"}
    (tmp_path / "new.csv").write_text("length\n0.1\n0.2\n")  # those left out need not be there
    result = run("predict", "model.safetensors", "new.csv")
    assert len(result.out.splitlines()) == 3
    assert "rows whose 'length' is new: 2" in result.err


def test_the_full_stop_of_a_test_file_is_dropped_and_names_are_made_up(run, tmp_path):
    def lines(n, stop):
        for i in range(n):
            income = "<=50K" if i % 50 < 25 else ">50K"
            yield f"{20 + i % 50}, {('State-gov', 'Private', '?')[i % 3]}, {income}{stop}"

    (tmp_path / "a.data").write_text("\n".join(lines(150, "")) + "\n")
    (tmp_path / "a.test").write_text("|1x3 Cross validator\n" + "\n".join(lines(60, ".")) + "\n")
    made = run("train", "a.data", "--test-data", "a.test", *QUICK, "--json").json
    assert made["target"] == "column_3"
    assert made["rows"]["test"] == 60
    assert made["metrics"]["accuracy"] > 0.6
    assert any("full stop is dropped from '<=50K.', '>50K.'" in note for note in made["notes"])
    again = run("evaluate", "model.safetensors", "a.test", "--json").json
    assert again["metrics"] == made["metrics"]
    assert any("full stop" in note for note in again["notes"])


def test_classes_that_are_numbers_fractions_or_booleans(run, tmp_path):
    for low, high in (("0.5", "1.5"), ("0", "1"), ("true", "false"), ("10.5", "2.25")):
        path = tmp_path / "t.csv"
        path.write_text("a,b\n" + f"1,{low}\n2,{high}\n" * 20)
        made = run("train", path, "--bag", 1, "--max-time", 0.1, "--json").json
        assert made["task"] == "classification"
        assert made["metrics"]["accuracy"] == 1.0
        out = run("predict", "model.safetensors", path).out
        assert out.splitlines()[:3] == ["b", low, high]


def test_rows_without_an_answer_are_left_out_and_counted(run, table):
    lines = table.read_text().splitlines()
    lines[1:31] = [line.rpartition(",")[0] + "," for line in lines[1:31]]
    table.write_text("\n".join(lines))
    made = run("train", table, *QUICK, "--json").json
    assert sum(made["rows"].values()) == 90
    assert "rows without kind, left out: 30" in made["notes"]
    assert len(run("predict", "model.safetensors", table).out.splitlines()) == 121
    again = run("evaluate", "model.safetensors", table, "--json").json
    assert again["rows"] == 90


def test_a_table_may_come_through_a_pipe(tmp_path, table):
    subprocess.run([*HERE, "train", "-", "--bag", "1", "--max-time", "0.1", "-q"], cwd=tmp_path,
                   check=True, input=table.read_bytes())  # fmt: skip
    assert isinstance(pellucid.load(tmp_path / "model.safetensors"), TabularClassifier)


# --- what comes out ----------------------------------------------------------------------------


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(run, tmp_path):
    few = tmp_path / "few.csv"
    few.write_text("a,b\n" + "".join(f"{i},{i * 7 % 10}.5\n" for i in range(14)))
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run("train", few, "--bag", 1, "--seed", seed, "--out", name, "-q")
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_options_reach_the_model(run, table, monkeypatch):
    made = []

    def fit(self, X, y):
        made.append(self.get_params())
        raise KeyboardInterrupt

    monkeypatch.setattr(TabularRegressor, "fit", fit)
    result = run("train", table, "--target", "price", "--bag", 3, "--max-time", 9, "--seed", 5,
                 "--refit", "--engine", "reference", "--threads", 2, "-q")  # fmt: skip
    assert (result.code, result.out) == (130, "")
    assert {
        "bag": 3, "max_time": 9.0, "random_state": 5, "refit": True, "engine": "reference",
        "n_jobs": 2, "verbose": False, "column_types": None,
    }.items() <= made[0].items()  # fmt: skip


def test_quiet_prints_nothing_and_writes(run, table, tmp_path):
    result = run("train", table, "--target", "price", "--refit", *QUICK, "--out", "m", "-q")
    assert (result.code, result.out, result.err) == (0, "", "")
    model = pellucid.load(tmp_path / "m")
    assert isinstance(model, TabularRegressor)
    assert len(model.leaderboard_["member"]) == 2


def test_the_file_remembers_its_scores_and_info_and_check_show_it(run, table, tmp_path):
    made = run("train", table, *QUICK, "--plot", "p.png", "--json").json
    assert made["written"] == ["model.safetensors", "p.png"]
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    text = run("info", "model.safetensors").out
    for part in (
        "format 3", "TabularClassifier(bag=2", "2 networks, ",
        "predicts 'kind' (classification) from 3 columns", "colour  category        0         3",
        "rows: 102 train, 18 test",
        "on the test rows: accuracy ", "out of the bag: accuracy ", "engines here: ",
    ):  # fmt: skip
        assert part in text, part
    header = run("info", "model.safetensors", "--json").json
    assert header["about"]["metrics"]["accuracy"] == made["metrics"]["accuracy"]
    assert header["parameters"] == made["parameters"]
    checked = run("check", "model.safetensors")
    assert checked.code == 0
    assert checked.out.startswith("TabularClassifier, 2 networks of ")


def test_a_model_saved_from_python_is_as_good(run, table, tmp_path):
    model = TabularRegressor(bag=2, max_time=0.2, random_state=0).fit(str(table), "price")
    model.save(tmp_path / "m")
    out = run("predict", "m", table).out
    assert numbers(rows_of(out), "price").tolist() == model.predict(str(table)).tolist()
    made = run("evaluate", "m", table, "--json").json
    assert "baseline" not in made
    assert made["task"] == "regression"
    assert "predicts 'price' (regression)" in run("info", "m").out


def test_sets_of_classes_hold_the_likeliest_and_grow_with_their_coverage(run, table):
    run("train", table, *QUICK, "-q")
    some, more = (
        rows_of(run("predict", "model.safetensors", table, "--set", part).out)
        for part in (0.5, 0.95)
    )
    assert list(some[0]) == ["kind", "may be big", "may be small"]
    assert all(row[f"may be {row['kind']}"] == "true" for row in some)
    sizes = [sum(row[f"may be {c}"] == "true" for row in rows for c in ("big", "small"))
             for rows in (some, more)]  # fmt: skip
    assert 120 <= sizes[0] <= sizes[1] <= 240


def test_predict_finds_columns_by_name_and_says_what_is_new(run, table, tmp_path):
    run("train", table, "--exclude", "price", *QUICK, "-q")
    straight = run("predict", "model.safetensors", table)
    assert straight.err == ""
    rows = rows_of(table.read_text())
    turned = tmp_path / "turned.csv"
    lines = [f"x,{row['colour']},{row['length']}" for row in rows]
    turned.write_text("\n".join(["note,colour,length", *lines]) + "\n")
    result = run("predict", "model.safetensors", turned)
    assert result.out == straight.out
    assert result.err == "note: columns that training did not have, left out: note\n"
    turned.write_text("colour,length\nultraviolet,0.5\n")
    result = run("predict", "model.safetensors", turned)
    assert result.err == "note: rows whose 'colour' is new: 1\n"


def test_a_column_that_is_the_target_again_is_left_out_with_a_warning(run, table):
    lines = table.read_text().splitlines()
    table.write_text("\n".join(
        f"{'copy' if i == 0 else line.rpartition(',')[2]},{line}" for i, line in enumerate(lines)
    ))  # fmt: skip
    result = run("train", table, *QUICK)
    assert "warning: column 'copy' equals the target in every row and is not used; " in result.err
    assert "--column-type 'copy=category' uses it all the same" in result.err
    assert "note: not used, the same as the target in every row: 'copy'" in result.err


def test_ctrl_c_ends_training_and_writes_nothing(tmp_path):
    rng = np.random.default_rng(0)
    rows = "".join(f"{a},{b},{a * b}\n" for a, b in rng.normal(size=(3000, 2)))
    (tmp_path / "t.csv").write_text("a,b,c\n" + rows)
    screen, stderr = pty.openpty()  # a terminal, so that the bars are drawn as they move
    process = subprocess.Popen(
        [*HERE, "train", "t.csv", "--threads", "1", "--bag", "8"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=stderr, text=True,
    )  # fmt: skip
    os.close(stderr)
    shown = b""
    while b"loss" not in shown:  # at least one epoch is done
        shown += os.read(screen, 4096)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)  # an impatient person
    while True:
        try:
            if not (more := os.read(screen, 4096)):
                break
            shown += more
        except OSError:  # the terminal's other end is closed
            break
    process.communicate()
    os.close(screen)
    assert process.returncode == 130
    assert b"pellucid: interrupted: nothing was written" in shown
    assert b"Traceback" not in shown
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_the_header_has_no_times_and_no_place_on_this_machine(run, table, tmp_path):
    run("train", table, *QUICK, "-q")
    header = json.dumps(model_file.read(tmp_path / "model.safetensors")[1])
    for word in ("seconds", str(tmp_path), "engine", "n_jobs"):
        assert word not in header, word
