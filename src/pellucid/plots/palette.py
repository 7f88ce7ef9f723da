"""A palette is the colours of a picture: told apart by every eye, and legible on their ground.

The hues are those of Okabe and Ito (Color Universal Design, 2008), which people who see red and
green alike still tell apart. Each theme keeps the ones that stand out from its ground by a contrast
of 3 or more, which is what the Web's guidelines ask of graphics, and darkens those that do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*", "h", "d", "8", "H", "1", "2")
"""The shapes of points, in the order in which classes take them."""


@dataclass(frozen=True)
class Theme:
    """The colours of pictures on one ground, each as "#rrggbb".

    Parameters
    ----------
    name : "light" or "dark".
    ground, ink : behind everything; words and axes.
    muted, line : words and lines that only help to read, such as ticks and a diagonal; a grid.
    colours : of classes and curves, the most different first.
    low_to_high : stops of the sequential colormap, from nothing (the ground) to much.
    below_to_above : stops of the diverging colormap, from negative over nothing to positive.
    """

    name: str
    ground: str
    ink: str
    muted: str
    line: str
    colours: tuple[str, ...]
    low_to_high: tuple[str, ...]
    below_to_above: tuple[str, ...]

    @property
    def training(self) -> str:
        """The colour of training data and of a network's own numbers."""
        return self.colours[0]

    @property
    def validation(self) -> str:
        """The colour of validation data, and of what is set against `training`."""
        return self.colours[1]

    @property
    def sequential(self) -> Colormap:
        """From nothing to much, ever further from the ground."""
        return _colormap(f"pellucid {self.name} sequential", self.low_to_high)

    @property
    def diverging(self) -> Colormap:
        """From negative (vermilion) over nothing (the ground) to positive (blue)."""
        return _colormap(f"pellucid {self.name} diverging", self.below_to_above)

    def styles(self, k: int) -> list[tuple[str, str]]:
        """(colour, marker) of each of `k` classes: 17 differ in shape, 102 in either."""
        n = len(self.colours)
        return [(self.colours[i % n], MARKERS[i % len(MARKERS)]) for i in range(k)]

    def text_on(self, colour: Any) -> str:
        """Black or white, whichever is read better on `colour`."""
        return max(("#000000", "#ffffff"), key=lambda text: contrast(text, colour))

    @property
    def settings(self) -> Any:
        """matplotlib's settings for a picture on this ground: `with rc_context(theme.settings)`."""
        from cycler import cycler

        grounds = ("figure.facecolor", "axes.facecolor", "legend.facecolor", "savefig.facecolor")
        inks = ("text.color", "axes.labelcolor", "axes.titlecolor", "legend.labelcolor")
        return {
            **dict.fromkeys(grounds, self.ground),
            **dict.fromkeys(inks, self.ink),
            **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), self.muted),
            **dict.fromkeys(("xtick.labelcolor", "ytick.labelcolor"), self.ink),
            **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
            "grid.color": self.line,
            "axes.prop_cycle": cycler(color=self.colours),
            "image.cmap": "cividis",
            "font.size": 9.0,
            "axes.titlesize": 10.5,
            "axes.labelsize": 9.0,
            "xtick.labelsize": 8.5,
            "ytick.labelsize": 8.5,
            "legend.fontsize": 8.5,
            "legend.frameon": False,
            **dict.fromkeys(
                ("figure.constrained_layout.h_pad", "figure.constrained_layout.w_pad"), 0.08
            ),
        }


THEMES = {
    "light": Theme(
        "light",
        ground="#ffffff",
        ink="#1b1e24",
        muted="#5d6470",
        line="#d9dce1",
        colours=("#0072b2", "#d55e00", "#009e73", "#842c6e", "#7b3f00", "#14171c"),
        low_to_high=("#ffffff", "#cfe2f1", "#8abbdd", "#3a8bc0", "#0b4a80", "#062a4d"),
        below_to_above=(
            "#8f3b00",
            "#d55e00",
            "#f4b98f",
            "#ffffff",
            "#94c3e3",
            "#0072b2",
            "#00416b",
        ),
    ),
    "dark": Theme(
        "dark",
        ground="#16181d",
        ink="#e8eaee",
        muted="#a4abb8",
        line="#363b45",
        colours=("#56b4e9", "#e69f00", "#00ad7e", "#b565a0", "#f0e442", "#d5d8de"),
        low_to_high=("#16181d", "#1c3a56", "#1f6296", "#3f9ad2", "#8fcdf2", "#e3f4ff"),
        below_to_above=(
            "#ffd9a0",
            "#e69f00",
            "#704f0c",
            "#16181d",
            "#1f5475",
            "#56b4e9",
            "#cdeaff",
        ),
    ),
}
"""What `style=` of every picture takes, beside "auto"."""


def theme(style: str = "auto", ax: Axes | None = None) -> Theme:
    """The theme of that name; "auto" is the one that fits the ground of `ax`, and light without.

    Raises
    ------
    ValueError
        If there is no such theme.

    Examples
    --------
    >>> theme("dark").ground
    '#16181d'
    """
    if style == "auto":
        dark = ax is not None and contrast(_ground(ax), "#ffffff") > contrast(
            _ground(ax), "#000000"
        )
        return THEMES["dark" if dark else "light"]
    if style not in THEMES:
        known = ", ".join(map(repr, ("auto", *THEMES)))
        raise ValueError(f"style is {style!r}: expected one of {known}")
    return THEMES[style]


def contrast(one: Any, other: Any) -> float:
    """How far two colours stand apart, from 1 to 21 (WCAG 2.2, contrast ratio).

    Examples
    --------
    >>> contrast("#ffffff", "#000000")
    21.0
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Any) -> float:
    from matplotlib.colors import to_rgb

    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])


def _ground(ax: Axes) -> Any:
    """What is seen behind the Axes: its own colour, or that of its figure where it has none."""
    face: Any = ax.get_facecolor()
    return face if face[3] > 0.5 else ax.figure.get_facecolor()


def _colormap(name: str, stops: tuple[str, ...]) -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(name, stops)
