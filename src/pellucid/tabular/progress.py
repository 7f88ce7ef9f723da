"""Progress of a bag is a bar a network on a terminal, of the epochs behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pellucid.tabular.bag import Step


@contextmanager
def bars(verbose: bool | int) -> Iterator[list[Callable[[Step], Any]]]:
    """The callbacks that show it: bars if 1, a line an epoch if more.

    Rich draws them, on stderr.
    """
    if not verbose:
        yield []
        return
    if verbose is not True and verbose > 1:
        yield [print_step]
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    progress = Progress(
        TextColumn("network {task.fields[member]} of {task.fields[members]}"),
        BarColumn(bar_width=18), MofNCompleteColumn(),
        TextColumn("epochs {task.description}"), TimeElapsedColumn(),
        console=Console(stderr=True),
    )  # fmt: skip
    tasks: dict[int, Any] = {}

    def show(step: Step) -> None:
        if step.epoch == 1 or step.member not in tasks:  # which has gone on in its midst
            tasks[step.member] = progress.add_task(
                "", total=step.epochs, member=step.member, members=step.members
            )
        text = f"loss {step.loss:.4g} held out {step.held_out_loss:.4g}"
        progress.update(tasks[step.member], completed=step.epoch, description=text)
        progress.start()

    try:
        yield [show]
    finally:
        if progress.live.is_started:
            progress.stop()


def print_step(step: Step) -> None:
    """One line on what a network has just done.

    Examples
    --------
    >>> print_step(Step(1, 4, 10, 84, 0.5, 0.625))
    network 1 of 4, epoch 10 of 84: loss 0.5, held out 0.625
    """
    print(
        f"network {step.member} of {step.members}, epoch {step.epoch} of {step.epochs}: "
        f"loss {step.loss:.4g}, held out {step.held_out_loss:.4g}",
        flush=True,
    )
