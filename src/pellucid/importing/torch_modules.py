"""A PyTorch module is layers as objects in memory; a `Sequential` of dense ones is a network."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from pellucid.activations import LEAK
from pellucid.importing.chain import Chain
from pellucid.model import Network

Setting: TypeAlias = tuple[str, Callable[[Any], bool], Any]
"""An attribute of a module, whether a value of it is as in pellucid, and one that is."""


def _equals(right: Any, *also: Any) -> Callable[[Any], bool]:
    return lambda value: value == right or value in also


ACTIVATIONS: dict[str, tuple[str, tuple[Setting, ...]]] = {
    "ReLU": ("relu", ()),
    "Tanh": ("tanh", ()),
    "Sigmoid": ("sigmoid", ()),
    "SiLU": ("swish", ()),
    "SELU": ("selu", ()),
    "Mish": ("mish", ()),
    "GELU": ("gelu", (("approximate", _equals("none"), "none"),)),
    "ELU": ("elu", (("alpha", _equals(1.0), 1.0),)),
    "LeakyReLU": ("leaky_relu", (("negative_slope", _equals(LEAK), LEAK),)),
    # Above its threshold theirs is the line z, which is off by exp(-threshold) at the most.
    "Softplus": (
        "softplus",
        (("beta", _equals(1.0), 1.0), ("threshold", lambda value: value >= 20, 20)),
    ),
    "Softmax": ("softmax", (("dim", _equals(1, -1, None), 1),)),
}
"""PyTorch's class, pellucid's name for it, and the settings with which they are the same."""

KNOWN = ("Linear", *ACTIVATIONS, "Identity", "Dropout", "Flatten")

CURES = {
    "LogSoftmax": "put Softmax in its place, whose logarithm it is",
    "LogSigmoid": "put Sigmoid in its place, whose logarithm it is",
    "BatchNorm1d": "fold it into the layer before it (torch.nn.utils.fusion.fuse_linear_bn_eval)",
    "ReLU6": "train with ReLU",
    "Hardswish": "train with SiLU",
    "ParametrizedLinear": "remove its parametrizations "
    "(torch.nn.utils.parametrize.remove_parametrizations)",
}
"""What can be done about some parts that do not fit."""


def from_torch(module: Any) -> Network:
    """The network of a PyTorch `Sequential` of `Linear` layers and activations, in memory.

    Weights are the same numbers, in float32 or float64 as they are. Sequentials may be nested.
    `Identity`, `Dropout` and `Flatten` do nothing in a prediction and are left out. The module is
    not changed, and shares nothing with the network. It has no loss, so the network gets the one
    that goes with its output activation: a module that ends in `Linear` gives raw outputs, and one
    that was trained on `CrossEntropyLoss` gives probabilities if `Softmax(dim=1)` is put after it.

    Raises
    ------
    TypeError
        If it is no module of PyTorch's.
    ValueError
        Naming the first part that does not fit: another layer, another activation or one with
        other settings, shapes that do not follow from each other, a hook.

    Warns
    -----
    UserWarning
        If a Dropout is in training mode: the network answers as the module does after `eval()`.
    """
    torch = sys.modules.get("torch")  # whoever has a module of PyTorch's has imported it
    if torch is None or not isinstance(module, torch.nn.Module):
        raise TypeError(
            f"module is a {type(module).__name__}: expected a torch.nn.Sequential, in memory"
        )
    chain = Chain()
    for path, part in _parts(module, "", torch):
        _add(chain, part, f"part {path!r} ({type(part).__name__})" if path else "the module", torch)
    return chain.network()


def _parts(module: Any, path: str, torch: Any) -> Iterator[tuple[str, Any]]:
    """Each part with its name, those of nested Sequentials in their places."""
    if type(module) is not torch.nn.Sequential:
        yield path, module
        return
    _refuse_hooks(module, f"part {path!r} (Sequential)" if path else "the module")
    for name, part in module._modules.items():
        yield from _parts(part, f"{path}.{name}" if path else name, torch)


def _add(chain: Chain, part: Any, name: str, torch: Any) -> None:
    kind = type(part).__name__
    is_theirs = type(part) is getattr(torch.nn, kind, None)  # no class of one's own by that name
    if not is_theirs or kind not in KNOWN:
        cure = CURES.get(kind, f"of PyTorch's parts it takes {', '.join(KNOWN)}, Sequential")
        raise ValueError(f"{name}: pellucid has dense layers and activations; {cure}")
    _refuse_hooks(part, name)
    if kind == "Linear":
        bias = None if part.bias is None else _numbers(part.bias, name)
        # PyTorch keeps (n_out, n_in).
        chain.dense(_numbers(part.weight, name).T, bias, name)
    elif kind in ACTIVATIONS:
        ours, settings = ACTIVATIONS[kind]
        for attribute, fits, right in settings:
            if not fits(found := getattr(part, attribute)):
                raise ValueError(
                    f"{name}: it has {attribute}={found!r} and pellucid's {ours} "
                    f"{attribute}={right!r}"
                )
        chain.activate(ours, name)
    elif kind == "Dropout":
        if part.training and part.p > 0:
            warnings.warn(
                f"{name} is in training mode: the network answers as the module does after eval()",
                stacklevel=4,
            )
    elif kind == "Flatten" and (part.start_dim, part.end_dim) not in ((1, -1), (1, 1)):
        raise ValueError(f"{name}: it does not keep rows apart; expected Flatten(1)")


def _numbers(parameter: Any, name: str) -> np.ndarray:
    if parameter.is_meta:
        raise ValueError(f"{name}: it is on the device 'meta' and has no numbers; load its weights")
    if str(parameter.dtype) not in ("torch.float32", "torch.float64"):
        raise ValueError(
            f"{name}: its weights are {parameter.dtype}; expected float32 or float64, as "
            "module.float() makes them"
        )
    return np.array(parameter.detach().cpu().numpy())


def _refuse_hooks(part: Any, name: str) -> None:
    if part._forward_hooks or part._forward_pre_hooks or "forward" in vars(part):
        raise ValueError(
            f"{name}: it has a hook, which is code that may change what it gives; remove it "
            "(one of weight_norm's with torch.nn.utils.remove_weight_norm)"
        )
