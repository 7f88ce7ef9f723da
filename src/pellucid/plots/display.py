"""A display is a picture that keeps the numbers it shows, by scikit-learn's conventions.

`from_estimator` and `from_predictions` compute the numbers and draw them; the numbers are the
display's attributes, and what was drawn is `ax_`, `figure_` and further artists whose names end in
an underscore. `plot` draws them again, elsewhere or in another style.
"""

from __future__ import annotations

import base64
import copy
import html
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from io import BytesIO
from math import isfinite
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.plots.figures import REPEATABLE, new_figure, refuse_without_matplotlib, save
from pellucid.plots.palette import Theme, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Display:
    """The base of every picture: it finds the Axes and the colours, and shows and saves itself.

    A subclass keeps its numbers in `__init__`, and writes `plot` thus::

        def plot(self, ax=None, *, style="auto", names=True):
            with self._canvas(ax, style, names=names) as (ax, theme):
                (self.line_,) = ax.plot(self.x, self.y, color=theme.training)
            return self
    """

    title = "Picture"
    """What is shown, in a word or two."""

    ax_: Axes
    figure_: Figure
    _options: dict[str, Any]

    def plot(self, ax: Axes | None = None, *args: Any, **kwargs: Any) -> Self:
        """Draw on `ax`, or on a figure of its own.

        Parameters
        ----------
        ax : matplotlib Axes; a new figure's where None.
        style : "light" or "dark"; "auto" goes by the ground of `ax`, and is light without one.

        Returns
        -------
        The display itself, with `ax_`, `figure_` and the artists.
        """
        raise NotImplementedError(f"{type(self).__name__} has no plot of its own")

    @property
    def _size(self) -> tuple[float, float]:
        """Width and height in inches of a figure of its own."""
        return 5.6, 4.2

    @contextmanager
    def _canvas(self, ax: Axes | None, style: str, **options: Any) -> Iterator[tuple[Axes, Theme]]:
        """The Axes to draw on and its theme, whose settings hold while drawing."""
        refuse_without_matplotlib()
        from matplotlib import rc_context
        from matplotlib.axes import Axes

        if not (ax is None or isinstance(ax, Axes)):
            raise TypeError(f"ax is a {type(ax).__name__}: expected one matplotlib Axes, or None")

        colours = theme(style, ax)
        with rc_context(colours.settings):
            own = ax is None
            if ax is None:
                ax = new_figure(*self._size, colours.name).add_subplot()
            before = set(map(id, ax.figure.axes))
            yield ax, colours
            drawn = ax.figure.axes if own else [ax]
            added = [each for each in ax.figure.axes if id(each) not in before]
            for each in {id(a): a for a in (*drawn, *added)}.values():
                _keep_tick_colours(each, colours)
        figure: Any = ax.get_figure(root=True)  # not the part of one that a SubFigure is
        self.ax_, self.figure_ = ax, figure
        self._options = options

    def save(
        self, path: str | os.PathLike[str], dpi: float = 150, style: str | None = None
    ) -> None:
        """Write the picture as .png, .svg or .pdf, as the file's name ends.

        `style` draws it anew on a figure of its own.

        Raises
        ------
        ValueError
            If it ends otherwise.
        """
        shown = self._drawn() if style is None else self.again(style)
        save(shown.figure_, path, dpi)

    def to_svg(self, style: str | None = None) -> str:
        """The picture as SVG text; `style` draws it anew on a figure of its own."""
        from matplotlib import rc_context

        shown = self._drawn() if style is None else self.again(style)
        written = BytesIO()
        shown.figure_.draw_without_rendering()
        with rc_context({"svg.hashsalt": "pellucid", "svg.fonttype": "path"}):
            shown.figure_.savefig(written, format="svg", dpi=110, metadata=REPEATABLE["svg"])
        return written.getvalue().decode()

    def to_html(self) -> str:
        """An HTML element that needs no other file: light or dark, as the reader's page is."""
        dark, light = (_data_url(self.to_svg(style)) for style in ("dark", "light"))
        return (
            "<picture>"
            f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">'
            f'<img src="{light}" alt="{html.escape(str(self))}" style="max-width:100%">'
            "</picture>"
        )

    def to_dict(self) -> dict[str, Any]:
        """The numbers that are shown, for JSON; null where one is not finite."""
        kept = {name: value for name, value in vars(self).items() if name.strip("_") == name}
        return {"title": str(self)} | {name: _plain(value) for name, value in kept.items()}

    def __str__(self) -> str:
        return self._heading()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def _heading(self) -> str:
        """The title with the number that matters most, for those too who cannot see the picture."""
        return self.title

    def _repr_html_(self) -> str:
        image = _data_url(self.to_svg())
        return f'<img src="{image}" alt="{html.escape(str(self))}" style="max-width:100%">'

    def _drawn(self) -> Self:
        return self if hasattr(self, "figure_") else self.plot()

    def again(self, style: str) -> Self:
        """A copy drawn on a figure of its own in that style, with the same options otherwise."""
        return copy.copy(self).plot(None, style=style, **getattr(self, "_options", {}))


def _keep_tick_colours(ax: Axes, colours: Theme) -> None:
    """Ticks are made when the figure is drawn, which is after the theme's settings have gone."""
    ax.tick_params(axis="both", which="both", color=colours.muted, labelcolor=colours.ink)


def _plain(value: Any) -> Any:
    """Lists, dicts, texts and numbers in the place of whatever a display keeps."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Display):
        return value.to_dict()
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclass_fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def _data_url(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
