"""A run is every row done by every library that is here, in turns, and the tables of it.

    python benchmarks/run.py --mnist                    everything, written down
    python benchmarks/run.py --quick                    in under two minutes, printed
    python benchmarks/run.py --only 784 --peers torch   some rows, some peers
    python benchmarks/run.py --python jax=PATH          JAX from another environment's interpreter

It ends with 1 if libraries that should do the same work do not, and says which.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import report
from data import ROOT, work_of
from imports import import_seconds
from machine import cpus, describe
from parity import ParityError, check
from peers import PEERS
from process import MissingPeerError, PeerFailedError, Process
from rows import FULL_MNIST, ROWS, Row, rows_named

NO_LIMIT = 10_000_000
LEAST_EPOCHS = 8
"""In a timed call: nobody trains for one, and all check and turn their data around once a call."""

ALL_CORES = ("pellucid", "torch")
"""Those that are also run on all cores, in the rows that ask for it."""


class Team:
    """The processes of a run: each peer on one core, and some of them on all.

    Parameters
    ----------
    names : keys of `PEERS`.
    pythons : the interpreter to use by name; this one for all others.
    all_cores : whether a row asks for all cores too; a machine of one core has no more.

    Raises
    ------
    PeerFailedError
        If pellucid itself does not start, or a peer on all cores is not the one on one core.
    """

    def __init__(self, names: Sequence[str], pythons: dict[str, str], all_cores: bool) -> None:
        self.pythons = pythons
        self.missing: dict[str, str] = {}
        self.alone: dict[str, Process] = {}
        self.all_cores: dict[str, Process] = {}
        here = cpus()
        with ExitStack() as stack:
            for name in names:
                try:
                    process = self._start(name, here[-1:])
                except MissingPeerError as error:
                    self.missing[name] = str(error)
                else:
                    self.alone[name] = stack.enter_context(process)
            if "pellucid" in self.missing:
                raise PeerFailedError(f"pellucid itself: {self.missing['pellucid']}")
            for name in ALL_CORES if all_cores and len(here) > 1 else ():
                if name in self.alone:
                    process = stack.enter_context(self._start(name, here))
                    if process.version != self.alone[name].version:
                        raise PeerFailedError(f"{name} changed while it was started")
                    self.all_cores[name] = process
            self._stack = stack.pop_all()

    def close(self) -> None:
        """End all processes."""
        self._stack.close()

    def _start(self, name: str, on: Sequence[int]) -> Process:
        return Process(name, on, self.pythons.get(name, sys.executable))


@contextmanager
def team_of(names: Sequence[str], pythons: dict[str, str], all_cores: bool) -> Iterator[Team]:
    """A team that is sent home at the end, whatever happens."""
    team = Team(names, pythons, all_cores)
    try:
        yield team
    finally:
        team.close()


def run_row(team: Team, row: Row, quick: bool, rounds: int, seconds: float) -> dict[str, Any]:
    """What a row gives: the losses compared, and every repeat of everybody, taken in turns.

    Raises
    ------
    ParityError, PeerFailedError
        If they do not do the same work, or one fails at it.
    """
    work, data = work_of(row, quick)
    workers = {(name, 1): team.alone[name] for name in row.peers if name in team.alone}
    if row.must_gain:
        workers |= {(name, len(process.cpus)): process for name, process in team.all_cores.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "work.npz")
        work.save(Path(path))
        answers, not_offered = {}, {}
        rows = row.parity_batches * max(row.batch, 1) if row.trains else row.rows
        for (name, cores), process in list(workers.items()):
            answer = process.ask("parity", path=path, trains=row.trains, rows=rows)
            if "not_offered" in answer:
                not_offered[name] = answer["not_offered"]
                del workers[name, cores]
            else:
                answers[name if cores == 1 else f"{name} on {cores} cores"] = answer
        difference = check(row.name, answers, row.tolerance)
        most = row.epochs or (row.per if row.per > 1 else NO_LIMIT)
        least = row.epochs or (LEAST_EPOCHS if row.trains else 1)
        measures = []
        for (name, cores), process in workers.items():
            plan = process.ask(
                "load", path=path, trains=row.trains,
                seconds=seconds, least=least, most=most,
            )  # fmt: skip
            more = {"steps": plan["steps"], "first_call": plan["first_call"], "seconds": []}
            measures.append({"peer": name, "cores": cores, "count": plan["count"]} | more)
        peaks = []
        for i in range(rounds):
            turn = i % len(measures)  # nobody is always first
            for measure in measures[turn:] + measures[:turn]:
                process = workers[measure["peer"], measure["cores"]]
                answer = process.ask(
                    "time", count=measure["count"], seed=i, score=bool(row.must_score)
                )
                measure["seconds"].append(answer["seconds"] / measure["steps"])
                if row.must_score:
                    measure.setdefault("accuracy", []).append(answer["accuracy"])
            if row.must_share:
                peaks.append(team.alone["pellucid"].ask("peak", seconds=seconds / 2)["gflops"])
    for measure in measures:
        del measure["count"]
    return {
        "row": asdict(row),
        "unit": row.unit,
        "unit_steps": measures[0]["steps"] if row.epochs else row.per,
        "flops": row.flops if row.trains else None,
        "data": data,
        "parity": {"difference": difference, "losses": answers},
        "not_offered": not_offered,
        "peaks": peaks,
        "measures": measures,
    }


def peers_found(team: Team, runs: int) -> dict[str, Any]:
    """Versions and import times of the peers that are here."""
    here = {name: PEERS[name].imports for name in team.alone if PEERS[name].imports}
    times = import_seconds(
        {imports: team.pythons.get(name, sys.executable) for name, imports in here.items()}
        | {"numpy": sys.executable},
        runs,
    )
    return {
        name: {
            "title": PEERS[name].title,
            "version": process.version,
            "numpy": process.numpy,
            "import_seconds": times.get(PEERS[name].imports),
        }
        for name, process in team.alone.items()
    } | {"numpy": {"title": "NumPy", "version": team.alone["pellucid"].numpy, "numpy": "",
                   "import_seconds": times["numpy"]}}  # fmt: skip


def run(
    rows: Sequence[Row],
    names: Sequence[str] = tuple(PEERS),
    pythons: dict[str, str] | None = None,
    quick: bool = False,
    rounds: int = 7,
    seconds: float = 0.5,
) -> dict[str, Any]:
    """The results of a whole run, as they are written down; progress is printed.

    A row that fails is named in `failures` and has no times.
    """
    results: dict[str, Any] = {
        "quick": quick,
        "rounds": rounds,
        "machine": describe(),
    }
    with team_of(names, pythons or {}, any(row.must_gain for row in rows)) as team:
        results["peers"] = peers_found(team, 1 if quick else 7)
        results["missing"] = {
            name: f"{why} ({PEERS[name].cure})" for name, why in team.missing.items()
        }
        results["rows"], results["failures"] = [], []
        print("\n".join(report.heading(results)), end="\n\n", flush=True)
        for row in rows:
            few = min(rounds, 3) if row.epochs else rounds
            try:
                done = run_row(team, row, quick, few, seconds)
            except FileNotFoundError as error:
                results["missing"][row.name] = str(error)
                print(f"{row.name}: not run: {error}", flush=True)
            except (ParityError, PeerFailedError) as error:
                results["failures"].append(f"{error}")
                print(f"FAILED  {error}", flush=True)
            else:
                results["rows"].append(done)
                print(report.line(done), flush=True)
    return results


def name_of(machine: dict[str, Any]) -> str:
    """A file's name for a machine's results.

    Examples
    --------
    >>> name_of({"processor": "Some(R) Processor 42", "cores": 2})
    'some-r-processor-42-2-cores'
    """
    text = f"{machine['processor']} {machine['cores']} cores".lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(description="pellucid beside its peers.")
    parser.add_argument("--quick", action="store_true", help="less data, three short repeats")
    parser.add_argument("--mnist", action="store_true", help="the full MNIST too")
    parser.add_argument("--only", default="", help="rows with this in their name")
    parser.add_argument("--peers", help=f"of {', '.join(PEERS)}; with commas between")
    parser.add_argument(
        "--python", action="append", default=[], metavar="PEER=PATH", help="a peer's interpreter"
    )
    parser.add_argument("--rounds", type=int, help="repeats of each")
    parser.add_argument("--seconds", type=float, help="length of a repeat, about")
    parser.add_argument("--json", type=Path, help="write the results there")
    parser.add_argument("--page", type=Path, help="write the page there")
    given = parser.parse_args(words)
    given.pythons = {}
    for item in given.python:
        name, equals, path = item.partition("=")
        if not equals or name not in PEERS:
            parser.error(f"--python {item}: expected PEER=PATH, PEER one of {', '.join(PEERS)}")
        given.pythons[name] = path
    given.names = list(PEERS)
    if given.peers:
        given.names = ["pellucid", *(n for n in given.peers.split(",") if n != "pellucid")]
        unknown = [name for name in given.names if name not in PEERS]
        if unknown:
            parser.error(f"no peer is called {unknown[0]!r}: expected some of {', '.join(PEERS)}")
    if "pellucid" in given.pythons:  # its reference engine is in the same place
        given.pythons.setdefault("reference", given.pythons["pellucid"])
    try:
        given.rows = rows_named(given.only, [*ROWS, *([FULL_MNIST] if given.mnist else [])])
    except ValueError as error:
        parser.error(str(error))
    if given.rounds is None:
        given.rounds = 3 if given.quick else 7
    if given.seconds is None:
        given.seconds = 0.1 if given.quick else 0.5
    if given.rounds < 1 or not given.seconds > 0:
        parser.error("--rounds and --seconds: expected a number above 0")
    return given


def main(words: Sequence[str] | None = None) -> int:
    """Run, print and write; 1 if a row failed."""
    given = arguments(words)
    try:
        results = run(
            given.rows, given.names, given.pythons, given.quick, given.rounds, given.seconds
        )
    except KeyboardInterrupt:
        print("interrupted: nothing is written", file=sys.stderr)
        return 130
    print()
    for table in report.tables(results):
        print(report.as_text(table), end="\n\n")
    for failure in results["failures"]:
        print(f"FAILED  {failure}")
    if results["failures"]:
        print("Nothing is written: these libraries did not do the same work.")
        return 1
    whole = not (given.quick or given.only or given.peers)
    kept = ROOT / "benchmarks" / "results" / f"{name_of(results['machine'])}.json"
    json_path = given.json or (kept if whole else None)
    page_path = given.page or (ROOT / "docs" / "benchmarks.md" if whole else None)
    if json_path:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(results, indent=1) + "\n")
    if page_path:
        page_path.write_text(report.page(results))
    for path in (json_path, page_path):
        if path:
            print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
