"""A session is what one browser tab works on: an experiment, its data, its run, what to show."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import numpy as np

from pellucid import datasets
from pellucid.studios.continuing import Opened
from pellucid.studios.experiment import Experiment
from pellucid.studios.material import Material, table_of
from pellucid.studios.plane import Plane
from pellucid.studios.raster import Raster
from pellucid.studios.run import Run
from pellucid.studios.selection import Selection
from pellucid.studios.shelf import Shelf
from pellucid.studios.view import View
from pellucid.studios.waypoint import NAMES, Edit, Waypoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = ("data", "target", "features", "noise", "test", "scaling", "seed")
"""What of an experiment its material depends on; with these the same, it is made once."""

MOST_KEPT = 12
"""Runs that are kept to compare."""

FULL = f"{MOST_KEPT} runs are kept: drop one first"

MOST_PLANES = 4
"""Planes of the data that are kept, and those of other data are not: they are as wide as these."""

MOST_SETTINGS, MOST_LETTERS = 40, 400
"""Settings of the page itself, and characters of each, that an address may hold."""


@dataclass(frozen=True, eq=False)
class Kept:
    """A run that was kept to compare with others: how it was made, and how it went.

    Parameters
    ----------
    experiment : all that decided it.
    epochs, loss, test_loss, score, test_score : (k,) of its recorded epochs.
    waypoint : the way to where it stood, weights that were set by hand included.
    number : which of those kept it is, from 1 on; another never has the same.
    name : what a person calls it.
    model, start : digests of the model and of the weights that it went on with, or "".
    """

    experiment: Experiment
    epochs: NDArray[np.int64]
    loss: NDArray[np.float64]
    test_loss: NDArray[np.float64]
    score: NDArray[np.float64]
    test_score: NDArray[np.float64]
    waypoint: Waypoint
    number: int = 0
    name: str = ""
    model: str = ""
    start: str = ""

    @classmethod
    def of(
        cls, run: Run, number: int = 0, name: str = "", model: str = "", start: str = ""
    ) -> Kept:
        """What a run has come to so far."""
        marks, standing = run.marks, run.standing
        epochs, loss, test_loss, score, test_score = (
            np.array([getattr(mark, each) for mark in marks])
            for each in ("epoch", "loss", "test_loss", "score", "test_score")
        )
        recorded = standing.playing or standing.ended == "diverged"  # there is no going elsewhere
        waypoint = run.waypoint(marks[-1].epoch if recorded else None)
        return cls(
            run.experiment, epochs, loss, test_loss, score, test_score, waypoint, number, name,
            model, start,
        )  # fmt: skip


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
        self._number = 0  # of the run that was kept last
        self.shown: int | None = None  # the recorded epoch that the slider is at; None follows
        self.wanted = Waypoint()  # how far the address asks to go
        self._changing = threading.Lock()
        self._closed = False
        self._planes: tuple[Material | None, dict[Any, Plane | None]] = None, {}
        self._raster: tuple[Material, Raster | None] | None = None
        self.opened: Opened | None = None  # the model that is gone on with
        self.waiting: Opened | None = None  # one that data are still to be given for
        experiment = self._read(address)
        try:
            experiment = self._take_up(experiment)
            material = self._material(experiment)
            theta = self._named()
            theta = self._start(experiment, material) if theta is None else theta
            self.run = Run(experiment, material, theta, self.wanted.edits)
        except (ValueError, TypeError, MemoryError) as error:
            self.message, self.wanted = f"{error}. The page begins with moons instead.", Waypoint()
            self.leave()
            self.set("start", "")
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
        self, experiment: Experiment, material: Material | None = None, theta: Any = None,
        edits: Sequence[Edit] = (),
    ) -> None:  # fmt: skip
        """Begin the run of another experiment; the old one is closed.

        Parameters
        ----------
        material : by default made of the experiment.
        theta : (P,) to begin at; by default the experiment's own first weights.
        edits : weights to set on the way.

        Raises
        ------
        ValueError
            If there are no such data, or the weights do not fit; the old run then stays.
        """
        with self._changing:
            self._begin(experiment, material, theta, edits)

    def _begin(
        self, experiment: Experiment, material: Material | None, theta: Any,
        edits: Sequence[Edit] = (),
    ) -> None:  # fmt: skip
        before = self.opened, self.waiting, self.settings.get("model", "")
        try:
            if material is None:
                experiment = self._joined(experiment)
                material = self._material(experiment)
            self._run(experiment, material, theta, edits)
        except (ValueError, TypeError, MemoryError, OSError):
            self.opened, self.waiting, model = before
            self.set("model", model)
            raise

    def _run(
        self, experiment: Experiment, material: Material, theta: Any, edits: Sequence[Edit] = ()
    ) -> None:
        start = "" if theta is None else self.shelf.put_start(np.array(theta, np.float64))
        theta = self._start(experiment, material) if theta is None else theta
        if theta is not None and material.network(experiment).theta.shape != theta.shape:
            raise ValueError(
                "the weights do not fit the changed network: begin anew, or change its training "
                "alone"
            )
        run = Run(experiment, material, theta, edits)
        old, self.run, self.shown = self.run, run, None
        self.set("start", start)
        old.close()
        if self._closed:
            run.close()

    def keep(self, name: str = "") -> Kept:
        """Keep what the run has come to, to compare with others; ValueError where all are taken.

        Its number is the next by which it does not look like another.
        """
        if len(self.kept) >= MOST_KEPT:
            raise ValueError(FULL)
        begun = (self.settings.get(each, "") for each in ("model", "start"))
        looks = {run.number % MOST_KEPT for run in self.kept}
        self._number = next(n for n in count(self._number + 1) if n % MOST_KEPT not in looks)
        kept = Kept.of(self.run, self._number, name or f"run {self._number}", *begun)
        self.kept = [*self.kept, kept]
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
        if self.opened is not None:
            if not self._misses(self.opened, experiment):
                return self.opened.material(experiment, table)
            self.leave()
        return Material.of(experiment, table)

    # --- a model that is gone on with -----------------------------------------------------------

    def open(self, opened: Opened) -> None:
        """Go on with a model: on the data its file names, those here, or a built-in set that fits.

        Where none fits, it waits until such data are given; the run stays.

        Raises
        ------
        ValueError
            If the data do not fit it after all; the old run then stays.
        """
        self.shelf.put_model(opened)
        with self._changing:
            before = self.opened, self.waiting, self.settings.get("model", "")
            try:
                experiment = self._found(opened, self.experiment)
                self.set("model", opened.digest)
                self.opened, self.waiting = (None, opened) if experiment is None else (opened, None)
                if experiment is not None:
                    self._run(experiment, self._material(experiment), None)
            except (ValueError, TypeError, MemoryError, OSError):
                self.opened, self.waiting, model = before
                self.set("model", model)
                raise

    def _joined(self, experiment: Experiment) -> Experiment:
        """The same with the network of the model that has waited for such data, if one has."""
        if self.waiting is None or self._misses(self.waiting, experiment):
            return experiment
        self.opened, self.waiting = self.waiting, None
        return self.opened.experiment(experiment)

    def _misses(self, opened: Opened, experiment: Experiment) -> str:
        table = self.shelf.get(experiment.data)
        table = table_of(experiment) if table is None else table
        return opened.misses(table, experiment.target)

    def leave(self) -> None:
        """Go on with no model: what begins next begins anew."""
        self.opened = self.waiting = None
        self.set("model", "")

    def _take_up(self, experiment: Experiment) -> Experiment:
        """The model that the address names, and what is done with it."""
        digest = self.settings.get("model", "")
        if not digest:
            return experiment
        opened = self.shelf.model(digest)
        if opened is None:
            raise ValueError("the model of this address is no longer here: open it once more")
        if experiment != Experiment():  # a link: it says all that was chosen since
            self.opened = opened
            return experiment
        found = self._found(opened, experiment)
        self.opened, self.waiting = (None, opened) if found is None else (opened, None)
        return experiment if found is None else found

    def _named(self) -> Any:
        """The weights that the address begins at, if it names any."""
        digest = self.settings.get("start", "")
        theta = self.shelf.start(digest) if digest else None
        if digest and theta is None:
            raise ValueError("the weights that this address begins at are no longer here")
        return theta

    def _found(self, opened: Opened, now: Experiment) -> Experiment | None:
        """The experiment that goes on with a model, on data that fit it."""
        tried = [Experiment.from_address(opened.address)] if opened.address else []
        tried += [opened.experiment().changed(data=now.data, target=now.target)]
        if opened.columns:
            tried += [opened.experiment().changed(data=name) for name in datasets.DATASETS]
        for each in tried:
            here = each.data in datasets.DATASETS or self.shelf.get(each.data) is not None
            if here and not self._misses(opened, each):
                return opened.experiment(each)
        return None

    def _start(self, experiment: Experiment, material: Material) -> Any:
        """The weights of the model that is gone on with, if there is one and they fit."""
        return None if self.opened is None else self.opened.start(experiment, material)

    # --- what is shown --------------------------------------------------------------------------

    def view(self) -> View:
        """What there is to show now."""
        run, shown = self.run, self.shown
        standing = run.standing
        mark = standing.mark if shown is None else run.at(shown)
        theta = standing.theta if shown is None else mark.theta
        return View(
            run.experiment, run.material, run, standing, mark, theta, shown is None,
            self.plane(), self.settings.get("row", ""),
        )  # fmt: skip

    def plane(self, side: int = 100) -> Plane | None:
        """The two inputs that pictures span, which the settings x and y name; made once."""
        material, (of, planes) = self.material, self._planes
        if of is not material or len(planes) > MOST_PLANES:
            planes = {}
            self._planes = material, planes
        key = self.settings.get("x", ""), self.settings.get("y", ""), side
        if key not in planes:
            planes[key] = Plane.of(material, *key)
        return planes[key]

    @property
    def raster(self) -> Raster | None:
        """How the rows are images, where they are; found once."""
        run = self.run
        if self._raster is None or self._raster[0] is not run.material:
            self._raster = run.material, Raster.of(run.material, run.network)
        return self._raster[1]

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
        shown = self.run.standing.epoch if self.run.standing.playing else self.shown
        given = self.run.waypoint(shown).to_texts()
        return "&".join(
            filter(
                None, (self.experiment.to_address(), urlencode(given | self.settings, safe=",:"))
            )
        )

    def _read(self, address: str) -> Experiment:
        try:
            texts = dict(parse_qsl(address.lstrip("?"), keep_blank_values=True, max_num_fields=100))
            experiment = Experiment.from_texts(texts)
            self.wanted = Waypoint.from_texts(texts, experiment.epochs)
        except ValueError as error:
            self.message = f"{error}. The page begins with moons instead."
            return Experiment()
        known = {*Experiment.__dataclass_fields__, *NAMES, "token"}
        for name, value in list(texts.items())[:MOST_SETTINGS]:
            if name not in known and len(name) <= 20:
                self.set(name, value)
        return experiment
