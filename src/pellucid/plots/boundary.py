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
from pellucid.plots.labels import distinct, shortened
from pellucid.plots.palette import Theme
from pellucid.plots.plane import apart, numbers_of, pair_of, places
from pellucid.subject import Subject, subject_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from numpy.typing import NDArray

MOST_POINTS = 2000
"""Of more rows so many are drawn, spread evenly over them."""

MOST_IN_LEGEND = 20
"""Classes up to which a legend names them; more are named in their regions."""

ROUNDS, MOST_ARTISTS = 8, 60
"""Points are drawn a part of each class at a time, in so many turns, so that none hides another."""

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
    points_ : what `ax.scatter` drew, a part of one class each. Rows that lie on one another are
        moved a little apart.
    outside : rows that lie beyond the plane's edges, and are not drawn.

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
        features : the two columns to draw, by name or by place from 0; of more than two, those that
            change the answer most where it is not said.
        target : of several numbers predicted, which one to draw, from 0.
        resolution : places along either axis.
        heading : the title; by default the hidden size.

        Raises
        ------
        ValueError
            If there are not two columns of numbers, or the classes of a row are several.
        """
        subject = subject_of(model)
        if subject.classes is not None and not subject.exclusive:
            raise ValueError("a row may have several classes at once: there is no boundary to draw")
        if resolution < 2:
            raise ValueError(f"resolution is {resolution}: expected 2 or more")
        columns = columns_of(subject, X)
        pair = pair_of(subject, X, columns, features, target)
        points = np.column_stack([numbers_of(columns[name], name) for name in pair])
        x0, x1 = (places(points[:, i], pair[i], resolution) for i in (0, 1))
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
            # Names are fitted into their regions, which have their places from here on.
            ax.set_xlabel(shortened(self.names[0], 40), parse_math=False)
            ax.set_ylabel(shortened(self.names[1], 40), parse_math=False)
            beyond = f"\n{_rows(self.outside)} beyond the edges" if self.outside else ""
            ax.set_title(self.heading + beyond)
            ax.set(xlim=self._limits(0, self.x0), ylim=self._limits(1, self.x1))
            if self.classes is None:
                self._draw_surface(ax, theme, key, size)
            else:
                self._draw_regions(ax, theme, key, size)
        return self

    def _heading(self) -> str:
        what = " by ".join(self.names)
        return f"{self.title} of {what}: {', '.join(self.heading.splitlines())}"

    @property
    def _inside(self) -> NDArray[np.intp]:
        """The rows that lie in the plane."""
        if self.X is None:
            return np.zeros(0, np.intp)
        ends = np.array([[self.x0[0], self.x1[0]], [self.x0[-1], self.x1[-1]]])
        return np.flatnonzero(((ends[0] <= self.X) & (ends[1] >= self.X)).all(axis=1))

    @property
    def outside(self) -> int:
        """Rows beyond the edges."""
        known = 0 if self.X is None else int(np.isfinite(self.X).all(axis=1).sum())
        return known - len(self._inside)

    @property
    def _drawn_rows(self) -> NDArray[np.intp]:
        inside = self._inside
        n = len(inside)
        return inside[np.linspace(0, n - 1, min(n, MOST_POINTS)).astype(np.intp)]

    def _limits(self, i: int, places: NDArray[Any]) -> tuple[float, float]:
        """The ends of an axis: of the plane, with room for points that lie on its edge."""
        room = 0.03 * (places[-1] - places[0])
        points = np.zeros(0) if self.X is None else self.X[self._inside, i]
        low, high = points.min(initial=np.inf) - room, points.max(initial=-np.inf) + room
        return float(min(low, places[0])), float(max(high, places[-1]))

    def _places_of(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        points = np.asarray(self.X, np.float64)[rows]
        return apart(points, self.x0[-1] - self.x0[0], self.x1[-1] - self.x1[0])

    def _draw_points(
        self, ax: Axes, theme: Theme, styles: list[tuple[str, str]], size: float
    ) -> None:
        """Rows in the colours and shapes of their classes, by turns."""
        rows = self._drawn_rows
        rows = np.random.default_rng(0).permutation(rows)
        at = self._places_of(rows)
        codes = np.full(len(rows), -1) if self.y is None else self.y[rows]
        found = np.unique(codes)
        few = len(styles) <= len(theme.colours)
        rounds = max(1, min(ROUNDS, MOST_ARTISTS // max(len(found), 1)))
        for part in np.array_split(np.arange(len(rows)), rounds):
            for c in found:
                here = part[codes[part] == c]
                if not len(here):
                    continue
                colour, marker = styles[int(c)] if c >= 0 else (theme.muted, "o")
                edge: dict[str, Any] = {"edgecolors": theme.ground}
                edge["linewidths"] = 0.6 if few else 0.25
                drawn = ax.scatter(
                    at[here, 0], at[here, 1], s=size, color=colour, marker=marker, zorder=3,
                    clip_on=False, **({} if marker in UNFILLED else edge),
                )  # fmt: skip
                self.points_.append(drawn)

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
            self._draw_points(ax, theme, styles, size)
        if key and k <= MOST_IN_LEGEND:
            marks = [Line2D([], [], color=c, marker=m, linestyle="") for c, m in styles]
            legend = ax.legend(marks, distinct(names), loc="center left", bbox_to_anchor=(1.0, 0.5))
            for text in legend.get_texts():
                text.set_parse_math(False)
        elif key:
            self._name_regions(ax, theme, taken)

    def _name_regions(self, ax: Axes, theme: Theme, taken: NDArray[np.intp]) -> None:
        """Each class's name within its region, the largest first, as far as there is room."""
        from matplotlib.patheffects import withStroke

        places, counts = np.unique(taken, return_counts=True)
        figure: Any = ax.get_figure(root=True)
        figure.draw_without_rendering()
        texts = distinct(self.classes or ())
        frame = ax.get_window_extent()
        occupied: list[Any] = []
        for c in places[np.argsort(-counts, kind="stable")]:
            i, j = np.argwhere(taken == c)[_innermost(taken == c)]
            text = ax.text(
                self.x0[j],
                self.x1[i],
                texts[c],
                ha="center",
                va="center",
                fontsize=8.0,
                parse_math=False,
                weight="bold",
                color=theme.ink,
                path_effects=[withStroke(linewidth=2.5, foreground=theme.ground)],
                zorder=5,
            )
            box = text.get_window_extent()
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
            at = self._places_of(rows)
            drawn = ax.scatter(
                at[:, 0],
                at[:, 1],
                s=size,
                clip_on=False,
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


def _rows(n: int) -> str:
    return f"{n:,} row{'s' if n > 1 else ''}"


def _innermost(region: NDArray[np.bool_]) -> int:
    """The one of a region's cells, by its place among them, that is nearest to all others."""
    cells = np.argwhere(region)
    return int(np.abs(cells - np.median(cells, axis=0)).sum(axis=1).argmin())
