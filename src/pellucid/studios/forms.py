"""A form is what a run can be taken along as: a file of its own kind, made of what is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.predictor import Predictor
from pellucid.studios import script
from pellucid.tables import find_column

if TYPE_CHECKING:
    from pellucid.studios.session import Session
    from pellucid.studios.view import View

LETTERS = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Form:
    """One thing to download.

    Parameters
    ----------
    name : in the page, as in `#take-model`.
    title, hint : what it is, and in one line what it is for.
    ending : of the file's name; "" where it depends on the data.
    made : its bytes, of the session, what is shown, and the files' common name.
    """

    name: str
    title: str
    hint: str
    ending: str
    made: Callable[[Session, View, str], bytes]

    def file(self, session: Session, view: View) -> tuple[str, bytes]:
        """The name of the file, and its bytes.

        Raises
        ------
        ValueError, ImportError
            If it cannot be made, or something is to be installed first.

        Examples
        --------
        >>> from pellucid.studios.session import Session
        >>> from pellucid.studios.shelf import Shelf
        >>> session = Session(Shelf(), "data=xor")
        >>> name, made = FORMS["diagram"].file(session, session.view())
        >>> name, made[:4]
        ('xor-2-4-1.svg', b'<svg')
        >>> session.close()
        """
        name = file_name(session, view)
        made = self.made(session, view, name)
        if not self.ending:
            return script.data_name(session, name), made
        return f"{name}{self.ending}", made


def file_name(session: Session, view: View) -> str:
    """What the files of a run are called: the data, and the units of each layer."""
    stem = Path(session.data_name).name
    for ending in (".gz", ".csv", ".tsv", ".txt", ".parquet", ".npz"):
        stem = stem.removesuffix(ending)
    data = LETTERS.sub("-", stem).strip("-").lower()[:40] or "run"
    layers = view.network.architecture
    sizes = [layers.n_inputs, *view.experiment.hidden, layers.n_outputs]
    return "-".join([data, *map(str, sizes)])


def model_of(session: Session, view: View) -> Predictor:
    """What is shown as a model that tells how it was made, and how good it is."""
    recipe, material = view.experiment.recipe(), view.material
    predictor = material.predictor(view.network)
    frame, on = material.tested, "test"
    if not frame.height:
        frame, on = material.trained, "training"
    report = predictor.evaluate(frame)
    chosen = asdict(replace(recipe, settings={}))
    for name in ("engine", "n_threads"):
        del chosen[name]
    history = view.run.history
    predictor.about = {
        "metrics": {"on": on, **report.to_dict()},
        "rows": {"train": len(material.X), "validation": 0, "test": len(material.X_test)},
        "training": chosen
        | {"settings": dict(recipe.settings), "epochs": view.epoch, "stopped": history.stopped},
        "studio": view.experiment.to_address(),
    }
    return predictor


def _written(
    write: Callable[[Any, Path], object], ending: str
) -> Callable[[Session, View, str], bytes]:
    """What writes to a path gives bytes."""

    def made(session: Session, view: View, name: str) -> bytes:
        with TemporaryDirectory() as folder:
            path = Path(folder, f"{name}{ending}")
            write(model_of(session, view), path)
            return path.read_bytes()

    return made


def _report(session: Session, view: View, name: str) -> bytes:
    from pellucid.reporting import report

    material = view.material
    frame = material.tested if material.tested.height else material.trained
    with TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.safetensors")
        model_of(session, view).save(path)
        X = frame.drop(material.target_name)
        y = np.asarray(find_column(frame, material.target_name))
        return report(path, X, y, data=session.data_name).to_html().encode()


def _diagram(session: Session, view: View, name: str) -> bytes:
    from pellucid.plots.network import NetworkDisplay

    return NetworkDisplay.of(view.predictor).to_svg().encode()


def _onnx(model: Any, path: Path) -> None:
    from pellucid.export import export_onnx

    export_onnx(model, path)


def _c(model: Any, path: Path) -> None:
    from pellucid.export import export_c

    export_c(model, path)


FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form(
            "model", "Model file", "pellucid.load reads it; the studio goes on with it.",
            ".safetensors", _written(Predictor.save, ".safetensors"),
        ),
        Form(
            "script", "Python script", "Repeats this run exactly: same seed, same numbers.", ".py",
            lambda session, view, name: script.script_of(session, view, name).encode(),
        ),
        Form(
            "data", "Data", "The table as the run has it, for the script beside it.", "",
            lambda session, view, name: script.data_bytes(session),
        ),
        Form(
            "onnx", "ONNX", "For ONNX Runtime and all that reads it, columns included.", ".onnx",
            _written(_onnx, ".onnx"),
        ),
        Form(
            "c", "C header", "Predicts on a microcontroller; needs no library.", ".h",
            _written(_c, ".h"),
        ),
        Form(
            "report", "Report", "A page on how good it is, and what it goes by.", ".html", _report,
        ),
        Form(
            "diagram", "Picture of the network", "Its units and weights, as SVG.", ".svg",
            _diagram,
        ),
    )
}  # fmt: skip
"""All that can be taken along, by name, in the order of the page."""
