"""A decision boundary is where, in a plane of two columns, a model's answer changes.

Classes are regions, shaded by how sure the model is; a number predicted is a surface. Columns that
are not drawn are held at their medians, or where they hold no numbers at what is most frequent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.columns import listed
from pellucid.export.program import NUMBER
from pellucid.plots.columns import columns_of
from pellucid.plots.display import Display
from pellucid.plots.holding import held
from pellucid.plots.labels import shortened
from pellucid.plots.palette import Theme
from pellucid.registry import near
from pellucid.subject import Subject, subject_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from numpy.typing import NDArray

MOST_POINTS = 2000
"""Of more rows so many are drawn, spread evenly over them."""

UNFILLED = "1234"
"""Markers that are made of lines alone, and so have no edge."""

PALEST, DEEPEST = 0.10, 0.50
"""Opacity of a region where the model could not say, and where it is certain."""


class DecisionBoundaryDisplay(Display):
    """What a model answers all over a plane, with data over it.

    Parameters
    ----------
    x0, x1 : (m,) places along either axis.
    answers : (m, m, n_classes) probabilities, or (m, m, 1) numbers; first by x1, then by x0.
    names : of the two columns.
    X : (n, 2) points to draw, or None.
    y : (n,) their classes by place, or their numbers; None where they are not known.
    classes : labels, or None if numbers are predicted.
    target_name : what is predicted.
    heading : the title, such as the hidden size.

    Attributes
    ----------
    surface_ : the QuadMesh of classes by their places, or of numbers.
    points_ : what `ax.scatter` drew, one a class.

    Examples
    --------
    >>> from pellucid import Network, datasets
    >>> moons = datasets.load("moons")
    >>> network = Network([2, 20, 2], "tanh", "softmax", seed=0)
    >>> history = network.train(moons.X, moons.y, solver="lbfgs", epochs=100)
    >>> display = DecisionBoundaryDisplay.from_estimator(network, moons.X, moons.y)
    >>> display.ax_.get_title()
    'hidden 20'
    """

    title = "decision boundary"
    surface_: QuadMesh
    points_: list[Any]

    def __init__(
        self,
        x0: NDArray[Any],
        x1: NDArray[Any],
        answers: NDArray[Any],
        *,
        names: tuple[str, str] = ("x1", "x2"),
        X: NDArray[Any] | None = None,
        y: NDArray[Any] | None = None,
        classes: Sequence[Any] | None = None,
        target_name: str = "target",
        heading: str = "",
    ) -> None:
        self.x0, self.x1, self.answers = x0, x1, answers
        self.names, self.X, self.y = names, X, y
        self.classes = None if classes is None else tuple(map(str, classes))
        self.target_name, self.heading = target_name, heading

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        y: Any = None,
        *,
        features: tuple[str | int, str | int] | None = None,
        target: int = 0,
        resolution: int = 150,
        heading: str | None = None,
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """The boundary of a fitted model around the rows of X.

        Parameters
        ----------
        model : fitted, of any kind, or the path of a model file.
        X : rows, as the model's `predict` takes them.
        y : (n,) labels or numbers, for the colours of the points.
        features : the two columns to draw, by name or by place from 0; needed if there are more.
        target : of several numbers predicted, which one to draw, from 0.
        resolution : places along either axis.
        heading : the title; by default the hidden size.

        Raises
        ------
        ValueError
            If two columns of numbers are not given or chosen, or the classes of a row are several.
        """
        subject = subject_of(model)
        if subject.classes is not None and not subject.exclusive:
            raise ValueError("a row may have several classes at once: there is no boundary to draw")
        if resolution < 2:
            raise ValueError(f"resolution is {resolution}: expected 2 or more")
        columns = columns_of(subject, X)
        pair = _pair(subject, features)
        points = np.column_stack([_numbers(columns[name], name) for name in pair])
        x0, x1 = (_places(points[:, i], pair[i], resolution) for i in (0, 1))
        across, up = np.meshgrid(x0, x1)
        grid = held(subject, X, {pair[0]: across.ravel(), pair[1]: up.ravel()})
        answers = subject.answers(grid)
        if subject.classes is None:
            if not 0 <= target < answers.shape[1]:
                raise ValueError(f"target is {target}: the model predicts {answers.shape[1]}")
            answers = answers[:, [target]]
        if heading is None:
            heading = hidden_size(subject)
            others = len(columns) - 2
            if others:
                kinds = {c.kind for c in subject.taken if c.name not in pair}
                many = f"{others} other columns" if others > 1 else "the other column"
                usual = "usual values" if kinds - {NUMBER} else "medians"
                usual = f"their {usual}" if others > 1 else f"its {usual.removesuffix('s')}"
                heading += f"\n{many} held at {usual}"
        return cls(
            x0,
            x1,
            answers.reshape(resolution, resolution, -1),
            names=pair,
            X=points,
            y=None if y is None else answers_given(subject, y, target),
            classes=subject.classes,
            target_name=subject.target_name,
            heading=heading,
        ).plot(ax, style=style)

    def plot(
        self, ax: Axes | None = None, *, style: str = "auto", key: bool = True, size: float = 18.0
    ) -> Self:
        """Draw the regions or the surface, and the points over it.

        Parameters
        ----------
        ax : matplotlib Axes; a new figure's where None.
        style : "light" or "dark"; "auto" goes by the ground of `ax`.
        key : whether a legend or a colour bar is drawn.
        size : of the points, in square points.
        """
        with self._canvas(ax, style, key=key, size=size) as (ax, theme):
            if self.classes is None:
                self._draw_surface(ax, theme, key, size)
            else:
                self._draw_regions(ax, theme, key, size)
            ax.set(xlabel=self.names[0], ylabel=self.names[1])
            ax.set_title(self.heading)
            ax.set(xlim=(self.x0[0], self.x0[-1]), ylim=(self.x1[0], self.x1[-1]))
        return self

    def _heading(self) -> str:
        what = " by ".join(self.names)
        return f"{self.title} of {what}: {', '.join(self.heading.splitlines())}"

    @property
    def _drawn_rows(self) -> NDArray[np.intp]:
        n = 0 if self.X is None else len(self.X)
        return (
            np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).astype(np.intp))
            if n
            else (np.zeros(0, np.intp))
        )

    def _draw_regions(self, ax: Axes, theme: Theme, key: bool, size: float) -> None:
        from matplotlib.colors import ListedColormap
        from matplotlib.lines import Line2D

        names = self.classes or ()
        k, styles = len(names), theme.styles(len(names))
        taken = self.answers.argmax(axis=-1)
        surest = self.answers.max(axis=-1) / np.maximum(self.answers.sum(axis=-1), 1e-12)
        certain = np.clip((surest - 1 / k) / (1 - 1 / k), 0.0, 1.0)
        self.surface_ = ax.pcolormesh(
            self.x0,
            self.x1,
            taken,
            cmap=ListedColormap([colour for colour, _ in styles]),
            vmin=-0.5,
            vmax=k - 0.5,
            alpha=PALEST + (DEEPEST - PALEST) * certain,
            shading="nearest",
            rasterized=True,
        )
        second, best = np.moveaxis(np.sort(self.answers, axis=-1)[..., -2:], -1, 0)
        for c in np.unique(taken)[: None if k > 2 else 1]:
            lead = self.answers[..., c] - np.where(taken == c, second, best)
            if lead.min() < 0 < lead.max():
                ax.contour(self.x0, self.x1, lead, [0.0], colors=theme.ink, linewidths=0.8)
        self.points_ = []
        if self.X is not None:
            rows = self._drawn_rows
            edge: dict[str, Any] = {"edgecolors": theme.ground}
            edge["linewidths"] = 0.6 if k <= len(theme.colours) else 0.25
            codes = np.full(len(rows), -1) if self.y is None else self.y[rows]
            for c in np.unique(codes):
                colour, marker = styles[int(c)] if c >= 0 else (theme.muted, "o")
                here = rows[codes == c]
                drawn = ax.scatter(
                    self.X[here, 0],
                    self.X[here, 1],
                    s=size,
                    color=colour,
                    marker=marker,
                    zorder=3,
                    **({} if marker in UNFILLED else edge),
                )
                self.points_.append(drawn)
        if key and k <= len(theme.colours):
            marks = [
                Line2D([], [], color=c, marker=m, linestyle="", label=shortened(n))
                for (c, m), n in zip(styles, names, strict=True)
            ]
            ax.legend(handles=marks, loc="center left", bbox_to_anchor=(1.0, 0.5))
        elif key:
            self._name_regions(ax, theme, taken)

    def _name_regions(self, ax: Axes, theme: Theme, taken: NDArray[np.intp]) -> None:
        """Each class's name within its region, the largest first, as far as there is room."""
        from matplotlib.patheffects import withStroke

        places, counts = np.unique(taken, return_counts=True)
        figure: Any = ax.get_figure(root=True)
        figure.draw_without_rendering()
        occupied: list[Any] = []
        for c in places[np.argsort(-counts, kind="stable")]:
            i, j = np.argwhere(taken == c)[_innermost(taken == c)]
            text = ax.text(
                self.x0[j],
                self.x1[i],
                shortened((self.classes or ())[c]),
                ha="center",
                va="center",
                fontsize=8.0,
                parse_math=False,
                weight="bold",
                color=theme.ink,
                path_effects=[withStroke(linewidth=2.5, foreground=theme.ground)],
                zorder=5,
            )
            box, frame = text.get_window_extent(), ax.get_window_extent()
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1
            if (
                not inside
                or not frame.y0 <= box.y0
                or not box.y1 <= frame.y1
                or any(box.overlaps(other) for other in occupied)
            ):
                text.remove()
            else:
                occupied.append(box.expanded(1.1, 1.1))

    def _draw_surface(self, ax: Axes, theme: Theme, key: bool, size: float) -> None:
        values = self.answers[..., 0]
        given = [] if self.y is None else [self.y[self._drawn_rows]]
        known = np.concatenate([values.ravel(), *given])
        shades: dict[str, Any] = {
            "cmap": "cividis", "vmin": np.nanmin(known), "vmax": np.nanmax(known)
        }  # fmt: skip
        self.surface_ = ax.pcolormesh(
            self.x0, self.x1, values, shading="nearest", rasterized=True, **shades
        )
        if np.ptp(values):
            ax.contour(self.x0, self.x1, values, 8, colors="#ffffff", linewidths=0.6, alpha=0.5)
        self.points_ = []
        if self.X is not None:
            rows = self._drawn_rows
            colours: dict[str, Any] = (
                {"color": theme.muted} if self.y is None else {"c": self.y[rows], **shades}
            )
            drawn = ax.scatter(
                self.X[rows, 0],
                self.X[rows, 1],
                s=size,
                edgecolors="#ffffff",
                linewidths=0.6,
                zorder=3,
                **colours,
            )
            self.points_.append(drawn)
        if key:
            ax.figure.colorbar(self.surface_, ax=ax, label=self.target_name)


