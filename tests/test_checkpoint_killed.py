"""Training that is killed at any moment, again and again, ends with the bits of one quiet run."""

import json
import os
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

KILLS = 50

PAUSE = 0.0005
"""Seconds between two looks: a file takes longer to be written."""

WAYS = {
    "adam": {
        "epochs": 500, "solver": "adam", "schedule": "coslog4", "learning_rate": 0.002,
        "dropout": [0.2, 0.1], "batch_size": 16, "early_stopping": True, "n_iter_no_change": 300,
    },
    "momentum": {"epochs": 120, "solver": "momentum", "schedule": "step", "batch_size": 16},
    "lbfgs": {"epochs": 150, "solver": "lbfgs"},
}  # fmt: skip
"""How a network is trained; the first is killed fifty times."""

NETWORK = """
import json
import numpy as np
from pellucid import Network

def train(data, settings, **more):
    network = Network([64, 96, 48, 10], "relu", "softmax", seed=5, alpha=1e-4)
    network.train(
        data["X"], data["y"], sample_weight=data["weights"],
        validation_data=(data["held_X"], data["held_y"]), **settings, **more,
    )
    return network

if __name__ == "__main__":
    with np.load("data.npz") as data:
        settings = json.load(open("settings.json"))
        network = train(data, settings, checkpoint="run.ckpt", checkpoint_epochs=1, resume=True)
    history = network.history.to_dict()
    np.savez("end.npz", theta=network.theta, next=network._rng.spawn(1)[0].random(4), **{
        name: np.array(column, float) for name, column in history.items()
        if name not in ("stopped", "solver")
    })
"""

ESTIMATOR = """
import sys, warnings
import numpy as np
from pellucid import MLPClassifier

def train(data, **more):
    model = MLPClassifier((30,), solver="sgd", learning_rate="adaptive", dropout=0.1, tol=1e-3,
                          learning_rate_init=0.1, early_stopping=True, random_state=2,
                          n_iter_no_change=12, max_iter=400, **more)
    return model.fit(data["X"], data["labels"], data["weights"])

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with np.load("data.npz") as data:
        model = train(data, checkpoint="run.ckpt", checkpoint_epochs=1, resume=True)
    np.savez("end.npz", theta=model.network_.theta, **model.history_)
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with rows of digits to train on."""
    X, labels = load_digits(return_X_y=True)
    X, y = X / 16.0, np.eye(10)[labels]
    weights = np.random.default_rng(1).uniform(0.1, 2.0, 1500)
    np.savez(
        tmp_path / "data.npz", X=X[:1500], y=y[:1500], labels=labels[:1500], weights=weights,
        held_X=X[1500:], held_y=y[1500:],
    )  # fmt: skip
    return tmp_path


class Executioner:
    """Starts a command in a folder again and again, and kills it, at random moments.

    Each time it waits until the checkpoint has been written anew up to three times, and from then
    on a part of the time that one took; every third time it waits for one being written.
    """

    def __init__(self, folder, command, seed):
        self.folder, self.command = folder, command
        self.rng = np.random.default_rng(seed)
        self.killed = self.killed_while_writing = 0

    def until_the_end(self, kills, while_writing=0):
        """Let it come to its end once it has been killed so often, and so often as it wrote.

        If it comes there before, all begins anew.
        """
        for begun in range(20):
            while self.killed < kills or self.killed_while_writing < while_writing:
                process = self.start()
                self.wait(process, writing=self.killed % 3 == 2)
                process.kill()
                code = process.wait(60)
                assert code in (0, -signal.SIGKILL), self.said()
                if code == 0:
                    break
                self.killed += 1
                self.killed_while_writing += len(self.parts()) > 0
                for part in self.parts():
                    (self.folder / part).unlink()
            else:
                break
            (self.folder / "run.ckpt").unlink()
            print(f"it ended before it was killed often enough, {begun + 1} times")
        assert self.killed >= kills
        assert self.killed_while_writing >= while_writing
        with self.start() as process:
            assert process.wait(100) == 0, self.said()

    def start(self):
        with open(self.folder / "said.txt", "w") as said:
            return subprocess.Popen(self.command, cwd=self.folder, stdout=said, stderr=said)

    def said(self):
        """Why it may have ended by itself."""
        return (self.folder / "said.txt").read_text()

    def wait(self, process, writing):
        old = set(self.parts())
        if writing:
            self.until(process, lambda: set(self.parts()) - old)
            return
        before = self.written()
        for _ in range(self.rng.integers(1, 4)):
            begun = time.perf_counter()
            self.until(process, lambda before=before: self.written() != before)
            before, took = self.written(), time.perf_counter() - begun
        time.sleep(min(took, 0.05) * self.rng.random())

    def until(self, process, condition):
        deadline = time.perf_counter() + 60
        while not condition() and process.poll() is None:
            assert time.perf_counter() < deadline
            time.sleep(PAUSE)

    def written(self):
        try:
            stat = os.stat(self.folder / "run.ckpt")
        except FileNotFoundError:
            return None
        return stat.st_ino, stat.st_mtime_ns

    def parts(self):
        with os.scandir(self.folder) as entries:
            return [entry.name for entry in entries if entry.name.endswith(".part")]


