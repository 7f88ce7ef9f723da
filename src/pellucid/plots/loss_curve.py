"""A loss curve is the loss by epoch, on the rows of training and on rows held out.

scikit-learn's `LearningCurveDisplay` is another picture: a score by the number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.history import History
from pellucid.plots.display import Display
from pellucid.plots.labels import legend_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from pellucid.plots.palette import Theme

MOST_NAMED = 6
"""Networks of a bag up to which each has a colour and a name."""

IN_TRAINING = ", in training"
"""How the name of a network's curve ends that is of the rows it learnt from."""

DECADES = 30
"""The highest loss, in lowest ones, from which the axis is logarithmic."""


class LossCurveDisplay(Display):
    """Loss by epoch, with the best epoch of each curve marked; a score on an axis of its own.

    Parameters
    ----------
    curves : the loss after each epoch, by what it is the loss of.
    best_epochs : from 1, of the curves that have one.
    score : (epochs,) of validation, or None.
    loss_name, score_name : what is on the axes.

    Attributes
    ----------
    lines_, best_ : the curves and the marks of their best epochs, by the same names.
    score_ax_, score_line_ : None without a score.

    Examples
    --------
    >>> history = History(loss=[0.9, 0.4, 0.2], validation_loss=[1.0, 0.5, 0.6], best_epoch=2)
    >>> display = LossCurveDisplay.from_history(history)
    >>> display.best_["validation loss"].get_xydata().tolist()
    [[2.0, 0.5]]
    """

    title = "Loss curve"

    def __init__(
        self,
        curves: Mapping[str, Sequence[float]],
        *,
        best_epochs: Mapping[str, int] | None = None,
        score: Sequence[float] | None = None,
        loss_name: str = "loss",
        score_name: str = "score",
    ) -> None:
        self.curves = {name: list(curve) for name, curve in curves.items()}
        self.best_epochs = dict(best_epochs or {})
        self.score = list(score) if score else None
        self.loss_name = loss_name
        self.score_name = score_name

    @classmethod
    def from_history(
        cls,
        history: History,
        *,
        score_name: str = "score",
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """Draw what `Network.train` returned."""
        if not isinstance(history, History):
            raise TypeError(
                f"history is a {type(history).__name__}: expected the History that train returns; "
                "LossCurveDisplay(curves) takes lists"
            )
        curves, best = {"training loss": history.loss}, {}
        if history.validation_loss:
            curves["validation loss"] = history.validation_loss
        if history.best_epoch:
            best[list(curves)[-1]] = history.best_epoch
        made = cls(curves, best_epochs=best, score=history.validation_score, score_name=score_name)
        return made.plot(ax, style=style)

    @classmethod
    def from_courses(
        cls,
        courses: Mapping[Any, Sequence[float]],
        *,
        training: Mapping[Any, Sequence[float]] | None = None,
        loss_name: str | None = None,
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """Draw the loss of several networks on rows held out, by their numbers.

        Parameters
        ----------
        training : their losses on the rows they learnt from, to be drawn as dashes.
        """
        named = {f"network {number}": list(course) for number, course in courses.items()}
        best = {
            name: int(np.argmin(np.nan_to_num(course, nan=np.inf))) + 1
            for name, course in named.items()
            if np.isfinite(course).any()
        }
        named |= {f"network {n}{IN_TRAINING}": list(c) for n, c in (training or {}).items()}
        if loss_name is None:
            loss_name = "loss" if training else "loss on rows held out"
        return cls(named, best_epochs=best, loss_name=loss_name).plot(ax, style=style)

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any = None, y: Any = None, *, ax: Any = None, style: str = "auto"
    ) -> Self:
        """Draw the training of a fitted model, or of the model file at a path.

        Parameters
        ----------
        estimator : any fitted model; of a bag, each network's loss on the rows it held out.
        X, y : not looked at: the curves are those of training.

        Raises
        ------
        ValueError
            If nothing is known of its training.
        """
        from pellucid.subject import subject_of

        subject = subject_of(estimator)
        members = getattr(getattr(subject.model, "_bag", None), "members", ())
        courses = {i: m.held_out_losses for i, m in enumerate(members, 1) if m.held_out_losses}
        if courses:
            training = {i: m.losses for i, m in enumerate(members, 1) if m.losses}
            return cls.from_courses(courses, training=training, ax=ax, style=style)
        if subject.history is None or not len(subject.history):
            raise ValueError(
                f"nothing is known of the training of this {subject.kind}: it was not trained, or "
                "its file has no curves"
            )
        name = "accuracy" if subject.task == "classification" else "score"
        return cls.from_history(subject.history, score_name=name, ax=ax, style=style)

    def plot(self, ax: Axes | None = None, *, style: str = "auto") -> Self:
        """Draw the curves on `ax`, or on a figure of their own."""
        from matplotlib.ticker import MaxNLocator

        with self._canvas(ax, style) as (ax, colours):
            self.lines_: dict[str, Line2D] = {}
            self.best_: dict[str, Line2D] = {}
            for name, curve in self.curves.items():
                self._draw(ax, name, curve, colours)
            if self._spans_decades():
                ax.set_yscale("log")
            handles = self._handles(colours)
            self.score_ax_, self.score_line_ = None, None
            if self.score:
                right = ax.twinx()
                epochs = range(1, len(self.score) + 1)
                label = f"validation {self.score_name} (right)"
                (self.score_line_,) = right.plot(
                    epochs, self.score, color=colours.muted, linewidth=1.2, ls="--", label=label
                )
                right.spines["right"].set_visible(True)
                right.set_ylabel(f"validation {self.score_name}")
                self.score_ax_ = right
                handles.append(self.score_line_)
            longest = max((len(curve) for curve in self.curves.values()), default=0)
            edge = min(0.5, 0.03 * max(longest, 1))  # there is no epoch 0
            ax.set_xlim(1 - edge, max(longest, 2) + max(edge, 0.03 * longest))
            ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
            ax.set(xlabel="epoch", ylabel=self.loss_name, title=self.title)
            ax.grid(axis="y", linewidth=0.6)
            ax.set_axisbelow(True)
            legend_below(ax, handles, 2 if len(handles) == 4 else 3)
        return self

    @property
    def _named(self) -> list[str]:
        """The curves that have a colour of their own; a network's in training shares its own."""
        return [name for name in self.curves if not name.endswith(IN_TRAINING)]

    def _draw(self, ax: Axes, name: str, curve: list[float], colours: Theme) -> None:
        i = self._named.index(name.removesuffix(IN_TRAINING))
        colour = colours.colours[i % len(colours.colours)]
        many = len(self._named) > MOST_NAMED
        shown: dict[str, Any] = {"alpha": 0.6, "linewidth": 1.0} if many else {"linewidth": 1.6}
        if name.endswith(IN_TRAINING):
            shown = {"alpha": 0.6, "linewidth": 0.8 if many else 1.2, "linestyle": (0, (3, 2))}
        epochs = np.arange(1, len(curve) + 1)
        marker = "o" if len(curve) == 1 else None  # a line of one point is not seen
        (line,) = ax.plot(epochs, curve, color=colour, marker=marker, label=name, **shown)
        self.lines_[name] = line
        if name in self.best_epochs:
            epoch = self.best_epochs[name]
            if len(self._named) <= 2:
                ax.axvline(epoch, color=colours.muted, linewidth=0.8, ls=":", zorder=0)
            (self.best_[name],) = ax.plot(
                epoch,
                curve[epoch - 1],
                "o",
                color=colour,
                markersize=4 if many else 7,
                markeredgecolor=colours.ground,
                label=f"best, epoch {epoch}",
                zorder=3,
            )

    def _handles(self, colours: Theme) -> list[Any]:
        """What the legend names: each line and its best epoch, or one of many alike."""
        from matplotlib.lines import Line2D

        named = self._named
        lines = [self.lines_[name] for name in named]
        if len(named) <= 2 and len(self.lines_) == len(named):
            return [*lines, *self.best_.values()]
        if len(named) > MOST_NAMED:
            lines = lines[:1]
            lines[0].set_label(f"one of {len(named)} networks")
        muted = colours.muted
        if len(self.lines_) > len(named):
            lines.append(Line2D([], [], color=muted, ls=(0, (3, 2)), label="in training"))
        if self.best_:
            lines.append(
                Line2D([], [], color=muted, marker="o", ls="", markersize=5, label="best epoch")
            )
        return lines

    def _heading(self) -> str:
        best = {
            name: (epoch, self.curves[name][epoch - 1]) for name, epoch in self.best_epochs.items()
        }
        if not best:
            return self.title
        name, (epoch, loss) = min(best.items(), key=lambda item: item[1][1])
        return f"{self.title}, {name} best in epoch {epoch}: {loss:.4g}"

    def _spans_decades(self) -> bool:
        values = np.concatenate([np.ravel(curve) for curve in self.curves.values()])
        seen = values[np.isfinite(values)]
        return bool(
            seen.size == values.size > 0 and seen.min() > 0 and seen.max() > DECADES * seen.min()
        )
