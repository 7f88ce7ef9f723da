"""A disease is something that can be wrong with a network, and the measure by which it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pellucid.diagnosis import course, inputs, probe, rows, targets, units
from pellucid.diagnosis.case import FEWEST, Case, Sign
from pellucid.samples import LARGE, UNEVEN


@dataclass(frozen=True)
class Disease:
    """Something that can be wrong.

    Parameters
    ----------
    severity : "error" where a network cannot work like that, "warning" where it works worse.
    limit : what is measured is held against it.
    unit : how the limit is written, as in "{:.0%}".
    measured, why, cure : what is measured, what is bad about it, and what helps, for the guide.
    look : (case, limit) -> signs of it.
    unless : earlier diseases that explain it, so that it is not looked for where one is found.
    """

    severity: str
    limit: float
    unit: str
    measured: str
    why: str
    cure: str
    look: Callable[[Case, float], Iterator[Sign]]
    unless: tuple[str, ...] = ()


FIRST = "non-finite weights"
"""Where this one is found, nothing else can be measured."""

DISEASES: dict[str, Disease] = {
    FIRST: Disease(
        "error", 0, "more than {:g}",
        "weights that are NaN or infinite",
        "every answer of the network is NaN",
        "train anew at a lower rate, on scaled data",
        units.non_finite_weights,
    ),
    "unreachable targets": Disease(
        "error", 0.0, "more than {:.0%}",
        "rows with a target outside what the output activation can give",
        "the network can only go to its bound, where its gradient vanishes: sums of up to 2 by a "
        "sigmoid, negative numbers by a relu",
        "the output activation identity, or scaled targets",
        targets.unreachable_targets,
    ),
    "equal units": Disease(
        "error", units.SAME, "at most {:g}",
        "the largest difference between the weights of a hidden layer's units, as a part of the "
        "largest weight",
        "equal weights get equal gradients and never separate: the layer is one unit",
        "initial weights drawn at random",
        units.equal_units,
    ),
    "dead units": Disease(
        "warning", 0.75, "more than {:.0%}",
        "relu units of a hidden layer that are 0 for every row (of "
        f"{FEWEST} or more)",
        "no gradient passes through them, so that they never come back; up to 60% "
        "are seen in sound networks whose inputs are all above 0, more after too high a rate",
        "a lower rate, scaled inputs, leaky_relu",
        units.dead_units,
    ),
    "saturated units": Disease(
        "warning", 0.5, "more than {:.0%}",
        "units of a bounded hidden layer whose slope, in the mean over the rows, is below "
        f"{units.FLAT:.0%} of the steepest",
        "at the bounds of sigmoid and tanh hardly any gradient passes; sound networks "
        "have up to 20% of such units, which have become switches",
        "scaled inputs where they are large, smaller initial weights, relu",
        units.saturated_units,
    ),
    "vanishing gradients": Disease(
        "warning", 1e-3, "less than {:g}",
        "the root mean square of a layer's gradient per weight, against that of the last layer",
        "with one rate for all, the first layers stay as they were drawn; in sound networks it is "
        "0.01 or more",
        "relu, fewer layers, initial weights made for the activation",
        units.vanishing_gradients,
    ),
    "exploding gradients": Disease(
        "warning", 10.0, "more than {:g}",
        "the root mean square of a layer's gradient, against that of its weights, "
        "or against the 1 / sqrt(n_in) of weights to begin with if that is more",
        "a step of descent at the usual rate of 0.1 is longer than the weights themselves; sound "
        "networks stay below 1",
        "clip_norm, scaled inputs and targets, smaller initial weights",
        units.exploding_gradients,
    ),
    "large inputs": Disease(
        "warning", LARGE, "more than {:g}",
        "the root mean square of an input, as the network gets it",
        "units saturate and steps overshoot; it is the limit of `ScaleWarning`",
        "a scaler, fitted on the training rows",
        inputs.large_inputs,
    ),
    "uneven inputs": Disease(
        "warning", UNEVEN, "more than {:g}",
        "the ratio of the largest moduli of two inputs",
        "no rate suits both: one is learnt from, the other hardly; it is the limit of "
        "`ScaleWarning`",
        "a scaler that brings each column to a common size",
        inputs.uneven_inputs,
    ),
    "constant inputs": Disease(
        "warning", 0, "more than {:g}",
        f"numbers that are the same in all rows (of {FEWEST} or more), if less than "
        f"{inputs.BACKGROUND:.0%} of all other numbers have that value: the background of an image "
        "is none",
        "nothing is learnt of what another value would mean; one such column is one too many",
        "leave the column out",
        inputs.constant_inputs,
    ),
    "shifted inputs": Disease(
        "warning", 0.05, "more than {:.0%}",
        "test rows in which an input lies beyond the training rows by more than "
        f"{inputs.RANGES:g} times their range",
        "the network was never there; single outliers are usual, one row of twenty is "
        "not: most often the test rows are in another unit, or were not "
        "scaled, or by other numbers",
        "the training rows' own scaler, kept with the model",
        inputs.shifted_inputs,
    ),
    "leaked target": Disease(
        "warning", 0.9999, "more than {:g}",
        "the correlation of an input with the target, either way, or with the classes, each at its "
        "mean, if those lie apart; or, of a column of text, the rows whose class all others with "
        f"the same text have (of {inputs.FEWEST_TO_LEAK} rows or more)",
        "the column is the target under another name, and will be missing when it is needed; the "
        "best honest input of the built-in sets has 0.92",
        "leave the column out",
        inputs.leaked_target,
    ),
    "large targets": Disease(
        "warning", LARGE, "more than {:g}",
        "the mean and the standard deviation of what a regression asks of the network, the larger",
        "a network begins around 0 with a spread of about 1, and spends its steps on getting "
        "there; the limit is that for inputs",
        "scaled targets, which are scaled back on the way out",
        targets.large_targets,
    ),
    "rare class": Disease(
        "warning", 0.1, "less than {:g}",
        "the rows of a class, as a part of an even share, where at most "
        f"{rows.UNRECOGNISED:.0%} of them are recognised",
        "the loss hardly changes when the class is ignored, and the accuracy hides it; above a "
        "tenth of an even share, training finds the class by itself",
        "class_weight, sample_weight, more rows of it",
        rows.rare_class,
    ),
    "shared rows": Disease(
        "warning", 0.01, "more than {:.0%}",
        "test rows that are training rows too, inputs and target; more than "
        f"{rows.COINCIDENCE}, and more than twice the part that comes twice within training. "
        "That part excuses no row with a value that only its copies have in training, in an input "
        f"of more than {rows.FEW_LEVELS} values that come less than {rows.OFTEN} times each in "
        "the mean, unless it is the only input",
        "the score tells what was learnt by heart, not what will happen; with 1% it may "
        "be too good by as much, which is what models differ by",
        "drop duplicates before the split, and keep what belongs together on one side",
        rows.shared_rows,
    ),
    "contradictory rows": Disease(
        "warning", 0.05, "more than {:.0%}",
        "the part of the rows that cannot be told right, or of the variance that cannot be "
        "explained, because rows with the same inputs have different targets",
        "no network can learn it: the targets are wrong, or a column is missing; some noise of "
        "labels is in most tables",
        "correct the targets, or add what tells the rows apart",
        rows.contradictory_rows,
    ),
    "rate too high": Disease(
        "warning", 0.1, "more than {:.0%}",
        f"how much lower the loss is after at most {probe.STEPS} steps from new weights at a "
        "lower rate than at its own, as a part of the loss of the best constant. A lower rate "
        "gets less far in few steps unless the own one overshoots",
        "steps jump over what they aim at; less than a tenth may be chance. It is an error where "
        "nothing was learned, and told before that",
        "the lower rate",
        course.rate_too_high,
    ),
    "rate too low": Disease(
        "warning", 0.25, "more than {:.0%}",
        f"the same, going on from the weights as they are for at most {probe.STEPS} steps, at a "
        "higher rate, on rows kept from the steps; not where fewer than "
        f"{course.SHORTEST} epochs ended while the own rate still takes as much away",
        "training ended, or stalled, far from where the same steps could have led; early on, "
        "higher rates always gain a little",
        "the higher rate",
        course.rate_too_low,
        ("large targets", "exploding gradients"),
    ),
    "too few epochs": Disease(
        "warning", 0.25, "more than {:.0%}",
        f"what at most {probe.STEPS} more steps at the same rate take away, on rows kept from "
        "them, as a part of the loss of the best constant, where training had fewer than "
        f"{course.SHORTEST} epochs",
        "training ended when it had hardly begun; a sound network has less than that left",
        "more epochs",
        course.too_few_epochs,
        ("rate too high", "rate too low", "large targets", "exploding gradients"),
    ),
    "stopped short": Disease(
        "warning", 0.08, "more than {:.0%}",
        "what the last tenth of the epochs brought of all that the training loss fell by (in "
        f"{course.SHORTEST} epochs or more); a straight line has 10%",
        "the curve was still falling, nearly as fast as ever, when training ended",
        "more epochs, or a higher rate",
        course.stopped_short,
        ("rate too high", "rate too low", "large targets", "exploding gradients"),
    ),
    "overfitting": Disease(
        "warning", 0.1, "more than {:g}",
        "the accuracy, or R^2, on the training rows less that on the test rows; and more than "
        f"{course.SURE:g} standard errors",
        "the network knows its rows by heart, and what it knows does not hold for others; a few "
        "hundredths are usual and no harm",
        "regularisation, early stopping, fewer units, more rows",
        course.overfitting,
    ),
    "overtrained": Disease(
        "warning", 0.05, "more than {:.0%}",
        "how far the validation loss at the end lies above its lowest value, as a part of the loss "
        "of the best constant, where the last weights are kept and the lowest value came before "
        "the last tenth of the epochs",
        "from the lowest point on, the network learnt its rows by heart; smaller rises come and "
        "go",
        "early stopping, which keeps the best epoch; regularisation",
        course.overtrained,
    ),
    "impatient stopping": Disease(
        "warning", 5, "fewer than {:g}",
        "epochs that early stopping waited for after the best one, where that was among the first "
        f"{course.EARLY}",
        "a validation score goes up and down by chance, and training hardly had a second one; the "
        "default is 10",
        "n_iter_no_change of 10 or more",
        course.impatient_stopping,
    ),
    "noisy stopping": Disease(
        "warning", 2.0, "less than {:g}",
        "the whole gain of the validation score, in standard errors of that score on so few rows",
        "training was ended by what may have been chance alone: two standard errors are what "
        "chance exceeds one time in twenty",
        "more validation rows, or none",
        course.noisy_stopping,
    ),
    "nothing learned": Disease(
        "error", 0.05, "less than {:.0%}",
        "how much of the loss that the best single answer has is gone, on the training rows",
        "answers are no better than one for all rows: the network is untrained or has diverged, "
        "or the inputs do not tell the targets; a network that learns is past this in "
        "an epoch or two",
        "what the other findings say; more epochs, unless the rate is too high; other columns",
        course.nothing_learned,
    ),
    "underfitting": Disease(
        "warning", 0.15, "more than {:.0%}",
        f"how much less of a training row's error the mean of the {course.NEIGHBOURS} nearest "
        "other rows leaves than the network, which has learnt from it, as a part of what the best "
        "single answer has: of the rows whose class is wrong, or of the variance; and more than "
        f"{course.SURE:g} standard errors",
        "what such a simple rule sees in the inputs, the network has not learnt; where classes "
        "overlap, either may be a little better",
        "more units or layers, more epochs, less regularisation",
        course.underfitting,
        ("nothing learned", "unreachable targets", "equal units", "dead units", "rate too high",
         "rate too low", "too few epochs", "stopped short"),
    ),
}  # fmt: skip
"""Every disease by name, in the order they are looked for. Add a row to add one."""


def table() -> str:
    """The diseases as a table of Markdown, which the guide shows.

    Examples
    --------
    >>> print(table().splitlines()[2][:60])
    | non-finite weights | error | weights that are NaN or infin
    """
    lines = ["| finding | severity | what is measured | limit | why | cure |", "|" + "---|" * 6]
    for name, row in DISEASES.items():
        limit = row.unit.format(row.limit)
        cells = (name, row.severity, row.measured, limit, row.why, row.cure)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
