"""`pellucid import`: a model made elsewhere becomes a model file, if both answer alike."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.data import refuse_to_overwrite
from pellucid.importing.agreement import ROWS, check_onnx
from pellucid.importing.door import import_model, is_skops
from pellucid.importing.skops_files import read_skops
from pellucid.importing.sources import read_source
from pellucid.model import Network
from pellucid.saving import save


def import_file(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="An ONNX file, or a skops file."),
    ],
    out: Annotated[Path, typer.Option(help="The model file to write.")] = Path("model.safetensors"),
    output: Annotated[
        str | None,
        typer.Option(help="The ONNX tensor that is the answer; by default the output of floats."),
    ] = None,
) -> None:
    """Make a model file of a network that was made elsewhere, with the same numbers.

    ONNX files of dense layers and activations, and scikit-learn's MLPClassifier and MLPRegressor
    in skops files. Before the file is written, random rows go through both.
    """
    refuse_to_overwrite([out], [file])
    data, name = read_source(file)
    in_zip = is_skops(data)
    for package in ("skops",) if in_zip else ("onnx", "onnxruntime"):
        if find_spec(package) is None:
            extra = "skops" if in_zip else "onnx"
            raise ValueError(f"{name} needs {package} to be read: pip install 'pellucid[{extra}]'")
    model = import_model(file, output)
    if isinstance(model, Network):
        network, difference = model, check_onnx(data, model, name, output)
    else:
        network, difference = model.network_, read_skops(data, name)[1]
    print(repr(network).split("\n")[0])
    print(f"on {ROWS} random rows at most {difference:.2g} from what the file itself gives")
    save(model, out)
    print(f"wrote {out}")
