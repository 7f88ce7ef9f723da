"""Words are what a picture shows, told with its numbers to those who cannot see it."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.counts import counted

MOST = 3
"""Of a kind that are told."""


def figure(number: float) -> str:
    """A number with four digits that count, as people write it.

    Examples
    --------
    >>> [figure(x) for x in (178143.0, 0.000123456, 40.0, -2.5, 1.2e12)]
    ['178,100', '0.0001235', '40', '-2.5', '1.2e+12']
    """
    return f"{float(f'{number:.4g}'):,.10g}"


def of_loss_curve(display: Any) -> str:
    """Where each curve begins, ends and is lowest."""
    parts = []
    for name, curve in list(display.curves.items())[:MOST]:
        best = int(np.argmin(np.nan_to_num(curve, nan=np.inf)))
        parts.append(
            f"{name} goes from {figure(curve[0])} to {figure(curve[-1])} in "
            f"{counted(len(curve), 'epoch')} and is lowest, {figure(curve[best])}, in "
            f"epoch {best + 1}"
        )
    if len(display.best_epochs) == 1:
        parts.append(f"the best epoch, {next(iter(display.best_epochs.values()))}, is marked")
    more = len(display.curves) - MOST
    return "; ".join(parts) + (f"; and {counted(more, 'more curve')}" if more > 0 else "")


def of_confusion(display: Any) -> str:
    """The accuracy, and the commonest mistakes."""
    counts, names = display.confusion_matrix, display.display_labels
    off = counts - np.diag(np.diag(counts))
    order = np.argsort(-off, axis=None, kind="stable")[:MOST]
    mistakes = [
        f"{counted(int(off[i, j]), 'row')} of {names[i]} taken for {names[j]}"
        for i, j in zip(*np.unravel_index(order, off.shape), strict=True)
        if off[i, j]
    ]
    right, total = int(np.trace(counts)), int(counts.sum())
    said = f"{right:,} of {counted(total, 'row')} in {len(names)} classes are right"
    return f"{said}; most often wrong: {', '.join(mistakes)}" if mistakes else said


def of_calibration(display: Any) -> str:
    """How far apart said and so are, on the whole and at both ends."""
    of = f" of {display.of}" if display.of else ""
    ends = [
        f"told {display.prob_pred[i]:.1%}{of}, {display.prob_true[i]:.1%} of "
        f"{counted(int(display.counts[i]), 'row')} were so"
        for i in sorted({0, len(display.counts) - 1})
    ]
    return f"probabilities are {display.error:.2%} off on average; {'; '.join(ends)}"


def of_prediction_error(display: Any) -> str:
    """How far half of the predictions and nine in ten are off."""
    off = np.abs(display.y_pred - display.y_true)
    half, most = np.quantile(off, [0.5, 0.9])
    return (
        f"{counted(len(off), 'row')}; half of the predictions are less than {figure(half)} off, "
        f"nine in ten less than {figure(most)}"
    )


def of_residuals(display: Any) -> str:
    """Which way small and large predictions are off."""
    order = np.array_split(np.argsort(display.y_pred, kind="stable"), 3)
    off = display.y_true - display.y_pred

    def beside(places: Any) -> str:
        middle = float(np.median(off[places])) if len(places) else 0.0
        return f"{figure(abs(middle))} {'above' if middle >= 0 else 'below'} the prediction"

    return (
        f"the true number is, at the median, {beside(order[0])} in the third of rows with the "
        f"smallest predictions, and {beside(order[2])} in that with the largest"
    )


def of_network(display: Any) -> str:
    """How much of the network is shown."""
    units = display.diagram.units
    layers = max(unit.layer for unit in units) + 1
    weights = counted(len(display.diagram.edges), "weight")
    return f"{counted(len(units), 'unit')} in {counted(layers, 'layer')} and {weights}"


def of_quantiles(display: Any) -> str:
    """How wide the widest band is at both ends, and how much it holds."""
    wide = display.quantiles[:, -1] - display.quantiles[:, 0]
    x, levels = display.x, display.levels
    said = (
        f"between the quantiles {levels[0]:g} and {levels[-1]:g} there are {figure(wide[0])} where "
        f"{display.feature} is {figure(x[0])}, and {figure(wide[-1])} where it is {figure(x[-1])}"
    )
    held = ""
    if display.coverage is not None:
        held = f"; {display.coverage:.1%} of the rows lie between those of their own"
    return said + held


def of_boundary(display: Any) -> str:
    """Where, and how the plane is divided."""
    where = (
        f"over {display.names[0]} from {figure(display.x0[0])} to {figure(display.x0[-1])} and "
        f"{display.names[1]} from {figure(display.x1[0])} to {figure(display.x1[-1])}"
    )
    if display.classes is None:
        low, high = figure(display.answers.min()), figure(display.answers.max())
        return f"{where}, {display.target_name} goes from {low} to {high}"
    taken = np.bincount(display.answers.argmax(axis=2).ravel(), minlength=len(display.classes))
    order = np.argsort(-taken, kind="stable")[:MOST]
    parts = [f"{taken[i] / taken.sum():.0%} {display.classes[i]}" for i in order if taken[i]]
    return f"{where}, the area (wherever rows lie) is {', '.join(parts)}"


def of_weights(display: Any) -> str:
    """How many units, and how large their weights are."""
    low, high = np.nanmin(display.images), np.nanmax(display.images)
    units = counted(display.n_units, "unit")
    return f"{len(display.images)} of {units}, weights from {figure(low)} to {figure(high)}"


def of_activations(display: Any) -> str:
    """What is stuck in each layer."""
    parts = [f"{each.name}: {each.note or 'none saturated or dead'}" for each in display.layers]
    return f"on {counted(display.n_rows, 'row')}; " + "; ".join(parts)


def of_gradients(display: Any) -> str:
    """In which parts the gradient is largest and smallest, in the mean."""
    means = np.asarray(display.means)
    least, most = int(means.argmin()), int(means.argmax())
    return (
        f"at a loss of {figure(display.loss)} on {counted(display.n_rows, 'row')}, the mean size "
        f"goes from {means[least]:.2g} in {display.names[least]} to {means[most]:.2g} in "
        f"{display.names[most]}"
    )


def of_validation_curve(display: Any) -> str:
    """Where it is best."""
    i = display.best
    score = display.test_scores[i].mean()
    return (
        f"of {len(display.param_range)} values, {display.param_name} {display.param_range[i]} is "
        f"best: {display.score_name} {figure(score)} on rows held out"
    )


def of_comparison(display: Any) -> str:
    """How good each network is on rows held out."""
    pairs = zip(display.labels, display.accuracies, strict=True)
    parts = [f"{label}: {held_out:.1%}" for label, (_, held_out) in pairs]
    return f"right of the rows held out: {', '.join(parts)}"
