"""The state of a generator as plain data: what comes next is the same, all else is refused."""

import json

import numpy as np
import pytest

from pellucid.generators import generator_of, set_state, state_of, whole_state_of


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
    with pytest.raises(ValueError, match=f"{place[-1]} is {value!r}: expected "):
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


NUMBERS = {
    "PCG64": [("state", "state"), ("state", "inc"), ("has_uint32",), ("uinteger",)],
    "MT19937": [("state", "pos"), ("state", "key", "values", 5)],
    "Philox": [("buffer_pos",), ("has_uint32",), ("state", "counter", "values", 0)],
    "SFC64": [("uinteger",), ("state", "state", "values", 3)],
}


@pytest.mark.parametrize("value", [True, 3.5, "3", None, [], {}, [1], {"dtype": "uint8"}])
@pytest.mark.parametrize(("bits", "place"), [(b, p) for b in NUMBERS for p in NUMBERS[b]])
def test_a_state_with_something_else_for_a_number_is_refused(bits, place, value):
    generator = np.random.Generator(getattr(np.random, bits)(0))
    before = state_of(generator)
    state = part = json.loads(json.dumps(before))
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    with pytest.raises(ValueError, match=r" is .*: expected "):
        set_state(generator, state)
    assert state_of(generator) == before


@pytest.mark.parametrize("change", ["a name more", "a name less", "a shorter key", "negative"])
def test_a_state_of_another_form_is_refused(change):
    generator = np.random.Generator(np.random.MT19937(0))
    state = state_of(generator)
    if change == "a name more":
        state["more"] = 1
    elif change == "a name less":
        del state["state"]["pos"]
    elif change == "a shorter key":
        state["state"]["key"]["values"].pop()
    else:
        state["state"]["key"]["values"][0] = -1
    with pytest.raises(ValueError, match=r"expected|no state of a random generator"):
        set_state(generator, state)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spawn_key", ""), ("spawn_key", {}), ("spawn_key", [1.5]), ("spawn_key", [True]),
        ("spawn_key", [-1]), ("spawn_key", None), ("n_children_spawned", 3.5),
        ("n_children_spawned", True), ("n_children_spawned", "3"), ("n_children_spawned", -1),
        ("entropy", None), ("entropy", True), ("entropy", 1.5), ("entropy", "1"),
        ("entropy", {}), ("entropy", ["1"]), ("entropy", -1),
    ],
)  # fmt: skip
def test_a_seed_with_something_else_for_a_number_is_refused(name, value):
    plain = whole_state_of(np.random.default_rng(5))
    plain["seed"][name] = value
    with pytest.raises(ValueError, match="is no seed: expected whole numbers from 0 on"):
        generator_of(plain, np.random.default_rng(6))


@pytest.mark.parametrize("entropy", [[1, 2], np.array([1, 2**31]), 3**1000])
def test_any_seed_of_numpys_goes_on(entropy):
    first = np.random.default_rng(entropy)
    plain = json.loads(json.dumps(whole_state_of(first)))
    second = generator_of(plain, np.random.default_rng(0))
    assert first.spawn(1)[0].random() == second.spawn(1)[0].random()
