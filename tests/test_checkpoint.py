"""The checkpoint file: written whole or not at all, and gone on from only where that is right."""

import functools
import hashlib
import json
import os
import pickle
import re
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save, save_file
from sklearn.datasets import load_digits

from attacks.checkpoints import contents, put
from pellucid import Activation, Loss, Network, atomic
from pellucid.atomic import LEFT_OVER
from pellucid.checkpoint import Checkpoint
from pellucid.fingerprints import described, fingerprint

X, LABELS = load_digits(return_X_y=True)
X, LABELS = X[:100] / 16.0, LABELS[:100]
Y = np.eye(10)[LABELS]


def trained(path, epochs=4, made=None, rows=(X, Y), **settings):
    """A network trained with a checkpoint."""
    network = Network([64, 5, 10], **{"seed": 0} | (made or {}))
    settings = {"resume": True} | settings
    network.train(*rows, epochs=epochs, checkpoint=path, **settings)
    return network


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("written") / "run.ckpt"
    trained(path, dropout=0.1, validation_data=(X, Y))
    return path


# --- when it is written ---------------------------------------------------------------------------


def epochs_written(tmp_path, **settings):
    """After which epochs the file was another."""
    path, seen, last = tmp_path / "run.ckpt", [], []

    def look(event):  # the file of the epoch before is there by now
        now = contents(path)[0]["epochs"] if path.exists() else None
        if [now] != last:
            last[:] = [now]
            seen.append(now)

    trained(path, 10, callbacks=[look], resume=False, **settings)
    return [*seen[1:], contents(path)[0]["epochs"]]


def test_it_is_written_every_so_many_epochs_and_at_the_end(tmp_path):
    assert epochs_written(tmp_path, checkpoint_epochs=3) == [3, 6, 9, 10]


def test_it_is_written_after_so_many_seconds(tmp_path):
    assert epochs_written(tmp_path, checkpoint_seconds=1e-9) == [*range(1, 10), 10]
    (tmp_path / "run.ckpt").unlink()
    assert epochs_written(tmp_path, checkpoint_seconds=3600.0) == [10]


def test_without_a_word_it_is_every_ten_seconds(tmp_path):
    assert Checkpoint(tmp_path / "a").seconds == 10.0
    assert Checkpoint(tmp_path / "a", epochs=5).seconds is None


def test_both_may_be_asked_for(tmp_path):
    checkpoint = Checkpoint(tmp_path / "a", epochs=2, seconds=0.05)
    assert [checkpoint.due(epoch) for epoch in (1, 2)] == [False, True]
    time.sleep(0.06)
    assert checkpoint.due(3)
    checkpoint.write("thing", {}, {"a": np.zeros(1)})
    assert not checkpoint.due(3)


def test_a_file_that_is_there_is_overwritten_unless_it_is_resumed(tmp_path):
    path = tmp_path / "run.ckpt"
    trained(path)
    trained(path, made={"seed": 1}, resume=False)
    assert contents(path)[0]["of"]["seed"] == 1


