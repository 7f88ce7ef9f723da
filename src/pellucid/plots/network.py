"""A network diagram shows a network's real weights and, for one row, what runs through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.plots.columns import columns_of
from pellucid.plots.diagram import DEEPEST, KEY_DOT, KEY_LINE, Diagram, Words
from pellucid.plots.diagram_svg import svg_of
from pellucid.plots.display import Display
from pellucid.plots.laying_out import lay_out
from pellucid.plots.lettering import brief
from pellucid.plots.member import member_of
from pellucid.plots.palette import Theme
from pellucid.subject import NUMERIC, Subject, subject_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import EllipseCollection, LineCollection
    from numpy.typing import NDArray

POINTS = 0.75
"""Points in a pixel of a diagram that is drawn at its own size."""


class NetworkDisplay(Display):
    """Units as circles, weights as lines: blue above 0, orange below, the wider the larger.

    Each layer's widest line is its largest weight, which is written below it. A dot at a unit is
    its bias. For a row the units hold their activations, and the model's answer stands beside the
    outputs, in its own unit. Wide layers are condensed to the units that matter most.

    Parameters
    ----------
    diagram : the network laid out.

    Attributes
    ----------
    lines_ : (matplotlib) a LineCollection for each layer, its weights in the order of `edges`.
    units_ : (matplotlib) an EllipseCollection of all units.

    Examples
    --------
    >>> from pellucid import Network
    >>> display = NetworkDisplay.from_estimator(Network([2, 3, 1], seed=0), [1.0, 2.0])
    >>> [len(lines.get_segments()) for lines in display.lines_]
    [6, 3]
    >>> display.to_svg().startswith("<svg")
    True
    """

    title = "network diagram"
    lines_: list[LineCollection]
    units_: EllipseCollection

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram

    @classmethod
    def of(
        cls, model: Any, x: Any = None, *, network: int | None = None, max_units: int = 12
    ) -> Self:
        """The display of a model, not yet drawn: `to_svg` needs no matplotlib.

        Parameters
        ----------
        model : fitted, of any kind, or the path of a model file.
        x : one row, as the model's `predict` takes it, to show activations for.
        network : of several that a model averages, which one, from 1; by default the first.
        max_units : of a layer; of more, the ones that matter most are shown.

        Raises
        ------
        ValueError
            If x is not one row, or there is no such network.
        """
        subject = subject_of(model)
        chosen, n = member_of(subject, network), len(subject.networks)
        inputs = [each.name for each in subject.inputs]
        outputs = _outputs(subject, chosen.architecture.n_outputs)
        note = f"network {network or 1} of {n}" if n > 1 else ""
        if x is None:
            return cls(lay_out(chosen, inputs, outputs, note=note, max_units=max_units))
        encoded = subject.encode(x)
        if len(encoded) != 1:
            raise ValueError(f"x has {len(encoded)} rows: a diagram shows one, such as X[:1]")
        if not subject.takes_tables:
            x = np.atleast_2d(subject.matrix(x))
        answers, said = _answers(subject, x, outputs)
        note += "; the answer is that of all together" if n > 1 else ""
        diagram = lay_out(
            chosen,
            inputs,
            outputs,
            encoded,
            _raw(subject, x, encoded[0]),
            answers,
            "; ".join(filter(None, [said, note])),
            max_units,
        )
        return cls(diagram)

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        x: Any = None,
        *,
        network: int | None = None,
        max_units: int = 12,
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """The diagram of a model, drawn with matplotlib; see `of` and `plot`."""
        return cls.of(model, x, network=network, max_units=max_units).plot(ax, style=style)

    def _heading(self) -> str:
        layers = max(unit.layer for unit in self.diagram.units)
        shown = f"{len(self.diagram.units)} units and {len(self.diagram.edges)} weights"
        return f"{self.title}, {shown} of {layers} layer{'s' if layers > 1 else ''}"

    @property
    def _size(self) -> tuple[float, float]:
        return self.diagram.width / 96.0, self.diagram.height / 96.0

    def to_svg(self, style: str | None = None) -> str:
        """The diagram as SVG text with tooltips; it needs no matplotlib.

        Parameters
        ----------
        style : "light", "dark", or "auto", the default: as the reader's system is set.
        """
        return svg_of(self.diagram, style or "auto", str(self))

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.to_svg()}</div>'

    def to_html(self) -> str:
        """An HTML element that needs no other file: light or dark, as the reader's page is."""
        return self._repr_html_()

    def plot(self, ax: Axes | None = None, *, style: str = "auto") -> Self:
        """Draw with matplotlib; letters are as large as `ax` has room for.

        Parameters
        ----------
        ax : matplotlib Axes; a new figure's, large enough, where None.
        style : "light" or "dark"; "auto" goes by the ground of `ax`.
        """
        own = ax is None
        with self._canvas(ax, style) as (ax, theme):
            figure: Any = ax.get_figure(root=True)
            if own:  # all of the sheet is the diagram's
                figure.set_layout_engine("none")
                ax.set_position((0.0, 0.0, 1.0, 1.0))
            ax.set_axis_off()
            ax.set(xlim=(0.0, self.diagram.width), ylim=(self.diagram.height, 0.0))
            ax.set_aspect("equal")
            size = POINTS if own else _points(ax, figure)
            self._draw_lines(ax, theme, size)
            self._draw_units(ax, theme, size)
            for words in self.diagram.words:
                _write(ax, words, theme, size)
            self._draw_key(ax, theme, size)
        return self

    def _draw_lines(self, ax: Axes, theme: Theme, size: float) -> None:
        from matplotlib.collections import LineCollection
        from matplotlib.colors import to_rgba

        at = self.diagram.by_place
        self.lines_ = []
        for layer in sorted({edge.layer for edge in self.diagram.edges}):
            edges = [edge for edge in self.diagram.edges if edge.layer == layer]
            ends = [(at[layer - 1, e.source], at[layer, e.target]) for e in edges]
            lines = LineCollection(
                [[(s.x, s.y), (t.x, t.y)] for s, t in ends],
                linewidths=[e.width * size for e in edges],
                colors=[to_rgba(_colour(theme, e.weight), e.opacity) for e in edges],
                zorder=1,
            )
            ax.add_collection(lines, autolim=False)
            self.lines_.append(lines)

    def _draw_units(self, ax: Axes, theme: Theme, size: float) -> None:
        from matplotlib.collections import EllipseCollection

        diagram = self.diagram
        across = 2.0 * diagram.radius
        self.units_ = EllipseCollection(
            [across] * len(diagram.units),
            [across] * len(diagram.units),
            [0.0] * len(diagram.units),
            units="xy",
            offsets=[(unit.x, unit.y) for unit in diagram.units],
            offset_transform=ax.transData,
            facecolors=[
                _mixed(theme, diagram.shade(unit), DEEPEST * abs(diagram.shade(unit)))
                for unit in diagram.units
            ],
            edgecolors=theme.muted,
            linewidths=1.2 * size,
            zorder=2,
        )
        ax.add_collection(self.units_, autolim=False)
        for unit in diagram.units:
            inside = diagram.inside(unit)
            ax.text(
                unit.x,
                unit.y,
                inside,
                size=diagram.letters * size,
                ha="center",
                va="center_baseline",
                color=theme.ink,
                zorder=4,
            )
            if unit.bias:
                _dot(ax, theme, *diagram.dot(unit), unit.bias, size)

    def _draw_key(self, ax: Axes, theme: Theme, size: float) -> None:
        marks, words = self.diagram.key
        y = self.diagram.key_y
        for shape, x, sign in marks:
            if shape == "dot":
                _dot(ax, theme, x, y, KEY_DOT, sign, size)
            else:
                colour = _colour(theme, sign)
                ax.plot([x, x + KEY_LINE], [y, y], color=colour, linewidth=3 * size)
        for each in words:
            _write(ax, each, theme, size)


