"""`pellucid check`: all that can be proven of a model, or of an architecture's gradient."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from pellucid.cli.data import AsJson, open_data
from pellucid.cli.exits import FAILED
from pellucid.gradient_check import check_gradient
from pellucid.model import Network


def check(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="MODEL|ARCHITECTURE", help="A model file, or layer sizes such as 64-100-10."
        ),
    ],
    data: Annotated[
        str | None,
        typer.Option(help="Rows to check a model on, as DATA is elsewhere; by default random."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="The column with the answers, where the model does not know its name."),
    ] = None,
    activation: Annotated[
        str | None, typer.Option(help="Of an architecture's hidden layers; by default relu.")
    ] = None,
    output_activation: Annotated[
        str | None, typer.Option(help="Of an architecture's output; by default softmax.")
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="By default the one made for the output activation.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Rows to check on, at the most.", min=1)] = 32,
    tolerance: Annotated[
        float, typer.Option(help="Relative difference allowed to a gradient.")
    ] = 1e-5,
    seed: Annotated[int, typer.Option(help="Of random rows, weights and directions.")] = 0,
    as_json: AsJson = False,
) -> int:
    """Check a model: its file, each engine against the reference, the gradient of each layer.

    A model file is asked for its digest, its test vectors and test rows, and finite weights. Exits
    with 1 if anything is wrong, and names it. An architecture's gradient is checked alone.
    """
    if not re.fullmatch(r"\d+(-\d+)+", subject) or Path(subject).exists():
        if activation or output_activation or loss:
            raise ValueError(
                "a model has its own activations and loss: give sizes to choose others"
            )
        return _check_model(subject, data, target, rows, tolerance, seed, as_json)
    if data is not None:
        raise ValueError("--data is for a model: an architecture is checked on random rows")
    from pellucid.model_check.checking import random_targets

    sizes = [int(n) for n in subject.split("-")]
    network = Network(sizes, activation or "relu", output_activation or "softmax", loss, seed=seed)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, sizes[0]))
    y = random_targets(network, rows, rng)
    result = check_gradient(network, X, y, tolerance=tolerance, seed=seed)
    if as_json:
        segments = [vars(segment) for segment in result.segments]
        document = {"passed": result.passed, "verdict": result.verdict, "segments": segments}
        print(json.dumps(document, indent=2))
    else:
        print(f"{network.architecture}, {network.loss.name}, on {rows} random rows")
        print(result)
    return 0 if result.passed else FAILED


def _check_model(
    path: str,
    data: str | None,
    target: str | None,
    rows: int,
    tolerance: float,
    seed: int,
    as_json: bool,
) -> int:
    from pellucid.model_check import check as check_model
    from pellucid.model_check.file_checks import check_file
    from pellucid.subject import Subject

    X = y = None
    if data is not None:
        table = open_data(data)
        subject: Subject | None = check_file(path)[1]
        if subject is not None:
            X, y = subject.divide(table, target)
            if y is None:
                named = (
                    f"no column {subject.target_name!r}" if subject.names_target else "no answers"
                )
                print(f"note: {data!r} has {named}: random answers stand in", file=sys.stderr)
    elif target is not None:
        raise ValueError("--target is the column of --data that has the answers: give both")
    result = check_model(path, X, y, rows=rows, tolerance=tolerance, seed=seed)
    print(json.dumps(result.to_dict(), indent=2) if as_json else str(result))
    return 0 if result.passed else FAILED
