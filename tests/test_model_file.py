"""The model file: the same numbers back, the same bytes out, and nothing else let in."""

import json
import os

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from attacks import model_files
from pellucid import LOSSES, Activation, Loss, Network, model_file
from pellucid.atomic import refuse_unwritable
from pellucid.losses import loss


def networks():
    """One of every kind that a file has to hold."""
    return {
        "plain": Network([3, 4, 2], seed=0),
        "classes": Network([3, 5, 4, 2], ["tanh", "gelu"], "softmax", seed=1),
        "no bias": Network([3, 4, 2], "mish", "sigmoid", bias=[False, True], seed=2),
        "scaled": Network([3, 2], scale_inputs=True, seed=3),
        "penalised": Network([3, 4, 2], alpha=0.1, l1=0.01, reduction="sum", seed=4),
        "huber": Network([3, 4, 2], loss=loss("huber", delta=0.3), seed=5),
        "quantiles": Network([3, 4, 2], loss=loss("quantile", quantile=[0.1, 0.9]), seed=6),
        "smoothed": Network(
            [3, 2], output_activation="softmax", loss=loss("cross_entropy", label_smoothing=0.1),
            seed=7,
        ),
        "float32": Network([3, 4, 2], dtype="float32", seed=8),
        "counts": Network([3, 4, 2], output_activation="exp", seed=9),
    }  # fmt: skip


KINDS = list(networks())
X = np.random.default_rng(0).normal(size=(7, 3))
Y = np.eye(2)[[0, 1, 1, 0, 1, 0, 0]]


def write_raw(path, theta=None, header=None, **tensors):
    """A safetensors file with the given parts, and the digest of them if the header has one."""
    if theta is not None:
        tensors["theta"] = theta
    metadata = {} if header is None else {"pellucid": header}
    save_file(tensors, path, metadata=metadata)
    path.write_bytes(model_files.sealed(path.read_bytes()))


def refused(path, message):
    with pytest.raises(ValueError, match=message) as error:
        Network.load(path)
    assert "\n" not in str(error.value)


