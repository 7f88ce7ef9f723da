"""A lesson is a short tour: a prepared experiment, a question, things to do, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.studios.experiment import Experiment

if TYPE_CHECKING:
    from pellucid.studios.view import View


@dataclass(frozen=True)
class Task:
    """One thing to do.

    Parameters
    ----------
    text : what, in a sentence.
    is_done : whether what the page works on shows that it was done.
    changes : one way to do it: what of the lesson's experiment is other; then play to the end.
    """

    text: str
    is_done: Callable[[View], bool]
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """A short tour.

    Parameters
    ----------
    name, title : in addresses, and on the page.
    story : what this network is, a few sentences.
    question : to think about before trying.
    experiment : that one click opens.
    tasks : in their order.
    reading : the numbers that matter here, in words.
    tries : by what is on a button, changes of the experiment.
    answer : told when all is done.
    """

    name: str
    title: str
    story: str
    question: str
    experiment: Experiment
    tasks: tuple[Task, ...]
    reading: Callable[[View], str]
    tries: Mapping[str, Mapping[str, Any]]
    answer: str

    def done(self, view: View) -> set[int]:
        """The tasks that a view shows as done, by their places; none where the data are others."""
        if view.experiment.data != self.experiment.data:
            return set()
        return {place for place, task in enumerate(self.tasks) if task.is_done(view)}


# --- what is read of a view -----------------------------------------------------------------------


def _epochs(view: View) -> int:
    return view.standing.epoch


def _train(view: View) -> float:
    """The training score of the newest recorded epoch: accuracy, or R2."""
    return view.standing.mark.score


def _test(view: View) -> float:
    return view.standing.mark.test_score


def _gap(view: View) -> float:
    """The test loss: what over-fitting drives up while the training loss falls."""
    return view.standing.mark.test_loss


def apart(view: View) -> float:
    """How far the weights of the first layer's units differ, as a part of the largest.

    That of a layer of one unit is 0 too.
    """
    W = view.run.network_at(view.standing.theta).weights[0]
    size = float(np.abs(W).max())
    return float(np.abs(W - W[:, :1]).max()) / size if size else 0.0


def _output(view: View) -> str:
    return str(view.run.network.architecture.output_activation.name)


def _percent(part: float) -> str:
    return f"{part:.0%}" if np.isfinite(part) else "–"


def _number(value: float) -> str:
    return f"{value:.2g}" if np.isfinite(value) else "beyond all numbers"


def _is_over_the_cliff(view: View) -> bool:
    return view.standing.ended == "diverged" or (_epochs(view) >= 1 and _test(view) < 0.2)


# --- the lessons ----------------------------------------------------------------------------------

EQUAL = Experiment("circles", hidden=(4,), initializer="constant:0.5", epochs=300)

DIGITS = Experiment(
    "digits", hidden=(40,), activation=("sigmoid",), output="sigmoid", loss="squared_error",
    solver="sgd", learning_rate=0.0002, batch_size=1, epochs=20,
)  # fmt: skip

CLIFF = Experiment(
    "digits", hidden=(100,), activation=("sigmoid",), output="sigmoid", loss="squared_error",
    bias=False, initializer="uniform:0.5", solver="sgd", learning_rate=0.3, batch_size=1,
    epochs=5,
)  # fmt: skip

EXAM = Experiment(
    "exam", test=0.0, scaling="none", hidden=(3,), output="identity", loss="squared_error",
    solver="sgd", learning_rate=0.3, batch_size=0,
)  # fmt: skip

MOONS = Experiment(
    "moons", noise=0.3, test=0.5, hidden=(50,), learning_rate=0.02, batch_size=0, epochs=3000
)

XOR = Experiment("xor", test=0.0, hidden=(), activation=(), learning_rate=0.05, batch_size=0)

SUMS = Experiment(
    "sums", hidden=(3,), activation=("sigmoid",), output="sigmoid", loss="squared_error",
    batch_size=100, epochs=20,
)  # fmt: skip


LESSONS = (
    Lesson(
        "equal-weights",
        "Equal weights never separate",
        "Four hidden units are to tell an inner circle from an outer one. Each begins with the "
        "same weights, 0.5 everywhere.",
        "Four units could enclose the inner circle. Can these, when they all begin alike?",
        EQUAL,
        (
            Task(
                "Play to the end, and watch the pictures of the four units.",
                lambda v: _epochs(v) >= 100 and len(v.experiment.hidden) > 0
                and v.experiment.hidden[0] > 1 and apart(v) <= 1e-9,
            ),
            Task(
                "Draw the first weights at random, play again, and get 85% of the test rows right.",
                lambda v: apart(v) > 0.01 and _test(v) >= 0.85,
                {"initializer": ""},
            ),
        ),
        lambda v: f"The units differ by {_number(apart(v))} of their largest weight. "
        f"Test accuracy: {_percent(_test(v))}.",
        {
            "all weights 0.5": {"initializer": "constant:0.5"},
            "all weights 0": {"initializer": "zeros"},
            "drawn at random": {"initializer": ""},
        },
        "Equal weights get equal gradients, so they take equal steps: however long it trains, the "
        "layer stays one unit, copied four times. A random start is what sets units apart.",
    ),
    Lesson(
        "digits",
        "One digit at a time",
        "Handwritten digits of 8 × 8 pixels, 40 sigmoid units, and a step of descent after every "
        "single row: online backpropagation, the oldest way to train. The learning rate is 0.0002.",
        "Each epoch has more than a thousand steps. Why does it hardly get better?",
        DIGITS,
        (
            Task(
                "Play to the end at this rate: fewer than 40% of the test rows are right.",
                lambda v: _epochs(v) >= 20 and v.experiment.learning_rate <= 0.001
                and _test(v) < 0.4,
            ),
            Task(
                "Change the learning rate so that 96% of the test rows are right.",
                lambda v: v.experiment.batch_size == 1 and _test(v) >= 0.96,
                {"learning_rate": 0.5},
            ),
        ),
        lambda v: f"Rate {v.experiment.learning_rate:g}, epoch {_epochs(v)}. "
        f"Test accuracy: {_percent(_test(v))}.",
        {f"rate {rate:g}": {"learning_rate": rate} for rate in (0.0002, 0.01, 0.1, 0.5, 1.0)},
        "A step is the rate times the gradient, and sigmoids with a squared error have small "
        "gradients. At 0.5 the same network gets there in a few epochs. A rate is neither "
        "small nor large by itself: it must suit the loss, the batch, and the inputs.",
    ),
    Lesson(
        "cliff",
        "The learning-rate cliff",
        "The digits again: 100 hidden units, no biases, weights drawn evenly from -0.5 to 0.5, and "
        "the usual rate of 0.3. Five epochs are enough.",
        "A higher rate learns faster. How far does that go?",
        CLIFF,
        (
            Task(
                "Play the five epochs: 95% of the test rows are right.",
                lambda v: v.experiment.learning_rate <= 0.3 and _test(v) >= 0.95,
            ),
            Task(
                "Raise the rate step by step, until the network falls off the cliff.",
                lambda v: v.experiment.learning_rate > 0.3 and _is_over_the_cliff(v),
                {"learning_rate": 10.0},
            ),
            Task(
                "Go back, to a rate above 0.3 that gets 97% right.",
                lambda v: v.experiment.learning_rate > 0.3 and _test(v) >= 0.97,
                {"learning_rate": 1.0},
            ),
        ),
        lambda v: f"Rate {v.experiment.learning_rate:g}, epoch {_epochs(v)}. Loss: "
        f"{_number(v.standing.mark.loss)}. Test accuracy: {_percent(_test(v))}.",
        {
            **{f"rate {rate:g}": {"learning_rate": rate} for rate in (0.03, 0.3, 1.0, 3.0, 10.0)},
            "rate 0.1, identity output": {"learning_rate": 0.1, "output": "identity"},
            "rate 3, identity output": {"learning_rate": 3.0, "output": "identity"},
        },
        "Up to a point, a higher rate is simply faster. Beyond it every step overshoots, the next "
        "overshoots further, and all is lost within an epoch. Sigmoids cannot grow without bound: "
        "they get stuck at 0 and 1, and the network guesses. An identity output is linear, and has "
        "no bound: at a rate of 3 its loss grows beyond all numbers.",
    ),
    Lesson(
        "exam",
        "Why scaling matters",
        "Three students: hours studied, hours slept, and a score. A network with three hidden "
        "units gets the hours as they are, from 1 to 9, and takes 1 000 steps.",
        "Three rows are few enough to be learnt by heart. What stands in the way?",
        EXAM,
        (
            Task(
                "Play to the end with the raw hours: less than half of the differences between "
                "the scores is learnt.",
                lambda v: v.experiment.scaling == "none" and _epochs(v) >= 1000
                and not _train(v) >= 0.5,
            ),
            Task(
                "Divide each column by its largest number, and play as long: nearly all of them "
                "are (R² of 0.99).",
                lambda v: v.experiment.scaling != "none" and 0 < _epochs(v) <= 1000
                and _train(v) >= 0.99,
                {"scaling": "maximum"},
            ),
        ),
        lambda v: f"Inputs: {_scaling(v)}. Epoch {_epochs(v)}. R² on the three rows: "
        f"{_number(_train(v))}.",
        {
            "raw hours": {"scaling": "none"},
            "each by its maximum": {"scaling": "maximum"},
            "mean 0, deviation 1": {"scaling": "standard"},
        },
        "Inputs of 5 or 9 push tanh units to their bounds, where their slope, and so their "
        "gradient, is nearly 0: they have all but stopped learning before they began. The "
        "same network, the same first weights and as many steps learn the scaled hours with ease.",
    ),
    Lesson(
        "moons",
        "Over-fitting the moons",
        "Two half moons that noise has blurred into each other, half of the points held back for "
        "testing, and 50 hidden units: far more than two moons need.",
        "It will get every training point right. Is it then a better network?",
        MOONS,
        (
            Task(
                "Play to the end: every training row is right, and the test loss is above 0.8.",
                lambda v: _train(v) >= 0.99 and _gap(v) > 0.8,
            ),
            Task(
                "Keep 20 units or more, and cure it by weight decay: bring the test loss below "
                "0.35.",
                lambda v: _epochs(v) >= 500 and v.experiment.alpha > 0
                and sum(v.experiment.hidden) >= 20 and _gap(v) < 0.35,
                {"alpha": 0.1},
            ),
        ),
        lambda v: f"{sum(v.experiment.hidden)} hidden units, weight decay "
        f"{v.experiment.alpha:g}. Right: {_percent(_train(v))} of the training rows, "
        f"{_percent(_test(v))} of the test rows. Test loss: {_number(_gap(v))}.",
        {
            **{
                f"{units} unit{'s' * (units > 1)}": {"hidden": (units,), "activation": ("tanh",),
                                                     "alpha": 0.0}
                for units in (1, 2, 3, 4, 5, 10, 20, 50)
            },
            **{
                f"50 units, decay {alpha:g}": {"hidden": (50,), "activation": ("tanh",),
                                               "alpha": alpha}
                for alpha in (0.01, 0.1, 1.0)
            },
        },
        "With enough units the border winds around single points: it learns the noise, and is sure "
        "of it, so that its mistakes on new points cost more and more. Weight decay keeps "
        "the weights small and the border smooth. Too much of it under-fits: look at a decay of 1.",
    ),
    Lesson(
        "xor",
        "XOR needs a hidden layer",
        "The output is to be 1 if the two inputs differ. This network has no hidden layer: its "
        "border is a straight line.",
        "Four points, two classes. Where would you draw the line?",
        XOR,
        (
            Task(
                "Play for 200 epochs or more: it cannot get all four right.",
                lambda v: not v.experiment.hidden and _epochs(v) >= 200 and _train(v) <= 0.75,
            ),
            Task(
                "Add a hidden layer, and get all four right.",
                lambda v: bool(v.experiment.hidden) and _epochs(v) > 0 and _train(v) == 1.0,
                {"hidden": (3,), "activation": ("tanh",)},
            ),
        ),
        lambda v: f"Hidden units: {', '.join(map(str, v.experiment.hidden)) or 'none'}. Epoch "
        f"{_epochs(v)}. Right: {_percent(_train(v))} of the four rows.",
        {
            "no hidden layer": {"hidden": (), "activation": ()},
            **{
                f"{units} hidden units": {"hidden": (units,), "activation": ("tanh",)}
                for units in (2, 3, 4)
            },
        },
        "No straight line has (0, 1) and (1, 0) on one side and (0, 0) and (1, 1) on the other. "
        "Hidden units draw several lines, and the output joins what they say. Two units can be "
        "enough, three hardly ever fail: try other seeds.",
    ),
    Lesson(
        "sums",
        "A sigmoid cannot reach 2",
        "Two numbers from 0 to 1, and their sum. Hidden units and output are sigmoids, as in many "
        "a first network.",
        "The sum goes up to 2. What does the output do then? The Doctor's tab knows.",
        SUMS,
        (
            Task(
                "Play to the end: about half of the differences between the sums is learnt, and no "
                "more.",
                lambda v: _output(v) == "sigmoid"
                and _epochs(v) >= 10 and _test(v) < 0.6,
            ),
            Task(
                "Give it an output that can reach 2, such as identity, and play again: R² on the "
                "test rows is above 0.99.",
                lambda v: _epochs(v) > 0 and _test(v) > 0.99,
                {"output": "identity"},
            ),
        ),
        lambda v: f"Output: {_output(v)}. Epoch {_epochs(v)}. R² on the "
        f"test rows: {_number(_test(v))}.",
        {
            "sigmoid output": {"output": "sigmoid"},
            "relu output": {"output": "relu"},
            "identity output": {"output": "identity"},
        },
        "A sigmoid gives numbers between 0 and 1, whatever its weights. For every sum above 1 it "
        "can only go to its bound, and there it has no gradient left. An output must be able to "
        "give what it is asked for.",
    ),
)  # fmt: skip
"""All lessons, in their order. Add a row to add one."""


def _scaling(view: View) -> str:
    named = {"none": "raw", "maximum": "each by its maximum", "standard": "mean 0, deviation 1",
             "shared_maximum": "all by one maximum"}  # fmt: skip
    return named.get(view.experiment.scaling, "scaled as suits them")


def lesson(name: str) -> Lesson | None:
    """The lesson of that name, if there is one."""
    return next((each for each in LESSONS if each.name == name), None)
