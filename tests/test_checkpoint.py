"""The checkpoint file: written whole or not at all, and gone on from only where that is right."""

import json
import os
import pickle
import re
import time
import warnings
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save, save_file
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from pellucid import MLPClassifier, Network, atomic
from pellucid.checkpoint import LEFT_OVER, Checkpoint, described, fingerprint
from pellucid.generators import generator_of, set_state, state_of, whole_state_of

X, LABELS = load_digits(return_X_y=True)
X, LABELS = X[:100] / 16.0, LABELS[:100]
Y = np.eye(10)[LABELS]


def trained(path, epochs=4, made=None, rows=(X, Y), **settings):
    """A network trained with a checkpoint."""
    network = Network([64, 5, 10], **{"seed": 0} | (made or {}))
    settings = {"resume": True} | settings
    network.train(*rows, epochs=epochs, checkpoint=path, **settings)
    return network


def contents(path):
    """Header and tensors of a checkpoint, read without pellucid."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + size])["__metadata__"]
    return json.loads(metadata["pellucid_checkpoint"]), load_file(path)


def put(path, header, tensors):
    save_file(tensors, path, metadata={"pellucid_checkpoint": json.dumps(header)})


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
    ):
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


@given(st.data())
def test_a_file_with_other_bytes_is_refused_or_is_another_training(written, tmp_path_factory, data):
    """Whatever the file says, the answer is a ValueError or weights that are numbers."""
    bytes_ = bytearray(written.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        bytes_[data.draw(st.integers(0, len(bytes_) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("bits") / "run.ckpt"
    path.write_bytes(bytes_)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        with suppress(ValueError):
            network = trained(path, dropout=0.1, validation_data=(X, Y), epochs=5)
            assert np.isfinite(network.theta).all()


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
    assert "is not a file: expected a checkpoint" in refusal(path)


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


@pytest.mark.parametrize("text", ["[", '{"a": ' * 100_000, "[]", "5", '{"epochs": NaN}'])
def test_a_header_that_is_no_json_is_refused(text, tmp_path):
    path = tmp_path / "run.ckpt"
    metadata = {"pellucid_checkpoint": text}
    path.write_bytes(save({"theta": np.zeros(2)}, metadata=metadata))
    assert "is no checkpoint, or damaged: " in refusal(path)


def test_a_newer_format_is_refused(written, tmp_path):
    header, tensors = contents(written)
    put(tmp_path / "run.ckpt", header | {"format_version": 2}, tensors)
    assert "has format version 2 and this pellucid reads 1" in refusal(tmp_path / "run.ckpt")


@pytest.mark.parametrize(
    ("bits", "place"), [("MT19937", ("state", "pos")), ("Philox", ("buffer_pos",))]
)
@pytest.mark.parametrize("value", [-1, 10**6, "x", None])
def test_a_state_that_points_beyond_its_buffer_never_reaches_numpy(bits, place, value):
    generator = np.random.Generator(getattr(np.random, bits)(0))
    state = state_of(generator)
    part = state
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    with pytest.raises(ValueError, match=f"{place[-1]} is {value}|no state of a random generator|"
                       "invalid literal"):  # fmt: skip
        set_state(generator, state)


@pytest.mark.parametrize("bits", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_generators_go_on_through_json(bits):
    first = np.random.Generator(getattr(np.random, bits)(5))
    first.integers(3, size=7, dtype=np.uint16)  # some of them keep half a number back
    plain = json.loads(json.dumps(whole_state_of(first)))
    second = generator_of(plain, np.random.default_rng())
    assert first.integers(9, size=5).tolist() == second.integers(9, size=5).tolist()
    assert first.spawn(2)[1].random() == second.spawn(2)[1].random()
    with pytest.raises(ValueError, match="that is no state of a random generator"):
        generator_of({"state": {}}, first)
    third = np.random.default_rng(0)
    assert generator_of(whole_state_of(third), third) is third


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


# --- estimators -----------------------------------------------------------------------------------


def fitted(path, kind=MLPClassifier, **settings):
    settings = {"random_state": 0, "max_iter": 4, "resume": True} | settings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kind(hidden_layer_sizes=(5,), checkpoint=path, **settings).fit(X, LABELS)


def test_a_fit_is_refused_what_is_another(tmp_path):
    path = tmp_path / "run.ckpt"
    fitted(path)
    for other, difference in (
        ({"alpha": 1.0}, "alpha was 0.0001 and is 1.0"),
        ({"random_state": 1}, "random_state was 0 and is 1"),
        ({"activation": "tanh"}, "activation was 'relu' and is 'tanh'"),
        ({"n_iter_no_change": np.inf}, "n_iter_no_change was 10 and is 'inf'"),
        ({"label_smoothing": 0.1}, "label_smoothing was 0.0 and is 0.1"),
        ({"class_weight": {3: 2.0}}, "class_weight was None and is {'3': 2.0}"),
        ({"dtype": "float32"}, "dtype was 'float64' and is 'float32'"),
        ({"learning_rate": "cosine"}, "learning_rate was 'constant' and is {'name': 'cosine'"),
        ({"scoring": max}, "scoring was None and is 'builtins.max'"),
    ):
        with pytest.raises(ValueError, match="checkpoint of another training") as error:
            fitted(path, **other)
        assert difference in str(error.value)
    trained(tmp_path / "network.ckpt")
    with pytest.raises(
        ValueError, match=r"checkpoint of 'Network\.train' and this is 'MLPClassifier\.fit'"
    ):
        fitted(tmp_path / "network.ckpt")


def test_a_schedules_end_can_only_be_moved_if_it_was_said(tmp_path):
    path = tmp_path / "run.ckpt"
    fitted(path, learning_rate="cosine")
    with pytest.raises(ValueError, match=r"learning_rate.epochs was 4 and is 9 \(its epochs are"):
        fitted(path, learning_rate="cosine", max_iter=9)
    fitted(path, learning_rate="cosine", max_iter=4, schedule_iter=4)


def test_a_fits_checkpoint_that_is_damaged_is_refused(tmp_path):
    path = tmp_path / "run.ckpt"
    fitted(path, early_stopping=True, dropout=0.1)
    header, tensors = contents(path)
    beside = header["beside"]
    for more, other in (
        ({"random_state": 5}, {}), ({"rate": -1.0}, {}), ({"epochs": 3}, {}), ({"rate": "x"}, {}),
        ({"dropout": {"state": {}, "seed": None}}, {}), ({"curves": ["nothing"]}, {}),
        ({}, {"beside.order": np.full(90, 10**9)}), ({}, {"beside.order": -np.arange(90)}),
        ({}, {"beside.divided.0": np.arange(7)}), ({}, {"beside.best_theta": np.zeros(2)}),
        ({}, {"beside.divided.1": np.full(10, 10**12)}), ({}, {"beside.best": np.zeros(0)}),
        ({}, {"beside.order": np.zeros((90, 2), np.int64)}),
        ({}, {"beside.order": np.arange(90.0) + 0.5}),
    ):  # fmt: skip
        put(path, header | {"beside": beside | more}, tensors | other)
        with pytest.raises(ValueError, match="is no checkpoint, or damaged: "):
            fitted(path, early_stopping=True, dropout=0.1)


def test_a_fit_that_is_refused_leaves_the_estimator_as_it_was(tmp_path):
    model = fitted(tmp_path / "run.ckpt")
    before = model.network_.theta.tobytes()
    model.set_params(alpha=1.0)
    with pytest.raises(ValueError, match="alpha was"):
        model.fit(X, LABELS)
    assert model.network_.theta.tobytes() == before


def test_warm_starts_and_partial_fits_have_no_checkpoint(tmp_path):
    path = tmp_path / "run.ckpt"
    with pytest.raises(ValueError, match="warm_start is True: a checkpoint is of one fit from its"):
        fitted(path, warm_start=True)
    with pytest.raises(ValueError, match="partial_fit takes one epoch: a checkpoint is of one fit"):
        MLPClassifier(checkpoint=path).partial_fit(X, LABELS, classes=range(10))
    with pytest.raises(ValueError, match="resume=True needs checkpoint"):
        MLPClassifier(resume=True).fit(X, LABELS)
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("checkpoint", 5), ("checkpoint_epochs", 0), ("checkpoint_seconds", 0), ("resume", "yes")],
)
def test_an_estimators_parameters_are_checked_as_scikit_learn_checks_them(name, wrong):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of MLPClassifier must be"):
        MLPClassifier(**{"checkpoint": "a"} | {name: wrong}).fit(X, LABELS)


def test_a_clone_keeps_the_file_and_a_fitted_model_that_is_sent_elsewhere_does_not(tmp_path):
    path = tmp_path / "run.ckpt"
    ours = {"checkpoint": path, "checkpoint_epochs": 2, "checkpoint_seconds": 9.0, "resume": True}
    fresh = MLPClassifier((5,), max_iter=2, **ours)
    for model in (clone(fresh), pickle.loads(pickle.dumps(fresh))):
        assert {name: model.get_params()[name] for name in ours} == ours
    model = fitted(path, checkpoint_epochs=2)
    sent = pickle.loads(pickle.dumps(model))
    assert (sent.checkpoint, sent.checkpoint_epochs, sent.resume) == (None, None, False)
    assert (model.checkpoint, model.checkpoint_epochs, model.resume) == (path, 2, True)
    assert str(path).encode() not in pickle.dumps(model)


def test_a_random_state_that_numpy_cannot_set_is_refused_at_once(tmp_path):
    odd = np.random.RandomState(np.random.PCG64(0))
    with pytest.raises(ValueError, match="NumPy cannot set the state of a RandomState of PCG64"):
        fitted(tmp_path / "run.ckpt", random_state=odd)


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