def _outputs(subject: Subject, k: int) -> list[str]:
    """What the outputs of a network are called."""
    if subject.classes is not None and len(subject.classes) == k:
        return [str(label) for label in subject.classes]
    if subject.classes is not None and k == 1 and len(subject.classes) == 2:
        return [str(subject.classes[1])]
    return [subject.target_name] if k == 1 else [f"{subject.target_name}{i + 1}" for i in range(k)]


def _answers(
    subject: Subject, x: Any, outputs: list[str]
) -> tuple[list[list[tuple[str, str, bool]]] | None, str]:
    """The model's answer for a row: lines beside each output, or a line below all of them."""
    answers, k = subject.answers(x)[0], len(outputs)
    if subject.classes is None:
        if len(answers) != k:
            return None, "answer: " + ", ".join(brief(v, 4) for v in answers)
        said = [[(n, f" = {brief(v, 4)}", True)] for n, v in zip(outputs, answers, strict=True)]
        return said, ""
    best = answers.max()
    lines = [
        (str(label), f": {_percent(p)}", bool(p == best if subject.exclusive else p > 0.5))
        for label, p in zip(subject.classes, answers, strict=True)
    ]
    if len(lines) == k:
        return [[line] for line in lines], ""
    if k == 1:
        return [lines], ""
    return None, "answer: " + ", ".join(name + said for name, said, chosen in lines if chosen)


