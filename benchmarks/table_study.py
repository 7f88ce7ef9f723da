"""A study tries what the recipe leaves out: learned embeddings, and networks that share weights.

    python benchmarks/table_study.py --table adult --seeds 2 --steps 1000 --json study.json

All are trained by the same recipe in PyTorch, on the rows that `tables.py` trains on, with one
thread. With --json what is there already is not done again. Needs PyTorch and pandas.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable, Sequence
from math import isnan
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from peers.torch_table import Array, Groups, Net, TorchTable
from pellucid.tabular.calibration import log_loss, softmax
from pellucid.tabular.encoder import Encoder
from pellucid.tabular.member import Recipe
from report import Table, as_markdown
from table_data import TABLES, divided
from table_report import plus_minus
from table_scores import mean, ratio, scores

ROWS = 10_000
MANY_LEVELS, DIMENSIONS = 8, 8
"""Columns of more levels are embedded, in so many dimensions."""

MEMBERS = 8
"""Networks that share their weights."""


class Embedded(Net):
    """A network in which each level of some columns is a learned point, in place of an input.

    Parameters
    ----------
    columns : where the one-hot inputs of these columns are.
    """

    def __init__(
        self, n_inputs: int, n_outputs: int, recipe: Recipe, columns: Sequence[slice]
    ) -> None:
        kept = np.ones(n_inputs, bool)
        for column in columns:
            kept[column] = False
        super().__init__(int(kept.sum()) + DIMENSIONS * len(columns), n_outputs, recipe)
        self.kept, self.columns = torch.from_numpy(np.flatnonzero(kept)), list(columns)
        self.points = nn.ParameterList(
            torch.randn(column.stop - column.start, DIMENSIONS) for column in columns
        )

    def forward(self, x: Tensor) -> Tensor:
        """One-hot inputs times the points of their levels are the points of rows."""
        found = [
            x[:, column] @ points for column, points in zip(self.columns, self.points, strict=True)
        ]
        return super().forward(torch.cat([x[:, self.kept], *found], dim=1))

    def groups(self, recipe: Recipe) -> Groups:
        """Points move and decay as the weights of an input do, which are of its unit."""
        points = {
            "params": [*self.points], "factor": 1.0, "weight_decay": recipe.weight_decay
        }  # fmt: skip
        return [*super().groups(recipe), points]


class Shared(Net):
    """Networks that share all but the factors on their inputs and their output layers.

    The factors begin at 1 or -1, by chance, so that the networks are not all the same (Gorishniy
    et al., TabM, 2025, section 3.3: TabM-mini).
    """

    def __init__(self, n_inputs: int, n_outputs: int, recipe: Recipe) -> None:
        super().__init__(n_inputs, n_outputs, recipe)
        width = self.output.in_features
        del self.output
        self.scale = nn.Parameter(torch.randint(0, 2, (MEMBERS, 1, n_inputs)) * 2.0 - 1.0)
        self.heads = nn.Parameter(torch.zeros(MEMBERS, width, n_outputs))
        self.head_biases = nn.Parameter(torch.zeros(MEMBERS, 1, n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (n, n_inputs) -> raw outputs (MEMBERS, n, n_outputs)."""
        return self.body(x * self.scale) @ self.heads + self.head_biases

    def groups(self, recipe: Recipe) -> Groups:
        """As in one network."""
        self.output = nn.Linear(self.heads.shape[1], 1)  # only to be passed over
        *others, weights, biases = super().groups(recipe)
        del self.output
        return [
            *others,
            weights | {"params": [self.heads]},
            biases | {"params": [self.head_biases]},
        ]


class EmbeddedTable(TorchTable):
    """A bag of networks with embeddings."""

    encoder: Encoder

    def network(self, n_inputs: int, n_outputs: int, recipe: Recipe) -> Net:
        """One-hot inputs are the last ones."""
        columns, stop = [], n_inputs
        for category in reversed(self.encoder.direct):
            start = stop - category.n_inputs
            if len(category.levels) > MANY_LEVELS:
                columns.append(slice(start, stop))
            stop = start
        return Embedded(n_inputs, n_outputs, recipe, columns)


class SharedTable(TorchTable):
    """A bag of one, which is many: each is trained on the same batches, by its own loss."""

    def network(self, n_inputs: int, n_outputs: int, recipe: Recipe) -> Net:
        """Sharing weights."""
        return Shared(n_inputs, n_outputs, recipe)

    def loss_of(self, recipe: Recipe) -> Callable[[Tensor, Tensor], Tensor]:
        """The mean of all members' losses."""
        of_one = super().loss_of(recipe)
        return lambda z, y: of_one(z.flatten(0, 1), y.repeat(MEMBERS, *[1] * (y.ndim - 1)))

    def loss(self, z: Array, y: Array) -> float:
        """That of their mean."""
        if self.classes:
            return log_loss(np.log(np.mean([softmax(one) for one in z], axis=0)), y)
        return float(np.sqrt(np.mean((np.mean([self.in_unit(o) for o in z], axis=0) - y) ** 2)))

    def calibrate(self, z: list[Array], y: list[Array]) -> None:
        """By the outputs of all members."""
        super().calibrate([*z[0]], y * MEMBERS)

    def raw(self, table: Any) -> Any:
        """Of each member."""
        return (one for z in super().raw(table) for one in z)


