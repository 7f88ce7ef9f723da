"""Targets are what is asked of the networks: whether it can be reached, and its size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pellucid.diagnosis.case import Case, NotMeasured, Sign

REACH = 1e-9
"""How far beyond a bound a target may lie by rounding."""


def unreachable_targets(case: Case, limit: float) -> Iterator[Sign]:
    """Targets outside what the output activation can give."""
    f, y = case.network.architecture.output_activation, case.rows.y
    beyond = (y < f.low - REACH) | (y > f.high + REACH)
    share = float(beyond.any(axis=1).mean())
    if share > limit:
        cure = {
            "command": "--output-activation identity",
            "page": "Output identity",
        }.get(case.family, "output_activation='identity'")
        yield Sign(
            "output",
            f"the output is a {f.name}, which gives {f.low:g} to {f.high:g}, and the targets go "
            f"from {y.min():.3g} to {y.max():.3g}: {share:.0%} of the rows (limit {limit:.0%}) "
            "cannot be reached",
            share,
            f"{cure}, or scale the targets into that range",
        )


def large_targets(case: Case, limit: float) -> Iterator[Sign]:
    """Numbers to predict that are far larger than what a network begins with."""
    f, y = case.network.architecture.output_activation, case.rows.y
    if case.subject.task != "regression" or f.name != "identity":
        raise NotMeasured("the output is no plain number")
    size = float(max(np.abs(y.mean(axis=0)).max(), y.std(axis=0).max()))
    if size > limit:
        yield Sign(
            "output",
            f"the network is asked for numbers around {np.abs(y.mean(axis=0)).max():.3g} that "
            f"spread by {y.std(axis=0).max():.3g} (limit {limit:g}), and begins around 0 with a "
            "spread of about 1: it spends its steps on getting there",
            size,
            f"scale the targets: {case.call('target_scaling')}",
        )
