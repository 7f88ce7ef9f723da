"""The comparison with scikit-learn is made by running code on both, and raises where it is not so.

python docs/make_comparison.py      writes docs/scikit-learn.md
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import sklearn

from comparison.differences import differences
from comparison.requests import requests
from comparison.same import behaviours, courses, errors
from comparison.sides import PELLUCID, SKLEARN, table
from comparison.surface import added, attributes, methods, parameters

PAGE = Path(__file__).with_name("scikit-learn.md")

RESULTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"
"""What `benchmarks/accuracy.py` and `fit.py` measured; they are not run again for the page."""

TEXT = """\
# pellucid beside scikit-learn

`pellucid.MLPClassifier` and `pellucid.MLPRegressor` stand in for scikit-learn's: the same names,
defaults, random draws and results. This page says where they are alike, where they are not and
why, and what else there is. `docs/make_comparison.py` makes it by running code on both
(scikit-learn {version}), and raises where something said here is not so; `make docs` makes it
again.

```python
from sklearn.neural_network import MLPClassifier  # before
from pellucid import MLPClassifier  # after
```

## Parameters

All of scikit-learn's, with its defaults, and in its order where they may be given without a
name. Whatever it takes for one, pellucid takes too, and more where the last column says so.

{parameters}

### Parameters that pellucid adds

{added}

## Attributes after a fit

Of a classifier of three classes, with hidden layers of 12 and 7 units, after five epochs (the
second with early stopping) or iterations. All that scikit-learn has, pellucid has, of the same
kind and length.

{of_classifier}

Of a regressor:

{of_regressor}

## Methods

{methods}

`fit` also takes `X_val`, `y_val` and `sample_weight_val`.

## The same

### Training takes the same course

Both get the same `random_state`, draw the same first weights, hold out the same rows and shuffle
the same batches. The losses of all epochs, and the weights and biases at the end, are the same
but for rounding: none differs by more than the last column says, relative to 1 or to its size.
Besides what is shown, each call has `hidden_layer_sizes=(12, 7), batch_size=32, random_state=3`
and, unless it says otherwise, `max_iter=20`; the data have 150 rows of 6 inputs. Later
iterations of L-BFGS go apart: its line searches decide by differences that are rounding.

{courses}

### And so do these

{behaviours}

### The same is refused

`X, y` are three classes.

{errors}

## Not the same, on purpose

{differences}

## What users of scikit-learn have asked for

Issues and pull requests of scikit-learn by their numbers, and the line of pellucid that answers
each; "-" where none was found. Every line is run when this page is made, and its outcome is
checked. `X` has 150 rows of 6 inputs; `y` are three classes, `words` the same as text, `labels`
the same as 0 and 1; `r` numbers, `three` several of them, `n` counts, `w` weights of rows; `W`
is a matrix of weights, and `xp` a library of arrays (here array_api_strict, in earnest torch or
cupy).

{requests}

## Accuracy at equal settings

Measured with scikit-learn {measured} by `benchmarks/accuracy.py`: both libraries get the same
arrays, one-hot and standardised by the training rows (numbers that are predicted too), and the
same settings: the defaults (a hidden layer of 100, adam, at most 200 epochs), with
`early_stopping=True` where the name says so and for adult, california and bike. Each seed
divides the rows (a quarter to test on) and is the models' `random_state`. A difference is noise
if its mean over seeds is no more than two standard errors from 0. Only where more than two
classes are held out for early stopping do the two not take the same course (see above), so that
has more seeds.{missing}

{accuracy}

## Speed of a call

Measured by `benchmarks/fit.py` (processor: {processor}): digits at scikit-learn's defaults but for
{epochs} epochs and no stopping, each library in a process of its own, in turns, medians of
{rounds} rounds (smallest .. largest ratio of a round). On two cores scikit-learn's products run
on both, pellucid's where a step is large enough to gain by it.

{speed}
"""


def accuracy(results: Mapping[str, Any]) -> str:
    """The table of scores on data sets."""
    rows = []
    for one in results["datasets"]:
        gap, verdict = one["difference"]["mean"], one["difference"]["verdict"]
        rows.append([
            one["name"], f"{one['rows']} x {one['inputs']}", one["score"], str(one["seeds"]),
            *(f"{one[side]['mean']:.4f} ± {one[side]['std']:.4f}" for side in (SKLEARN, PELLUCID)),
            f"{0.0 if abs(gap) < 5e-5 else gap:.4f}",
            f"{one['difference']['standard_error']:.4f}",
            "yes" if verdict == "same" else f"no: {verdict}",
        ])  # fmt: skip
    header = ["data", "rows x inputs", "score", "seeds", SKLEARN, PELLUCID, "difference",
              "standard error", "noise"]  # fmt: skip
    return table(header, rows)


def speed(results: Mapping[str, Any]) -> str:
    """The table of how many times as long scikit-learn takes."""
    rows = []
    for one in results["rows"]:
        asked, ratio = one["asked"], one["ratio"]
        times = (median(one["seconds"][library]) * 1e3 for library in ("sklearn", "pellucid"))
        low, high = one["spread"]
        rows.append([
            one["case"], str(one["cores"]), *(f"{time:.3g} ms" for time in times),
            f"{ratio:.1f} ({low:.1f} .. {high:.1f})", f"{asked:g}" if asked else "",
            ("yes" if ratio >= asked else "NO") if asked else "",
        ])  # fmt: skip
    header = ["call", "cores", SKLEARN, PELLUCID, "times as long", "must reach", "does"]
    return table(header, rows)


def page() -> str:
    """The whole page."""
    results = json.loads((RESULTS / "accuracy.json").read_text(encoding="utf-8"))
    calls = json.loads((RESULTS / "fit.json").read_text(encoding="utf-8"))
    return TEXT.format(
        version=sklearn.__version__,
        parameters=parameters(),
        added=added(),
        of_classifier=attributes("three classes"),
        of_regressor=attributes("numbers"),
        methods=methods(),
        courses=courses(),
        behaviours=behaviours(),
        errors=errors(),
        differences=differences(),
        requests=requests(),
        measured=results["versions"][SKLEARN],
        missing="".join(f" {name} is missing: {why}." for name, why in results["missing"].items()),
        accuracy=accuracy(results),
        processor=calls["machine"]["processor"],
        epochs=calls["epochs"],
        rounds=calls["rounds"],
        speed=speed(calls),
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
