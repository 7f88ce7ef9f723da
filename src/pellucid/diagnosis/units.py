"""Units are what hidden layers are made of: whether they differ, answer, and pass gradients on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pellucid.activations import Activation
from pellucid.arrays import to_numpy
from pellucid.diagnosis.case import FEWEST, Case, Floats, NotMeasured, Sign

SAME = 1e-9
"""Weights that differ by less than this part of the largest are equal."""

FLAT = 0.05
"""A unit passes nothing on where its slope is below this part of the steepest."""

DYING = ("relu",)
"""Activations of which a unit may give exactly 0, and pass no gradient, for every row."""


def non_finite_weights(case: Case, limit: float) -> Iterator[Sign]:
    """Weights that are NaN or infinite."""
    for i, network in enumerate(case.subject.networks, 1):
        for name, weights in network.layout.named(to_numpy(network.theta)).items():
            bad = int((~np.isfinite(weights)).sum())
            if bad > limit:
                which = f"network {i}, " if len(case.subject.networks) > 1 else ""
                yield Sign(
                    which + name,
                    f"{bad} of {weights.size} numbers of {which}{name} are NaN or infinite "
                    f"(limit {limit:g})",
                    float(bad),
                    "train anew with a lower rate, such as "
                    f"{case.call('learning_rate', case.lower_rate)}"
                    + ("" if case.is_scaled else ", on scaled data"),
                )
                return


def equal_units(case: Case, limit: float) -> Iterator[Sign]:
    """A hidden layer all of whose units have the same weights."""
    for layer, _, W, _, a in case.hidden():
        if W.shape[1] < 2:
            continue
        size = float(np.abs(W).max())
        apart = float(np.abs(W - W[:, :1]).max() / size) if size else 0.0
        if apart <= limit and np.ptp(a, axis=1).max() <= SAME * max(1.0, float(np.abs(a).max())):
            yield Sign(
                layer,
                f"all {W.shape[1]} units of {layer} have the same weights, to {apart:.1g} of the "
                f"largest (limit {limit:g}): equal weights get equal gradients and never separate",
                apart,
                f"begin with weights that differ: {case.call('initializer')}",
            )
            return


def dead_units(case: Case, limit: float) -> Iterator[Sign]:
    """Units of relu that are 0 for every row."""
    if len(case.rows.X) < FEWEST:
        raise NotMeasured(f"fewer than {FEWEST} rows")
    worst: tuple[float, str, int, int] | None = None
    for layer, f, _, z, _ in case.hidden():
        if f.name in DYING:
            dead = int((z <= 0.0).all(axis=0).sum())
            share = dead / z.shape[1]
            if share > limit and (worst is None or share > worst[0]):
                worst = share, layer, dead, z.shape[1]
    if worst is not None:
        share, layer, dead, n = worst
        rate = case.call("learning_rate", case.lower_rate)
        yield Sign(
            layer,
            f"{dead} of {n} relu units of {layer} ({share:.0%}, limit {limit:.0%}) are 0 for every "
            "row: no gradient passes through them, and they will not come back",
            share,
            f"train anew with a lower rate, {rate}, or units that cannot die, "
            f"{case.call('activation', 'leaky_relu')}; scale the inputs first if they are large",
        )


def saturated_units(case: Case, limit: float) -> Iterator[Sign]:
    """Units of a bounded activation that stand at a bound for nearly every row."""
    worst: tuple[float, str, int, int, str] | None = None
    for layer, f, _, z, a in case.hidden():
        if np.isfinite(f.low) and np.isfinite(f.high) and not f.normalised:
            stuck = int((_slopes(f, z, a).mean(axis=0) < FLAT).sum())
            share = stuck / z.shape[1]
            if share > limit and (worst is None or share > worst[0]):
                worst = share, layer, stuck, z.shape[1], f.name
    if worst is not None:
        share, layer, stuck, n, name = worst
        yield Sign(
            layer,
            f"{stuck} of {n} {name} units of {layer} ({share:.0%}, limit {limit:.0%}) stand at "
            f"their bounds: their mean slope is below {FLAT:.0%} of the steepest, so that hardly "
            "any gradient passes",
            share,
            ("" if case.is_scaled else f"scale the inputs ({case.call('scaling')}), ")
            + f"begin with smaller weights, or use {case.call('activation', 'relu')}",
        )


def vanishing_gradients(case: Case, limit: float) -> Iterator[Sign]:
    """A layer whose weights get a gradient far smaller than those of the last layer."""
    worst: tuple[float, str, str] | None = None
    for which, _, passed in case.networks():
        sizes = _by_layer(passed.gradients)
        if len(sizes) < 2:
            continue
        (last, top) = list(sizes.items())[-1]
        name, least = min(sizes.items(), key=lambda item: item[1])
        ratio = least / top if top else 1.0
        if ratio < limit and (worst is None or ratio < worst[0]):
            worst = ratio, which + name, last
    if worst is not None:
        ratio, name, last = worst
        yield Sign(
            name,
            f"the gradient of a weight of {name} is {ratio:.1e} of that of {last} (limit "
            f"{limit:g}): the layers before the last hardly learn",
            ratio,
            f"use {case.call('activation', 'relu')}, fewer layers, or the initial weights made for "
            "the activation",
        )


def exploding_gradients(case: Case, limit: float) -> Iterator[Sign]:
    """A layer whose gradient is far larger than its weights."""
    worst: tuple[float, str] | None = None
    for which, network, passed in case.networks():
        weights = network.layout.named(to_numpy(network.theta).astype(np.float64))
        for name, size in _by_layer(passed.gradients).items():
            W = weights[f"{name}.W"]
            ratio = size / max(_size(W), 1.0 / np.sqrt(len(W)))
            if ratio > limit and (worst is None or ratio > worst[0]):
                worst = ratio, which + name
    if worst is not None:
        ratio, name = worst
        yield Sign(
            name,
            f"the gradient of {name} is {ratio:.3g} times as large as its weights, or as those it "
            f"might begin with (limit {limit:g}): a step of plain descent throws them anywhere",
            ratio,
            f"cut it off, {case.call('clip_norm', 1.0)}, scale inputs and targets, and begin with "
            "smaller weights",
        )


def _by_layer(gradients: dict[str, Floats]) -> dict[str, float]:
    """The root mean square of the gradient of each layer's weights."""
    return {name[:-2]: _size(g) for name, g in gradients.items() if name.endswith(".W")}


def _size(values: Floats) -> float:
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.mean(values * values)))


def _slopes(f: Activation, z: Floats, a: Floats) -> Floats:
    """F'(z) as a part of the steepest there is, which is at 0 for what is bounded on both sides."""
    zero = np.zeros((1, 1))
    steepest = float(f.backward(np.ones((1, 1)), zero, f.forward(zero))[0, 0])
    slopes: Floats = f.backward(np.ones_like(z), z, a) / steepest
    return slopes