# --- there and back ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_network_is_the_saved_one_to_the_bit(tmp_path, kind):
    network = networks()[kind]
    network.save(tmp_path / "m.safetensors")
    again = Network.load(tmp_path / "m.safetensors")
    assert again.theta.tobytes() == network.theta.tobytes()
    assert again.theta.dtype == network.theta.dtype
    assert again.architecture == network.architecture
    assert again.predict(X).tobytes() == network.predict(X).tobytes()
    one, other = network.loss_and_gradient(X, Y), again.loss_and_gradient(X, Y)
    assert one[0] == other[0]
    assert one[1].tobytes() == other[1].tobytes()
    assert repr(again) == repr(network)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_model_gives_the_same_bytes(tmp_path, kind):
    for name in ("a", "b"):
        networks()[kind].save(tmp_path / name)
    Network.load(tmp_path / "a").save(tmp_path / "c")
    first = (tmp_path / "a").read_bytes()
    assert first == (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()


def test_any_program_that_reads_safetensors_can_read_it(tmp_path):
    network = networks()["classes"]
    network.save(tmp_path / "m.safetensors")
    data = (tmp_path / "m.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    assert header["theta"]["dtype"] == "F64"
    assert header["theta"]["shape"] == [network.theta.size]
    about = json.loads(header["__metadata__"]["pellucid"])
    assert about["format_version"] == 3
    assert [layer["activation"] for layer in about["architecture"]] == ["tanh", "gelu", "softmax"]
    assert about["loss"] == {"name": "cross_entropy"}
    assert np.array_equal(load_file(tmp_path / "m.safetensors")["theta"], network.theta)


def test_training_may_go_on_after_loading(tmp_path):
    network = networks()["penalised"]
    network.save(tmp_path / "m")
    again = Network.load(tmp_path / "m")
    for n in (network, again):
        n.train(X, Y, epochs=3, batch_size="full")
    assert network.theta.tobytes() == again.theta.tobytes()


def test_more_can_join_the_header_and_is_given_back(tmp_path):
    networks()["plain"].save(tmp_path / "m", columns=["a", "b", "ü"], about={"n": 3})
    _, header = model_file.read(tmp_path / "m")
    assert header["columns"] == ["a", "b", "ü"]
    assert header["about"] == {"n": 3}


# --- all or nothing ----------------------------------------------------------------------------


@pytest.mark.parametrize("fails", ["replace", "fsync"])
def test_a_failure_while_writing_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, fails):
    path = tmp_path / "m.safetensors"
    networks()["plain"].save(path)
    old = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, fails, full)
    with pytest.raises(OSError, match="No space left"):
        networks()["classes"].save(path)
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_the_file_gets_the_permissions_of_any_new_file(tmp_path):
    networks()["plain"].save(tmp_path / "m")
    (tmp_path / "ordinary").write_text("")
    assert (tmp_path / "m").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_a_path_that_cannot_be_written_is_found_beforehand(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder, give a file name"):
        refuse_unwritable(tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        refuse_unwritable(tmp_path / "nowhere" / "m.safetensors")
    refuse_unwritable(tmp_path / "m.safetensors")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", model_file.FIELDS)
def test_what_joins_the_header_takes_no_place_of_a_field(tmp_path, name):
    path = tmp_path / "m"
    networks()["plain"].save(path)
    old = path.read_bytes()
    for value in (None, 3, {}, 99):
        with pytest.raises(ValueError, match=f"'{name}' is a field of the model file's own"):
            networks()["plain"].save(path, **{name: value})
    assert path.read_bytes() == old


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_network_that_ran_away_does_not_overwrite_a_good_file(tmp_path, value):
    network = networks()["plain"]
    network.save(tmp_path / "m")
    network.theta[3] = value
    with pytest.raises(ValueError, match="theta holds NaN or inf, which no model file can"):
        network.save(tmp_path / "m")
    assert np.isfinite(Network.load(tmp_path / "m").theta).all()


@pytest.mark.parametrize(
    "more", [{"a": "\ud800"}, {"a": np.nan}, {"a": {1: 2, "b": 3}}, {"a": np.zeros(3)}, {"a": {3}}]
)
def test_what_would_not_be_read_again_is_not_written(tmp_path, more):
    with pytest.raises((ValueError, TypeError), match=r"surrogate|JSON compliant|no plain data"):
        networks()["plain"].save(tmp_path / "m", **more)
    assert list(tmp_path.iterdir()) == []


# --- one's own code ----------------------------------------------------------------------------


def sine(z):
    return np.sin(z)


def sigmoid(z):  # with the name of a built-in
    return 1 / (1 + np.exp(-2 * z))


@pytest.mark.parametrize("own", [sine, sigmoid])
@pytest.mark.parametrize("where", ["hidden_activation", "output_activation"])
def test_ones_own_activation_is_refused_by_name_and_no_file_is_made(tmp_path, own, where):
    f = Activation(own.__name__, own, lambda da, z, a: da)
    network = Network([3, 4, 2], loss="squared_error", **{where: f})
    with pytest.raises(ValueError, match=f"activation '{own.__name__}' is your own code"):
        network.save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def squared_error(a, y):  # with the name of a built-in
    return np.sum((a - y) ** 2, axis=1)


def fourth(a, y):
    return np.sum((a - y) ** 4, axis=1)


@pytest.mark.parametrize("own", [fourth, squared_error])
def test_ones_own_loss_is_refused_by_name_and_no_file_is_made(tmp_path, own):
    network = Network([3, 4, 2], loss=(own, lambda a, y: a - y))
    with pytest.raises(ValueError, match=f"loss '{own.__name__}' is your own code.*numpy.save"):
        network.save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", LOSSES)
def test_every_built_in_loss_can_be_saved(tmp_path, name):
    made = LOSSES[name]()
    assert isinstance(made, Loss)
    Network([3, 2], output_activation=made.canonical, loss=made).save(tmp_path / "m")
    assert Network.load(tmp_path / "m").loss.name == name


# --- what is no model --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x80\x04\x95" + bytes(100),  # a pickle
        b"PK\x03\x04" + bytes(100),  # a zip
        b"\xff" * 64,  # a header of 2^64 bytes
        (2**40).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{}",
        bytes(range(256)) * 8,
    ],
)
def test_garbage_is_refused_in_one_line(tmp_path, data):
    (tmp_path / "m").write_bytes(data)
    refused(tmp_path / "m", "is not a safetensors file|not a model of pellucid's|not a model file")


