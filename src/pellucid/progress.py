"""Progress is a bar on a terminal that shows how far training has come, and how well it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pellucid.events import Event


@contextmanager
def progress(silent: bool = False) -> Iterator[list[Callable[[Event], Any]]]:
    """The callbacks that move a bar with loss, validation loss and score, and the time left.

    Rich draws it, on stderr; it needs `pip install rich`.

    Examples
    --------
    >>> with progress(silent=True) as callbacks:
    ...     print(callbacks)
    []
    """
    if silent:
        yield []
        return
    try:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
    except ImportError as error:
        raise ImportError(
            "the progress bar needs rich: pip install rich, or ask for lines (verbose=2)"
        ) from error

    columns = (
        BarColumn(bar_width=18),
        MofNCompleteColumn(),
        TextColumn("epochs {task.description}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
    )
    bar = Progress(*columns, console=Console(stderr=True))
    task = bar.add_task("", total=None)

    def show(event: Event) -> None:
        history = event.history
        text = f"loss {history.loss[-1]:.4g}"
        if history.validation_loss:
            text += f" val {history.validation_loss[-1]:.4g}"
        if history.validation_score:
            text += f" score {history.validation_score[-1]:.4g}"
        bar.update(task, completed=event.epoch, total=event.epochs, description=text)
        bar.start()  # not before there is something to show

    try:
        yield [show]
    finally:
        if bar.live.is_started:
            bar.stop()
