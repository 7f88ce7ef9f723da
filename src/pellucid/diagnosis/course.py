"""The course of training is how far it came, and whether it ended in the right place."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, isfinite, sqrt
from typing import NamedTuple

import numpy as np

from pellucid.diagnosis.case import FEWEST, Case, Floats, NotMeasured, Sign
from pellucid.diagnosis.probe import FURTHEST, probes
from pellucid.history import History

SURE = 3.0
"""Standard errors by which two scores must differ besides."""

NEIGHBOURS, MOST_NEIGHBOURS = 5, 1500
"""Nearest rows that vote, and rows among which they are looked for."""

LEARNT = 0.1
"""A rate that takes less than this part of the best constant's loss away has not learnt."""

SHORTEST = 20
"""Epochs that a curve must have to be read."""

EARLY = 20
"""A best epoch up to this one is an early one."""


def nothing_learned(case: Case, limit: float) -> Iterator[Sign]:
    """Outputs no better than one answer for all rows."""
    _, _, losses = case.scored
    loss = float(losses.mean())
    if case.baseline <= 0.0:
        raise NotMeasured("all targets are the same")
    gone = 1.0 - loss / case.baseline if isfinite(loss) else -inf
    if gone < limit:
        cure = "see the other findings first; if there is none, "
        if "rate too high" in case.found:
            cure = "lower the rate first: what else is wrong will show then"
        elif isfinite(loss):
            cure += _untold(case)
        else:
            cure += f"train anew with a lower rate, {case.call('learning_rate', case.lower_rate)}"
        yield Sign(
            "",
            f"the loss on the rows is {loss:.4g}, and one answer for all of them has "
            f"{case.baseline:.4g}: {_gone(gone, loss / case.baseline)} (limit: {limit:.0%} gone)",
            gone,
            cure,
        )


def _gone(gone: float, times: float) -> str:
    """How much of a constant's loss is gone, or how much more there is."""
    if gone >= 0.0:
        return f"only {gone:.1%} of that is gone"
    if not isfinite(times):
        return "none of that is gone, the loss is no number"
    return f"none of that is gone, the loss is {times:.3g} times as high"


def _untold(case: Case) -> str:
    """What helps a network that has learnt nothing, by what the nearest rows see in the inputs."""
    try:
        seen = _neighbours(case)
    except NotMeasured:
        seen = None
    if seen and seen.theirs > seen.ours and seen.gap > SURE * seen.error:
        return (
            f"the inputs do tell the targets, {seen.theirs:.1%} {seen.name} by the {NEIGHBOURS} "
            f"nearest other rows: {_larger(case)}"
        )
    return (
        "the network is untrained, or the inputs do not tell the targets: try more epochs, "
        f"{case.call('epochs', _more_epochs(case))}, or other columns"
    )


def _larger(case: Case) -> str:
    """What helps a network that sees too little."""
    return (
        f"more units or layers, {case.call('hidden', '100, 100')}, more epochs, "
        f"{case.call('epochs', _more_epochs(case))}, and less regularisation, "
        f"{case.call('alpha', 0.0001)}"
    )


def underfitting(case: Case, limit: float) -> Iterator[Sign]:
    """A simple vote of near rows is better than the network is on the same rows."""
    seen = _neighbours(case)
    if seen.gap > limit and seen.gap > SURE * seen.error:
        yield Sign(
            "",
            f"on {seen.rows:,} rows the network has {seen.ours:.1%} {seen.name}, and the "
            f"{NEIGHBOURS} nearest others of them {seen.theirs:.1%}: {seen.gap:.1%} more of what "
            f"one answer for all has wrong is gone (limit {limit:.0%})",
            seen.gap,
            _larger(case),
        )


class Neighbours(NamedTuple):
    """How the vote of near rows compares with the network: two scores, the gain, its error."""

    rows: int
    ours: float
    theirs: float
    name: str
    gap: float  # the part of the best constant's error that the vote takes away besides
    error: float


def _neighbours(case: Case) -> Neighbours:
    part = case.rows.some(MOST_NEIGHBOURS, case.seed)
    if len(part.X) < 2 * FEWEST:
        raise NotMeasured(f"fewer than {2 * FEWEST} rows")
    vote, outputs = _vote_of_neighbours(part.X, part.y), case.outputs(part.X)
    if case.of_classes:
        codes = case.codes(part.y)
        wrong = [(case.codes(made) != codes).astype(float) for made in (outputs, vote)]
        constant, name = 1.0 - float(np.bincount(codes).max()) / len(codes), "of the classes right"
    elif case.network.loss.name == "squared_error":
        wrong = [((made - part.y) ** 2).sum(axis=1) for made in (outputs, vote)]
        constant = float(((part.y - part.y.mean(axis=0)) ** 2).sum(axis=1).mean())
        name = "of the variance explained"
    else:
        raise NotMeasured("the loss is not that of a mean")
    if not constant:
        raise NotMeasured("all targets are the same")
    better = (wrong[0] - wrong[1]) / constant
    whole = 1.0 if case.of_classes else constant
    ours, theirs = (1.0 - float(each.mean()) / whole for each in wrong)
    return Neighbours(
        len(part.X),
        ours,
        theirs,
        name,
        float(better.mean()),
        float(better.std() / sqrt(len(better))),
    )


