"""The recipe of pellucid's tabular models in PyTorch: a module, a loop over batches, a bag.

It has pellucid's inputs, hold-outs and settings; the network, its first weights, the optimizer,
the schedule and the training are PyTorch's own, as its users would write them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from math import ceil, inf, sqrt
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from pellucid.schedules import coslog4
from pellucid.tabular import TabularClassifier, TabularRegressor
from pellucid.tabular.bag import parts_held_out
from pellucid.tabular.calibration import Calibration, log_loss
from pellucid.tabular.frames import frame_of
from pellucid.tabular.member import Recipe
from pellucid.tabular.preparation import Preparation
from pellucid.tabular.schema import infer

ACTIVATIONS = {"selu": functional.selu, "mish": functional.mish}

Array: TypeAlias = Any
Groups: TypeAlias = list[dict[str, Any]]


class Net(nn.Module):
    """A factor an input -> hidden layers -> an output that begins at 0."""

    def __init__(self, n_inputs: int, n_outputs: int, recipe: Recipe) -> None:
        super().__init__()
        sizes = (n_inputs, *recipe.hidden_layer_sizes)
        self.scale = nn.Parameter(torch.ones(n_inputs))
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.output = nn.Linear(sizes[-1], n_outputs)
        self.activation, self.dropout = ACTIVATIONS[recipe.activation], recipe.dropout
        for layer in self.hidden:
            nn.init.normal_(layer.weight, std=1.0 / sqrt(layer.in_features))
            nn.init.normal_(layer.bias)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (n, n_inputs) -> raw outputs (n, n_outputs)."""
        return self.output(self.body(x * self.scale))

    def body(self, x: Tensor) -> Tensor:
        """Scaled inputs -> the units of the last hidden layer."""
        for layer in self.hidden:
            x = functional.dropout(self.activation(layer(x)), self.dropout, self.training)
        return x

    def groups(self, recipe: Recipe) -> Groups:
        """Parameters with the factor on the rate that each has; only weights decay, all alike."""
        groups: Groups = [{"params": [self.scale], "factor": recipe.scale_rate}]
        for layer in (*self.hidden, self.output):
            root = sqrt(layer.in_features)
            decay = recipe.weight_decay * root
            groups.append({"params": [layer.weight], "factor": 1 / root, "weight_decay": decay})
            groups.append({"params": [layer.bias], "factor": recipe.bias_rate})
        return groups


def train(
    net: nn.Module,
    groups: Groups,
    loss_of: Callable[[Tensor, Tensor], Tensor],
    judge: Callable[[Array], float],
    recipe: Recipe,
    X: Tensor,
    y: Tensor,
    X_held: Tensor,
    orders: Iterator[Tensor],
) -> None:
    """Train a network, and leave it with the weights of its best epoch.

    Parameters
    ----------
    loss_of : raw outputs and targets -> what is minimised.
    judge : raw outputs of the rows held out -> the loss by which epochs are chosen.
    orders : of the rows to train on (n,), one an epoch.
    """
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    rate_at = coslog4()
    epochs, size = recipe.epochs(len(X)), recipe.batch(len(X))
    steps, step = epochs * ceil(len(X) / size), 0
    least, best = inf, net.state_dict()
    for _ in range(epochs):
        net.train()
        for rows in next(orders).split(size):
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate * rate_at(step / steps) * group["factor"]
            optimizer.zero_grad()
            loss_of(net(X[rows]), y[rows]).backward()
            optimizer.step()
            step += 1
        loss = judge(outputs(net, X_held))
        if loss < least:
            least = loss
            best = {name: value.clone() for name, value in net.state_dict().items()}
    net.load_state_dict(best)


def shuffles(n: int) -> Iterator[Tensor]:
    """The rows (n,) in ever new orders."""
    while True:
        yield torch.randperm(n)


@torch.no_grad()
def outputs(net: nn.Module, X: Tensor) -> Array:
    """Raw outputs (..., n, n_outputs) of rows, made in parts, as an array."""
    net.eval()
    return torch.cat([net(part) for part in X.split(8192)], dim=-2).numpy()