KINDS: dict[str, tuple[type[TorchTable], dict[str, Any]]] = {
    "one-hot": (TorchTable, {}),
    "one-hot of all": (TorchTable, {"max_levels": 1000}),
    "embedded": (EmbeddedTable, {"max_levels": 1000}),
    "shared": (SharedTable, {"bag": 1}),
}
"""What is tried: how, and settings beside the defaults."""

BASE = "one-hot, 48 bins, 1 network"
"""What all else is beside."""


class Alone:
    """One network of a bag."""

    def __init__(self, model: TorchTable, net: nn.Module) -> None:
        self.model, self.net = model, net

    def predict(self, X: Any) -> Any:
        """As if there were no other."""
        nets, self.model.nets = self.model.nets, [self.net]
        found = answers(self.model, X)
        self.model.nets = nets
        return found


def answers(model: TorchTable, X: Any) -> Any:
    """Probabilities or numbers."""
    return model.predict_proba(X) if model.classes else model.predict(X)


def study(table: str, kind: str, bins: int, seed: int, steps: int) -> dict[str, Any]:
    """Scores on the rows to test on, of one network (the mean of those in a bag) and of the bag."""
    one = TABLES[table]
    split = divided(one, one.frame(), seed, ROWS)
    make, settings = KINDS[kind]
    model = make(one.classes, seed)
    model.settings.set_params(bins=bins, min_steps=steps, **settings)
    begin = process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(split.X, split.y)
    seconds, count = process_time() - begin, len(model.nets)
    labels = getattr(model, "classes_", None)

    def scored(predicted: Any) -> dict[str, float]:
        return scores(one.classes, split.y_test, predicted, labels)

    encoding = f"{kind}, {bins} bins" if bins else f"{kind}, no bins"
    if kind == "shared":
        name = f"{encoding}, {MEMBERS} members"
        return {name: scored(answers(model, split.X_test)) | {"seconds": seconds}}
    each = [scored(Alone(model, net).predict(split.X_test)) for net in model.nets]
    single = {what: float(np.mean([found[what] for found in each])) for what in each[0]}
    return {
        f"{encoding}, 1 network": single | {"seconds": seconds / count},
        f"{encoding}, bag of {count}": scored(answers(model, split.X_test)) | {"seconds": seconds},
    }


def summary(table: str, steps: int, done: dict[str, dict[str, Any]]) -> Table:
    """The mean over seeds of each, and how large it is beside one network."""
    by_name: dict[str, list[dict[str, float]]] = {}
    for answer in done.values():
        for name, found in answer.items():
            by_name.setdefault(name, []).append(found)
    measures = [what for what in ("error", "log_loss") if what in next(iter(by_name.values()))[0]]
    header = ["what", "seeds"]
    for what in measures:
        header += [what.replace("_", "-"), "beside one network"]
    rows = []
    for name, founds in by_name.items():
        cells = [name, str(len(founds))]
        for what in measures:
            ours = [found[what] for found in founds]
            theirs = [found[what] for found in by_name.get(BASE, [])]
            value, error = mean(ours)
            digits = 4 if value < 10 else 1
            cells.append(f"{value:.{digits}f} {plus_minus(error, digits)}".strip())
            value, error = ratio(ours, theirs)
            cells.append("-" if isnan(value) else f"{value:.3f} {plus_minus(error, 3)}".strip())
        cells.append(f"{np.mean([found['seconds'] for found in founds]):.0f} s")
        rows.append(cells)
    return Table(f"{table}, {steps} steps", [*header, "processor time"], rows)


def main(words: Sequence[str] | None = None) -> None:
    """Try all, print as it goes, and a table at the end."""
    parser = argparse.ArgumentParser(description="What the recipe leaves out, tried.")
    parser.add_argument("--table", default="adult", choices=[*TABLES])
    parser.add_argument("--kinds", default=",".join(KINDS), help="with commas between")
    parser.add_argument("--bins", default="48,0", help="with commas between")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=2500, help="of training, at least")
    parser.add_argument("--json", type=Path, help="keep what was done there")
    given = parser.parse_args(words)
    torch.set_num_threads(1)
    kept = json.loads(given.json.read_text()) if given.json and given.json.exists() else {}
    run = f"{given.table}, {given.steps} steps"
    for seed in range(given.seeds):
        for bins in given.bins.split(","):
            for kind in given.kinds.split(","):
                done, key = kept.setdefault(run, {}), f"{kind}, {bins} bins, seed {seed}"
                if key not in done:
                    done[key] = study(given.table, kind, int(bins), seed, given.steps)
                    print(key, json.dumps(done[key]), flush=True)
                    if given.json:
                        given.json.write_text(json.dumps(kept, indent=1) + "\n")
    print(as_markdown(summary(given.table, given.steps, kept[run])))


if __name__ == "__main__":
    main()
