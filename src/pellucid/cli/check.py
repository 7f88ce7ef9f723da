"""`pellucid check`: is the gradient that of the loss? For a model file, or for an architecture."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from pellucid.cli.data import AsJson
from pellucid.cli.exits import FAILED
from pellucid.gradient_check import check_gradient
from pellucid.model import Network
from pellucid.predictor import Predictor
from pellucid.saving import load


def check(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="MODEL|ARCHITECTURE", help="A model file, or layer sizes such as 64-100-10."
        ),
    ],
    activation: Annotated[
        str | None, typer.Option(help="Of an architecture's hidden layers; by default relu.")
    ] = None,
    output_activation: Annotated[
        str | None, typer.Option(help="Of an architecture's output; by default softmax.")
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="By default the one made for the output activation.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Random rows to check on.", min=1)] = 8,
    tolerance: Annotated[float, typer.Option(help="Relative difference allowed.")] = 1e-5,
    seed: Annotated[int, typer.Option(help="Of the rows, weights and directions.")] = 0,
    as_json: AsJson = False,
) -> int:
    """Compare backpropagation with central differences of the loss, layer by layer.

    Exits with 1 if the gradient of any layer is wrong, and names it.
    """
    if re.fullmatch(r"\d+(-\d+)+", subject) and not Path(subject).exists():
        sizes = [int(n) for n in subject.split("-")]
        hidden, output = activation or "relu", output_activation or "softmax"
        network, which = Network(sizes, hidden, output, loss, seed=seed), ""
    elif activation or output_activation or loss:
        raise ValueError("a model has its own activations and loss: give sizes to choose others")
    else:
        network, which = _network(subject)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, network.architecture.n_inputs))
    result = check_gradient(
        network, X, _targets(network, rows, rng), tolerance=tolerance, seed=seed
    )
    if as_json:
        segments = [vars(segment) for segment in result.segments]
        document = {"passed": result.passed, "verdict": result.verdict, "segments": segments}
        print(json.dumps(document, indent=2))
    else:
        print(f"{which}{network.architecture}, {network.loss.name}, on {rows} random rows")
        print(result)
    return 0 if result.passed else FAILED


def _network(path: str) -> tuple[Network, str]:
    """The network of a model file, in double precision if it is one of a bag; and which that is."""
    model = load(path)
    if isinstance(model, Network):
        return model, ""
    if isinstance(model, Predictor):
        return model.network, ""
    if not hasattr(model, "_bag"):  # an estimator, or a pipeline that ends in one
        last = model[-1] if hasattr(model, "steps") else model
        network: Network = last.network_
        return network, ""
    bag = model._bag
    theta = bag.members[0].theta.astype(np.float64)
    which = f"network 1 of {len(bag.members)}, all of one shape: "
    return Network.from_file(theta, bag.objective.to_dict()), which


def _targets(network: Network, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Random targets (rows, n_outputs) of the kind that the loss takes."""
    k = network.architecture.n_outputs
    if network.loss.normalised:
        return np.eye(k)[rng.integers(k, size=rows)]
    if network.loss.target_high == 1.0:
        return rng.integers(2, size=(rows, k)).astype(float)
    if network.loss.target_low == 0.0:
        return rng.poisson(2.0, size=(rows, k)).astype(float)
    return rng.normal(size=(rows, k))
