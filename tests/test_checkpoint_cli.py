"""`pellucid train --checkpoint` and `--resume`: what is said, what is refused, what comes out."""

import os
import signal
import subprocess
import sys
import time

import pytest

from pellucid import Predictor, Recipe, datasets

QUICK = ("train", "digits", "--hidden", "20", "--no-early-stopping", "--seed", "1")
KEPT = ("--checkpoint", "run.ckpt")


def test_resumed_training_writes_the_file_of_a_quiet_run_and_says_where_it_went_on(run, tmp_path):
    assert run(*QUICK, "--epochs", 4, *KEPT).code == 0
    resumed = run(*QUICK, "--epochs", 9, *KEPT, "--resume", "--out", "resumed.safetensors")
    assert resumed.code == 0
    assert resumed.err.splitlines()[0] == "note: resumed after epoch 4 of 9 from run.ckpt"
    assert "trained 9 epochs in" in resumed.out
    assert run(*QUICK, "--epochs", 9, "--out", "quiet.safetensors").code == 0
    whole = (tmp_path / "quiet.safetensors").read_bytes()
    assert (tmp_path / "resumed.safetensors").read_bytes() == whole
    again = run(*QUICK, "--epochs", 9, *KEPT, "--resume", "--out", "again.safetensors")
    assert "note: resumed after epoch 9 of 9 from run.ckpt" in again.err
    assert (tmp_path / "again.safetensors").read_bytes() == whole


def test_the_first_of_many_equal_commands_says_that_there_is_nothing_to_resume(run):
    first = run(*QUICK, "--epochs", 2, *KEPT, "--resume")
    assert first.code == 0
    assert "note: no checkpoint in run.ckpt yet: training begins" in first.err
    quiet = run(*QUICK, "--epochs", 2, *KEPT, "--resume", "-q")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    as_json = run(*QUICK, "--epochs", 3, *KEPT, "--resume", "--json")
    assert as_json.json["epochs"] == 3
    assert as_json.err == ""


def test_nothing_of_the_checkpoint_is_in_the_model_file(run, tmp_path):
    run(*QUICK, "--epochs", 2, *KEPT, "--checkpoint-epochs", 1)
    assert b"run.ckpt" not in (tmp_path / "model.safetensors").read_bytes()
    assert b"checkpoint" not in (tmp_path / "model.safetensors").read_bytes()


def one_line(result):
    assert result.code == 2
    assert result.out == ""
    (line,) = [line for line in result.err.splitlines() if not line.startswith("note: ")]
    return line.removeprefix("pellucid: ")


def test_mistakes_are_told_in_one_line(run, table, tmp_path):
    run(*QUICK, "--epochs", 2, *KEPT)
    before = (tmp_path / "run.ckpt").read_bytes()
    for words, said in (
        (("--resume",), "--resume needs --checkpoint PATH, the file it is about"),
        (("--checkpoint-epochs", 2), "--checkpoint-epochs needs --checkpoint PATH"),
        (("--checkpoint-seconds", 2), "--checkpoint-seconds needs --checkpoint PATH"),
        (KEPT, "'run.ckpt' is there already: --resume goes on from it; to begin anew, delete it"),
        ((*KEPT, "--resume", "--dropout", "0.1"), "dropout was 0.0 and is 0.1"),
        ((*KEPT, "--resume", "--test", "0.2"), "X was float64 [1257, 64] and is float64 ["),
        ((*KEPT, "--resume", "--seed", "2"), "seed was 1 and is 2"),
        ((*KEPT, "--resume", "--epochs", "1"), "is from after epoch 2, and no more than 1 are ask"),
        ((*KEPT, "--resume", "--alpha", "0.1,0.2"), "and alpha is 0.1, 0.2: train with one alpha"),
        (("--checkpoint", "new", "--checkpoint-seconds", "0"), "checkpoint_seconds is 0.0"),
        (("--checkpoint", "model.safetensors"), "cannot write to 'model.safetensors': it is writt"),
        (("--checkpoint", "no/run.ckpt"), "cannot write to 'no/run.ckpt': no folder 'no'"),
    ):
        assert said in one_line(run(*QUICK, "--epochs", 2, *words))
    assert (tmp_path / "run.ckpt").read_bytes() == before
    assert "cannot write to" in one_line(run("train", table, "--checkpoint", table))
    (tmp_path / "run.ckpt").write_bytes(before[:-1])
    assert "'run.ckpt' is no checkpoint, or damaged: " in one_line(run(*QUICK, *KEPT, "--resume"))


def test_ctrl_c_keeps_a_model_and_a_checkpoint_that_goes_on(run, tmp_path):
    options = (*QUICK[2:], "--epochs", "3000", "--batch-size", "8", "-q")
    words = [sys.executable, "-m", "pellucid", "train", "digits", *options, *KEPT]
    words += ["--checkpoint-seconds", "0.01"]
    process = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "run.ckpt").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert (tmp_path / "model.safetensors").exists()
    assert [p for p in os.listdir(tmp_path) if p.endswith(".part")] == []
    once_more = run(
        *QUICK, "--epochs", 3000, "--batch-size", 8, *KEPT, "--resume", "--max-time", 1e-9
    )
    assert once_more.code == 0
    assert "resumed after epoch" in once_more.err


def test_a_predictor_takes_one_alpha_with_a_checkpoint(tmp_path):
    table = datasets.load("iris").table()
    several, one = Recipe(alpha=(0.1, 1.0)), Recipe(settings={"epochs": 3})
    with pytest.raises(ValueError, match=r"a checkpoint is of one network, and alpha is 0\.1, 1: "):
        Predictor.fit(table, recipe=several, keeping={"checkpoint": tmp_path / "run.ckpt"})
    first = Predictor.fit(table, recipe=one, keeping={"checkpoint": tmp_path / "run.ckpt"})
    assert first.predictor.about["training"]["settings"] == {"epochs": 3}
    again = Predictor.fit(
        table, recipe=one, keeping={"checkpoint": tmp_path / "run.ckpt", "resume": True},
        callbacks=[lambda event: pytest.fail("an epoch was run again")],
    )  # fmt: skip
    assert again.predictor.network.theta.tobytes() == first.predictor.network.theta.tobytes()
