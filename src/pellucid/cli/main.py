"""Where the command line begins and ends, and how it tells people that something went wrong."""

from __future__ import annotations

import os
import re
import sys
import warnings
from importlib.util import find_spec
from typing import Any

from pellucid.cli.exits import INTERRUPTED, MISTAKE, Interrupted

# A user's mistake is told in one line; PELLUCID_DEBUG=1 shows where in the code it was found.


def main(arguments: list[str] | None = None) -> None:
    """Run the `pellucid` command and exit."""
    try:
        code = _run(arguments)
    except (KeyboardInterrupt, Interrupted) as error:
        _say(f"interrupted: {error if str(error) else 'nothing was written'}")
        code = getattr(error, "code", INTERRUPTED)
    except (ValueError, TypeError, OSError, ImportError, MemoryError) as error:
        if os.environ.get("PELLUCID_DEBUG"):
            raise
        _say(_one_line(error))
        code = MISTAKE
    raise SystemExit(code)


def _run(arguments: list[str] | None) -> int:
    for name in ("typer", "rich", "polars", "sklearn", "matplotlib", "scipy"):
        if find_spec(name) is None:
            raise ValueError(f"the command line needs {name}: pip install 'pellucid[cli]'")
    import typer

    from pellucid.cli.app import app

    # The base of what Typer raises for a wrong option; Typer may carry its own copy of click.
    usage_error: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.simplefilter("always", RuntimeWarning)
        warnings.showwarning = _show_warning
        try:
            command = typer.main.get_command(app)
            code = command.main(args=arguments, prog_name="pellucid", standalone_mode=False)
        except usage_error as error:
            if message := error.format_message():  # none where help was shown instead
                asked = error.ctx.command_path if getattr(error, "ctx", None) else "pellucid"
                _say(f"{message} (see {asked} --help)")
            return MISTAKE
    return code if isinstance(code, int) else 0


def _one_line(error: Exception) -> str:
    """The error's message without line breaks, and with the file that it is about."""
    if isinstance(error, MemoryError):
        return "not enough memory: take fewer hidden units, or fewer rows"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return " ".join(_in_options(str(error)).split()) or type(error).__name__


def _in_options(message: str) -> str:
    """A message of the package with the options that stand for its parameters.

    Examples
    --------
    >>> _in_options("column_types={'a': 'number'} uses it; {'a': 'category'} takes it for text")
    "--column-type 'a=number' uses it; --column-type 'a=category' takes it for text"
    """
    message = re.sub(
        r"(?:column_types=)?\{(['\"])(.+?)\1: '(\w+)'\}", r"--column-type '\2=\3'", message
    )
    return message.replace("TabularRegressor", "--task regression")


def _say(message: str) -> None:
    print(f"pellucid: {message}", file=sys.stderr)


def _show_warning(message: Warning | str, *details: Any, **more: Any) -> None:
    """A warning as one line, without the place in the code that gave it."""
    print(f"warning: {_in_options(str(message))}", file=sys.stderr)
