"""The command line, run as people run it: what it prints, writes, refuses and exits with."""

import csv
import gzip
import io
import subprocess
import sys

import numpy as np
import pytest

import pellucid
import pellucid.recipe
from pellucid.engines import available


def read_rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_digits_are_learnt_and_everything_is_written(run, tmp_path):
    result = run("train", "digits", "--epochs", 40, "--out", "d.safetensors", "--plot", "d.png")
    assert result.code == 0
    assert "precision  recall     f1  support" in result.out
    accuracy = float(result.out.split("accuracy ")[1].split()[0])
    assert accuracy >= 0.96
    assert (tmp_path / "d.png").read_bytes().startswith(b"\x89PNG")
    model = pellucid.load(tmp_path / "d.safetensors")
    assert model.task == "classification"
    assert run("check", "d.safetensors").code == 0
    assert "64 -> 100 relu -> 10 softmax" in run("info", "d.safetensors").out


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(run, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run("train", "iris", "--epochs", 5, "--seed", seed, "--out", f"{name}.safetensors", "-q")
    a, b, c = ((tmp_path / f"{name}.safetensors").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_classes_and_numbers_are_told_apart_and_the_reason_is_stated(run, table):
    classes = run("train", table, "--epochs", 5, "--json").json
    numbers = run("train", table, "--target", "price", "--epochs", 5, "--json").json
    assert (classes["task"], classes["target"]) == ("classification", "kind")
    assert "text with 2 different values" in classes["why"]
    assert (numbers["task"], numbers["target"]) == ("regression", "price")
    assert numbers["rows"] == {"train": 84, "validation": 18, "test": 18}
    forced = run("train", "or", "--task", "regression", "--epochs", 5, "--json").json
    assert forced["task"] == "regression"


def test_a_mixed_table_goes_in_and_predictions_come_out(run, table, tmp_path):
    assert run("train", table, "--epochs", 150, "--out", "m.safetensors", "-q").out == ""
    evaluation = run("evaluate", "m.safetensors", table, "--json").json
    assert evaluation["metrics"]["accuracy"] > 0.85
    run("predict", "m.safetensors", table, "--probabilities", "--out", "p.csv")
    rows = read_rows(tmp_path / "p.csv")
    assert len(rows) == 120
    for row in rows:
        p = {k: float(row[f"probability of {k}"]) for k in ("big", "small")}
        assert sum(p.values()) == pytest.approx(1.0)
        assert row["kind"] == max(p, key=p.get)


def test_predict_finds_columns_by_name_ignores_others_and_takes_unseen_levels(run, table, tmp_path):
    run("train", table, "--epochs", 5, "--out", "m.safetensors", "-q")
    rows = read_rows(table)
    straight = run("predict", "m.safetensors", table).out
    turned = tmp_path / "turned.csv"
    with turned.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["note", "price", "colour", "length"])
        writer.writerows([["x", r["price"], r["colour"], r["length"]] for r in rows])
    assert run("predict", "m.safetensors", turned).out == straight
    strange = tmp_path / "strange.csv"
    strange.write_text("length,colour,price\n0.5,ultraviolet,101\n")
    result = run("predict", "m.safetensors", strange)
    assert result.code == 0
    assert result.err == "note: rows whose 'colour' is new, or was too rare: 1\n"


def test_numbers_are_predicted_in_the_targets_own_unit(run, table):
    run("train", table, "--target", "price", "--epochs", 150, "--out", "m.safetensors", "-q")
    lines = run("predict", "m.safetensors", table).out.split()
    predicted = np.array([float(line) for line in lines[1:]])
    true = np.array([float(r["price"]) for r in read_rows(table)])
    assert abs(predicted.mean() - true.mean()) < 3
    assert run("evaluate", "m.safetensors", table, "--json").json["metrics"]["r2"] > 0.8


def test_the_exam_scores_are_scaled_as_published_and_measured_on_all_three_rows(run):
    result = run(
        "train exam --hidden 3 --activation sigmoid --output-activation sigmoid "
        "--loss squared_error --no-bias --solver sgd --learning-rate 1 --alpha 0 "
        "--batch-size full --epochs 2000 --out e.safetensors"
    )
    assert result.code == 0
    assert "too few to hold some out" in result.err
    scores = [float(line) for line in run("predict", "e.safetensors", "exam").out.split()[1:]]
    np.testing.assert_allclose(scores, [92, 86, 89], atol=3)


def test_a_hidden_layer_solves_xor_and_none_does_not(run):
    with_hidden = run("train", "xor", "--hidden", "4", "--activation", "tanh", "--solver", "lbfgs",
                      "--alpha", "0", "--json").json  # fmt: skip
    without = run("train", "xor", "--hidden", "none", "--solver", "lbfgs", "--json").json
    assert with_hidden["metrics"]["accuracy"] == 1.0
    assert without["metrics"]["accuracy"] <= 0.75


def test_of_several_alphas_the_best_on_the_validation_rows_is_kept(run):
    found = run("train", "moons", "--hidden", 20, "--alpha", "0.0001,0.01,100",
                "--solver", "lbfgs", "--json").json  # fmt: skip
    assert found["alpha"] == float(min(found["alphas"], key=found["alphas"].get))
    assert found["alphas"]["100"] > found["alphas"]["0.01"]


def test_every_kind_of_option_is_accepted(run):
    result = run(
        "train wine --hidden 16,8 --activation mish --solver adamw --weight-decay 0.02 "
        "--learning-rate 0.01 --schedule cosine --epochs 12 --batch-size 16 --alpha 0 "
        "--l1 0.001 --dropout 0.1 --label-smoothing 0.1 --clip-norm 1 --initializer "
        "he_uniform --dtype float32 --max-time 60 --n-iter-no-change 5 --scaling standard "
        "--validation 0.2 --test 0.2 --engine reference --threads 2 --json"
    )
    assert result.code == 0
    assert result.json["network"] == "13 -> 16 mish -> 8 mish -> 3 softmax"
    assert pellucid.load("model.safetensors").network.theta.dtype == np.float32


@pytest.mark.parametrize("engine", [*pellucid.ENGINES, "auto"])
def test_an_engine_and_its_threads_are_handed_on_and_the_file_does_not_name_them(
    run, monkeypatch, engine
):
    made = []

    class Noting(pellucid.Network):
        def __init__(self, *arguments, **more):
            super().__init__(*arguments, **more)
            made.append((more["engine"], more["n_threads"]))

    monkeypatch.setattr(pellucid.recipe, "Network", Noting)
    run("train", "iris", "--epochs", 2, "--engine", engine, "--threads", 3, "-q")
    assert made == [(engine, 3)]
    training = run("info", "model.safetensors", "--json").json["about"]["training"]
    assert not {"engine", "n_threads"} & set(training)


def test_info_ends_with_the_engines_that_can_run_here(run):
    pellucid.Network([3, 2], seed=0).save("n.safetensors")
    last = run("info", "n.safetensors").out.splitlines()[-1]
    assert last == "engines here: " + ", ".join(available())
    assert "reference" in last
    assert "engines" not in run("info", "n.safetensors", "--json").json


def test_info_tells_what_is_in_the_file(run, table):
    run("train", table, "--epochs", 3, "--out", "m.safetensors", "-q")
    text = run("info", "m.safetensors").out
    for part in ("kind", "length: number", "colour: text, 3 levels: blue, green, red", "84 train"):
        assert part in text
    header = run("info", "m.safetensors", "--json").json
    assert header["table"]["target_name"] == "kind"
    assert header["versions"]["pellucid"] == pellucid.__version__


def test_info_and_check_also_take_a_bare_network(run):
    pellucid.Network([3, 4, 2], "tanh", seed=0).save("n.safetensors")
    assert "3 -> 4 tanh -> 2 identity" in run("info", "n.safetensors").out
    assert run("check", "n.safetensors", "--json").json["passed"]


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity", "exp"])
def test_an_architecture_is_checked_layer_by_layer(run, output):
    result = run("check", "5-4-3", "--activation", "gelu", "--output-activation", output, "--json")
    assert result.code == 0
    assert [s["name"] for s in result.json["segments"]] == [
        "layer1.W", "layer1.b", "layer2.W", "layer2.b"
    ]  # fmt: skip


def test_a_wrong_gradient_makes_check_exit_with_1(run, monkeypatch):
    sigmoid = pellucid.ACTIVATIONS["sigmoid"]
    forgetful = pellucid.Activation("sigmoid", sigmoid.forward, lambda da, z, a: da)
    monkeypatch.setitem(pellucid.ACTIVATIONS, "sigmoid", forgetful)
    result = run("check", "4-3-2", "--activation", "sigmoid")
    assert result.code == 1
    assert "WRONG: the gradient of layer1.W, layer1.b" in result.out


def test_datasets_lists_every_built_in_set_and_train_takes_each(run):
    names = run("datasets", "--json").json
    assert set(names) == {
        "digits", "iris", "wine", "breast_cancer", "diabetes", "moons", "circles", "spirals",
        "exam", "or", "and", "xor", "sums",
    }  # fmt: skip
    for name in names:
        assert name in run("datasets").out
        assert run("train", name, "--epochs", 1, "-q").code == 0


def test_help_and_version(run):
    text = run("--help").out
    for command in ("train", "predict", "evaluate", "info", "check", "datasets"):
        assert command in text
        assert run(command, "--help").code == 0
    assert run("--version").out == f"pellucid {pellucid.__version__}\n"


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("doctor", "pellucid doctor"), ("doctor m.safetensors", "pellucid doctor"),
        ("train iris --epoch 3", "pellucid train"), ("check 3-2 --rows 0", "pellucid check"),
        ("--colour", "pellucid"), ("docto", "pellucid"),
    ],
)  # fmt: skip
def test_a_wrong_call_names_the_help_of_that_very_command(words, asked, run):
    result = run(words)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert result.err.endswith(f"(see {asked} --help)\n"), result.err


