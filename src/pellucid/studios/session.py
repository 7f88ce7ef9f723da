"""A session is what one browser tab works on: an experiment, its data, its run, what to show."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import numpy as np

from pellucid import datasets
from pellucid.studios.experiment import Experiment
from pellucid.studios.material import Material
from pellucid.studios.plane import Plane
from pellucid.studios.run import Run
from pellucid.studios.selection import Selection
from pellucid.studios.shelf import Shelf
from pellucid.studios.view import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = ("data", "target", "features", "noise", "test", "scaling", "seed")
"""What of an experiment its material depends on; with these the same, it is made once."""

MOST_KEPT = 12
"""Runs that are kept to compare; beyond, the oldest goes."""

MOST_SETTINGS, MOST_LETTERS = 40, 400
"""Settings of the page itself, and characters of each, that an address may hold."""


@dataclass(frozen=True, eq=False)
class Kept:
    """A run that was kept to compare with others: how it was made, and how it went.

    Parameters
    ----------
    experiment : all that decided it.
    epochs, loss, test_loss, score, test_score : (k,) of its recorded epochs.
    theta : (P,) its last weights.
    """

    experiment: Experiment
    epochs: NDArray[np.int64]
    loss: NDArray[np.float64]
    test_loss: NDArray[np.float64]
    score: NDArray[np.float64]
    test_score: NDArray[np.float64]
    theta: NDArray[np.float64]

    @classmethod
    def of(cls, run: Run) -> Kept:
        """What a run has come to so far."""
        marks = run.marks
        epochs, loss, test_loss, score, test_score = (
            np.array([getattr(mark, name) for mark in marks])
            for name in ("epoch", "loss", "test_loss", "score", "test_score")
        )
        return cls(run.experiment, epochs, loss, test_loss, score, test_score, marks[-1].theta)


class Session:
    """One tab's work. Nothing here knows of pages; what is heavy here may be called in a thread.

    Parameters
    ----------
    shelf : where tables that were given are.
    address : the query of the tab's address, which the experiment and the settings are read from.

    Examples
    --------
    >>> session = Session(Shelf(), "data=xor&hidden=3&seed=1&log=yes")
    >>> session.change(hidden=(3, 2), activation=("tanh", "tanh"))
    >>> session.run.forward(epochs=2)
    >>> session.view().epoch, session.settings["log"], session.address()
    (2, 'yes', 'data=xor&hidden=3,2&activation=tanh,tanh&seed=1&epoch=2&log=yes')
    >>> session.close()
    """

    def __init__(self, shelf: Shelf, address: str = "") -> None:
        self.shelf = shelf
        self.message = ""  # what went wrong with the address, if something did
        self.settings: dict[str, str] = {}
        self.kept: list[Kept] = []
        self.shown: int | None = None  # the recorded epoch that the slider is at; None follows
        self.wanted = 0  # the epoch that the address asks for
        self._changing = threading.Lock()
        self._closed = False
        self._planes: dict[Any, Plane | None] = {}
        experiment = self._read(address)
        try:
            self.run = Run(experiment, self._material(experiment))
        except (ValueError, TypeError, MemoryError) as error:
            self.message, self.wanted = f"{error}. The page begins with moons instead.", 0
            self.run = Run(Experiment())

    # --- what is worked on ----------------------------------------------------------------------

    @property
    def experiment(self) -> Experiment:
        """That of the run."""
        return self.run.experiment

    @property
    def material(self) -> Material:
        """The data of the run."""
        return self.run.material

    @property
    def data_name(self) -> str:
        """What people call the data."""
        return self.shelf.name(self.experiment.data)

    def change(self, *, keep_weights: bool = False, **changes: Any) -> None:
        """Begin another run, with some of the experiment other; the old one is closed.

        Parameters
        ----------
        keep_weights : begin at the weights that the old run has now, if they fit.

        Raises
        ------
        ValueError
            If there is no such experiment; the old run then stays.
        """
        with self._changing:
            experiment = self.experiment.changed(**changes)
            same = all(getattr(experiment, name) == getattr(self.experiment, name) for name in DATA)
            material = self.material if same else None
            self._begin(experiment, material, self.run.standing.theta if keep_weights else None)

    def begin(
        self, experiment: Experiment, material: Material | None = None, theta: Any = None
    ) -> None:
        """Begin the run of another experiment; the old one is closed.

        Parameters
        ----------
        material : by default made of the experiment.
        theta : (P,) to begin at; by default the experiment's own first weights.

        Raises
        ------
        ValueError
            If there are no such data, or the weights do not fit; the old run then stays.
        """
        with self._changing:
            self._begin(experiment, material, theta)

    def _begin(self, experiment: Experiment, material: Material | None, theta: Any) -> None:
        material = self._material(experiment) if material is None else material
        if theta is not None and material.network(experiment).theta.shape != theta.shape:
            raise ValueError(
                "the weights do not fit the changed network: begin anew, or change its training "
                "alone"
            )
        run = Run(experiment, material, theta)
        old, self.run, self.shown = self.run, run, None
        old.close()
        if self._closed:
            run.close()

    def keep(self) -> Kept:
        """Keep what the run has come to, to compare with others."""
        kept = Kept.of(self.run)
        self.kept = [*self.kept, kept][-MOST_KEPT:]
        return kept

    def close(self) -> None:
        """End the run."""
        self._closed = True
        self.run.close()

    def _material(self, experiment: Experiment) -> Material:
        table = self.shelf.get(experiment.data)
        if table is None and experiment.data.startswith("table-"):
            raise ValueError("the table of this address is no longer here: give it once more")
        if table is None and experiment.data not in datasets.DATASETS:
            datasets.load(experiment.data)  # says what there is
        return Material.of(experiment, table)

    # --- what is shown --------------------------------------------------------------------------

    def view(self) -> View:
        """What there is to show now."""
        run, shown = self.run, self.shown
        standing = run.standing
        mark = standing.mark if shown is None else run.at(shown)
        theta = standing.theta if shown is None else mark.theta
        return View(
            run.experiment, run.material, run, standing, mark, theta, shown is None,
            self.plane(),
        )  # fmt: skip

    def plane(self, side: int = 100) -> Plane | None:
        """The two inputs that pictures span, which the settings x and y name; made once."""
        key = (self.material, self.settings.get("x", ""), self.settings.get("y", ""), side)
        if key not in self._planes:
            while len(self._planes) > 4:
                self._planes.pop(next(iter(self._planes)), None)
            self._planes[key] = Plane.of(*key)
        return self._planes[key]

    @property
    def selection(self) -> Selection | None:
        """The unit, edge or row that is pointed at."""
        return Selection.read(self.settings.get("pick", ""))

    def set(self, name: str, value: str) -> None:
        """Keep a setting of the page itself, such as which inputs are drawn; "" forgets it."""
        if value:
            self.settings[name] = value[:MOST_LETTERS]
        else:
            self.settings.pop(name, None)

    def address(self) -> str:
        """All of this, as the query of an address; a run under way is at its last full epoch."""
        view = self.view()
        given: dict[str, Any] = {"epoch": view.epoch} if view.epoch else {}
        return "&".join(
            filter(None, (self.experiment.to_address(), urlencode(given | self.settings)))
        )

    def _read(self, address: str) -> Experiment:
        try:
            texts = dict(parse_qsl(address.lstrip("?"), keep_blank_values=True, max_num_fields=100))
            experiment = Experiment.from_texts(texts)
            self.wanted = _epoch(texts, experiment)
        except ValueError as error:
            self.message = f"{error}. The page begins with moons instead."
            return Experiment()
        known = {*Experiment.__dataclass_fields__, "epoch", "token"}
        for name, value in list(texts.items())[:MOST_SETTINGS]:
            if name not in known and len(name) <= 20:
                self.set(name, value)
        return experiment


def _epoch(texts: Mapping[str, str], experiment: Experiment) -> int:
    text = texts.get("epoch", "0")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError(f"epoch is {text!r}: expected a whole number")
    if int(text) > experiment.epochs:
        raise ValueError(f"epoch is {text}: expected {experiment.epochs} at the most")
    return int(text)
