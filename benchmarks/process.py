"""A process is a worker as the one who asks sees it: started, asked, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

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


class Piped:
    """A program that answers each line of JSON with another; its first tells its version.

    Parameters
    ----------
    name : what it is called in messages.
    words : its command.

    Raises
    ------
    MissingPeerError
        If it cannot be started, or says that its library is not there.
    """

    def __init__(
        self, name: str, words: Sequence[str], env: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        try:
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
            )
        except OSError as error:
            raise MissingPeerError(f"{words[0]}: {error.strerror}") from error
        self.hello = self._read()
        if "missing" in self.hello:
            self.close()
            raise MissingPeerError(self.hello["missing"])
        self.version: str = self.hello["version"]

    def say(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """What it answers; PeerFailedError if it is gone."""
        assert self._process.stdin is not None
        try:
            print(json.dumps(task), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise PeerFailedError(f"{self.name}'s process has ended") from None
        return self._read()

    def close(self) -> None:
        """End it."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise PeerFailedError(f"{self.name}'s process ended with {code} and no answer")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Process(Piped):
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
        self.cpus = sorted(cpus)
        alone = "1" if len(self.cpus) == 1 else "0"
        words = [python, str(WORKER), name, alone, ",".join(map(str, self.cpus))]
        super().__init__(name, words, environment(len(self.cpus)))
        self.numpy: str = self.hello["numpy"]

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """What the worker answers; a `not_offered` in it says why it cannot.

        Raises
        ------
        PeerFailedError
            If it met an error or is gone.
        """
        answer = self.say({"do": do} | more)
        if "error" in answer:
            raise PeerFailedError(f"{self.name} could not {do}: {answer['error']}")
        return answer