@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_truncated_file_is_refused(tmp_path, part):
    networks()["classes"].save(tmp_path / "m")
    data = (tmp_path / "m").read_bytes()
    (tmp_path / "m").write_bytes(data[: int(part * len(data))])
    refused(tmp_path / "m", "is not a safetensors file|is damaged: it has")


def test_other_peoples_safetensors_are_refused(tmp_path):
    write_raw(tmp_path / "m", weight=np.zeros((2, 2)))
    refused(tmp_path / "m", "is a safetensors file, but not a model of pellucid's")
    write_raw(tmp_path / "n", theta=np.zeros(3))
    refused(tmp_path / "n", "but not a model of pellucid's")
    write_raw(tmp_path / "o", header="{}", weight=np.zeros(3))
    refused(tmp_path / "o", "but not a model of pellucid's")


def test_a_newer_format_is_refused_with_both_versions_and_the_cure(tmp_path):
    header = {"format_version": 99, "versions": {"pellucid": "9.9.9"}}
    write_raw(tmp_path / "m", np.zeros(3), json.dumps(header))
    refused(
        tmp_path / "m",
        r"format version 99 .* up to 3.* saved by pellucid 9\.9\.9, which reads it; upgrade",
    )


@pytest.mark.parametrize(
    "header", ["", "not json", "[]", "3", "{}", '{"format_version": "x"}', '{"format_version": {}}',
               '{"format_version": null}', '{"format_version": 99, "versions": 3}']
)  # fmt: skip
def test_a_damaged_header_is_refused(tmp_path, header):
    write_raw(tmp_path / "m", np.zeros(3), header)
    refused(tmp_path / "m", "damaged|newer|upgrade")


@pytest.mark.parametrize(
    ("theta", "message"),
    [
        (np.zeros((2, 2)), r"is of shape \(2, 2\): expected \(P,\)"),
        (np.zeros(26, dtype=np.int64), "'theta' is 'I64': expected F32 or F64"),
        (np.zeros(26, dtype=np.float16), "'theta' is 'F16': expected F32 or F64"),
        (np.full(26, np.nan), "holds NaN or inf"),
        (np.full(26, np.inf), "holds NaN or inf"),
        (np.zeros(25), "25"),
        (np.zeros(0), "0"),
    ],
)
def test_a_theta_that_is_none_is_refused(tmp_path, theta, message):
    networks()["plain"].save(tmp_path / "m")
    _, header = model_file.read(tmp_path / "m")
    write_raw(tmp_path / "n", theta, json.dumps(header))
    refused(tmp_path / "n", message)


HUGE = 2**32
BROKEN = [
    lambda h: h.pop("architecture"),
    lambda h: h.pop("loss"),
    lambda h: h.pop("alpha"),
    lambda h: h.update(architecture=[]),
    lambda h: h.update(architecture="relu"),
    lambda h: h.update(architecture=[3]),
    lambda h: h.update(loss="squared_error"),
    lambda h: h.update(loss={"name": "no such loss"}),
    lambda h: h.update(loss={"name": "huber", "delta": -1.0}),
    lambda h: h.update(loss={"name": "huber", "delta": "x"}),
    lambda h: h.update(loss={"name": "huber", "gamma": 1.0}),
    lambda h: h.update(loss={"name": "cross_entropy"}),
    lambda h: h.update(alpha="x"),
    lambda h: h.update(alpha=-1.0),
    lambda h: h.update(alpha=None),
    lambda h: h.update(reduction="max"),
    lambda h: h["architecture"][0].update(kind="conv"),
    lambda h: h["architecture"][0].update(activation="no such"),
    lambda h: h["architecture"][0].update(activation=None),
    lambda h: h["architecture"][0].update(n_in=5),
    lambda h: h["architecture"][0].update(n_in="3"),
    lambda h: h["architecture"][0].update(n_in=-3),
    lambda h: h["architecture"][0].update(n_in=3.0),
    lambda h: h["architecture"][0].update(extra=1),
    lambda h: h["architecture"][0].pop("n_out"),
    lambda h: [layer.update(n_in=HUGE, n_out=HUGE) for layer in h["architecture"]],
    lambda h: [layer.update(n_in=10**30, n_out=10**30) for layer in h["architecture"]],
]


