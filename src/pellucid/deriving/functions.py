"""The functions of networks as formulas: each activation and its slope, each loss and its.

They are written once more than in `activations.py` and `losses.py`, where they are made to be
computed and not to be read; a test holds every row to what is computed there.
"""

from __future__ import annotations

from typing import NamedTuple


class Slopes(NamedTuple):
    """A function and its derivative, as formulas, and words for what is in them."""

    value: str
    derivative: str
    note: str = ""


MIXING = "a * (da - rowsum(a * da))"
"""dz of softmax, of which each unit depends on every z of its row."""

ACTIVATION_FORMULAS: dict[str, Slopes] = {
    "identity": Slopes("z", "1"),
    "sigmoid": Slopes(
        "1 / (1 + exp(-z))",
        "a * (1 - a)",
        "computed from exp(-|z|), which cannot overflow; never below 0 or above 1/4 in its slope",
    ),
    "tanh": Slopes("tanh(z)", "1 - a**2"),
    "relu": Slopes("maximum(z, 0)", "where(z > 0, 1, 0)"),
    "leaky_relu": Slopes("where(z > 0, z, 0.01 * z)", "where(z > 0, 1, 0.01)"),
    "elu": Slopes("where(z > 0, z, exp(z) - 1)", "where(z > 0, 1, exp(z))"),
    "selu": Slopes(
        "scale * where(z > 0, z, kappa * (exp(z) - 1))",
        "scale * where(z > 0, 1, kappa * exp(z))",
        "λ (scale) = 1.0507009873554805 and κ (kappa) = 1.6732632423543772 keep mean 0, variance 1",
    ),
    "gelu": Slopes(
        "z * Phi(z)",
        "Phi(z) + z * phi(z)",
        "Φ is the distribution function of the standard normal distribution, φ its density",
    ),
    "softplus": Slopes("log(1 + exp(z))", "sigma(z)", "σ is the sigmoid"),
    "swish": Slopes("z * sigma(z)", "sigma(z) * (1 + z * (1 - sigma(z)))", "σ is the sigmoid"),
    "mish": Slopes(
        "z * tanh(log(1 + exp(z)))",
        "tanh(log(1 + exp(z))) + z * (1 - tanh(log(1 + exp(z)))**2) * sigma(z)",
        "σ is the sigmoid",
    ),
    "exp": Slopes("exp(z)", "a"),
    "softmax": Slopes(
        "exp(z) / rowsum(exp(z))",
        "",
        "an answer depends on every sum of its row, so dz takes all of the row's da",
    ),
}
"""In z, and for the slope in the answer a where that is shorter."""

LOSS_FORMULAS: dict[str, Slopes] = {
    "squared_error": Slopes("(a - y)**2 / 2", "a - y"),
    "absolute_error": Slopes("abs(a - y)", "sign(a - y)"),
    "huber": Slopes(
        "where(abs(a - y) <= delta, (a - y)**2 / 2, delta * (abs(a - y) - delta / 2))",
        "where(abs(a - y) <= delta, a - y, delta * sign(a - y))",
    ),
    "quantile": Slopes(
        "where(y >= a, q * (y - a), (1 - q) * (a - y))",
        "where(y > a, -q, where(y < a, 1 - q, 0))",
    ),
    "poisson": Slopes(
        "a - y + y * log(y / a)", "1 - y / a", "where y is 0, what it multiplies is 0"
    ),
    "binary_cross_entropy": Slopes(
        "-(y * log(a)) - (1 - y) * log(1 - a)",
        "(a - y) / (a * (1 - a))",
        "each output is a yes or no of its own",
    ),
    "cross_entropy": Slopes("-(y * log(a))", "-(y / a)", "each row of y adds up to 1"),
}
"""Of one output of one row; the sum over them is the loss. The derivative is by a."""

COLLAPSE = {
    ("identity", "squared_error"): "",
    ("sigmoid", "binary_cross_entropy"): "the slope of the activation is what the loss divides by",
    ("softmax", "cross_entropy"): "each row of y adds up to 1",
    ("exp", "poisson"): "a (1 - y / a) is a - y",
}
"""The pairs of output activation and loss for which (4) and (5) come to a - y, and why."""
