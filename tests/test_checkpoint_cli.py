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
        (("--checkpoint", "no/run.ckpt"), "cannot write to 'no/run.ckpt': no folder '"),
    ):
        assert said in one_line(run(*QUICK, "--epochs", 2, *words))
    assert (tmp_path / "run.ckpt").read_bytes() == before
    assert "cannot write to" in one_line(run("train", table, "--checkpoint", table))
    (tmp_path / "run.ckpt").write_bytes(before[:-1])
    assert "'run.ckpt' is no checkpoint, or damaged: " in one_line(run(*QUICK, *KEPT, "--resume"))


def test_columns_and_classes_of_other_names_are_other_data(run, tmp_path):
    words = ("train", "t.csv", "--preset", "plain", "--epochs", 3, "--seed", 1, *KEPT)
    rows = [(i % 7, i % 5, "no" if i % 2 else "yes", "up" if i % 3 else "down") for i in range(60)]

    def write(header="a,b,c,t", **names):
        lines = [",".join(names.get(str(v), str(v)) for v in row) for row in rows]
        (tmp_path / "t.csv").write_text("\n".join([header, *lines]) + "\n")

    write()
    assert run(*words).code == 0
    for change, more, said in (
        ({"up": "auf", "down": "ab"}, (), "classes[0] was 'down' and is 'ab'; classes[1] was 'up'"),
        ({"header": "a,x,c,t"}, (), "columns[1] was 'b' and is 'x'"),
        ({"header": "a,b,c,u"}, (), "target was 't' and is 'u'"),
        ({"yes": "ja", "no": "nein"}, (), "encoding of the columns holds other values"),
        ({}, ("--target", "c"), "another training: target was 't' and is 'c'; "),
    ):
        write(**change)
        assert said in one_line(run(*words, "--resume", *more))
    write()
    assert run(*words, "--resume").code == 0


@pytest.mark.parametrize("preset", ["plain", "tables"])
def test_a_checkpoint_is_no_file_that_is_written_otherwise(preset, run, table, tmp_path):
    (tmp_path / "link").symlink_to("model.bin")
    for checkpoint, out in (("same", "./same"), ("link", "model.bin")):
        words = ("--checkpoint", checkpoint, "--out", out, "--preset", preset)
        for more in ((), ("--resume",)):
            assert "it is written already by this command" in one_line(
                run("train", table, *words, *more)
            )


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_keeps_a_model_and_a_checkpoint_that_goes_on(sent, code, run, tmp_path):
    options = (*QUICK[2:], "--epochs", "30000", "--batch-size", "8")
    words = [sys.executable, "-m", "pellucid", "train", "digits", *options, *KEPT]
    words += ["--checkpoint-epochs", "1"]
    process = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "run.ckpt").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(sent)
    process.send_signal(sent)  # an impatient person, or cluster
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in err
    assert "note: where training stood is in run.ckpt; the same command with --resume goes" in err
    assert (tmp_path / "model.safetensors").exists()
    assert [p for p in os.listdir(tmp_path) if p.endswith(".part")] == []
    once_more = run(
        *QUICK, "--epochs", 30000, "--batch-size", 8, *KEPT, "--resume", "--max-time", 1e-9
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