class TorchTable:
    """A bag of such networks with pellucid's default settings, like scikit-learn's estimators.

    Parameters
    ----------
    classes : whether it tells classes apart; else it predicts a number.
    """

    def __init__(self, classes: bool, seed: int = 0) -> None:
        self.classes, self.seed = classes, seed
        self.settings: Any = TabularClassifier() if classes else TabularRegressor()

    def recipe(self) -> Recipe:
        """How a network is made and trained."""
        chosen = self.settings
        return Recipe(
            self.classes, tuple(chosen.hidden_layer_sizes), chosen.activation, chosen.dropout,
            chosen.learning_rate_init, chosen.weight_decay, chosen.schedule, chosen.batch_size,
            chosen.min_steps, chosen.max_epochs, False, getattr(chosen, "label_smoothing", 0.0),
        )  # fmt: skip

    def targets(self, y: Any) -> tuple[Any, Any]:
        """Targets (n,) to train on, and as categories of many levels are encoded by them."""
        if self.classes:
            self.classes_, codes = np.unique(y, return_inverse=True)
            return codes, codes
        y = np.asarray(y, float)
        self.mean, self.std = y.mean(), y.std()
        self.range = (y.min(), y.max())
        return ((y - self.mean) / self.std).astype(np.float32)[:, None], y

    def in_unit(self, z: Any) -> Any:
        """Raw outputs (n, 1) of a number as the target is (n,), and no further than targets go."""
        return np.clip(z[:, 0] * self.std + self.mean, *self.range)

    def fit(self, table: Any, y: Any) -> TorchTable:
        """Train the networks one after the other."""
        chosen, recipe = self.settings, self.recipe()
        frame = frame_of(table)
        targets, plain = self.targets(y)
        preparation = Preparation(chosen.bins, chosen.max_levels, self.seed)
        self.encoder, rows = preparation.fit(frame, infer(frame), plain)
        X, Y = torch.from_numpy(self.encoder.inputs(rows)), torch.from_numpy(targets)
        n_outputs = len(self.classes_) if self.classes else 1
        parts = parts_held_out(
            len(X), chosen.bag, chosen.validation_fraction, plain if self.classes else None,
            self.seed,
        )  # fmt: skip
        torch.manual_seed(self.seed)
        self.nets, held_z, held_y = [], [], []
        for part in parts:
            inside = np.ones(len(X), bool)
            inside[part] = False
            net = self.network(X.shape[1], n_outputs, recipe)
            train(
                net, net.groups(recipe), self.loss_of(recipe), partial(self.loss, y=plain[part]),
                recipe, X[inside], Y[inside], X[part], shuffles(int(inside.sum())),
            )  # fmt: skip
            self.nets.append(net)
            held_z.append(outputs(net, X[part]))
            held_y.append(plain[part])
        if self.classes:
            self.calibrate(held_z, held_y)
        return self

    def network(self, n_inputs: int, n_outputs: int, recipe: Recipe) -> Net:
        """A new one."""
        return Net(n_inputs, n_outputs, recipe)

    def loss_of(self, recipe: Recipe) -> Callable[[Tensor, Tensor], Tensor]:
        """What is minimised."""
        if not self.classes:
            return lambda z, y: 0.5 * functional.mse_loss(z, y)
        return lambda z, y: functional.cross_entropy(z, y, label_smoothing=recipe.label_smoothing)

    def loss(self, z: Array, y: Array) -> float:
        """By which epochs are chosen: the log-loss, or the root mean squared error."""
        if self.classes:
            return log_loss(z, y)
        return float(np.sqrt(np.mean((self.in_unit(z) - y) ** 2)))

    def calibrate(self, z: list[Array], y: list[Array]) -> None:
        """By raw outputs of rows held out, of each network, and what was right."""
        smoothing = self.recipe().label_smoothing
        self.calibration = Calibration.fit(np.concatenate(z), np.concatenate(y), None, smoothing)

    def raw(self, table: Any) -> Iterator[Any]:
        """The raw output of each network."""
        rows = self.encoder.compact(frame_of(table))
        X = torch.from_numpy(self.encoder.inputs(rows))
        return (outputs(net, X) for net in self.nets)

    def predict_proba(self, table: Any) -> Any:
        """The probability of each class."""
        return np.mean([self.calibration.probabilities(z) for z in self.raw(table)], axis=0)

    def predict(self, table: Any) -> Any:
        """The class, or the number."""
        if self.classes:
            return self.classes_[self.predict_proba(table).argmax(axis=1)]
        return np.mean([self.in_unit(z) for z in self.raw(table)], axis=0)
