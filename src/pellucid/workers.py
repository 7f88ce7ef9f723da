"""Workers are the threads in which many fits run at once: how they end, and what they warned of."""

from __future__ import annotations

import re
import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from threadpoolctl import threadpool_limits

from pellucid.engines.processors import processors
from pellucid.estimators import MLPClassifier, MLPRegressor

AFTER_INTERRUPT = 30.0
"""Seconds that fits under way are waited for: each ends with its epoch."""


class _Interrupted(BaseException):
    """A Ctrl-C that training does not take for its own, so that it ends the search as well."""


@contextmanager
def interrupt_ends_all() -> Iterator[None]:
    """A Ctrl-C ends what is done here with KeyboardInterrupt, in the midst of a fit too."""

    def end(number: int, frame: Any) -> None:
        raise _Interrupted

    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if ours:
        signal.signal(signal.SIGINT, end)
    try:
        yield
    except _Interrupted:
        raise KeyboardInterrupt from None
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def workers(n_jobs: int | None, interrupted: threading.Event) -> Iterator[None]:
    """scikit-learn's fits run in threads; what is left of them when one is interrupted ends."""
    before = set(threading.enumerate())
    n_jobs = processors() if n_jobs in (None, -1) else n_jobs
    with threadpool_limits(limits=1), parallel_config(backend="threading", n_jobs=n_jobs):
        try:
            yield
        except BaseException:
            interrupted.set()
            for thread in set(threading.enumerate()) - before:
                thread.join(AFTER_INTERRUPT)
            raise


def for_a_worker(estimator: Any, interrupted: threading.Event) -> Any:
    """A copy of it in which our networks use one thread, and end soon after an interrupt."""
    estimator = clone(estimator)

    def end(event: Any) -> bool:
        return interrupted.is_set()

    end.patient = True  # type: ignore[attr-defined]  # several epochs may pass in between
    for network in (estimator, *estimator.get_params().values()):
        if isinstance(network, MLPClassifier | MLPRegressor):
            network.set_params(n_threads=1, callbacks=[*network.callbacks, end])
    return estimator


def notes(caught: Sequence[warnings.WarningMessage], search: Any) -> Iterator[str]:
    """What the fits of a search, or without one the last fit, warned of: each kind once."""
    where, failed = "the best setting, fitted to all rows,", 0
    if search is not None:
        splits = [search.cv_results_[f"split{i}_test_score"] for i in range(search.n_splits_)]
        where, failed = f"of {np.size(splits)} fits", int(np.isnan(splits).sum())
    by_kind: dict[type[Warning], list[str]] = {}
    for warning in caught:
        by_kind.setdefault(warning.category, []).append(str(warning.message))
    reasons = by_kind.pop(FitFailedWarning, [])
    if failed:
        why = f": {last_error(reasons[0])}" if reasons else ""
        yield f"{failed} {where} failed, and their settings count as the worst{why}"
    for kind, messages in sorted(by_kind.items(), key=lambda item: item[0].__name__):
        count = f"{len(messages)} {where}" if search is not None else where
        first = " ".join(min(messages).split())  # the same one in whatever order fits ended
        if issubclass(kind, ConvergenceWarning):
            yield f"{count} ended before convergence: {first}"
        elif not (failed and "scores are non-finite" in first):
            yield f"{kind.__name__}, {len(messages)} times: {first}"


def last_error(report: str) -> str:
    """The last error's message in scikit-learn's report of fits that failed."""
    errors = re.findall(r"^(?:\w+\.)*\w*(?:Error|Exception): (.+)$", report, re.MULTILINE)
    return errors[-1] if errors else " ".join(report.split())
