"""Where the command line begins and ends, and how it tells people that something went wrong."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

from pellucid.cli.exits import MISTAKE

# A user's mistake is told in one line; PELLUCID_DEBUG=1 shows where in the code it was found.


def main(arguments: list[str] | None = None) -> None:
    """Run the `pellucid` command and exit."""
    try:
        import polars  # noqa: F401
        import rich  # noqa: F401
        import sklearn  # noqa: F401
        import typer
    except ImportError as error:
        _say(f"the command line needs {error.name}: pip install 'pellucid[cli]'")
        raise SystemExit(MISTAKE) from None

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
            _say(f"{error.format_message()} (see pellucid --help, pellucid train --help, ...)")
            raise SystemExit(MISTAKE) from None
        except (ValueError, TypeError, OSError) as error:
            if os.environ.get("PELLUCID_DEBUG"):
                raise
            _say(_one_line(error))
            raise SystemExit(MISTAKE) from None
    raise SystemExit(code if isinstance(code, int) else 0)


def _one_line(error: Exception) -> str:
    """The error's message without the line breaks."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}"
    return " ".join(str(error).split()) or type(error).__name__


def _say(message: str) -> None:
    print(f"pellucid: {message}", file=sys.stderr)


def _show_warning(message: Warning | str, *details: Any, **more: Any) -> None:
    """A warning as one line, without the place in the code that gave it."""
    print(f"warning: {message}", file=sys.stderr)