def functions_of(code):
    """What a script defines."""
    names = {"__name__": "script"}
    exec(code, names)
    return names


@pytest.mark.parametrize("way", WAYS)
def test_a_network_that_is_killed_again_and_again_ends_as_if_nothing_had_been(way, folder):
    (folder / "script.py").write_text(NETWORK)
    (folder / "settings.json").write_text(json.dumps(WAYS[way]))
    executioner = Executioner(folder, [sys.executable, "script.py"], seed=0)
    executioner.until_the_end(*((KILLS, 1) if way == "adam" else (4,)))
    with np.load(folder / "data.npz") as data:
        quiet = functions_of(NETWORK)["train"](data, WAYS[way])
    if way == "adam":
        assert quiet.history.stopped.startswith("no better validation loss")
        assert quiet.history.best_epoch < len(quiet.history) - 200
    with np.load(folder / "end.npz") as end:
        assert end["theta"].tobytes() == quiet.theta.tobytes()
        for name in ("loss", "penalty", "validation_loss", "learning_rate", "best_epoch"):
            assert end[name].tolist() == np.array(getattr(quiet.history, name), float).tolist()
        assert (np.diff(end["seconds"]) > 0.0).all()
        assert end["next"].tolist() == quiet._rng.spawn(1)[0].random(4).tolist()


def test_an_estimator_that_is_killed_ends_as_if_nothing_had_been(folder):
    (folder / "script.py").write_text(ESTIMATOR)
    Executioner(folder, [sys.executable, "script.py"], seed=1).until_the_end(3)
    with np.load(folder / "data.npz") as data, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        quiet = functions_of(ESTIMATOR)["train"](data)
    assert quiet.n_iter_ > 30
    with np.load(folder / "end.npz") as end:
        assert end["theta"].tobytes() == quiet.network_.theta.tobytes()
        for name in set(quiet.history_) - {"seconds"}:
            np.testing.assert_array_equal(end[name], quiet.history_[name])


def test_a_command_that_is_killed_writes_the_model_file_of_a_quiet_one(run, tmp_path):
    options = ["--epochs", "80", "--no-early-stopping", "--dropout", "0.1", "--seed", "3", "-q"]
    options += ["--schedule", "coslog4", "--hidden", "200,100"]
    ours = [sys.executable, "-m", "pellucid", "train", "digits", *options, "--resume"]
    ours += ["--checkpoint", "run.ckpt", "--checkpoint-epochs", "1", "--out", "ours.safetensors"]
    Executioner(tmp_path, ours, seed=2).until_the_end(2)
    assert run("train", "digits", *options, "--out", "quiet.safetensors").code == 0
    quiet = (tmp_path / "quiet.safetensors").read_bytes()
    assert (tmp_path / "ours.safetensors").read_bytes() == quiet
