"""The border of the compiled engine: what is not as it should be is refused by name; no crash."""

import numpy as np
import pytest

from pellucid.engines.loading import native

LAYERS = [
    ("dense", 3, 4, True, "tanh", [1.0, 1.0], [1.0, 0.0]),
    ("dense", 4, 2, True, "identity", [1.0, 1.0], [1.0, 0.0]),
]
P, N, STEPS = 26, 10, 3  # numbers in theta, rows, steps of 4 rows


def made(layers=LAYERS, loss="squared_error", raw=True, parameters=None, kind="Engine64"):
    return getattr(native(), kind)(layers, loss, raw, parameters or {}, 0.0, 0.0, True)


def arrays(dtype="float64"):
    """The arguments of Training.run, by name, as they should be."""
    rng = np.random.default_rng(0)
    return {
        "theta": rng.normal(size=P).astype(dtype),
        "moments": [np.zeros(P, dtype), np.zeros(P, dtype)],
        "t": 0,
        "X": rng.normal(size=(N, 3)).astype(dtype),
        "y": rng.normal(size=(N, 2)).astype(dtype),
        "sample_weight": np.ones(N, dtype),
        "orders": np.stack([rng.permutation(N) for _ in range(2)]),
        "rates": np.full((2, STEPS), 0.01),
        "limit": -1,
        "bits": None,
        "by_rows": False,
        "new_theta": np.zeros(P, dtype),
        "new_moments": [np.zeros(P, dtype), np.zeros(P, dtype)],
        "losses": np.zeros(2),
        "penalties": np.zeros(2),
        "seconds": np.zeros(2),
    }


def training(kind="64", optimizer="adam", size=4, clip_norm=0.0, drops=(), members=2):
    engine = made(kind=f"Engine{kind}")
    make = getattr(native(), f"Training{kind}")
    return make(engine, optimizer, {}, size, clip_norm, list(drops), -1.0, members)


def run(changes, **how):
    return training(**how).run(**(arrays() | changes))


def csr(indptr=(0, 2, 2, 3), indices=(0, 2, 1), data=(1.0, 2.0, 3.0), index="int32"):
    return np.array(indptr, index), np.array(indices, index), np.array(data, float)


def forward(**changes):
    """Engine.forward of three rows, with some arguments changed."""
    given = {"theta": np.ones(P), "X": np.ones((3, 3)), "out": np.zeros((3, 2)), "members": 1,
             "checked": False}  # fmt: skip
    given |= changes
    return made().forward(**given)


def gradient(**changes):
    given = {"theta": np.ones(P), "X": np.ones((3, 3)), "y": np.ones((3, 2)), "sample_weight": None,
             "gradient": np.zeros(P), "members": 1}  # fmt: skip
    given |= changes
    return made().value_and_gradient(**given)


def value(**changes):
    given = {"theta": np.ones(P), "X": np.ones((3, 3)), "y": np.ones((3, 2)),
             "sample_weight": None, "out": np.zeros((3, 2)), "members": 1}  # fmt: skip
    given |= changes
    return made().value_and_output(**given)


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def wrong_arrays(right):
    """An array of another dtype, another shape, in pieces, of the other byte order, no array."""
    dtype = right.dtype
    other = np.float32 if dtype == np.float64 else np.float64
    wide = np.zeros((*right.shape[:-1], 2 * right.shape[-1]), dtype)
    wide[..., ::2] = right
    return {
        "another dtype": right.astype(other),
        "complex": right.astype(complex),
        "text": right.astype(str),
        "objects": right.astype(object),
        "other bytes": right.astype(dtype.newbyteorder()),
        "longer": np.concatenate([right, right]),
        "shorter": right[:-1],
        "empty": right[:0],
        "deeper": right[None],
        "flat": right.ravel() if right.ndim > 1 else right.reshape(-1, 1),
        "in pieces": wide[..., ::2],
        "backwards": right[::-1],
        "a list": right.tolist(),
        "a number": 1.0,
        "nothing": None,
        "bytes": right.tobytes(),
    }


def refused(name, call):
    with pytest.raises((ValueError, TypeError), match=rf"^{name}\b"):
        call()


# --- what is right is taken ---------------------------------------------------------------------


def test_the_arguments_that_the_others_are_changed_from_are_right():
    end, epochs, steps, _, signal = run({})
    assert (end, epochs, steps, signal) == ("done", 2, 2 * STEPS, None)
    assert forward() is True
    assert forward(X=csr()) is True
    assert forward(X=csr(index="int64")) is True
    assert np.isfinite(gradient())
    assert np.isfinite(value())


# --- every array of every call ------------------------------------------------------------------


@pytest.mark.parametrize("how", wrong_arrays(np.ones((3, 3))))
@pytest.mark.parametrize("name", ["theta", "X", "out"])
def test_forward_refuses_a_wrong_array_by_its_name(name, how):
    right = {"theta": np.ones(P), "X": np.ones((3, 3)), "out": np.zeros((3, 2))}[name]
    wrong = wrong_arrays(right)[how]
    other_rows = name == "X" and how in ("longer", "shorter", "empty")  # too few or many for `out`
    refused("out" if other_rows else name, lambda: forward(**{name: wrong}))


@pytest.mark.parametrize("how", wrong_arrays(np.ones((3, 3))))
@pytest.mark.parametrize("name", ["theta", "y", "sample_weight", "gradient"])
def test_value_and_gradient_refuses_a_wrong_array_by_its_name(name, how):
    right = {"theta": np.ones(P), "y": np.ones((3, 2)), "sample_weight": np.ones(3),
             "gradient": np.zeros(P)}[name]  # fmt: skip
    wrong = wrong_arrays(right)[how]
    if name == "sample_weight" and wrong is None:
        return  # None is a way to say 1 each
    refused(name, lambda: gradient(**{name: wrong}))


