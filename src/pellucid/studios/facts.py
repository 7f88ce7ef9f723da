"""Facts are what there is to say, in numbers, of what is pointed at: a unit, an edge, a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.layers import Dense
from pellucid.network import Trace, forward
from pellucid.studios.case import Case, rows_of
from pellucid.studios.selection import Selection
from pellucid.studios.sketch import output_names
from pellucid.studios.view import View
from pellucid.tables import find_column
from pellucid.targets import ClassTarget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.model import Network

MOST_ROWS = 1000
"""Rows to train on, the first ones, that shares and gradients are of."""

MOST_LISTED = 10
"""Weights, inputs or columns that a list has; the rest is counted."""

FLAT = 0.05
"""A bounded unit is saturated where its slope is below this part of the steepest."""

HELP = {
    "title": "Nothing is pointed at",
    "about": "Click a unit or an edge of the network, or a point of the data.",
    "facts": [],
    "lists": [],
}


def facts_of(view: View, selection: Selection | None) -> dict[str, Any]:
    """A title, a line, facts with their labels, and lists of numbers, for the browser."""
    if selection is None or not exists(view, selection):
        return HELP
    case = Case.of(view.material, view.row)
    with np.errstate(all="ignore"):
        if selection.kind == "unit":
            return _unit(view, case, selection)
        if selection.kind == "edge":
            return _edge(view, case, selection)
        return _row(view, Case.of(view.material, str(selection)))


def number(value: float) -> str:
    """Six digits of a number.

    Examples
    --------
    >>> number(-0.12345678), number(3.0)
    ('−0.123457', '3')
    """
    return f"{value:.6g}".replace("-", "−")


def count(n: Any) -> str:
    """A whole number, its thousands apart.

    Examples
    --------
    >>> count(7), count(32561)
    ('7', '32 561')
    """
    return f"{n:,.0f}".replace(",", " ")


def percent(share: Any) -> str:
    """A share of 1, as people say it.

    Examples
    --------
    >>> percent(0.9825)
    '98.2 %'
    """
    return f"{100 * share:.1f} %"


def dense_layers(network: Network) -> list[int]:
    """The places of the layers with weights: what the columns of a drawing are."""
    layers = network.architecture.layers
    return [i for i, layer in enumerate(layers) if isinstance(layer, Dense)]


def exists(view: View, selection: Selection) -> bool:
    """Whether the network or the data have that."""
    if selection.kind in ("train", "test"):
        return selection.row < rows_of(view.material, selection.kind)
    if selection.kind == "edge":
        return parameter(view.network, selection) is not None
    layers = dense_layers(view.network)
    if selection.layer == 0:
        return selection.unit < view.network.architecture.n_inputs
    if selection.layer > len(layers):
        return False
    return selection.unit < view.network.architecture.layers[layers[selection.layer - 1]].n_out


def parameter(network: Network, selection: Selection | None) -> int | None:
    """The place in theta of the weight that an edge is, or the bias; None if there is none.

    Examples
    --------
    >>> from pellucid import Network
    >>> network = Network([2, 3, 1])
    >>> [parameter(network, Selection.read(f"edge-1-{source}-2")) for source in (0, 1, 2, 3)]
    [8, 2, 5, None]
    """
    layers = dense_layers(network)
    if selection is None or selection.kind != "edge" or not 0 < selection.layer <= len(layers):
        return None
    W, *b = network.layout.by_layer[layers[selection.layer - 1]]
    if selection.unit >= W.shape[1] or selection.source >= W.shape[0]:
        return None
    if selection.source < 0:
        return b[0].start + selection.unit if b else None
    return W.start + selection.source * W.shape[1] + selection.unit


def unit_name(view: View, column: int, unit: int) -> str:
    """What a unit is called; column 0 is the inputs."""
    if column == 0:
        return view.material.encoder.feature_names[unit]
    if column == len(dense_layers(view.network)):
        return f"output {output_names(view.material)[unit]}"
    return f"layer {column}, unit {unit + 1}"


def _short(view: View, column: int, unit: int) -> str:
    """The name of a unit where its layer is known."""
    return unit_name(view, column, unit).removeprefix(f"layer {column}, ").removeprefix("output ")


def _of(view: View, column: int) -> str:
    if column == 0:
        return "the inputs"
    return "the outputs" if column == len(dense_layers(view.network)) else f"layer {column}"


def _rows(view: View) -> tuple[NDArray[Any], NDArray[Any], str]:
    X, y = view.material.X[:MOST_ROWS], view.material.y[:MOST_ROWS]
    whole = len(X) == len(view.material.X)
    return X, y, "all training rows" if whole else f"the first {len(X)} training rows"


def _trace(view: View, X: NDArray[Any]) -> Trace:
    return forward(view.network.layout, view.network.theta, X)


def _gradient(view: View) -> NDArray[np.float64]:
    X, y, _ = _rows(view)
    made: NDArray[np.float64] = view.network.objective.value_and_gradient(view.network.theta, X, y)[
        1
    ]
    return made


def _unit(view: View, case: Case, selection: Selection) -> dict[str, Any]:
    column, unit = selection.layer, selection.unit
    layers, network = dense_layers(view.network), view.network
    title = unit_name(view, column, unit)
    lists = []
    X, _, which = _rows(view)
    if column == 0:
        values = X[:, unit]
        of = [column.name for column in view.material.encoder.columns
              for _ in column.feature_names]  # fmt: skip
        facts = [
            (f"in {case.name}", _plain(find_column(case.frame, of[unit])[0])),
            ("as the network gets it", number(float(case.x[0, unit]))),
            ("mean", number(float(values.mean()))), ("spread", number(float(values.std()))),
        ]  # fmt: skip
        about = f"An input. Mean and spread, as the network gets them, of {which}."
    else:
        layer = layers[column - 1]
        W, *b = network.layout.views(network.theta)[layer]
        traced = _trace(view, case.x)
        activation = network.architecture.layers[layer].activation
        facts = [("sum z", number(float(traced.z[layer][0, unit]))),
                 (f"{activation.name}(z)", number(float(traced.a[layer][0, unit])))]  # fmt: skip
        if b:
            facts.append(("bias", number(float(b[0][unit]))))
        trace = _trace(view, X)
        facts += _stuck(activation, trace.z[layer], trace.a[layer], unit)
        about = f"z and {activation.name}(z) are of {case.name}, shares of {which}."
        rows = [(_short(view, column - 1, i), float(w), f"edge-{column}-{i + 1}-{unit}") for i, w in
                enumerate(W[:, unit])]  # fmt: skip
        if b:
            rows.append(("bias", float(b[0][unit]), f"edge-{column}-0-{unit}"))
        lists.append(_listed(f"Weights in, from {_of(view, column - 1)}", rows))
    if column < len(layers):
        W = network.layout.views(network.theta)[layers[column]][0]
        rows = [(_short(view, column + 1, j), float(w), f"edge-{column + 1}-{unit + 1}-{j}")
                for j, w in enumerate(W[unit])]  # fmt: skip
        lists.append(_listed(f"Weights out, to {_of(view, column + 1)}", rows))
    return _made(title, about, facts, lists)


def _stuck(activation: Any, z: Any, a: Any, unit: int) -> list[tuple[str, str]]:
    """For how many rows a unit says nothing: it is 0, or at a bound, so that no gradient passes."""
    if activation.name == "relu":
        return [("is 0 for", f"{percent(np.mean(z[:, unit] <= 0))} of rows")]
    if np.isfinite(activation.low) and np.isfinite(activation.high) and not activation.normalised:
        slopes = np.abs(activation.backward(np.ones_like(z), z, a))[:, unit]
        middle = np.zeros((1, 1))
        steepest = activation.backward(np.ones((1, 1)), middle, activation.forward(middle))
        return [("at a bound for", f"{percent(np.mean(slopes < FLAT * abs(steepest)))} of rows")]
    return []


def _edge(view: View, case: Case, selection: Selection) -> dict[str, Any]:
    at = parameter(view.network, selection)
    assert at is not None
    column, network = selection.layer, view.network
    layer = dense_layers(network)[column - 1]
    to = unit_name(view, column, selection.unit)
    bias = selection.source < 0
    weight, gradient = float(network.theta[at]), _gradient(view)
    traced = _trace(view, case.x)
    given = 1.0 if bias else float(traced.x[layer][0, selection.source])
    of = "bias" if bias else unit_name(view, column - 1, selection.source)
    _, _, which = _rows(view)
    facts = [
        ("bias" if bias else "weight", number(weight)),
        ("gradient", number(float(gradient[at]))),
        ("before training", number(float(view.run.start[at]))),
        (f"for {case.name}", f"{number(given)} × {number(weight)} = {number(given * weight)}"),
        ("of the sum z", number(float(traced.z[layer][0, selection.unit]))),
    ]  # fmt: skip
    ends = [(to, float(traced.a[layer][0, selection.unit]), f"unit-{column}-{selection.unit}")]
    if not bias:
        ends.insert(0, (of, given, f"unit-{column - 1}-{selection.source}"))
    return _made(
        f"{of} → {to}", f"The gradient is the slope of the loss of {which}.", facts,
        [_listed(f"Its ends, for {case.name}", ends)],
    )  # fmt: skip


def _row(view: View, case: Case) -> dict[str, Any]:
    from pellucid.attribution import attribute

    target, output = view.material.target, view.predict(case.x)
    loss = view.network.objective.rows(_trace(view, case.x), case.y)
    facts = [(view.material.target_name, _plain(case.answer)),
             ("predicted", _plain(target.decode(output)[0]))]  # fmt: skip
    lists = []
    if isinstance(target, ClassTarget):
        p = target.probabilities(output)[0]
        facts.append(("with", percent(p.max())))
        lists.append(_listed("How likely", [
            (str(label), float(share), "") for label, share in zip(target.classes, p, strict=True)
        ]))  # fmt: skip
    else:
        off = float(target.decode(output)[0]) - float(case.answer)
        facts.append(("off by", number(off)))
    facts.append(("loss", number(float(loss[0]))))
    about = "What each column did for the answer is against {}."
    try:
        why = attribute(view.predictor, case.frame)
    except ValueError as error:
        return _made(case.name.capitalize(), str(error), facts, lists)
    given = case.frame.to_dicts()[0]
    rows = [(f"{name} = {_plain(given.get(name))}", float(value), "")
            for name, value in zip(why.columns, why.values[0], strict=True)]  # fmt: skip
    what = f"{why.of} of {why.explained[0]}" if why.of != "number" else str(why.explained[0])
    lists.append(_listed(f"What each column did for the {what}", rows))
    made = _made(case.name.capitalize(), about.format(f"a baseline: {why.baseline}"), facts, lists)
    made["lists"][-1]["sum"] = (
        f"{number(float(why.baseline_outputs[0]))} + {number(float(why.sums[0]))} = "
        f"{number(float(why.outputs[0]))}"
    )
    return made


def _plain(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return number(float(value))
    if isinstance(value, int):
        return str(value).replace("-", "−")
    return "missing" if value is None else str(value)


def _listed(title: str, rows: Sequence[tuple[str, float, str]]) -> dict[str, Any]:
    """Rows with their bars, those of the largest numbers first."""
    order = sorted(rows, key=lambda row: -abs(row[1]))
    most = max((abs(row[1]) for row in order if np.isfinite(row[1])), default=0.0) or 1.0
    kept = order[:MOST_LISTED]
    return {
        "title": title,
        "rows": [{"name": name, "value": number(value), "part": value / most, "pick": pick}
                 for name, value, pick in kept],
        "more": len(order) - len(kept),
    }  # fmt: skip


def _made(
    title: str, about: str, facts: Sequence[tuple[str, str]], lists: list[dict[str, Any]]
) -> dict[str, Any]:
    return {"title": title, "about": about, "facts": [list(fact) for fact in facts], "lists": lists}
