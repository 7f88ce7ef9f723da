"""A network's file is theta, and in the header what it is a theta of."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self

from pellucid import history, model_file, stepping
from pellucid.arrays import Array, to_numpy
from pellucid.history import History
from pellucid.objective import Objective
from pellucid.parameters import Parameters
from pellucid.vectors import make_vectors, refuse_other_outputs


class Saved(Parameters):
    """Parameters that can be put into a file and taken out again; `Network` is what has them."""

    objective: Objective
    history: History | None
    _stepping: stepping.Stepping | None

    @classmethod
    def _of(cls, objective: Objective, dtype: Any) -> Self:
        """A network that is trained on such an objective."""
        raise NotImplementedError

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        optimizer_state: bool = False,
        **more: Any,
    ) -> None:
        """Write a model file: theta, the training curves, a JSON header. `more` joins the header.

        Parameters
        ----------
        optimizer_state : whether what `train_step` has gathered goes with it, so that the first
            step after loading is the one that would have come next.

        Raises
        ------
        ValueError
            If an activation or the loss is your own code, which no file of data can hold; if a
            weight is NaN or infinite; or if `more` has the name of a field of the file's own.
        """
        header, tensors = self._to_file()
        if optimizer_state:
            header["optimizer"], moments = stepping.to_file(self._stepping)
            tensors |= moments
        model_file.write(path, to_numpy(self._theta), header, tensors, more, self._restored)

    def _to_file(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a file says of the network itself, and the tensors that are in it besides theta."""
        header = self.objective.to_dict() | {"dtype": self._dtype}
        curves, tensors = history.to_file(self.history)
        header |= curves | {"test_vectors": make_vectors(self.layout, self._theta)}
        return header, dict(tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The network of a model file; it gives the same outputs as the one that was saved.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is no such file, or it is not a model.
        """
        tensors, header = model_file.read_tensors(path)
        with model_file.named(path):
            return cls._restored(tensors, header)

    @classmethod
    def _restored(cls, tensors: Mapping[str, Array], header: Mapping[str, Any]) -> Self:
        return cls.from_file(tensors["theta"], header, tensors)

    @classmethod
    def from_file(
        cls, theta: Array, header: Mapping[str, Any], tensors: Mapping[str, Array] | None = None
    ) -> Self:
        """The network of a theta and a header as `pellucid.model_file.read_tensors` gives them."""
        objective = Objective.from_dict(header)
        layout = objective.layout
        if layout.size != theta.size:  # before anything of a size that a header claims is made
            raise ValueError(
                f"the model file has {theta.size} numbers for {layout.size} parameters"
            )
        network = cls._of(objective, header.get("dtype"))
        network.theta = theta
        network.history = history.from_file(header, tensors)
        if "test_vectors" in header:
            refuse_other_outputs(layout, theta, header["test_vectors"])
        if "optimizer" in header:
            network._stepping = stepping.from_file(
                header["optimizer"], tensors or {}, network.theta
            )
        return network