def hidden_size(subject: Subject) -> str:
    """The units of the hidden layers, in words.

    Examples
    --------
    >>> from pellucid import Network
    >>> hidden_size(subject_of(Network([2, 20, 5, 1])))
    'hidden 20, 5'
    """
    layers = subject.network.architecture.layers[:-1]
    sizes = ", ".join(str(layer.n_out) for layer in layers if layer.kind == "dense")
    words = f"hidden {sizes}" if sizes else "no hidden layer"
    n = len(subject.networks)
    return f"{n} networks, {words}" if n > 1 else words


def answers_given(subject: Subject, y: Any, target: int = 0) -> NDArray[Any]:
    """The places of labels among the model's classes (n,), or the numbers asked of it (n,)."""
    values = np.asarray(y)
    if subject.classes is None:
        return values.reshape(len(values), -1)[:, target].astype(np.float64)
    if values.ndim == 2 and values.shape[1] > 1:
        return np.asarray(values.argmax(axis=1))
    codes = {str(label): i for i, label in enumerate(subject.classes)}
    found = [codes.get(str(label)) for label in values.ravel().tolist()]
    if None in found:
        unknown = values.ravel().tolist()[found.index(None)]
        raise ValueError(f"y holds {unknown!r}: expected one of {listed(subject.classes)}")
    return np.array(found, dtype=np.intp)