@pytest.mark.parametrize("how", wrong_arrays(np.ones((3, 3))))
@pytest.mark.parametrize("name", ["theta", "y", "out"])
def test_value_and_output_refuses_a_wrong_array_by_its_name(name, how):
    right = {"theta": np.ones(P), "y": np.ones((3, 2)), "out": np.zeros((3, 2))}[name]
    refused(name, lambda: value(**{name: wrong_arrays(right)[how]}))


TRAINED_ON = [
    "theta",
    "y",
    "sample_weight",
    "orders",
    "rates",
    "new_theta",
    "losses",
    "penalties",
    "seconds",
]


@pytest.mark.parametrize("how", wrong_arrays(np.ones((3, 3))))
@pytest.mark.parametrize("name", TRAINED_ON)
def test_training_refuses_a_wrong_array_by_its_name(name, how):
    right = arrays()[name]
    wrong = wrong_arrays(right)[how]
    if wrong is None and name in ("sample_weight", "orders"):
        return  # which may be left out
    # More or fewer rates are more or fewer epochs, and then it is the orders that do not fit.
    other_epochs = name == "rates" and how in ("longer", "shorter", "empty")
    refused("orders" if other_epochs else name, lambda: run({name: wrong}))


@pytest.mark.parametrize("how", wrong_arrays(np.ones((3, 3))))
@pytest.mark.parametrize("name", ["moments", "new_moments"])
@pytest.mark.parametrize("which", [0, 1])
def test_training_refuses_wrong_moments(name, how, which):
    right = arrays()[name]
    wrong = list(right)
    wrong[which] = wrong_arrays(right[which])[how]
    refused(name, lambda: run({name: wrong}))


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("name", ["moments", "new_moments"])
def test_training_refuses_as_many_moments_as_no_optimizer_has(name, count):
    refused("moments", lambda: run({name: [np.zeros(P) for _ in range(count)]}))


@pytest.mark.parametrize("kind", ["64", "32"])
def test_each_class_takes_its_own_dtype_alone(kind):
    mine, other = ("float64", "float32") if kind == "64" else ("float32", "float64")
    assert training(kind).run(**arrays(mine))[0] == "done"
    with pytest.raises(TypeError, match=f"expected {mine}"):
        training(kind).run(**arrays(other))


# --- memory -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["new_theta", "losses", "penalties", "seconds"])
def test_an_output_that_cannot_be_written_to_is_refused(name):
    before = read_only(np.zeros_like(arrays()[name]))
    refused(name, lambda: run({name: before}))
    assert not before.any()


def test_other_outputs_that_cannot_be_written_to_are_refused():
    refused("out", lambda: forward(out=read_only(np.zeros((3, 2)))))
    refused("out", lambda: value(out=read_only(np.zeros((3, 2)))))
    refused("gradient", lambda: gradient(gradient=read_only(np.zeros(P))))
    refused("new_moments", lambda: run({"new_moments": [np.zeros(P), read_only(np.zeros(P))]}))


def test_inputs_that_cannot_be_written_to_are_as_good_as_others():
    given = {k: read_only(v) if k in ("theta", "X", "y", "sample_weight", "orders", "rates") else v
             for k, v in arrays().items()}  # fmt: skip
    expected = arrays()
    training().run(**expected)
    training().run(**given)
    assert given["new_theta"].tobytes() == expected["new_theta"].tobytes()


def test_no_input_is_written_to():
    given = arrays()
    before = {k: np.copy(given[k]) for k in ("theta", "X", "y", "sample_weight", "orders", "rates")}
    training(clip_norm=0.1).run(**given)
    for name, array in before.items():
        assert np.array_equal(given[name], array)


@pytest.mark.parametrize("other", ["theta", "X", "y", "sample_weight", "rates", "moments"])
def test_an_output_that_shares_memory_with_an_input_is_refused(other):
    memory = np.zeros(100)
    given = arrays()
    right = given[other][0] if other == "moments" else given[other]
    shared = memory[: right.size].reshape(right.shape)
    shared[...] = right
    place = memory[right.size - 1 : right.size - 1 + P]  # one number of it is enough
    given[other] = [shared, np.zeros(P)] if other == "moments" else shared
    refused("new_theta", lambda: training().run(**(given | {"new_theta": place})))


def test_outputs_that_share_memory_with_each_other_are_refused():
    memory = np.zeros(2 * P)
    with pytest.raises(ValueError, match="shares memory with"):
        run({"new_theta": memory[:P], "new_moments": [memory[P - 1 : 2 * P - 1], np.zeros(P)]})
    with pytest.raises(ValueError, match="shares memory with"):
        run({"losses": memory[:2], "seconds": memory[1:3]})


def test_the_outputs_of_a_single_pass_must_be_apart_from_its_inputs_too():
    memory = np.ones(P + 20)
    refused("gradient", lambda: gradient(theta=memory[:P], gradient=memory[1 : P + 1]))
    refused("out", lambda: forward(X=memory[:9].reshape(3, 3), out=memory[8:14].reshape(3, 2)))
    refused("out", lambda: value(y=memory[:6].reshape(3, 2), out=memory[:6].reshape(3, 2)))
    indptr, indices, data = csr((0, 2, 4, 6), (0, 2, 0, 1, 1, 2), range(6))
    refused("out", lambda: forward(X=(indptr, indices, data), out=data.reshape(3, 2)))
