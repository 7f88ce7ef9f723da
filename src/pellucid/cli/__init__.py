"""The command line: `pellucid train`, `predict`, `evaluate`, `info`, `check` and `datasets`."""

from pellucid.cli.main import main

__all__ = ["main"]
