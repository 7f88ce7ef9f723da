"""The protocol is how scikit-learn's callbacks follow a fit: a task for it, a task an epoch."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from sklearn.callback import FitCallback

from pellucid.events import Event

if TYPE_CHECKING:
    from pellucid.estimators.fitting import Fitting


class ProtocolCallbacks:
    """Calls the hooks of an estimator's protocol callbacks as its training goes on.

    Parameters
    ----------
    fitting : the training that is followed.
    """

    def __init__(self, fitting: Fitting) -> None:
        self._fitting = fitting
        self._estimator = fitting.estimator
        self._root: Any = None
        self._epoch: Any = None

    @staticmethod
    def is_one(callback: Any) -> bool:
        """Whether a callback follows the protocol, or is a plain function."""
        return isinstance(callback, FitCallback)

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(getattr(self._estimator, "_skl_callbacks", ()))

    def __enter__(self) -> ProtocolCallbacks:
        e = self._estimator
        self._root = e._init_callback_context(max_subtasks=self._fitting.epochs)
        if self.any:
            self._root.call_on_fit_task_begin(estimator=e, **self._data())
            self._begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.any and kind is None:
            if self._epoch is not None:  # an epoch that never came to its end
                self._epoch.call_on_fit_task_end(estimator=self._estimator)
            self._root.call_on_fit_task_end(
                estimator=self._estimator,
                **self._data(),
                reconstruction_attributes=self._attributes,
            )

    def after_epoch(self, event: Event) -> bool:
        """End the epoch's task and begin the next; True if a callback says stop."""
        stop = self._epoch.call_on_fit_task_end(
            estimator=self._estimator, **self._data(), reconstruction_attributes=self._attributes
        )
        self._epoch = None
        if event.epoch < event.epochs and not stop:
            self._begin()
        return bool(stop)

    def _begin(self) -> None:
        self._epoch = self._root.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(
            estimator=self._estimator, **self._data(), reconstruction_attributes=self._attributes
        )

    def _data(self) -> dict[str, Any]:
        rows = self._fitting.rows
        metadata = None if rows.weight is None else {"sample_weight": rows.weight}
        return {"X": rows.X, "y": rows.y, "metadata": metadata}

    def _attributes(self) -> dict[str, Any]:
        """Of an estimator that is ready to predict, as it would be if training stopped here."""
        return vars(self._fitting.view()) | {"feature_names_in_": None}  # X is a bare array