def _percent(p: float) -> str:
    """A probability in per cent, with a decimal where it is small."""
    return f"{100 * p:.1f} %" if 0.0005 <= p < 0.0995 else f"{100 * p:.0f} %"


def _raw(subject: Subject, x: Any, encoded: NDArray[np.float64]) -> list[str]:
    """For each input what the row has in its column, where that is another number."""
    columns = columns_of(subject, x)
    made = []
    for each, value in zip(subject.inputs, encoded, strict=True):
        cell = columns[subject.columns[each.column]][0]
        number = isinstance(cell, float | int | np.number) and not isinstance(cell, bool)
        as_it_is = number and abs(float(cell) - value) <= 1e-6 * abs(value)
        if each.kind != NUMERIC or as_it_is or (number and np.isnan(cell)):
            made.append("")
        else:
            made.append(brief(float(cell), 4) if number else str(cell))
    return made


def _points(ax: Axes, figure: Any) -> float:
    """Points in a pixel of the diagram, as it is fitted into `ax`."""
    figure.draw_without_rendering()  # Axes have their places once they are laid out
    left, right = ax.get_xlim()
    ends = ax.transData.transform([(left, 0.0), (right, 0.0)])
    return float((ends[1, 0] - ends[0, 0]) / (right - left) * 72.0 / figure.dpi)


def _colour(theme: Theme, number: float) -> str:
    """That of a sign."""
    return theme.below_to_above[1] if number < 0 else theme.below_to_above[-2]


def _mixed(theme: Theme, sign: float, share: float) -> tuple[float, ...]:
    """The colour of a sign, let into the ground."""
    from matplotlib.colors import to_rgb

    colour, ground = np.array(to_rgb(_colour(theme, sign))), np.array(to_rgb(theme.ground))
    return tuple(ground + share * (colour - ground))


def _dot(
    ax: Axes, theme: Theme, x: float, y: float, radius: float, sign: float, size: float
) -> None:
    from matplotlib.patches import Circle

    colour = _colour(theme, sign)
    dot = Circle((x, y), radius, fc=colour, ec=theme.ground, linewidth=0.8 * size, zorder=3)
    ax.add_patch(dot)


def _write(ax: Axes, words: Words, theme: Theme, size: float) -> None:
    from matplotlib.patheffects import withStroke

    side = {"start": "left", "middle": "center", "end": "right"}[words.anchor]
    ax.text(
        words.x,
        words.y,
        words.text,
        size=words.size * size,
        parse_math=False,
        ha=side,
        va="center_baseline",
        color=theme.muted if words.role in ("note", "more") else theme.ink,
        weight="bold" if words.role in ("heading", "answer") else "normal",
        path_effects=[withStroke(linewidth=2.5 * size, foreground=theme.ground)],
        zorder=4,
    )
