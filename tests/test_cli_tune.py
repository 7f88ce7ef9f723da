"""`pellucid tune`, run as people run it: what it finds, prints, writes and refuses."""

import csv
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pellucid
import pellucid.rows
from pellucid import MLPClassifier, datasets

MOONS = "tune moons --hidden 20 --solver lbfgs --activation logistic --epochs 500"


def assert_refused(result, *words):
    """One line to stderr, with these words in it, exit 2 and no traceback."""
    assert result.code == 2
    assert result.out == ""
    line = result.err.strip()
    assert line.startswith("pellucid: ")
    assert "\n" not in line
    for word in words:
        assert word in line, (word, line)


def test_the_moons_get_a_lambda_of_about_a_hundredth_and_the_line_that_trains_with_it(run):
    result = run(f"{MOONS} --alpha 1e-5:1:log")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    (best,) = (line for line in lines if line.endswith("<- best"))
    assert 0.003 <= float(best.split()[0]) <= 0.03
    assert lines[1] == "accuracy, mean over 5 folds of 160 rows:"
    assert any(line.startswith("accuracy on the 40 test rows: 0.9") for line in lines)
    assert f"best: alpha {best.split()[0]}" in lines
    line = lines[-1].strip()
    assert line.startswith("pellucid train moons --hidden 20 --activation logistic --solver lbfgs")
    trained = run(*shlex.split(line)[1:], "--json").json
    assert trained["alpha"] == float(best.split()[0])
    assert trained["rows"] == {"train": 160, "validation": 0, "test": 40}


def test_every_figure_is_that_of_scikit_learn_by_hand(run):
    moons = datasets.load("moons")
    table = run(f"{MOONS} --alpha 0.01,1 --test 0 --folds 3 --seed 4 --json").json["table"]
    for row in table:
        scores = []
        for train, held in StratifiedKFold(3, shuffle=True, random_state=4).split(moons.X, moons.y):
            model = make_pipeline(
                StandardScaler(),
                MLPClassifier(20, "logistic", solver="lbfgs", max_iter=500, alpha=row["alpha"],
                              learning_rate_init=0.001, random_state=4),
            ).fit(moons.X[train], moons.y[train])  # fmt: skip
            scores.append(model.score(moons.X[held], moons.y[held]))
        assert row["validation_score"] == pytest.approx(np.mean(scores), abs=1 / 60)
        assert row["validation_std"] == pytest.approx(np.std(scores), abs=1 / 60)


def test_the_printed_line_holds_out_the_same_rows(run, table, monkeypatch):
    held = []

    def divide(*arguments):
        rows = pellucid.rows.divide(*arguments)
        held.append(rows.tested)
        return rows

    monkeypatch.setattr(sys.modules["pellucid.cli.tune"], "divide", divide)
    monkeypatch.setattr(sys.modules["pellucid.predictor"], "divide", divide)
    line = run("tune", table, "--exclude", "price", "--epochs", 3, "--seed", 7, "--json").json
    run(*shlex.split(line["train"])[1:], "-q")
    assert held[0].height == 24
    assert held[0].equals(held[1])


def test_a_mixed_table_with_gaps_goes_in(run, table):
    result = run("tune", table, "--alpha", "0.01,1", "--hidden", "10;6,6", "--learning-rate",
                 "0.01", "--epochs", "100", "--folds", 3, "--json").json  # fmt: skip
    assert (result["task"], result["target"]) == ("classification", "kind")
    assert result["rows"] == {"search": 96, "test": 24}
    assert {(r["hidden_layer_sizes"], r["alpha"]) for r in result["table"]} == {
        ("10", 0.01), ("10", 1.0), ("6,6", 0.01), ("6,6", 1.0)
    }  # fmt: skip
    best = max(result["table"], key=lambda row: row["validation_score"])
    assert result["validation_score"] == best["validation_score"]
    assert result["test_score"] > 0.8
    assert f"--hidden {result['best']['hidden_layer_sizes']} " in result["train"]


def test_numbers_are_predicted_too_and_the_table_is_written(run, table, tmp_path):
    result = run("tune", table, "--target", "price", "--hidden", "10;6,6", "--alpha", "0.01",
                 "--learning-rate", "0.01", "--dropout", "0,0.5", "--out", "t.csv",
                 "--scoring", "neg_mean_absolute_error")  # fmt: skip
    assert result.code == 0
    assert "neg_mean_absolute_error on the 24 test rows: -" in result.out
    assert result.out.endswith("wrote t.csv\n")
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["hidden_layer_sizes"], float(row["dropout"])) for row in rows} == {
        ("10", 0.0), ("10", 0.5), ("6,6", 0.0), ("6,6", 0.5)
    }  # fmt: skip
    assert all(float(row["validation_score"]) < 0 for row in rows)
    assert list(rows[0])[2:] == [
        "training_score", "validation_score", "validation_std", "seconds"
    ]  # fmt: skip


