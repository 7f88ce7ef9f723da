"""The scale of a target is what its numbers are brought to for the network, and back from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pellucid.subject import Subject


class Scale(NamedTuple):
    """Of one target: y = (value - shift) / scale, and back after cutting off at low and high."""

    name: str
    shift: float = 0.0
    scale: float = 1.0
    low: float = -np.inf
    high: float = np.inf


def scales_of(subject: Subject) -> list[Scale]:
    """That of each output of a subject that predicts numbers."""
    model, k = subject.model, subject.network.architecture.n_outputs
    if hasattr(model, "_bounds"):  # a bag
        low, high = map(float, model._bounds)
        return [Scale(subject.target_name, float(model._mean), float(model._std), low, high)]
    scaler = getattr(getattr(model, "target", None), "scaler", None)
    if scaler is None:
        name = subject.target_name
        return [Scale(name if k == 1 else f"{name}{i + 1}") for i in range(k)]
    names = model.target.names
    shift, scale = (np.broadcast_to(part, k) for part in (scaler.shift, scaler.scale))
    return [Scale(names[i], float(shift[i]), float(scale[i])) for i in range(k)]
