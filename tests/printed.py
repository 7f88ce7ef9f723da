"""What a printed number stands for, and what printed calculations come to, with no help of ours.

A number that is printed as 0.4523 to four digits may be anything from 0.45225 to 0.45235: it is an
interval. A line is right if the interval that its calculation comes to meets that of its result.
"""

import math
import re

import numpy as np
from scipy.special import erf, expit

NUMBER = r"-?(?:\d+\.?\d*(?:e[-+]?\d+)?|inf)"
LINE = re.compile(rf"^(?P<left>.*?) = (?P<result>{NUMBER})(?:, (?P<note>.*))?$")


class Interval:
    """From low to high."""

    def __init__(self, low, high):
        self.low, self.high = min(low, high), max(low, high)

    @classmethod
    def of(cls, text, digits, precision):
        """What a number may be that is printed so, of `precision` relative to its size."""
        value = float(text)
        if value == 0.0 or math.isinf(value):
            return cls(value, value)
        shown = re.sub(r"e.*", "", text).replace(".", "").lstrip("-0")
        places = max(digits, len(shown))
        last = 10.0 ** (math.floor(math.log10(abs(value))) + 1 - places)
        half = 0.5 * last + precision * abs(value)
        return cls(value - half, value + half)

    def _each(self, other, operation):
        made = [operation(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(made), max(made))

    def __add__(self, other):
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other):
        return Interval(self.low - other.high, self.high - other.low)

    def __mul__(self, other):
        return self._each(other, lambda a, b: a * b)

    def __truediv__(self, other):
        assert self.low == self.high == 0.0 or not other.low <= 0.0 <= other.high, "division by 0"
        return self if other.low == 0.0 else self._each(other, lambda a, b: a / b)

    def __neg__(self):
        return Interval(-self.high, -self.low)

    def squared(self):
        ends = [self.low**2, self.high**2]
        return Interval(0.0 if self.low < 0.0 < self.high else min(ends), max(ends))

    def meets(self, other):
        return self.low <= other.high and other.low <= self.high

    def __repr__(self):
        return f"[{self.low:.12g}, {self.high:.12g}]"


def _selu(z):
    alpha, scale = 1.6732632423543772848, 1.0507009873554804935
    return scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0.0)))


FUNCTIONS = {
    "sigmoid": expit,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0.0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0.0))),
    "selu": _selu,
    "gelu": lambda z: 0.5 * z * (1.0 + erf(z / np.sqrt(2.0))),
    "softplus": lambda z: np.logaddexp(0.0, z),
    "swish": lambda z: z * expit(z),
    "mish": lambda z: z * np.tanh(np.logaddexp(0.0, z)),
    "exp": np.exp,
    "log": np.log,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "sign": np.sign,
}
"""Each by its definition, on arrays."""


def applied(name):
    """A function of an interval, as narrow as many points of it say."""

    def run(x, *more):
        z = np.linspace(x.low, x.high, 101) if x.low < x.high else np.array([x.low])
        if x.low < 0.0 < x.high:
            z = np.append(z, 0.0)
        if name == "max":
            made = np.maximum(z, more[0].low)
        elif name == "clip":
            made = np.clip(z, more[0].low, more[1].high)
        else:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                made = FUNCTIONS[name](z)
        return Interval(float(np.nanmin(made)), float(np.nanmax(made)))

    return run


def comes_to(text, digits, precision):
    """The interval that a calculation comes to, as it is printed."""
    text = re.sub(r" from \d+ more", "", text)
    text = re.sub(r"\^2\b", ".squared()", text)
    # The sign of a number is a sign of the calculation too: -0.5 is minus 0.5 either way.
    text = re.sub(r"(?<![\w.])(\d+\.?\d*(?:e[-+]?\d+)?)(?!\w)", lambda m: f"N('{m[1]}')", text)
    names = {name: applied(name) for name in (*FUNCTIONS, "max", "clip")}
    scope = {"__builtins__": {}, "N": lambda n: Interval.of(n, digits, precision), **names}
    return eval(text, scope)


class Calculation:
    """A printed line, taken apart.

    Parameters
    ----------
    name : what it is of.
    formula : with symbols, None if there is none.
    numbers : the calculation, None if there is none.
    result : as text.
    """

    def __init__(self, name, formula, numbers, result, note):
        self.name, self.formula, self.numbers = name, formula, numbers
        self.result, self.note = result, note


def calculations(text):
    """Those of all lines that give a number."""
    made = []
    for line in text.splitlines():
        found = LINE.match(line) if line.startswith("  ") else None
        if found is None:
            continue
        name, *parts = found["left"].strip().split(" = ")
        name = name.rpartition(": ")[2]
        symbolic = re.compile(
            r"(?<![\w.'])(?:[axyztcdu]\d|d?layer|S\b|[rq]\d|alpha|l1|loss|sum|d[az]\d)"
        )
        numbers = parts[-1] if parts and not symbolic.search(parts[-1]) else None
        formula = parts[0] if len(parts) > (numbers is not None) else None
        made.append(Calculation(name, formula, numbers, found["result"], found["note"]))
    return made


def assert_adds_up(text, digits, precision=1e-13):
    """Every calculation that is printed comes to the result that is printed; how many there are."""
    n = 0
    for line in calculations(text):
        if line.numbers is not None:
            right = Interval.of(line.result, digits, precision)
            found = comes_to(line.numbers, digits, precision)
            assert found.meets(right), (line.name, line.numbers, found, line.result)
            n += 1
    return n
