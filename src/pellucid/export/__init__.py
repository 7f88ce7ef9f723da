"""An export is a fitted model in another form: for other runtimes, languages and libraries."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any, Literal

from pellucid.export.checking import Exported
from pellucid.export.program import Program
from pellucid.export.translation import Translation, translate

__all__ = [
    "FORMS",
    "Exported",
    "Program",
    "Translation",
    "export_c",
    "export_json",
    "export_onnx",
    "export_python",
    "translate",
]


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


def export_onnx(
    model: Any,
    path: str | os.PathLike[str],
    dtype: Literal["float32", "float64"] | None = None,
) -> Exported:
    """Write a fitted model as an ONNX file: a named input a column, preprocessing included.

    Parameters
    ----------
    model : a fitted Network, MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor or
        Predictor, or a Pipeline of these.
    path : of the file to write.
    dtype : of the network's numbers; by default the model's own.

    Returns
    -------
    What was written, and how far its answers are from the model's on made-up rows.

    Raises
    ------
    TypeError, ValueError
        If the model cannot be exported, its first such part being named; if what was made does not
        give its answers. Nothing is written then.
    OSError
        If the file cannot be written.
    """
    return FORMS["onnx"](model, path, dtype=dtype)


def export_c(model: Any, path: str | os.PathLike[str], int8: bool = False) -> Exported:
    """Write a fitted model as a C99 header without dependencies or malloc, preprocessing included.

    Parameters
    ----------
    model, path : as `export_onnx` takes them.
    int8 : whether weights are whole numbers of 8 bits: a quarter of the size, and not quite the
        same answers.

    Returns
    -------
    What was written, with the memory that it takes.

    Raises
    ------
    TypeError, ValueError, OSError
        As `export_onnx` does.
    """
    return FORMS["c"](model, path, int8=int8)


def export_python(model: Any, path: str | os.PathLike[str]) -> Exported:
    """Write a fitted model as one readable Python script that needs NumPy alone.

    It predicts from the command line, for the rows of a CSV file, and as a module. It is run on
    made-up rows before it is written.

    Parameters
    ----------
    model, path : as `export_onnx` takes them.

    Returns
    -------
    What was written, and how far its answers are from the model's.

    Raises
    ------
    TypeError, ValueError, OSError
        As `export_onnx` does.

    Examples
    --------
    >>> import runpy
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from pellucid import Network
    >>> network = Network([2, 3, 1], "tanh", seed=0)
    >>> with TemporaryDirectory() as folder:
    ...     made = export_python(network, Path(folder, "model.py"))
    ...     names = runpy.run_path(str(made.path))
    >>> bool(abs(names["predict"]([[1.0, 2.0]]) - network.predict([1.0, 2.0])) < 1e-12)
    True
    """
    return FORMS["python"](model, path)


def export_json(model: Any, path: str | os.PathLike[str]) -> Exported:
    """Write a fitted model as JSON, for other languages and web pages.

    `docs/export.md` says what each of its parts means, and has a reader in JavaScript.

    Parameters
    ----------
    model, path : as `export_onnx` takes them.

    Returns
    -------
    What was written, and how far its answers are from the model's when it is read back.

    Raises
    ------
    TypeError, ValueError, OSError
        As `export_onnx` does.

    Examples
    --------
    >>> import json
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from pellucid import Network
    >>> with TemporaryDirectory() as folder:
    ...     made = export_json(Network([2, 3, 1], seed=0), Path(folder, "model.json"))
    ...     plain = json.loads(made.path.read_text())
    >>> plain["pellucid_program"], len(plain["networks"][0])
    (1, 2)
    """
    return FORMS["json"](model, path)
