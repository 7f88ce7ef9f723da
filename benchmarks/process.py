"""A process is a worker as the one who asks sees it: started, asked, and ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

WORKER = Path(__file__).with_name("worker.py")


class MissingPeerError(Exception):
    """A library is not there; the message says what its import said."""


class PeerFailedError(Exception):
    """A worker broke off or met an error, named here."""


def environment(threads: int) -> dict[str, str]:
    """The environment in which no library starts more than so many threads."""
    names = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMEXPR")
    fixed = {f"{name}_NUM_THREADS": str(threads) for name in names}
    fixed |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    if threads == 1:
        fixed["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    return os.environ | fixed


class Process:
    """A peer at work on some CPUs.

    Parameters
    ----------
    name : a key of `peers.PEERS`.
    cpus : those it may use; one alone means one thread.
    python : the interpreter of the environment that has the library.

    Raises
    ------
    MissingPeerError
        If its library is not there.
    """

    def __init__(self, name: str, cpus: Iterable[int], python: str = sys.executable) -> None:
        self.name, self.cpus = name, sorted(cpus)
        alone = len(self.cpus) == 1
        try:
            self._process = subprocess.Popen(
                [python, str(WORKER), name, "1" if alone else "0", ",".join(map(str, self.cpus))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                env=environment(len(self.cpus)),
            )  # fmt: skip
        except OSError as error:
            raise MissingPeerError(f"{python}: {error.strerror}") from error
        hello = self._read()
        if "missing" in hello:
            self.close()
            raise MissingPeerError(hello["missing"])
        self.version: str = hello["version"]
        self.numpy: str = hello["numpy"]

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """What the worker answers; a `not_offered` in it says why it cannot.

        Raises
        ------
        PeerFailedError
            If it met an error or is gone.
        """
        assert self._process.stdin is not None
        try:
            print(json.dumps({"do": do} | more), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise PeerFailedError(f"{self.name}'s process has ended") from None
        answer = self._read()
        if "error" in answer:
            raise PeerFailedError(f"{self.name} could not {do}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End it."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise PeerFailedError(f"{self.name}'s process ended with {code} and no answer")
        answer: dict[str, Any] = json.loads(line)
        return answer