@pytest.mark.parametrize("number", range(len(BROKEN)))
def test_a_header_that_makes_no_network_is_refused_in_one_line(tmp_path, number):
    networks()["plain"].save(tmp_path / "m")
    theta, header = model_file.read(tmp_path / "m")
    BROKEN[number](header)
    write_raw(tmp_path / "n", theta, json.dumps(header))
    refused(tmp_path / "n", ".")


def test_what_is_not_there_or_no_file_is_said_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no model file '.*nowhere'"):
        Network.load(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="is not a file"):
        Network.load(tmp_path)


def test_a_file_whose_numbers_were_changed_does_not_give_the_outputs_it_says(tmp_path):
    network = Network([3, 4, 2], "tanh", "softmax", seed=0)
    network.save(tmp_path / "m")
    theta, header = model_file.read(tmp_path / "m")
    theta = theta.copy()
    theta[5] += 1e-3
    write_raw(tmp_path / "n", theta, json.dumps(header))
    refused(tmp_path / "n", "test vectors do not come out")


@pytest.mark.parametrize("vectors", [{}, {"inputs": [[1.0]], "outputs": [[1.0]]}, 3])
def test_test_vectors_that_make_no_sense_are_refused(tmp_path, vectors):
    Network([3, 2], seed=0).save(tmp_path / "m")
    theta, header = model_file.read(tmp_path / "m")
    write_raw(tmp_path / "n", theta, json.dumps(header | {"test_vectors": vectors}))
    refused(tmp_path / "n", "test vectors are damaged")


def trained(epochs=3):
    network = Network([2, 1], seed=0)
    X = np.random.default_rng(0).normal(size=(20, 2))
    network.train(X, X[:, 0], epochs=epochs, validation_data=(X, X[:, 0]))
    return network


def test_the_training_curves_are_in_the_file_without_their_seconds(tmp_path):
    network = trained()
    network.save(tmp_path / "a")
    again = Network.load(tmp_path / "a")
    expected = network.history.to_dict() | {"seconds": [], "validation_score": []}
    assert again.history.to_dict() == expected
    assert again.history.solver == "adam"
    again.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_the_solver_is_kept_beside_the_curves_and_older_files_have_none(tmp_path, solver):
    X = np.random.default_rng(0).normal(size=(20, 2))
    network = Network([2, 1], seed=0)
    network.train(X, X[:, 0], epochs=3, solver=solver)
    network.save(tmp_path / "a")
    tensors, header = model_file.read_tensors(tmp_path / "a")
    assert Network.from_file(tensors["theta"], header, tensors).history.solver == solver
    del header["curves"]["solver"]
    assert Network.from_file(tensors["theta"], header, tensors).history.solver == ""


def test_curves_of_too_many_epochs_or_without_end_are_left_out(tmp_path):
    network = trained(epochs=10_001)
    network.save(tmp_path / "a")
    assert Network.load(tmp_path / "a").history is None
    network = trained()
    network.history.loss[1] = float("inf")
    network.save(tmp_path / "a")
    kept = Network.load(tmp_path / "a").history
    assert (kept.loss, kept.validation_loss) == ([], network.history.validation_loss)


@pytest.mark.parametrize(
    "wrong",
    [
        {"names": ["loss"]},
        {"names": ["seconds", "loss", "penalty", "validation_loss"]},
        {"best_epoch": 4},
        {"stopped": 1},
        {"solver": 1},
    ],
)
def test_damaged_curves_are_refused(tmp_path, wrong):
    trained().save(tmp_path / "a")
    tensors, header = model_file.read_tensors(tmp_path / "a")
    header["curves"] |= wrong
    with pytest.raises(ValueError, match=r"expected|names for shape"):
        Network.from_file(tensors["theta"], header, tensors)
