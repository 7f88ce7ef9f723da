"""The command line: `pellucid train`, `predict`, `evaluate`, `info`, `check`, `serve`, ...."""

from pellucid.cli.main import main

__all__ = ["main"]
