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


def state_of(generator: Random) -> dict[str, Any]:
    """The state of a generator as JSON can hold it.

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


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.name, "values": value.tolist()}
    return value.item() if isinstance(value, np.generic) else value


def _whole(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"dtype", "values"}:
            return np.array(value["values"], np.dtype(str(value["dtype"])))
        return {name: _whole(item) for name, item in value.items()}
    return value
