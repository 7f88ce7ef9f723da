"""The compiled engine refuses indices, orders, names and numbers that are not as they should be."""

import datetime
import gc

import numpy as np
import pytest

from pellucid.engines.loading import native
from test_native_border import (
    N,
    P,
    arrays,
    csr,
    forward,
    gradient,
    made,
    read_only,
    refused,
    run,
    training,
    value,
)

# --- CSR ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize(
    "changes",
    [
        {"indptr": (0, 2, 1, 3)},
        {"indptr": (0, 5, 2, 3)},
        {"indptr": (1, 2, 2, 3)},
        {"indptr": (-1, 2, 2, 3)},
        {"indptr": (0, 2, 2, 2)},
        {"indptr": (0, 2, 2, 4)},
        {"indptr": (0, 2**31 - 1, 2, 3)},
        {"indptr": (0, -(2**31), 2, 3)},
        {"indices": (0, 3, 1)},
        {"indices": (0, -1, 1)},
        {"indices": (0, 2**31 - 1, 1)},
        {"indices": (2, 0, 1)},
        {"indices": (1, 1, 1)},
    ],
    ids=str,
)
def test_indices_that_lead_astray_are_refused_before_they_are_followed(changes, index):
    wrong = csr(**changes, index=index)
    (part,) = changes
    for call in (forward, gradient, value):
        refused(f"X.{part}", lambda call=call: call(X=wrong))
    three = {"y": np.zeros((3, 2)), "sample_weight": None, "orders": None, "rates": np.ones((1, 1)),
             "losses": np.zeros(1), "penalties": np.zeros(1), "seconds": np.zeros(1)}  # fmt: skip
    assert run(three | {"X": csr(index=index)})[0] == "done"
    refused(f"X.{part}", lambda: run(three | {"X": wrong}))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ((), r"X is no \(indptr, indices, data\)"),
        (csr()[:2], r"X is no \(indptr, indices, data\)"),
        ((*csr(), np.ones(1)), r"X is no \(indptr, indices, data\)"),
        ((csr()[0][:0], *csr()[1:]), "X.indptr is empty"),
        ((csr()[0].astype("int64"), *csr()[1:]), "X.indices is of int32: expected int64"),
        ((csr()[0].astype("uint32"), *csr()[1:]), "X.indptr is of"),
        ((csr()[0].astype("int16"), *csr()[1:]), "X.indptr is of"),
        ((csr()[0].astype(float), *csr()[1:]), "X.indptr is of"),
        ((*csr()[:2], csr()[2].astype("float32")), "X.data is of float32: expected float64"),
        ((csr()[0], csr()[1][:2], csr()[2]), r"X.indices has shape \(2,\): expected \(3,\)"),
        ((csr()[0], np.zeros(6, "int32")[::2], csr()[2]), "X.indices is not contiguous"),
        ((*csr()[:2], np.zeros(6)[::2]), "X.data is not contiguous"),
        ((csr()[0].reshape(2, 2), *csr()[1:]), "X.indptr has shape"),
        ((None, None, None), "X.indptr is no array"),
    ],
)
def test_the_parts_of_a_sparse_array_must_fit_each_other(X, message):
    with pytest.raises((ValueError, TypeError), match=message):
        forward(X=X)


# --- orders, names, numbers ---------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [-1, N, 2**40, -(2**62)])
def test_an_order_that_names_a_row_that_is_not_there_is_refused(wrong):
    orders = arrays()["orders"].copy()
    orders[1, -1] = wrong
    refused("orders", lambda: run({"orders": orders}))


@pytest.mark.parametrize("call", [forward, gradient, value])
@pytest.mark.parametrize("members", [0, -1, -(2**31)])
@pytest.mark.parametrize("n", [3, 40])
def test_no_threads_at_all_are_refused(call, members, n):
    given = {"X": np.ones((n, 3)), "members": members}
    given |= {"out": np.zeros((n, 2))} if call is not gradient else {}
    given |= {"y": np.ones((n, 2))} if call is not forward else {}
    with pytest.raises(ValueError, match="members is below 1"):
        call(**given)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"size": 0}, "size is below 1"),
        ({"size": -5}, "size is below 1"),
        ({"members": 0}, "members is below 1"),
        ({"drops": [0.5]}, "drops needs one item for each layer"),
        ({"drops": [0.5, 0.5, 0.5]}, "drops needs one item for each layer"),
        ({"optimizer": "adma"}, "unknown optimizer 'adma'"),
        ({"optimizer": ""}, "unknown optimizer ''"),
    ],
)
def test_a_training_that_makes_no_sense_is_not_made(how, message):
    with pytest.raises(ValueError, match=message):
        training(**how)


