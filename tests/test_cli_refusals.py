"""What the command line refuses: one clear line, exit 2, and nothing lost."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import pellucid


def assert_refused(result, *words):
    """One line to stderr, with these words in it, exit 2 and no traceback."""
    assert result.code == 2
    assert result.out == ""
    line = result.err.strip()
    assert line.startswith("pellucid: ")
    assert "\n" not in line
    for word in words:
        assert word in line, (word, line)


def test_a_target_that_is_not_there_is_met_with_near_names(run, table):
    assert_refused(run("train", table, "--target", "prise"), "'prise'", "price")


def test_data_that_is_not_there(run):
    assert_refused(run("train", "digit"), "'digit'", "did you mean digits")
    assert_refused(run("train", "nowhere/things.csv"), "nowhere/things.csv")


def test_names_that_are_not_known_are_met_with_those_that_are(run):
    assert_refused(run("train", "iris", "--activation", "sigmod"), "'sigmod'", "sigmoid", "tanh")
    assert_refused(run("train", "iris", "--loss", "l2"), "'l2'", "squared_error")
    assert_refused(run("train", "iris", "--solver", "adma"), "'adma'", "adam")
    assert_refused(run("train", "iris", "--schedule", "cosin"), "cosine")
    assert_refused(run("train", "iris", "--scaling", "standart"), "standard")
    assert_refused(run("train", "iris", "--task", "clustering"), "'clustering'", "regression")
    assert_refused(run("train", "iris", "--engine", "referense"), "'referense'", "reference")


def test_numbers_that_make_no_sense(run):
    assert_refused(run("train", "iris", "--epochs", 0), "epochs", "0")
    assert_refused(run("train", "iris", "--hidden", "ten"), "hidden", "'ten'")
    assert_refused(run("train", "iris", "--batch-size", "some"), "batch-size", "'some'")
    assert_refused(run("train", "iris", "--alpha", "-1"), "alpha", "-1")
    assert_refused(run("train", "iris", "--dropout", "1.5"), "dropout", "1.5")
    assert_refused(run("train", "iris", "--validation", "0.9", "--test", "0.9"), "0.9")
    assert_refused(run("train", "iris", "--momentum", "0.5"), "momentum", "adam")
    assert_refused(run("train", "iris", "--threads", 0), "threads", "0", "from 1 on")
    assert_refused(run("train", "iris", "--threads", -2), "threads", "-2")
    assert_refused(run("train", "iris", "--threads", "two"), "threads", "valid integer")
    assert_refused(run("train", "iris", "--loss", "binary_cross_entropy",
                       "--output-activation", "identity"), "sigmoid")  # fmt: skip


def test_an_option_that_does_not_exist_is_a_mistake_too(run):
    result = run("train", "iris", "--epoch", "3")
    assert result.code == 2
    assert "--epochs" in result.err


def test_a_file_that_cannot_be_written_is_found_before_training(run, monkeypatch):
    def train(*arguments, **more):
        raise AssertionError("training began")

    monkeypatch.setattr(pellucid.Network, "train", train)
    assert_refused(run("train", "iris", "--out", "no/where/m.safetensors"), "no/where")
    assert_refused(run("train", "iris", "--plot", "no/where/p.png"), "no/where")
    Path("folder").mkdir()
    assert_refused(run("train", "iris", "--out", "folder"), "folder")


def test_bad_tables(run, tmp_path):
    def table(text):
        path = tmp_path / "bad.csv"
        path.write_text(text)
        return path

    assert_refused(run("train", table("")), "bad.csv", "empty")
    assert_refused(run("train", table("a,b\n")), "no rows")
    assert_refused(run("train", table("a,b\n" + "1,same\n2,same\n" * 15)), "one class only", "same")
    assert_refused(run("train", table("a,b\n1,2\n3\n4,5\n")), "bad.csv", "3")
    assert_refused(run("train", table("only\n" + "1\n2\n" * 20)), "only", "nothing")
    assert_refused(run("train", table("a,b\n" + "inf,1\n0,2\n" * 20)), "'a'", "inf")


def test_text_where_training_had_numbers_names_column_row_and_value(run, table, tmp_path):
    run("train", table, "--epochs", 2, "--out", "m.safetensors", "-q")
    other = tmp_path / "other.csv"
    other.write_text("length,colour,price\n1,red,100\nlong,red,100\n")
    assert_refused(run("predict", "m.safetensors", other), "'length'", "'long'", "row 2")
    other.write_text("lenght,colour,price\n1,red,100\n")
    assert_refused(run("predict", "m.safetensors", other), "'length'", "lenght")


def test_files_that_are_no_models(run, tmp_path, table):
    assert_refused(run("info", "missing.safetensors"), "missing.safetensors")
    assert_refused(run("info", table), "is text, not a model file")
    assert_refused(run("evaluate", tmp_path, table), str(tmp_path))
    assert_refused(run("check", "12"), "12")


def test_a_model_is_asked_only_for_what_it_can_give(run, table):
    run("train", table, "--target", "price", "--epochs", 1, "--out", "m.safetensors", "-q")
    assert_refused(run("predict", "m.safetensors", table, "--probabilities"), "numbers", "classes")
    pellucid.Network([3, 2], seed=0).save("n.safetensors")
    assert_refused(run("predict", "n.safetensors", "iris"), "bare network")


def test_a_batch_larger_than_the_data_is_all_of_it_with_a_warning(run):
    result = run("train", "iris", "--batch-size", 4000, "--epochs", 2)
    assert result.code == 0
    assert "warning: batch_size is 4000 and there are 104 rows: using 104" in result.err


def test_training_that_diverges_exits_with_1_and_says_which_knob_to_turn(run, tmp_path):
    result = run("train", "diabetes", "--solver", "sgd", "--learning-rate", 1e6)
    assert result.code == 1
    assert "learning_rate" in result.err
    assert not (tmp_path / "model.safetensors").exists()


def test_rows_without_an_answer_are_left_out_and_counted(run, tmp_path):
    path = tmp_path / "gaps.csv"
    path.write_text("a,b\n" + "1,x\n2,y\n3,\n" * 20)
    result = run("train", path, "--epochs", 2)
    assert result.code == 0
    assert "rows without b, left out: 20" in result.err


@pytest.mark.parametrize("name", ["typer", "rich", "polars", "sklearn"])
def test_without_its_extra_the_command_says_what_to_install(name):
    code = f"import sys; sys.modules[{name!r}] = None; from pellucid.cli import main; main([])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f"pellucid: the command line needs {name}: pip install 'pellucid[cli]'\n"


def test_ctrl_c_keeps_the_weights_so_far_saves_them_and_exits_with_130(tmp_path):
    screen, stderr = pty.openpty()  # a terminal, so that the progress bar is drawn as it moves
    process = subprocess.Popen(
        [sys.executable, "-m", "pellucid", "train", "sums", "--epochs", "100000",
         "--no-early-stopping", "--out", "m.safetensors"],
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
    out = process.stdout.read()
    process.stdout.close()
    os.close(screen)
    assert process.wait() == 130
    assert "interrupted" in out
    assert b"Traceback" not in shown
    assert pellucid.load(tmp_path / "m.safetensors").about["training"]["stopped"] == "interrupted"


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    pellucid_ = [sys.executable, "-m", "pellucid"]
    subprocess.run([*pellucid_, "train", "sums", "--epochs", "1", "-q"], cwd=tmp_path, check=True)
    process = subprocess.Popen([*pellucid_, "predict", "model.safetensors", "sums"], cwd=tmp_path,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert err == b""


def test_what_is_wrong_with_the_test_rows_is_found_before_training(run, table, monkeypatch):
    def train(*arguments, **more):
        raise AssertionError("training began")

    monkeypatch.setattr(pellucid.Network, "train", train)
    assert_refused(run("train", "iris", "--test-data", "wine"), "'species'")
    other = Path("other.csv")
    other.write_text("length,colour,price,kind\n1,red,100,enormous\n")
    assert_refused(run("train", table, "--test-data", other), "'enormous'", "big", "small")
    rows = table.read_text().splitlines()
    rows[41] = rows[41].replace(rows[41].split(",")[2], "inf")
    other.write_text("\n".join(rows))
    assert_refused(run("train", other), "'price'", "inf", "row 41")


def test_what_is_read_is_not_written_over(run, table):
    text = table.read_text()
    assert_refused(run("train", table, "--out", table), "things.csv", "read")
    assert_refused(run("train", "iris", "--out", "a.png", "--plot", "a.png"), "a.png", "written")
    run("train", table, "--epochs", 1, "--out", "m.safetensors", "-q")
    assert_refused(run("predict", "m.safetensors", table, "--out", table), "things.csv")
    assert_refused(run("predict", "m.safetensors", table, "--out", "m.safetensors"), "read")
    assert table.read_text() == text


def test_a_picture_of_no_known_kind_is_found_before_training(run):
    assert_refused(run("train", "iris", "--plot", "p.xyz"), "p.xyz", ".png, .svg or .pdf")


def test_numbers_too_large_to_square_are_refused(run, tmp_path):
    path = tmp_path / "huge.csv"
    path.write_text("a,b\n" + "".join(f"{i}e300,{i % 7}.5\n" for i in range(1, 60)))
    assert_refused(run("train", path, "--preset", "plain"), "too large")


def test_options_that_do_not_go_together_say_which_do(run):
    assert_refused(run("train", "diabetes", "--label-smoothing", 0.1), "label_smoothing",
                   "binary_cross_entropy and cross_entropy")  # fmt: skip
    assert_refused(run("train", "diabetes", "--quantile", 0.9), "squared_error", "quantile")
    assert_refused(run("train", "iris", "--seed", -1), "-1", "from 0 on")
    assert_refused(run("train", "iris", "--task", "regression"), "'setosa'", "classification")
    assert run("train diabetes --loss quantile --quantile 0.9 --epochs 2 -q").code == 0


def test_no_arguments_show_the_help_and_nothing_else(run):
    result = run()
    assert "train" in result.out
    assert result.err == ""


def test_divergence_in_the_first_epoch_leaves_an_older_model_alone(run, tmp_path):
    run("train", "diabetes", "--epochs", 1, "--out", "m.safetensors", "-q")
    before = (tmp_path / "m.safetensors").read_bytes()
    result = run("train", "diabetes", "--solver", "sgd", "--learning-rate", 1e200, "--epochs", 3,
                 "--out", "m.safetensors", "--json")  # fmt: skip
    assert result.code == 1
    assert (result.json["stopped"], result.json["written"]) == ("diverged", [])
    assert (tmp_path / "m.safetensors").read_bytes() == before


@pytest.mark.parametrize("where", ["find_spec", "reading"])
def test_ctrl_c_before_training_says_that_nothing_was_written(run, monkeypatch, where):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    module, name = {
        "find_spec": (sys.modules["pellucid.cli.main"], "find_spec"),
        "reading": (sys.modules["pellucid.cli.train"], "open_data"),
    }[where]
    monkeypatch.setattr(module, name, interrupt)
    result = run("train", "iris")
    assert result.code == 130
    assert result.err == "pellucid: interrupted: nothing was written\n"
    assert not Path("model.safetensors").exists()


def test_a_model_is_checked_as_it_is(run):
    pellucid.Network([3, 2], seed=0).save("n.safetensors")
    assert_refused(run("check", "n.safetensors", "--activation", "tanh"), "own activations")