def _pair(subject: Subject, features: tuple[str | int, str | int] | None) -> tuple[str, str]:
    """The names of the two columns to draw."""
    names = subject.columns
    numbers = [column.name for column in subject.taken if column.kind == NUMBER]
    if features is None:
        if len(names) != 2:
            raise ValueError(
                f"the model takes {len(names)} columns: choose two to draw, such as "
                f"features={tuple(numbers[:2])!r}"
            )
        features = (names[0], names[1])
    if len(features) != 2 or features[0] == features[1]:
        raise ValueError(f"features is {features!r}: expected two columns")
    made = []
    for one in features:
        if isinstance(one, int | np.integer) and not isinstance(one, bool):
            if not 0 <= one < len(names):
                raise ValueError(f"there is no column {one}: expected 0 to {len(names) - 1}")
            one = names[one]
        if one not in names:
            raise ValueError(f"the model takes no column {one!r}: {near(str(one), names)}")
        if one not in numbers:
            raise ValueError(
                f"column {one!r} holds no numbers, so it cannot be an axis: choose two of "
                f"{listed(numbers)}"
            )
        made.append(str(one))
    return made[0], made[1]


def _numbers(column: NDArray[Any], name: str) -> NDArray[np.float64]:
    try:
        return column.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"column {name!r} holds what is no number: it cannot be an axis") from None


def _places(x: NDArray[np.float64], name: str, resolution: int) -> NDArray[np.float64]:
    """Where the model is asked along an axis: a little beyond the data either way."""
    known = x[np.isfinite(x)]
    if not len(known):
        raise ValueError(f"column {name!r} holds no number in these rows")
    low, high = float(known.min()), float(known.max())
    margin = 0.08 * (high - low) or 0.5 * max(abs(low), 1.0)
    return np.linspace(low - margin, high + margin, resolution)


def _innermost(region: NDArray[np.bool_]) -> int:
    """The one of a region's cells, by its place among them, that is nearest to all others."""
    cells = np.argwhere(region)
    return int(np.abs(cells - np.median(cells, axis=0)).sum(axis=1).argmin())