def test_more_rows_a_step_than_there_can_be_are_refused():
    # The masks of so many rows would need 2**64 + 4 bytes, which a sum of 64 bits takes for 4.
    with pytest.raises((ValueError, MemoryError)):
        training(size=2**62 + 1, drops=[0.5, 0.0])


@pytest.mark.parametrize("wrong", ["much", None, [0.5]])
def test_a_setting_that_is_no_number_is_refused_by_its_name(wrong):
    with pytest.raises((ValueError, TypeError), match="beta_1"):
        native().Training64(made(), "adam", {"beta_1": wrong}, 4, 0.0, [], -1.0, 1)
    with pytest.raises((ValueError, TypeError), match="delta"):
        made(loss="huber", parameters={"delta": wrong})
    with pytest.raises((ValueError, TypeError), match="quantiles"):
        made(loss="quantile", parameters={"quantiles": wrong if wrong != [0.5] else 0.5})


def layer(kind="dense", n_in=3, n_out=2, bias=True, f="tanh", rates=(1.0, 1.0), decays=(1.0, 0.0)):
    return (kind, n_in, n_out, bias, f, list(rates), list(decays))


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "layers is empty"),
        ([layer("conv")], "unknown kind of layer 'conv'"),
        ([layer(f="swich")], "unknown activation 'swich'"),
        ([layer(n_in=0)], "no inputs or no outputs"),
        ([layer(n_out=-1)], "no inputs or no outputs"),
        ([layer(), layer(n_in=5)], "takes other numbers than the one before gives"),
        ([layer("scale")], "a scale layer gives as many numbers as it takes"),
        ([layer(rates=[1.0])], "rates and decays need one item"),
        ([layer(decays=[1.0])], "rates and decays need one item"),
        ([layer(bias=False)], "rates and decays need one item"),
    ],
)
def test_layers_that_make_no_network_are_refused(layers, message):
    with pytest.raises(ValueError, match=message):
        made(layers)


@pytest.mark.parametrize(
    ("loss", "raw", "parameters", "message"),
    [
        ("squared", True, {}, "unknown loss 'squared'"),
        (
            "cross_entropy",
            False,
            {},
            "cross_entropy is computed from the raw output of softmax only",
        ),
        ("quantile", True, {"quantiles": []}, "0 quantiles for 2 outputs: give one each"),
        ("quantile", True, {"quantiles": [0.5] * 3}, "3 quantiles for 2 outputs: give one each"),
    ],
)
def test_a_loss_that_there_is_not_is_refused(loss, raw, parameters, message):
    with pytest.raises(ValueError, match=message):
        made(loss=loss, raw=raw, parameters=parameters)


@pytest.mark.parametrize("bits", [None, "text", object()])
def test_dropout_without_a_generator_is_refused(bits):
    with pytest.raises(ValueError, match=r"BitGenerator|PyCapsule"):
        run({"bits": bits}, drops=[0.5, 0.0])


def test_a_capsule_of_something_else_is_refused():
    with pytest.raises(ValueError, match=r"BitGenerator|PyCapsule"):
        run({"bits": datetime.datetime_CAPI}, drops=[0.5, 0.0])


def test_what_is_refused_leaves_the_trainer_as_it_was():
    trainer, given = training(), arrays()
    expected = arrays()
    training().run(**expected)
    with pytest.raises(ValueError, match="orders"):
        trainer.run(**(given | {"orders": given["orders"] + 1}))
    trainer.run(**given)
    assert given["new_theta"].tobytes() == expected["new_theta"].tobytes()


def test_a_trainer_outlives_the_engine_it_was_made_from():
    trainer, given = training(), arrays()  # the engine has no other name
    gc.collect()
    assert trainer.run(**given)[0] == "done"


def test_the_theta_before_the_last_step_needs_a_place_too():
    trainer = training()
    assert trainer.previous(np.zeros(P)) is False  # no step yet
    trainer.run(**arrays())
    assert trainer.previous(np.zeros(P)) is True
    refused("theta", lambda: trainer.previous(np.zeros(P + 1)))
    refused("theta", lambda: trainer.previous(np.zeros(P, "float32")))
    refused("theta", lambda: trainer.previous(read_only(np.zeros(P))))