def test_california_housing_is_learnt_as_it_comes(run, tabular):
    path = tabular / "california-housing.csv.gz"
    result = run("train", path, "--target", "median_house_value", "--epochs", 15, "--json").json
    assert result["task"] == "regression"
    assert result["metrics"]["r2"] > 0.7
    assert run("evaluate", "model.safetensors", path, "--json").json["metrics"]["r2"] > 0.7
    with gzip.open(path, "rt") as file:
        n = sum(1 for line in file) - 1
    assert len(run("predict", "model.safetensors", path).out.splitlines()) == n + 1


def test_adult_is_learnt_and_its_own_test_file_evaluated_as_they_come(run, tabular):
    result = run("train", tabular / "adult.data.gz", "--epochs", 5, "--json").json
    assert result["task"] == "classification"
    assert result["metrics"]["accuracy"] > 0.83
    evaluation = run("evaluate", "model.safetensors", tabular / "adult.test.gz", "--json").json
    assert evaluation["metrics"]["accuracy"] > 0.83
    assert sum(c["support"] for c in evaluation["metrics"]["classes"].values()) == 16281
    assert any("full stop" in note for note in evaluation["notes"])
    text = run("predict", "model.safetensors", tabular / "adult.test.gz", "--probabilities").out
    assert len(list(csv.DictReader(io.StringIO(text)))) == 16281
    own = run("train", tabular / "adult.data.gz", "--test-data", tabular / "adult.test.gz",
              "--epochs", 2, "--json").json  # fmt: skip
    assert own["rows"]["test"] == 16281


def test_mnist_is_read_from_its_idx_files(run, mnist):
    result = run("train", mnist / "t10k-images-idx3-ubyte.gz", "--hidden", 32, "--epochs", 4,
                 "--dtype", "float32", "--json").json  # fmt: skip
    assert result["rows"] == {"train": 7000, "validation": 1500, "test": 1500}
    assert result["metrics"]["accuracy"] > 0.85


def test_a_table_may_come_through_a_pipe(tmp_path, table):
    pellucid_ = [sys.executable, "-m", "pellucid"]
    subprocess.run([*pellucid_, "train", "-", "--epochs", "2", "-q"], cwd=tmp_path, check=True,
                   input=table.read_bytes())  # fmt: skip
    done = subprocess.run([*pellucid_, "predict", "model.safetensors", "-"], cwd=tmp_path,
                          input=table.read_bytes(), capture_output=True, check=True)  # fmt: skip
    assert len(done.stdout.splitlines()) == 121
    done = subprocess.run([*pellucid_, "train", "-"], input=b"", capture_output=True)
    assert done.returncode == 2
    assert done.stderr == b"pellucid: 'standard input' is empty\n"
