"""A confusion matrix counts the rows of each true class by the class they were taken for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.columns import listed
from pellucid.plots.answers import classifier
from pellucid.plots.display import Display
from pellucid.plots.labels import (
    LARGEST,
    NAME_SIZE,
    POINTS_AN_INCH,
    SMALLEST,
    cell,
    distinct,
    extent,
    fitting_size,
    name_cells,
)
from pellucid.subject.labels import places_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from pellucid.metrics import ClassificationReport
    from pellucid.plots.palette import Theme

NORMS = (None, "true", "pred", "all")
"""What `normalize` may be: scikit-learn's words."""


class ConfusionMatrixDisplay(Display):
    """True classes down, predicted ones across; shades are parts of the true class's rows.

    A shade goes by the root of the part, so that rare mistakes are seen too. From 2 to 100 classes
    and more: a name or a number that does not fit is left out, and the shade tells. Otherwise as
    scikit-learn's display of that name.

    Parameters
    ----------
    confusion_matrix : (k, k) rows, or parts of them.
    display_labels : (k,) names of the classes; None: from 0.

    Attributes
    ----------
    im_ : the image of the shades (k, k).
    text_ : (k, k) the numbers; None where a count is 0 or does not fit.
    colorbar_ : None without one.

    Examples
    --------
    >>> display = ConfusionMatrixDisplay.from_predictions(["a", "a", "b"], ["a", "b", "b"])
    >>> display.confusion_matrix.tolist(), display.im_.get_array().tolist()
    ([[1, 1], [0, 1]], [[0.5, 0.5], [0.0, 1.0]])
    """

    title = "Confusion matrix"

    def __init__(
        self, confusion_matrix: ArrayLike, *, display_labels: Sequence[Any] | None = None
    ) -> None:
        self.confusion_matrix: NDArray[Any] = np.asarray(confusion_matrix)
        shape = self.confusion_matrix.shape
        if len(shape) != 2 or shape[0] != shape[1] or not shape[0]:
            raise ValueError(f"confusion_matrix has shape {shape}: expected (classes, classes)")
        bad = self.confusion_matrix[~(self.confusion_matrix >= 0)]  # NaN too
        if bad.size:
            raise ValueError(f"confusion_matrix holds {bad[0]}: expected counts, or parts of rows")
        labels = range(shape[0]) if display_labels is None else display_labels
        self.display_labels = [str(label) for label in labels]
        if len(self.display_labels) != shape[0]:
            raise ValueError(
                f"{len(self.display_labels)} display_labels: expected one for each of "
                f"{shape[0]} classes"
            )

    @classmethod
    def from_report(
        cls, report: ClassificationReport, *, ax: Axes | None = None, style: str = "auto"
    ) -> Self:
        """Draw the counts of a classification report."""
        return cls(report.confusion, display_labels=report.classes).plot(ax, style=style)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        labels: Sequence[Any] | None = None,
        sample_weight: ArrayLike | None = None,
        normalize: str | None = None,
        display_labels: Sequence[Any] | None = None,
        ax: Axes | None = None,
        style: str = "auto",
        **options: Any,
    ) -> Self:
        """Count the pairs of labels (n,), as `sklearn.metrics.confusion_matrix` does, and draw.

        Parameters
        ----------
        labels : the classes in the order to draw; None: all that occur, sorted.
        normalize : None for counts; parts of the "true" class, the "pred"icted, or of "all" rows.
        options : for `plot`.
        """
        from sklearn.metrics import confusion_matrix
        from sklearn.utils.multiclass import unique_labels

        if normalize not in NORMS:
            raise ValueError(f"normalize is {normalize!r}: expected one of {listed(NORMS)}")
        counts = confusion_matrix(
            y_true, y_pred, labels=labels, sample_weight=sample_weight, normalize=normalize
        )
        if display_labels is None:
            display_labels = unique_labels(y_true, y_pred) if labels is None else labels
        return cls(counts, display_labels=display_labels).plot(ax, style=style, **options)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        labels: Sequence[Any] | None = None,
        ax: Axes | None = None,
        style: str = "auto",
        **options: Any,
    ) -> Self:
        """Draw what a fitted classifier, or the model file at a path, takes the rows of X for.

        Parameters
        ----------
        X : rows as the model's `predict` takes them.
        y : (n,) their labels.
        labels : the classes in the order to draw; None: all that the model knows.
        options : for `from_predictions`.

        Raises
        ------
        ValueError
            If the model predicts numbers.
        """
        subject, classes = classifier(estimator, "a confusion matrix")
        shown = classes if labels is None else labels
        options.setdefault("display_labels", shown)
        return cls.from_predictions(
            places_of(y, classes), places_of(subject.predict(X), classes),
            labels=places_of(shown, classes).tolist(), ax=ax, style=style, **options,
        )  # fmt: skip

    @property
    def _cells(self) -> float:
        """Width of all cells, in inches of a figure of its own."""
        return min(8.0, max(2.8, 0.42 * len(self.display_labels)))

    @property
    def _size(self) -> tuple[float, float]:
        k = len(self.display_labels)
        cells = self._cells
        widest = max(extent(name)[0] for name in distinct(self.display_labels))
        names = NAME_SIZE / POINTS_AN_INCH * widest
        return cells + names + 1.7, cells + (0.3 if names < 0.8 * cells / k else names) + 0.8

    def plot(
        self,
        ax: Axes | None = None,
        *,
        style: str = "auto",
        include_values: bool = True,
        values_format: str | None = None,
        cmap: Any = None,
        colorbar: bool = True,
    ) -> Self:
        """Draw the matrix on `ax`, or on a figure of its own.

        Parameters
        ----------
        include_values : whether to write numbers, where they fit.
        values_format : how, as `format` takes it; None: whole numbers, or two decimals.
        cmap : colormap of the shades; None: the theme's, from nothing to all.
        """
        options = {"include_values": include_values, "values_format": values_format}
        options |= {"cmap": cmap, "colorbar": colorbar}
        from matplotlib.colors import PowerNorm

        counts, k = self.confusion_matrix, len(self.display_labels)
        with self._canvas(ax, style, **options) as (ax, colours):
            rows = counts.sum(axis=1, keepdims=True)
            parts = np.divide(counts, rows, out=np.zeros(counts.shape), where=rows > 0)
            shades = colours.sequential if cmap is None else cmap
            root = PowerNorm(0.5, vmin=0, vmax=1)
            self.im_ = ax.imshow(parts, cmap=shades, norm=root, interpolation="nearest")
            ax.spines[:].set(visible=True, color=colours.line)
            ax.tick_params(length=0)
            ax.set(xlabel="predicted", ylabel="true", title=self._heading())
            self.colorbar_ = None
            if colorbar:
                figure: Any = ax.figure
                beside = ax.inset_axes((1 + 0.12 / self._cells, 0.0, 0.14 / self._cells, 1.0))
                self.colorbar_ = figure.colorbar(self.im_, cax=beside)
                self.colorbar_.set_label("part of the true class")
                self.colorbar_.outline.set_visible(False)
            name_cells(ax, self.display_labels, self.display_labels)
            self.text_: NDArray[Any] = np.full((k, k), None, dtype=object)
            if include_values:
                self._write(ax, values_format, colours)
        return self

    def _write(self, ax: Axes, values_format: str | None, colours: Theme) -> None:
        """The numbers that fit in their cells, all of one size."""
        whole = self.confusion_matrix.dtype.kind != "f"
        form = values_format or ("d" if whole else ".2f")
        width, height = cell(ax, *self.confusion_matrix.shape[::-1])
        shades: Any = self.im_.get_array()
        box = 0.84 * width, 0.7 * height
        words = {
            (i, j): format(self.confusion_matrix[i, j], form)
            for i, j in zip(*np.nonzero(self.confusion_matrix), strict=True)
        }
        fits = {at: word for at, word in words.items() if fitting_size([word], *box) >= SMALLEST}
        size = min(LARGEST, fitting_size([*set(fits.values())], *box))
        for (i, j), word in fits.items():
            shade = self.im_.cmap(self.im_.norm(shades[i, j]))
            self.text_[i, j] = ax.text(
                j, i, word, ha="center", va="center_baseline", fontsize=size,
                color=colours.text_on(shade),
            )  # fmt: skip

    def _heading(self) -> str:
        counts = self.confusion_matrix
        if counts.dtype.kind == "f" or not counts.sum():
            return self.title
        return f"{self.title}, accuracy {np.trace(counts) / counts.sum():.3f}"
