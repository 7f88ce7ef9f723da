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