def overfitting(case: Case, limit: float) -> Iterator[Sign]:
    """A score on rows learnt from that is much better than on the test rows."""
    if case.test_scored is None:
        raise NotMeasured("no test rows were given")
    train, train_error, name = case.score(case.scored)
    test, test_error, _ = case.score(case.test_scored)
    gap = train - test
    if gap > limit and gap > SURE * sqrt(train_error**2 + test_error**2):
        yield Sign(
            "",
            f"{name} is {train:.3f} on the training rows and {test:.3f} on the test rows, "
            f"{gap:.3f} less (limit {limit:g})",
            gap,
            f"stronger regularisation, {case.call('alpha', _stronger(case))}, stop earlier, "
            f"{case.call('early_stopping')}, fewer units, or more rows",
        )


def overtrained(case: Case, limit: float) -> Iterator[Sign]:
    """A validation loss that has risen again, where the last weights are kept."""
    history = _history(case)
    curve = history.validation_loss
    if not curve:
        raise NotMeasured("training had no validation rows")
    if case.family == "bag" or case.trained.early_stopping or _stopped_by_validation(history):
        raise NotMeasured("the weights of the best epoch are kept")
    if case.network.objective.reduction == "sum" or case.baseline <= 0.0:
        raise NotMeasured("its loss is no mean that could be held against a constant's")
    least = min(curve)
    rise, epoch = (curve[-1] - least) / case.baseline, curve.index(least) + 1
    if rise > limit and isfinite(rise) and epoch <= len(curve) - len(curve) // 10:
        yield Sign(
            "",
            f"the validation loss was {least:.4g} after epoch {epoch} and ends, after epoch "
            f"{len(curve)}, at {curve[-1]:.4g}, higher by {rise:.0%} of what a constant "
            f"has (limit {limit:.0%}): the network learns its rows by heart",
            rise,
            f"keep the best epoch, {case.call('early_stopping')}, or "
            f"{case.call('alpha', _stronger(case))}",
        )


def stopped_short(case: Case, limit: float) -> Iterator[Sign]:
    """A training loss still falling steeply when training ended."""
    history = _history(case)
    if case.family == "bag":
        raise NotMeasured("a bag ends with the cycles of its schedule")
    curve = np.array(history.loss)
    if len(curve) < SHORTEST or not np.isfinite(curve).all():
        raise NotMeasured(f"training had fewer than {SHORTEST} epochs with a loss")
    tenth = len(curve) // 10
    before, end = curve[-2 * tenth : -tenth].mean(), curve[-tenth:].mean()
    whole = float(curve[0] - end)
    share = float(before - end) / whole if whole > 0 else 0.0
    validation = np.array(history.validation_loss)
    if len(validation) == len(curve) and validation.argmin() < len(curve) - tenth:
        return  # it would only learn its rows by heart
    if share > limit:
        yield Sign(
            "",
            f"the last tenth of {len(curve)} epochs brought {share:.1%} of all that the loss fell "
            f"by (limit {limit:.0%}), and it stood at {end:.4g}: training ended before it was done",
            share,
            f"more epochs, {case.call('epochs', 4 * len(curve))}, or a higher rate",
        )


def too_few_epochs(case: Case, limit: float) -> Iterator[Sign]:
    """So few epochs that there is no curve, and more steps at the same rate bring much."""
    history = _history(case)
    if len(history) >= SHORTEST:
        raise NotMeasured(f"training had {SHORTEST} epochs or more")
    if _stopped_by_validation(history):
        raise NotMeasured("training was ended by validation rows")
    gain = min((p.start() - p.further(rate)) / case.baseline for p, rate in probes(case))
    if isfinite(gain) and gain > limit:
        yield Sign(
            "",
            f"going on for a few steps at the same rate takes away {gain:.0%} of what a constant "
            f"has (limit {limit:.0%}), on rows kept from them: {len(history)} epochs were too few",
            gain,
            f"more epochs, {case.call('epochs', max(10 * len(history), 5 * SHORTEST))}",
        )


def rate_too_high(case: Case, limit: float) -> Iterator[Sign]:
    """From new weights, a lower rate gets much further in a few steps."""
    found = []
    for probe, rate in probes(case):
        own = probe.anew(rate)
        for power in range(1, FURTHEST + 1):
            lower = rate / 10**power
            loss = probe.anew(lower)
            gain = (min(own, 2.0 * case.baseline) - loss) / case.baseline
            if gain > limit:
                found.append((gain, rate, own, lower, loss))
                break
            if own < (1.0 - LEARNT) * case.baseline:
                break  # it learns
        else:
            continue
    if len(found) == len(probes(case)):
        gain, rate, own, lower, loss = max(found)
        yield Sign(
            "",
            f"from new weights, a few steps at the rate {rate:g} lead to a loss of {own:.4g}, at "
            f"{lower:g} to {loss:.4g}: lower by {gain:.0%} of what a constant has (limit "
            f"{limit:.0%})",
            gain,
            case.call("learning_rate", float(f"{lower:.1g}")),
        )


