"""PyTorch in eager mode, with its fused optimizers, in the loop that its tutorials teach.

What makes it faster without leaving eager mode is done: rows are put in order once an epoch, so
that a batch is a view, and the loss is counted in Python.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from work import Array, NotOfferedError, Work


class TorchModel:
    """A `torch.nn.Sequential`."""

    def __init__(self, torch: Any, work: Work) -> None:
        self.torch, self.work = torch, work
        functional = torch.nn.functional
        self.X = torch.from_numpy(work.X)
        if work.loss == "cross_entropy":
            self.y, self.loss = torch.from_numpy(work.classes), functional.cross_entropy
        else:
            self.y = torch.from_numpy(work.Y)
            self.loss = lambda a, y: functional.mse_loss(a, y, reduction="sum") * (0.5 / len(y))
        self.reset(seed=0)

    def reset(self, seed: int) -> None:
        """Back to the first weights."""
        torch, work, layers = self.torch, self.work, []
        torch.manual_seed(seed)
        hidden = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}[work.hidden]
        for i, W in enumerate(work.weights):
            linear = torch.nn.Linear(*W.shape, bias=bool(work.biases), dtype=self.X.dtype)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(W.T.copy()))
                if work.biases:
                    linear.bias.copy_(torch.from_numpy(work.biases[i]))
            layers += [linear, hidden()]
        if work.output == "softmax":  # part of the loss in training
            self.net = torch.nn.Sequential(*layers[:-1])
            self.whole = torch.nn.Sequential(*layers[:-1], torch.nn.Softmax(dim=-1))
        else:
            self.net = self.whole = torch.nn.Sequential(*layers[:-1], torch.nn.Sigmoid())
        rule = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[work.solver]
        self.optimizer = rule(self.net.parameters(), lr=work.learning_rate, fused=True)

    def train(self, epochs: int, shuffle: bool) -> float:
        """The loop."""
        torch, size, n, total = self.torch, self.work.batch, len(self.X), 0.0
        net, loss_of, optimizer = self.net, self.loss, self.optimizer
        torch.set_grad_enabled(True)
        for _ in range(epochs):
            total, X, y = 0.0, self.X, self.y
            if shuffle:
                order = torch.randperm(n)
                X, y = X[order], y[order]
            for X_batch, y_batch in zip(X.split(size), y.split(size), strict=True):
                optimizer.zero_grad()
                loss = loss_of(net(X_batch), y_batch)
                loss.backward()
                optimizer.step()
                total += loss.item() * len(y_batch)
        return total / n

    def predictor(self, X: Array) -> Callable[[], Any]:
        """The module on a tensor, with gradients off."""
        self.torch.set_grad_enabled(False)
        return partial(self.whole, self.torch.from_numpy(X))


class Torch:
    """PyTorch with so many threads."""

    def __init__(self, threads: int | None) -> None:
        self.torch = import_module("torch")
        self.version: str = self.torch.__version__
        if threads is not None:
            self.torch.set_num_threads(threads)

    def model(self, work: Work) -> TorchModel:
        """The network of `work`."""
        if work.output not in ("softmax", "sigmoid"):
            raise NotOfferedError(f"no {work.output} output is written here")
        return TorchModel(self.torch, work)


def start(threads: int | None) -> Torch:
    """Load PyTorch."""
    return Torch(threads)
