"""An exit code tells another program how a command ended; 0 is well."""

FAILED = 1
"""A check failed, or training diverged."""

MISTAKE = 2
"""Something that was asked cannot be done as it was asked."""

INTERRUPTED = 130
"""Ctrl-C; what there was is kept."""


class Interrupted(Exception):  # noqa: N818
    """A Ctrl-C in a command, in a form that Typer does not turn into an exit without a word."""
