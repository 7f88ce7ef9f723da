"""Keeping is what --checkpoint asks for: where training stands in a file, and going on from it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pellucid.events import Event

OPTIONS = ("checkpoint", "checkpoint_epochs", "checkpoint_seconds", "resume")
"""Those of `pellucid train`; `Network.train` has them as parameters."""


def refuse_unkept(options: Mapping[str, Any]) -> None:
    """Raise ValueError if there is no file for what is asked, or one that would be lost."""
    path: Path | None = options["checkpoint"]
    if path is None:
        for name in OPTIONS[1:]:
            if options[name]:
                raise ValueError(
                    f"--{name.replace('_', '-')} needs --checkpoint PATH, the file it is about"
                )
    elif path.exists() and not options["resume"]:
        raise ValueError(
            f"'{path}' is there already: --resume goes on from it; to begin anew, delete it or "
            "give another name"
        )


def how_to_go_on(checkpoint: Path) -> str:
    """What to say when training was interrupted that has a checkpoint."""
    return f"where training stood is in {checkpoint}; the same command with --resume goes on"


class Resuming:
    """Says once, on stderr, after which epoch training goes on.

    Parameters
    ----------
    options : of `pellucid train`.
    silent : whether to say nothing.
    """

    def __init__(self, options: Mapping[str, Any], silent: bool) -> None:
        self.path = options["checkpoint"]
        self.epochs = options["epochs"]
        self.silent = silent or not options["resume"]
        if not self.silent and not self.path.exists():
            print(f"note: no checkpoint in {self.path} yet: training begins", file=sys.stderr)
            self.silent = True

    def callback(self) -> list[Callable[[Event], Any]]:
        """What is to be told of the epochs, the first of which says where it went on."""
        return [] if self.silent else [lambda event: self.say(event.epoch - 1)]

    def say(self, epoch: int) -> None:
        """Say it, unless it has been said."""
        if not self.silent:
            where = f"after epoch {epoch} of {self.epochs} from {self.path}"
            print(f"note: resumed {where}", file=sys.stderr)
        self.silent = True
