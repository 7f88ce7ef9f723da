"""The training panel sets how the network learns: by which rule, how fast, in which portions."""

from __future__ import annotations

from typing import Any

from pellucid.optimizers import OPTIMIZERS
from pellucid.schedules import SCHEDULES
from pellucid.studios.controls import Choice, Control, Number, Switch, called
from pellucid.studios.experiment import MOST_EPOCHS
from pellucid.studios.panels.panel import Panel


class TrainingSettings(Panel):
    """The optimizer and its settings."""

    def build(self) -> None:
        """Its controls, each named as its field of the experiment."""

        def to(name: str) -> Any:
            return lambda value: self.page.change(keep_weights=keep.field.value, **{name: value})

        self.controls: dict[str, Control] = {
            "solver": Choice(
                "Optimizer", "Turns gradients into steps.", [*OPTIMIZERS], to("solver")
            ),
            "learning_rate": Number(
                "Learning rate", "How far a step goes; too far diverges.",
                to("learning_rate"), low=1e-9, high=1e3,
            ),
            "schedule": Choice(
                "Schedule", "How the rate changes over the epochs.",
                {name: called(name) for name in SCHEDULES}, to("schedule"),
            ),
            "batch_size": Number(
                "Batch size", "Rows of each step; 0 takes them all.", to("batch_size"),
                low=0, high=1_000_000, whole=True,
            ),
            "epochs": Number(
                "Epochs", "How often all rows are seen.", to("epochs"),
                low=1, high=MOST_EPOCHS, whole=True,
            ),
            "alpha": Number(
                "Weight decay", "Keeps weights small: the L2 penalty.", to("alpha"),
                low=0, high=1e6,
            ),
            "dropout": Number(
                "Dropout", "The part of units left out of a step.", to("dropout"),
                low=0, high=0.95,
            ),
        }  # fmt: skip
        keep = Switch(
            "Keep weights", "When a setting here changes, go on from the weights there are.",
            lambda _: None,
        )  # fmt: skip

    def changed(self) -> None:
        """The controls say what the run's experiment has."""
        for name, control in self.controls.items():
            control.put(getattr(self.session.experiment, name))
