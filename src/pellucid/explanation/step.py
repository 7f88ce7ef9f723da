"""A step is what the row does to the network, and the network to the row: all of it in sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pellucid.arrays import Array
from pellucid.explanation.backwards import backward_sections
from pellucid.explanation.choosing import LIMITS, Limits, narrowed, shown_units
from pellucid.explanation.form import Section
from pellucid.explanation.forwards import forward_sections
from pellucid.explanation.losses import loss_section
from pellucid.explanation.reckoning import Forward, reckon_backward, reckon_forward
from pellucid.explanation.update import update_section
from pellucid.objective import Objective

LEARNING_RATE = 0.1
"""Of the update that is shown, if no other is asked for."""


class Step(NamedTuple):
    """What is written, and what of."""

    sections: list[Section]
    forward: Forward
    shown: list[list[int]]  # of the inputs and of each layer, the units that are


def step_of(
    objective: Objective,
    theta: Array,
    x: Array,
    y: Array | None = None,
    learning_rate: float | None = LEARNING_RATE,
    limits: Limits = LIMITS,
    outputs: Sequence[str] = (),
) -> Step:
    """The way forward; with y the loss, the way back and, with a rate, the update.

    Parameters
    ----------
    theta : (P,)
    x : (1, n_inputs)
    y : (1, n_outputs)
    learning_rate : of the plain gradient step; None for none.
    outputs : what the outputs are of, such as classes.
    """
    step = reckon_forward(objective, theta, x)
    if y is None:
        shown = shown_units(step, limits.units)
        return Step(forward_sections(step, limits, shown, outputs), step, shown)
    back = reckon_backward(objective, theta, x, y)
    right = int(back.y.argmax())
    shown = shown_units(step, limits.units, always=[right])
    sections = forward_sections(step, limits, shown, outputs)
    sections.append(loss_section(step, back, limits, shown[-1], outputs))
    fewer = narrowed(shown, back.dz, limits.back, right)
    sections += backward_sections(step, back, limits, fewer, outputs)
    if learning_rate is not None:
        sections.append(update_section(step, back, learning_rate, limits, fewer))
    return Step(sections, step, shown)
