"""An experiment is all that decides a run: data, network, training, seed. It fits in an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pellucid.activations import ACTIVATIONS
from pellucid.initializers import INITIALIZERS, initializer
from pellucid.losses import LOSSES
from pellucid.optimizers import OPTIMIZERS
from pellucid.recipe import Recipe
from pellucid.registry import near
from pellucid.scaling import SCALERS
from pellucid.schedules import SCHEDULES

MOST_LAYERS, MOST_UNITS, MOST_EPOCHS = 8, 1024, 100_000
"""More hidden layers, units in one, or epochs are for a script, not for a page to draw."""

BY_DEFAULT = ("output", "loss", "initializer", "scaling")
"""What "" leaves to pellucid."""


@dataclass(frozen=True)
class Experiment:
    """All that decides a run.

    Parameters
    ----------
    data : a name of `pellucid.datasets.DATASETS`, or the digest of a table that was given.
    target : the column to predict; "" is the data's own.
    features : columns to learn from; none named are all.
    noise : of points made in the plane, their standard deviation; else what is added to each number
        column, in parts of its own. None leaves the data as they are.
    test : the part of the rows to test on.
    scaling : of number columns, a name of `pellucid.SCALERS`; "" is what suits the data.
    hidden : units of each hidden layer.
    activation : of each hidden layer.
    bias : whether layers have biases.
    output, loss : by default what suits the task.
    initializer : of the weights, with its number if it has one, as in "constant:0.5"; by default
        what suits the activation.
    solver, learning_rate, schedule, batch_size, epochs, alpha, dropout : as `Network.train` and
        `Network` take them; a batch size of 0 is all rows.
    seed : of the split, the first weights, and the order of rows.

    Examples
    --------
    >>> made = Experiment("circles", hidden=(8, 4), activation=("relu", "tanh"))
    >>> made.to_address()
    'data=circles&hidden=8,4&activation=relu,tanh'
    >>> Experiment.from_address(made.to_address()) == made
    True
    """

    data: str = "moons"
    target: str = ""
    features: tuple[str, ...] = ()
    noise: float | None = None
    test: float = 0.25
    scaling: str = ""
    hidden: tuple[int, ...] = (4,)
    activation: tuple[str, ...] = ("tanh",)
    bias: bool = True
    output: str = ""
    loss: str = ""
    initializer: str = ""
    solver: str = "adam"
    learning_rate: float = 0.01
    schedule: str = "constant"
    batch_size: int = 16
    epochs: int = 1000
    alpha: float = 0.0
    dropout: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.hidden) > MOST_LAYERS:
            raise ValueError(
                f"{len(self.hidden)} hidden layers: expected {MOST_LAYERS} at the most"
            )
        for units in self.hidden:
            _refuse_outside("units of a hidden layer", units, 1, MOST_UNITS)
        if len(self.activation) != len(self.hidden):
            raise ValueError(
                f"{len(self.activation)} activations for {len(self.hidden)} hidden layers: "
                "expected one for each"
            )
        names: list[tuple[str, str, list[str]]] = [
            ("output", self.output, [*ACTIVATIONS]),
            ("loss", self.loss, [*LOSSES]),
            ("initializer", self.initializer.partition(":")[0], [*INITIALIZERS]),
            ("scaling", self.scaling, [*SCALERS]),
            ("solver", self.solver, [*OPTIMIZERS]),
            ("schedule", self.schedule, [*SCHEDULES]),
            *(("activation", each, [*ACTIVATIONS]) for each in self.activation),
        ]
        for name, given, known in names:
            by_default = name in BY_DEFAULT and not given
            if not by_default and given not in known:
                raise ValueError(f"unknown {name} {given!r}: {near(given, known)}")
        if ":" in self.initializer:
            initializer(self.initializer)  # says what is wrong with its number
        _refuse_outside("test", self.test, 0.0, 0.9)
        _refuse_outside("learning_rate", self.learning_rate, 1e-9, 1e3)
        _refuse_outside("batch_size", self.batch_size, 0, 1_000_000)
        _refuse_outside("epochs", self.epochs, 1, MOST_EPOCHS)
        _refuse_outside("alpha", self.alpha, 0.0, 1e6)
        _refuse_outside("dropout", self.dropout, 0.0, 0.95)
        _refuse_outside("seed", self.seed, 0, 2**32 - 1)
        if self.noise is not None:
            _refuse_outside("noise", self.noise, 0.0, 10.0)

    def recipe(self) -> Recipe:
        """The same as a recipe, by which `Predictor.fit` makes the run's network again."""
        return Recipe(
            hidden=self.hidden,
            activation=self.activation if self.hidden else "identity",
            output_activation=self.output or None,
            loss=self.loss or None,
            bias=self.bias,
            initializer=self.initializer or None,
            alpha=(self.alpha,),
            scaling=self.scaling or None,
            validation=0.0,
            test=self.test,
            seed=self.seed,
            settings={
                "epochs": self.epochs,
                "batch_size": self.batch_size or "full",
                "solver": self.solver,
                "learning_rate": self.learning_rate,
                "schedule": self.schedule,
                "dropout": self.dropout if self.hidden else 0.0,
            },
        )

    def changed(self, **changes: Any) -> Experiment:
        """The same with some of it other."""
        return replace(self, **changes)

    def to_address(self) -> str:
        """What is not as by default, as the query of an address."""
        given = {
            field.name: _text(getattr(self, field.name))
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }
        return urlencode(given, safe=",")

    @classmethod
    def from_address(cls, query: str) -> Experiment:
        """The experiment that an address is of; what it does not name is as by default.

        Raises
        ------
        ValueError
            If a value is none that there is.
        """
        pairs = parse_qsl(query.lstrip("?"), keep_blank_values=True, max_num_fields=100)
        return cls.from_texts(dict(pairs))

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Experiment:
        """The experiment of texts by name; other names are not looked at."""
        given = {
            field.name: _read(field.name, texts[field.name])
            for field in fields(cls)
            if field.name in texts
        }
        if "hidden" in given and "activation" not in given:
            given["activation"] = ("tanh",) * len(given["hidden"])
        return cls(**given)


def _refuse_outside(name: str, value: float, low: float, high: float) -> None:
    if not (isfinite(value) and low <= value <= high):
        raise ValueError(f"{name} is {value:g}: expected {low:g} to {high:g}")


WHOLE = ("batch_size", "epochs", "seed")
FRACTIONS = ("test", "learning_rate", "alpha", "dropout", "noise")
LISTS = ("features", "hidden", "activation")


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(str(item).replace("\\", "\\\\").replace(",", "\\,") for item in value)
    return repr(value) if isinstance(value, float) else str(value)


def _read(name: str, text: str) -> Any:
    try:
        if name in WHOLE:
            return int(text)
        if name == "noise" and text in ("", "None"):
            return None
        if name in FRACTIONS:
            return float(text)
        if name == "bias":
            return {"True": True, "False": False}[text]
        if name in LISTS:
            items = _split(text)
            return tuple(map(int, items)) if name == "hidden" else tuple(items)
    except (ValueError, KeyError):
        kind = "true or false" if name == "bias" else "a number"
        raise ValueError(f"{name} is {text!r}: expected {kind}") from None
    return text


def _split(text: str) -> list[str]:
    """The items of a list, whose own commas have a backslash before them."""
    if not text:
        return []
    items, item, escaped = [], "", False
    for character in text:
        if escaped or character not in ",\\":
            item, escaped = item + character, False
        elif character == "\\":
            escaped = True
        else:
            items.append(item)
            item = ""
    return [*items, item]