def test_the_parameters_mean_something_or_are_refused(tmp_path):
    network = Network([64, 10])
    for wrong, message in (
        ({"resume": True}, "resume=True needs checkpoint, the path of the file: none is given"),
        ({"checkpoint_epochs": 2}, "checkpoint_epochs needs checkpoint"),
        ({"checkpoint_seconds": 2.0}, "checkpoint_seconds needs checkpoint"),
        ({"checkpoint": tmp_path / "a", "checkpoint_epochs": 0}, "checkpoint_epochs is 0: exp"),
        ({"checkpoint": tmp_path / "a", "checkpoint_seconds": 0.0}, "checkpoint_seconds is 0.0"),
        ({"checkpoint": tmp_path / "a", "checkpoint_seconds": np.inf}, "checkpoint_seconds is inf"),
        ({"checkpoint": tmp_path / "a", "checkpoint_seconds": "5"},
         "checkpoint_seconds is '5': expected a finite number above 0"),
        ({"checkpoint": tmp_path / "a", "checkpoint_seconds": True}, "checkpoint_seconds is True"),
        ({"checkpoint": tmp_path / "a", "checkpoint_epochs": True}, "checkpoint_epochs is True"),
        ({"checkpoint": tmp_path / "a", "resume": "no"}, "resume is 'no': expected True or False"),
        ({"checkpoint": tmp_path / "a", "resume": None}, "resume is None: expected True or False"),
        ({"resume": 1}, "resume is 1: expected True or False"),
        ({"checkpoint": 3}, "checkpoint is 3: expected the path of a file, as text"),
        ({"checkpoint": b"run"}, "checkpoint is b'run': expected the path of a file, as text"),
        ({"checkpoint": "a\0b"}, r"checkpoint is 'a\\x00b': expected the path of a file, as text"),
        ({"checkpoint": True}, "checkpoint is True: expected the path of a file, as text"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            network.train(X, Y, **wrong)
    with pytest.raises(IsADirectoryError, match="it is a folder, give a file name"):
        network.train(X, Y, checkpoint=tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        network.train(X, Y, checkpoint=tmp_path / "nowhere" / "run.ckpt")
    assert list(tmp_path.iterdir()) == []


# --- how it is written ----------------------------------------------------------------------------


@pytest.mark.parametrize("fails", ["replace", "fsync"])
def test_training_goes_on_where_no_checkpoint_can_be_written(fails, tmp_path, monkeypatch):
    """As on a full disk: the old file is whole, and a warning says so."""
    path = tmp_path / "run.ckpt"
    trained(path, 2)
    before = path.read_bytes()

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, fails, fail)
    with pytest.warns(UserWarning, match="no checkpoint could be written .*No space left on dev"):
        network = trained(path, 6)
    assert len(network.history) == 6
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    monkeypatch.undo()
    assert trained(path, 6).theta.tobytes() == network.theta.tobytes()


def test_what_killed_programs_left_half_written_is_removed_when_it_is_old(tmp_path):
    path = tmp_path / "run[1].ckpt"
    names = (".run[1].ckpt.abc.part", ".run[1].ckpt.def.part", ".run1.ckpt.abc.part")
    for name in names:
        (tmp_path / name).write_bytes(b"half")
    for name in (names[0], names[2]):
        os.utime(tmp_path / name, 2 * (time.time() - LEFT_OVER - 60,))
    trained(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [*sorted(names[1:]), path.name]


def test_it_is_data_alone_and_says_what_it_is(written):
    header, tensors = contents(written)
    assert header["format_version"] == 1
    assert header["kind"] == "Network.train"
    assert header["of"]["network"] == "64 -> 5 relu -> 10 identity"
    assert header["epochs"] == 4
    assert {"theta", "moments.mean", "moments.square", "best.theta", "history.loss"} <= set(tensors)
    assert tensors["theta"].shape == tensors["moments.mean"].shape == (385,)
    assert tensors["history.validation_loss"].shape == (4,)


def test_it_does_not_hold_the_data(tmp_path):
    rows = np.random.default_rng(0).normal(size=(2000, 64)), np.zeros((2000, 10))
    trained(tmp_path / "run.ckpt", rows=rows)
    assert (tmp_path / "run.ckpt").stat().st_size < 30_000


# --- what is no checkpoint ------------------------------------------------------------------------


def refusal(path, **settings):
    with pytest.raises(ValueError, match=re.escape(repr(str(path)))) as error:
        trained(path, **settings)
    return str(error.value)


@given(st.data())
def test_a_truncated_file_is_refused_and_left_as_it_is(written, tmp_path_factory, data):
    whole = written.read_bytes()
    part = whole[: data.draw(st.integers(0, len(whole) - 1))]
    path = tmp_path_factory.mktemp("cut") / "run.ckpt"
    path.write_bytes(part)
    said = refusal(path, dropout=0.1, validation_data=(X, Y))
    assert said.endswith("Delete it to begin anew")
    assert path.read_bytes() == part


@pytest.fixture(scope="module")
def quiet(written):
    """One more epoch after what was written."""
    return trained(None, 5, resume=False, dropout=0.1, validation_data=(X, Y))


def gone_on_with(bytes_, folder):
    """The weights after one more epoch; None where the file is refused."""
    path = folder / "run.ckpt"
    path.write_bytes(bytes_)
    with suppress(ValueError):
        return trained(path, dropout=0.1, validation_data=(X, Y), epochs=5).theta.tobytes()
    return None


@given(st.data())
def test_a_file_with_other_bytes_is_refused_or_ends_the_same(
    written, quiet, tmp_path_factory, data
):
    bytes_ = bytearray(written.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        bytes_[data.draw(st.integers(0, len(bytes_) - 1))] = data.draw(st.integers(0, 255))
    found = gone_on_with(bytes_, tmp_path_factory.mktemp("bits"))
    assert found in (None, quiet.theta.tobytes())


def test_one_bit_of_a_tensor_is_enough_to_refuse_a_file(written, quiet, tmp_path):
    whole, rng = written.read_bytes(), np.random.default_rng(0)
    assert gone_on_with(whole, tmp_path) == quiet.theta.tobytes()
    numbers = range(8 + int.from_bytes(whole[:8], "little"), len(whole))
    for at in rng.choice(numbers, 100, replace=False):
        bytes_ = bytearray(whole)
        bytes_[at] ^= 1 << rng.integers(8)
        assert gone_on_with(bytes_, tmp_path) is None
    assert "its digest is not that of its contents" in refusal(
        tmp_path / "run.ckpt", dropout=0.1, validation_data=(X, Y)
    )


def test_the_digest_is_what_the_guide_says(written):
    header, tensors = contents(written)
    saved = header.pop("digest")
    made = hashlib.blake2b(json.dumps(header, sort_keys=True).encode(), digest_size=32)
    for name in sorted(tensors):
        array = tensors[name]
        kind = f"{array.dtype.kind.upper()}{8 * array.itemsize}"  # as safetensors calls it
        made.update(json.dumps([name, kind, list(array.shape)]).encode())
        made.update(array.tobytes())
    assert made.hexdigest() == saved


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "run.ckpt"
    for data in (
        b"", b"\0" * 100, b"PK\x03\x04", pickle.dumps({"theta": 1}), b"\xff" * 8 + b"{}",
        (10**12).to_bytes(8, "little"),
    ):  # fmt: skip
        path.write_bytes(data)
        assert "is no checkpoint, or damaged: " in refusal(path)
    Network([2, 1]).save(path)
    assert "is a safetensors file, but not a checkpoint" in refusal(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OSError, match="it is a device or a pipe, give a file name"):
        trained(path)


def without(header, *names):
    return {name: value for name, value in header.items() if name not in names}


LIES = {
    "no version": lambda h, t: (without(h, "format_version"), t),
    "no kind": lambda h, t: (without(h, "kind"), t),
    "nothing compared": lambda h, t: (without(h, "of"), t),
    "a list compared": lambda h, t: (h | {"of": [1]}, t),
    "no generators": lambda h, t: (h | {"beside": {}}, t),
    "generators are a number": lambda h, t: (h | {"beside": {"order": 5}}, t),
    "no theta": lambda h, t: (h, without(t, "theta")),
    "a short theta": lambda h, t: (h, t | {"theta": t["theta"][:-1]}),
    "theta of integers": lambda h, t: (h, t | {"theta": np.ones(385, np.int64)}),
    "NaN in theta": lambda h, t: (h, t | {"theta": t["theta"] * np.nan}),
    "inf in the best theta": lambda h, t: (h, t | {"best.theta": t["theta"] + np.inf}),
    "no moments": lambda h, t: (h, without(t, "moments.mean")),
    "moments of another size": lambda h, t: (h, t | {"moments.mean": np.zeros(3)}),
    "no count of steps": lambda h, t: (h | {"moments": {}}, t),
    "steps are a list": lambda h, t: (h | {"steps": []}, t),
    "more epochs than losses": lambda h, t: (h | {"epochs": 5}, t),
    "infinitely many epochs": lambda h, t: (h | {"epochs": "inf"}, t),
    "a curve too short": lambda h, t: (h, t | {"history.penalty": np.zeros(2)}),
    "no curve": lambda h, t: (h, without(t, "history.seconds")),
    "no best loss": lambda h, t: (h, t | {"best.loss": np.zeros(3)}),
    "strange numbers": lambda h, t: (h, t | {"theta": t["theta"].astype(np.float16)}),
}


@pytest.mark.parametrize("name", LIES)
def test_a_file_that_does_not_fit_itself_is_refused(name, written, tmp_path):
    path = tmp_path / "run.ckpt"
    put(path, *LIES[name](*contents(written)))
    said = refusal(path, dropout=0.1, validation_data=(X, Y))
    assert "is no checkpoint, or damaged: " in said
    assert "Error(" not in said or "KeyError" in said or "TypeError" in said


@pytest.mark.parametrize(
    "text",
    [
        "[", '{"a": ' * 100_000, "[]", "5", '{"epochs": NaN}', '{"kind": "a", "kind": "b"}',
        '{"epochs": 1e999}', f'{{"epochs": {"9" * 5000}}}', f'["{"a" * 2**25}"]',
    ],
    ids=range(9),
)  # fmt: skip
def test_a_header_that_is_no_json_is_refused(text, tmp_path):
    path = tmp_path / "run.ckpt"
    metadata = {"pellucid_checkpoint": text}
    path.write_bytes(save({"theta": np.zeros(2)}, metadata=metadata))
    assert "is no checkpoint, or damaged: " in refusal(path)


def test_a_file_without_its_digest_is_refused(written, tmp_path):
    header, tensors = contents(written)
    metadata = {"pellucid_checkpoint": json.dumps(without(header, "digest"))}
    save_file(tensors, tmp_path / "run.ckpt", metadata=metadata)
    assert "is no checkpoint, or damaged: KeyError('digest')" in refusal(tmp_path / "run.ckpt")


def test_a_long_seed_is_kept(tmp_path):
    path, made = tmp_path / "run.ckpt", {"seed": 3**1000}
    trained(path, 2, made)
    assert (
        trained(path, 4, made).theta.tobytes()
        == trained(None, 4, made, resume=False).theta.tobytes()
    )


def test_a_newer_format_is_refused(written, tmp_path):
    header, tensors = contents(written)
    put(tmp_path / "run.ckpt", header | {"format_version": 2}, tensors)
    assert "has format version 2 and this pellucid reads 1" in refusal(tmp_path / "run.ckpt")


# --- what is another training ---------------------------------------------------------------------


def softmax(**more):
    return {"output_activation": "softmax"} | more


OTHERS = {
    "X was float64 [100, 64] and is float64 [90, 64]": {"rows": (X[:90], Y[:90])},
    "X holds other values": {"rows": (X * (1.0 + 1e-15), Y)},
    "X was float64 [100, 64] and is float32 [100, 64]": {"rows": (X.astype(np.float32), Y)},
    "y holds other values": {"rows": (X, Y[::-1])},
    "sample_weight was None and is float64 [100]": {"sample_weight": np.ones(100)},
    "X of the validation data was None and is float64 [100, 64]": {"validation_data": (X, Y)},
    "network was '64 -> 5 relu -> 10 identity' and is '64 -> 5 relu -> 10 softmax'": {
        "made": softmax()
    },
    "loss was 'squared_error' and is 'absolute_error'": {"made": {"loss": "absolute_error"}},
    "alpha was 0.0 and is 0.1": {"made": {"alpha": 0.1}},
    "l1 was 0.0 and is 0.1": {"made": {"l1": 0.1}},
    "reduction was 'mean' and is 'sum'": {"made": {"reduction": "sum"}},
    "segments.layer1.W was None and is ": {"made": {"segments": {"layer1.W": {"frozen": True}}}},
    "engine was 'native' and is 'reference'": {"made": {"engine": "reference"}},
    "dtype was 'float64' and is 'float32'": {"made": {"dtype": "float32"}},
    "seed was 0 and is 7": {"made": {"seed": 7}},
    "learning_rate was 0.001 and is 0.01": {"learning_rate": 0.01},
    "solver was 'adam' and is 'sgd'": {"solver": "sgd"},
    "batch_size was 'auto' and is 50": {"batch_size": 50},
    "shuffle was True and is False": {"shuffle": False},
    "dropout was 0.0 and is [0.1]": {"dropout": [0.1]},
    "clip_norm was None and is 1.0": {"clip_norm": 1.0},
    "tol was 0.0 and is 0.1": {"tol": 0.1},
    "metric was None and is 'builtins.max'": {"metric": max},
    "schedule was 'constant' and is {'name': 'cosine', 'epochs': 4} (one that is not": {
        "schedule": "cosine"
    },
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "run.ckpt"
    trained(path, made={"engine": "native"})
    return path


@pytest.mark.parametrize("difference", OTHERS)
def test_a_checkpoint_of_another_training_is_refused_and_the_difference_named(difference, plain):
    before = plain.read_bytes()
    other = dict(OTHERS[difference])
    other["made"] = {"engine": "native"} | other.get("made", {})
    said = refusal(plain, **other)
    assert "is the checkpoint of another training: " in said
    assert difference in said
    assert plain.read_bytes() == before


def test_every_difference_is_named(plain):
    said = refusal(plain, made={"engine": "native", "alpha": 1.0}, tol=0.5, batch_size=10)
    for name in ("alpha was 0.0 and is 1.0", "tol was 0.0 and is 0.5", "batch_size was 'auto'"):
        assert name in said


def test_the_parameters_of_a_solver_are_compared(tmp_path):
    from pellucid.optimizers import optimizer

    trained(tmp_path / "run.ckpt", solver=optimizer("momentum", momentum=0.5))
    said = refusal(tmp_path / "run.ckpt", solver="momentum")
    assert "solver.momentum was 0.5 and is 0.9" in said


def test_what_says_nothing_about_the_way_may_be_another(plain, tmp_path):
    path = tmp_path / "run.ckpt"
    path.write_bytes(plain.read_bytes())
    trained(path, 7, {"engine": "native", "n_threads": 2}, max_time=100.0, callbacks=[print],
            checkpoint_epochs=2)  # fmt: skip
    assert contents(path)[0]["epochs"] == 7


def test_a_schedule_spans_its_epochs(tmp_path):
    path = tmp_path / "run.ckpt"
    trained(path, schedule="coslog4")
    said = refusal(path, epochs=9, schedule="coslog4")
    assert "schedule.epochs was 4 and is 9 (one that is not constant spans all epochs" in said


def test_fewer_epochs_than_are_done_are_refused(tmp_path):
    trained(tmp_path / "run.ckpt", 6)
    said = refusal(tmp_path / "run.ckpt", epochs=5)
    assert "is from after epoch 6, and no more than 5 are asked for: ask for 6 or more" in said


def test_a_search_that_goes_another_way_is_refused(tmp_path):
    """As it may with another release of SciPy."""
    path = tmp_path / "run.ckpt"
    trained(path, solver="lbfgs")
    header, tensors = contents(path)
    tensors["journal.gradient"][1] *= 1.5
    put(path, header, tensors)
    with pytest.raises(ValueError, match="the search goes another way than it did when"):
        trained(path, 8, solver="lbfgs")


# --- fingerprints ---------------------------------------------------------------------------------


def test_fingerprints_tell_arrays_apart():
    from scipy.sparse import csr_array

    arrays = [
        X, X.astype(np.float32), X[:, ::-1], X.reshape(64, 100), X[:99], -X, csr_array(X),
        csr_array(X[:99]), np.zeros((0, 3)), np.zeros((3, 0)), np.zeros(1), -np.zeros(1),
    ]  # fmt: skip
    found = [json.dumps(fingerprint(array)) for array in arrays]
    assert len(set(found)) == len(arrays)
    assert fingerprint(None) is None
    assert fingerprint(np.asfortranarray(X)) == fingerprint(X)
    wide = csr_array(X)
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    assert fingerprint(wide) == fingerprint(csr_array(X))


def test_settings_are_described_by_what_they_are():
    from pellucid.activations import ACTIVATIONS
    from pellucid.optimizers import optimizer

    assert described(np.float32(0.5)) == 0.5
    assert described((1, [2.5, None], {"a": np.int64(3)})) == [1, [2.5, None], {"a": 3}]
    assert described(optimizer("nesterov"))["momentum"] == 0.9
    assert described(ACTIVATIONS["tanh"]) == {"name": "tanh"}
    assert described(np.random.RandomState(0)) == "numpy.random.mtrand.RandomState"
    json.dumps(described(X), allow_nan=False)


def made(k):
    """Functions that close over k, or have it as a default."""

    def closes(t):
        return k * t

    def has_default(t, k=k):
        return k * t

    def has_keyword(t, *, k=k):
        return k * t

    return {"closes": closes, "has default": has_default, "has keyword": has_keyword}


class Rate:
    """A thing that can be called, and has a method."""

    def __init__(self, k):
        self.k = k

    def __call__(self, t):
        return self.k * t

    def of(self, t):
        return self.k - t


def code(k):
    """All kinds of code, made with a number."""
    return made(k) | {
        "lambda": eval(f"lambda t: {k} * t"),
        "inner": eval(f"lambda t: [i * {k} for i in t]"),
        "partial": functools.partial(max, key=k),
        "object": Rate(k),
        "method": Rate(k).of,
        "partial of a lambda": functools.partial(eval(f"lambda t: {k} * t")),
        "loss": Loss("own", eval(f"lambda a, y: {k} * a"), max),
        "activation": Activation("own", eval(f"lambda z: {k} * z"), max),
    }


@pytest.mark.parametrize("name", code(1.0))
def test_code_of_ones_own_is_told_apart_by_what_it_does(name):
    one, again, other = (json.dumps(described(code(k)[name])) for k in (1.0, 1.0, 0.5))
    assert one == again
    assert one != other


def test_code_is_described_alike_in_each_process():
    program = (
        "import json\n"
        "from pellucid.fingerprints import described\n"
        "def f(t, names={'a', 'b', 'c'}): return t in {'x', 'y', 'z', 'w'} or f(t) or names\n"
        "def g():\n    def h(t): return h(t - 1)\n    return h\n"
        "print(json.dumps([described(f), described(g())]))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program], env=os.environ | {"PYTHONHASHSEED": seed},
            check=True, capture_output=True,
        ).stdout
        for seed in "12"
    }  # fmt: skip
    assert len(found) == 1
    assert found.pop().strip()


def test_much_that_is_closed_over_is_described_by_a_hash():
    assert described(list(range(5000)))["shape"] == [5000]
    assert described(list(range(5000))) != described(list(range(1, 5001)))
    assert described(np.array(["a", None], object)) == ["a", None]


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (lambda t: 1.0 - t, lambda t: 1.0 - t * t, "schedule is other code of the same name"),
        (functools.partial(pow, exp=1.0), functools.partial(pow, exp=0.001),
         "schedule.keywords.exp was 1.0 and is 0.001"),
        (Rate(1.0), Rate(0.5), "schedule.with.k was 1.0 and is 0.5"),
    ],
)  # fmt: skip
def test_a_schedule_of_ones_own_is_not_taken_for_another(one, other, said, tmp_path):
    path = tmp_path / "run.ckpt"
    trained(path, schedule=one)
    assert said in refusal(path, schedule=other)
    trained(path, schedule=one)


def test_of_many_differences_some_are_named(tmp_path):
    file = Checkpoint(tmp_path / "run.ckpt")
    with pytest.raises(ValueError, match=r"a19 was 1 and is 2; and 30 more\. Resume") as error:
        file.refuse_other(*({f"a{i}": k for i in range(50)} for k in (1, 2)))
    assert "a20 " not in str(error.value)