def rate_too_low(case: Case, limit: float) -> Iterator[Sign]:
    """From the weights as they are, a higher rate gets much further in a few steps."""
    found = []
    for probe, rate in probes(case):
        if probe.start() < limit * case.baseline:
            return  # there is not so much left
        own = min(probe.further(rate), probe.start())
        short = case.history is not None and 0 < len(case.history) < SHORTEST
        if short and probe.start() - own > limit * case.baseline:
            return  # it learns: there were too few epochs
        for power in range(1, FURTHEST + 1):
            higher = rate * 10**power
            loss = probe.further(higher)
            gain = (own - loss) / case.baseline
            if gain > limit:
                found.append((gain, rate, own, higher, loss))
                break
            if loss > own + LEARNT * case.baseline:
                break  # that is too high
    if len(found) == len(probes(case)):
        gain, rate, own, higher, loss = max(found)
        yield Sign(
            "",
            f"going on from the weights as they are, a few steps at the rate {rate:g} lead to a "
            f"loss of {own:.4g}, at {higher:g} to {loss:.4g}, on rows kept from both: lower by "
            f"{gain:.0%} of what a constant has (limit {limit:.0%})",
            gain,
            case.call("learning_rate", float(f"{higher:.1g}")),
        )


def impatient_stopping(case: Case, limit: float) -> Iterator[Sign]:
    """Early stopping that gave up after very few epochs, early on."""
    history = _history(case)
    if not _stopped_by_validation(history) or history.best_epoch is None:
        raise NotMeasured("training was not ended by validation rows")
    patience = len(history) - history.best_epoch
    if patience < limit and history.best_epoch <= EARLY and case.family != "bag":
        yield Sign(
            "",
            f"training stopped in epoch {len(history)}, {patience} after the best one (limit "
            f"{limit:g}): a score that goes up and down has hardly had a second chance",
            float(patience),
            f"wait longer: {case.call('n_iter_no_change', 10)}",
        )


def noisy_stopping(case: Case, limit: float) -> Iterator[Sign]:
    """Early stopping by so few rows that all it saw was chance."""
    history = _history(case)
    n = case.trained.validation_rows
    if case.family == "bag" or not _stopped_by_validation(history):
        raise NotMeasured("training was not ended by validation rows")
    if not n:
        raise NotMeasured("how many rows it was validated on is not known")
    by_score = case.family == "estimator" and bool(history.validation_score)
    curve = np.array(history.validation_score if by_score else history.validation_loss)
    if not len(curve):
        raise NotMeasured("the history has no validation curve")
    if by_score:
        gain = float(curve.max() - curve[0])
        p = float(np.clip(curve.max(), 1.0 / (n + 2), 1.0 - 1.0 / (n + 2)))
        error = sqrt(p * (1.0 - p) / n) if case.of_classes else case.score(case.scored)[1]
        if not case.of_classes:
            error *= sqrt(len(case.scored[2]) / n)
    else:
        gain = float(curve[0] - curve.min())
        error = float(case.scored[2].std() / sqrt(n))
    ratio, what = gain / error if error else inf, "score" if by_score else "loss"
    if ratio < limit:
        yield Sign(
            "",
            f"training was stopped by {n} validation rows, on which the {what} has a standard "
            f"error of {error:.2g}: all that it saw improve is {gain:.2g}, "
            f"{ratio:.2g} of that (limit {limit:g})",
            ratio,
            f"validate on more rows, {case.call('validation', 0.3)}, or train without early "
            "stopping and with fewer epochs",
        )


def _history(case: Case) -> History:
    if case.history is None or not case.history.loss:
        raise NotMeasured("the model has no history of its training")
    return case.history


def _stopped_by_validation(history: History) -> bool:
    why = history.stopped.lower()
    return why.startswith(("no better validation loss", "validation score", "validation loss"))


def _vote_of_neighbours(X: Floats, y: Floats) -> Floats:
    """The mean target (n, m) of the nearest other rows of each."""
    squares = (X * X).sum(axis=1)
    with np.errstate(all="ignore"):
        distances = squares[:, None] + squares - 2.0 * (X @ X.T)
    np.fill_diagonal(distances, inf)
    k = min(NEIGHBOURS, len(X) - 1)
    nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
    votes: Floats = y[nearest].mean(axis=1)
    return votes


def _stronger(case: Case) -> float:
    least = 0.1 if case.network.layout.size > len(case.rows.X) else 0.01
    return float(f"{max(least, 10.0 * case.network.objective.alpha):.1g}")


def _more_epochs(case: Case) -> int:
    return 4 * len(case.history) if case.history is not None and len(case.history) else 200
