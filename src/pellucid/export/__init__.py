"""An export is a fitted model in another form: for other runtimes, languages and libraries."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from pellucid.export.checking import Exported
from pellucid.export.program import Program
from pellucid.export.translation import Translation, translate

__all__ = ["FORMS", "Exported", "Program", "Translation", "translate"]


def _later(module: str) -> Callable[..., Exported]:
    """A form's `write`, whose module, and what it needs, loads when it is called."""

    def write(model: Any, path: Any, **options: Any) -> Exported:
        translation = model if isinstance(model, Translation) else translate(model)
        made: Exported = import_module(f"pellucid.export.{module}").write(
            translation, path, **options
        )
        return made

    return write


FORMS: dict[str, Callable[..., Exported]] = {
    "onnx": _later("onnx"),
    "c": _later("c"),
    "python": _later("python"),
    "json": _later("json"),
}
"""By name, what writes a model, or its translation, to a path."""
