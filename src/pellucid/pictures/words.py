"""Words are what a picture shows, told with its numbers to those who cannot see it."""

from __future__ import annotations

from typing import Any

import numpy as np

MOST = 3
"""Of a kind that are told."""


def of_loss_curve(display: Any) -> str:
    """Where each curve begins, ends and is lowest."""
    parts = []
    for name, curve in list(display.curves.items())[:MOST]:
        best = int(np.argmin(np.nan_to_num(curve, nan=np.inf)))
        parts.append(
            f"{name} goes from {curve[0]:.4g} to {curve[-1]:.4g} in {len(curve)} epochs and is "
            f"lowest, {curve[best]:.4g}, in epoch {best + 1}"
        )
    more = len(display.curves) - MOST
    return "; ".join(parts) + (f"; and {more} more curves" if more > 0 else "")


def of_confusion(display: Any) -> str:
    """The accuracy, and the commonest mistakes."""
    counts, names = display.confusion_matrix, display.display_labels
    off = counts - np.diag(np.diag(counts))
    order = np.argsort(-off, axis=None, kind="stable")[:MOST]
    mistakes = [
        f"{off[i, j]:,} rows of {names[i]} taken for {names[j]}"
        for i, j in zip(*np.unravel_index(order, off.shape), strict=True)
        if off[i, j]
    ]
    right, total = int(np.trace(counts)), int(counts.sum())
    said = f"{right:,} of {total:,} rows in {len(names)} classes are right"
    return f"{said}; most often wrong: {', '.join(mistakes)}" if mistakes else said


def of_calibration(display: Any) -> str:
    """How far apart said and so are, on the whole and at both ends."""
    of = f" of {display.of}" if display.of else ""
    ends = [
        f"told {display.prob_pred[i]:.1%}{of}, {display.prob_true[i]:.1%} of {display.counts[i]:,} "
        "rows were so"
        for i in sorted({0, len(display.counts) - 1})
    ]
    return f"probabilities are {display.error:.2%} off on average; {'; '.join(ends)}"


def of_prediction_error(display: Any) -> str:
    """R2, and how far the middle half and nine in ten are off."""
    off = display.y_pred - display.y_true
    low, high = np.quantile(off, [0.25, 0.75])
    most = np.quantile(np.abs(off), 0.9)
    return (
        f"{len(off):,} rows; half of the predictions are {low:.4g} to {high:.4g} off, nine in ten "
        f"less than {most:.4g}"
    )


def of_network(display: Any) -> str:
    """How much of the network is shown."""
    units = display.diagram.units
    layers = max(unit.layer for unit in units) + 1
    return f"{len(units)} units in {layers} layers and {len(display.diagram.edges)} weights"


def of_quantiles(display: Any) -> str:
    """How wide the widest band is at both ends, and how much it holds."""
    wide = display.quantiles[:, -1] - display.quantiles[:, 0]
    x, levels = display.x, display.levels
    said = (
        f"between the quantiles {levels[0]:g} and {levels[-1]:g} there are {wide[0]:.4g} where "
        f"{display.feature} is {x[0]:.4g}, and {wide[-1]:.4g} where it is {x[-1]:.4g}"
    )
    held = "" if display.coverage is None else f"; {display.coverage:.1%} of the rows lie there"
    return said + held


def of_boundary(display: Any) -> str:
    """Where, and how the plane is divided."""
    where = (
        f"{display.names[0]} from {display.x0[0]:.4g} to {display.x0[-1]:.4g} and "
        f"{display.names[1]} from {display.x1[0]:.4g} to {display.x1[-1]:.4g}"
    )
    if display.classes is None:
        low, high = display.answers.min(), display.answers.max()
        return f"for {where}, {display.target_name} goes from {low:.4g} to {high:.4g}"
    taken = np.bincount(display.answers.argmax(axis=2).ravel(), minlength=len(display.classes))
    order = np.argsort(-taken, kind="stable")[:MOST]
    parts = [f"{taken[i] / taken.sum():.0%} {display.classes[i]}" for i in order if taken[i]]
    return f"{where} are divided into {', '.join(parts)}"


def of_weights(display: Any) -> str:
    """How many units, and how large their weights are."""
    low, high = np.nanmin(display.images), np.nanmax(display.images)
    return f"{len(display.images)} of {display.n_units} units, weights from {low:.3g} to {high:.3g}"


def of_activations(display: Any) -> str:
    """What is stuck in each layer."""
    parts = [f"{each.name}: {each.note or 'none saturated or dead'}" for each in display.layers]
    return f"on {display.n_rows:,} rows; " + "; ".join(parts)


def of_gradients(display: Any) -> str:
    """The mean size of the gradient of each part."""
    parts = [f"{n} {m:.2g}" for n, m in zip(display.names, display.means, strict=True)]
    return f"at a loss of {display.loss:.4g} on {display.n_rows:,} rows, {', '.join(parts)}"


def of_validation_curve(display: Any) -> str:
    """Where it is best."""
    i = display.best
    score = display.test_scores[i].mean()
    return (
        f"of {len(display.param_range)} values, {display.param_name} {display.param_range[i]} is "
        f"best: {display.score_name} {score:.4g} on rows held out"
    )


def of_comparison(display: Any) -> str:
    """How good each network is on rows held out."""
    pairs = zip(display.labels, display.accuracies, strict=True)
    parts = [f"{label}: {held_out:.1%}" for label, (_, held_out) in pairs]
    return f"right of the rows held out: {', '.join(parts)}"