def test_so_many_candidates_are_drawn_at_random(run):
    one, same, other = (
        run("tune", "iris", "--alpha", "1e-5:1:log:11", "--activation", "relu,tanh", "--epochs", 2,
            "--candidates", 4, "--seed", seed, "--jobs", 1, "--json").json["table"]
        for seed in (0, 0, 1)
    )  # fmt: skip
    settings = [[(r["alpha"], r["activation"]) for r in table] for table in (one, same, other)]
    assert len({*settings[0]}) == 4
    assert settings[0] == settings[1] != settings[2]


def test_test_data_of_its_own(run, table, tmp_path):
    lines = table.read_text().splitlines()
    (tmp_path / "a.csv").write_text("\n".join(lines[:81]))
    (tmp_path / "b.csv").write_text("\n".join([lines[0], *lines[81:]]))
    result = run("tune", "a.csv", "--test-data", "b.csv", "--epochs", 20, "--json").json
    assert result["rows"] == {"search": 80, "test": 40}
    assert "--test-data b.csv" in result["train"]


def test_quiet_prints_nothing_and_writes(run, tmp_path):
    result = run("tune iris --epochs 2 --folds 3 --out t.csv --quiet")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 7


def test_few_rows_are_all_searched_on_and_that_is_said(run):
    result = run("tune xor --solver lbfgs --hidden 4 --alpha 0.01,1 --task regression --folds 2")
    assert result.code == 0
    assert "no rows were held out to test the best setting on" in result.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("iris --alpha 1e-5:1:lg", ["--alpha", "'1e-5:1:lg'", "first:last:log"]),
        ("iris --alpha 0:1:log", ["--alpha", "above 0"]),
        ("iris --alpha 0.1", ["one setting only", "--alpha"]),
        ("iris --alpha -1,1", ["'alpha'", "-1"]),
        ("iris --hidden ten;20", ["--hidden", "whole numbers"]),
        ("iris --hidden 0:2", ["--hidden", "from 1 on"]),
        ("iris --activation relu,tanhh", ["'tanhh'", "tanh"]),
        ("iris --solver adma,sgd", ["'adma'", "adam"]),
        ("iris --batch-size 0,32", ["batch_size", "0"]),
        ("iris --epochs 0:5", ["max_iter", "0"]),
        ("iris --folds 121", ["folds", "121", "120"]),
        ("iris --folds 1", ["folds", "1"]),
        ("iris --test 1.5", ["1.5"]),
        ("iris --scoring acuracy", ["'acuracy'", "accuracy"]),
        ("iris --candidates 1", ["candidates"]),
        ("iris --jobs 0", ["jobs"]),
        ("iris --seed -1", ["-1", "from 0 on"]),
        ("iris --target spacies", ["'spacies'", "species"]),
        ("iris --exclude spacies", ["'spacies'"]),
        ("iris --task clustering", ["'clustering'"]),
        ("iris --task regression", ["'setosa'"]),
        ("iris --test-data wine", ["'species'"]),
        ("digit", ["'digit'", "did you mean digits"]),
        ("iris --out no/where.csv", ["no/where.csv"]),
    ],
)
def test_mistakes_are_told_in_one_line(run, arguments, words):
    assert_refused(run("tune", *arguments.split()), *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n" + "1,same\n2,same\n" * 15, ["one class only", "same"]),
        ("a,b\n" + "1,2.5\n2,2.5\n" * 15, ["same in every row"]),
        ("a,b\n" + "1,x\n1,y\n" * 15, ["no column is of use"]),
        ("a,b\n", ["no rows"]),
        ("b\n" + "1\n2\n" * 20, ["nothing to predict it from"]),
    ],
)
def test_tables_without_anything_to_choose_by_are_refused(run, tmp_path, text, words):
    (tmp_path / "bad.csv").write_text(text)
    assert_refused(run("tune", "bad.csv", "--task",
                       "regression" if "2.5" in text else "classification"), *words)  # fmt: skip


def test_what_is_read_is_not_written_over(run, table):
    text = table.read_text()
    assert_refused(run("tune", table, "--out", table), "things.csv", "read")
    assert table.read_text() == text


def test_ctrl_c_ends_it_at_once_with_one_line(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-m", "pellucid", "tune", "digits", "--epochs",
         "100000", "--jobs", "2", "--out", "t.csv"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PELLUCID_DEBUG": ""},
    )  # fmt: skip
    busy = Path(f"/proc/{process.pid}/stat")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:  # until it has computed for longer than importing takes
        if not busy.exists() or sum(map(int, busy.read_text().split()[13:15])) > 300:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == "pellucid: interrupted: nothing was written\n"
    assert not (tmp_path / "t.csv").exists()
