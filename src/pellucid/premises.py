"""The premises of a training are all that its end follows from: the data, the network, the way.

As plain data, which a checkpoint holds, so that it is never gone on from with others.
"""

from __future__ import annotations

from typing import Any

from pellucid.arrays import Array
from pellucid.fingerprints import described, fingerprint
from pellucid.objective import Objective
from pellucid.optimizers import optimizer
from pellucid.settings import Settings
from pellucid.solvers import SOLVERS
from pellucid.watch import Validation

MAY_DIFFER = ("epochs", "max_time", "callbacks", "monitor")
"""Settings that say how far to go and whom to tell, not which way."""

HINTS = {"schedule": "one that is not constant spans all epochs: neither may change"}
"""What to say of a setting that is not the same."""


def of_data(
    X: Array, y: Array, sample_weight: Array | None, validation: Validation | None
) -> dict[str, Any]:
    """Fingerprints of the rows trained on and of those measured on."""
    arrays = {"X": X, "y": y, "sample_weight": sample_weight}
    names = ("X of the validation data", "y of the validation data", "their weights")
    arrays |= dict(zip(names, validation or (None,) * 3, strict=True))
    return {name: fingerprint(array) for name, array in arrays.items()}


def of_network(objective: Objective, theta: Array, engine: str) -> dict[str, Any]:
    """What is minimised, in which numbers, and by whom."""
    layout = objective.layout
    units = [described(layer.activation) for layer in layout.architecture.layers]
    own = {f"activation {unit['name']!r}": unit for unit in units if len(unit) > 1}
    return {
        "network": str(layout.architecture),
        "parameters": [segment.name for segment in layout.segments],
        "segments": described(layout.settings()),
        "loss": described(objective.loss),
        "alpha": float(objective.alpha),
        "l1": float(objective.l1),
        "reduction": objective.reduction,
        "dtype": str(theta.dtype).rpartition(".")[2],
        "engine": engine,
        **own,
    }


def of_settings(settings: Settings) -> dict[str, Any]:
    """How it is trained; with how many epochs, only where the way depends on it.

    Examples
    --------
    >>> of_settings(Settings(epochs=5))["schedule"]
    'constant'
    >>> of_settings(Settings(epochs=5, schedule="cosine"))["schedule"]
    {'name': 'cosine', 'epochs': 5}
    """
    whole: dict[str, Any] = {
        name: described(value) for name, value in vars(settings).items() if name not in MAY_DIFFER
    }
    if settings.solver in SOLVERS:
        return whole | {"schedule": None}
    if settings.schedule != "constant":
        whole["schedule"] = {"name": whole["schedule"], "epochs": int(settings.epochs)}
    rule = optimizer(settings.solver)
    whole["solver"] = described(rule)
    whole["learning_rate"] = float(settings.learning_rate or rule.learning_rate)
    return whole
