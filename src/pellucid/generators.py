"""A generator draws random numbers; its state as plain data lets another one draw what comes next.

Any generator of NumPy's will do, the old `RandomState` among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

Random: TypeAlias = np.random.Generator | np.random.RandomState

MOST = {"MT19937": ("pos", 624), "Philox": ("buffer_pos", 4)}
"""A place in a buffer of NumPy's, and where that ends: NumPy itself does not check it."""

BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
"""NumPy's own."""

POOL_SIZE = np.random.SeedSequence(0).pool_size
"""Of all seeds but those that somebody has made otherwise."""


def state_of(generator: Random) -> dict[str, Any]:
    """The state of a generator as JSON can hold it.

    Raises
    ------
    ValueError
        If it is a `RandomState` of another kind than those made from a number.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> then = state_of(generator)
    >>> first = generator.random(3)
    >>> set_state(generator, then)
    >>> bool((generator.random(3) == first).all())
    True
    """
    if isinstance(generator, np.random.RandomState):
        state: Any = generator.get_state(legacy=False)
        if state["bit_generator"] != "MT19937":
            raise ValueError(
                f"NumPy cannot set the state of a RandomState of {state['bit_generator']}: make "
                "it from a number"
            )
    else:
        state = generator.bit_generator.state
    plain: dict[str, Any] = _plain(state)
    return plain


def set_state(generator: Random, state: Mapping[str, Any]) -> None:
    """Make a generator draw what comes after a state, as `state_of` gave it.

    Raises
    ------
    ValueError
        If it is no such state, or that of another kind of generator.
    """
    own = state_of(generator)
    try:
        if state["bit_generator"] != own["bit_generator"]:
            raise ValueError(
                f"it draws by {own['bit_generator']}, and the state is one of "
                f"{state['bit_generator']}"
            )
        if own["bit_generator"] in BIT_GENERATORS:
            _refuse_unlike("its state", state, own)
        if own["bit_generator"] in MOST:
            name, end = MOST[own["bit_generator"]]
            place = state["state"][name] if name in own["state"] else state[name]
            if not 0 <= int(place) <= end:
                raise ValueError(f"{name} is {place}: expected 0 to {end}")
        whole = _whole(state)
        if isinstance(generator, np.random.RandomState):
            generator.set_state(whole)
        else:
            generator.bit_generator.state = whole
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"that is no state of a random generator: {error!r}") from error


def whole_state_of(generator: np.random.Generator) -> dict[str, Any]:
    """The same with the seed that others can be spawned from; see `generator_of`."""
    seed = generator.bit_generator.seed_seq
    known = isinstance(seed, np.random.SeedSequence) and seed.pool_size == POOL_SIZE
    names = ("entropy", "spawn_key", "n_children_spawned")
    return {
        "state": state_of(generator),
        "seed": {name: _plain(getattr(seed, name)) for name in names} if known else None,
    }


def generator_of(plain: Mapping[str, Any], like: np.random.Generator) -> np.random.Generator:
    """A generator that draws, and spawns, what one of that whole state does.

    Where its seed is unknown, it is `like` in that state.

    Raises
    ------
    ValueError
        If it is no such state.

    Examples
    --------
    >>> first = np.random.default_rng()
    >>> second = generator_of(whole_state_of(first), np.random.default_rng())
    >>> first.spawn(1)[0].random() == second.spawn(1)[0].random()
    True
    """
    try:
        seed, name = plain["seed"], plain["state"]["bit_generator"]
        of_another = seed is not None and seed != whole_state_of(like)["seed"]
        if of_another and name in BIT_GENERATORS:
            sequence = _sequence_of(seed)
            like = np.random.Generator(getattr(np.random, name)(sequence))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"that is no state of a random generator: {error!r}") from error
    set_state(like, plain["state"])
    return like


def _sequence_of(seed: Mapping[str, Any]) -> np.random.SeedSequence:
    entropy, key, spawned = (
        _whole(seed[name]) for name in ("entropy", "spawn_key", "n_children_spawned")
    )
    words = entropy if isinstance(entropy, list) else [entropy]
    counts = [*key, spawned] if isinstance(key, list) else [None]
    if not isinstance(entropy, np.ndarray):
        counts += words
    if any(type(count) is not int or count < 0 for count in counts):
        raise ValueError(f"{seed!r:.200} is no seed: expected whole numbers from 0 on")
    return np.random.SeedSequence(entropy, spawn_key=tuple(key), n_children_spawned=spawned)


def _refuse_unlike(name: str, state: Any, own: Any) -> None:
    """Raise ValueError unless a state has the names, types and sizes of another."""
    if type(state) is not type(own):
        raise ValueError(f"{name} is {state!r:.60}: expected {type(own).__name__}")
    if isinstance(own, dict):
        if set(state) != set(own):
            raise ValueError(f"{name} has {sorted(state)!r:.200}: expected {sorted(own)}")
        for part in own:
            _refuse_unlike(part, state[part], own[part])
    elif isinstance(own, list):
        if len(state) != len(own):
            raise ValueError(f"{name} has {len(state)} items: expected {len(own)}")
        for item, like in zip(state, own, strict=True):
            _refuse_unlike(name, item, like)
    elif isinstance(own, str) and state != own:
        raise ValueError(f"{name} is {state!r:.60}: expected {own!r}")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.name, "values": value.tolist()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _whole(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"dtype", "values"}:
            return np.array(value["values"], np.dtype(str(value["dtype"])))
        return {name: _whole(item) for name, item in value.items()}
    return value
