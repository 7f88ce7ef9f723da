"""Tables are learnt by pellucid and its peers from the same rows, by their defaults, and scored.

    python benchmarks/tables.py                         all, up to 10 000 rows; written down
    python benchmarks/tables.py --whole                 on three quarters of each real table
    python benchmarks/tables.py --quick                 few rows, one seed, printed
    python benchmarks/tables.py --sets adult,iris --systems pellucid,histgb --seeds 2
    python benchmarks/tables.py --python torch=PATH     a system from another environment

A seed divides the rows, the same for all, and is each system's `random_state`. Every system works
in a process of its own, in turns, with all cores. One that is not installed is named as missing.
It ends with 1 if a table or a system is missing, or one fails.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import table_report
from data import ROOT
from machine import describe
from process import MissingPeerError, PeerFailedError
from report import as_text
from table_data import TABLES, TEST_PART
from table_systems import SYSTEMS
from table_worker import Worker

RESULTS = ROOT / "benchmarks" / "results" / "tables.json"
PAGE = ROOT / "docs" / "tables-benchmark.md"

ROWS, SEEDS, MANY = 10_000, 5, 100_000
"""To train on at the most, to repeat with, and rows whose prediction is timed."""

QUICK_ROWS, QUICK_MANY = 300, 1000

MEASURED = ("error", "log_loss", "ece", "fit", "predict", "predict_one")
"""What is kept of each seed."""


def run(
    tables: Sequence[str],
    systems: Sequence[str],
    seeds: int = SEEDS,
    rows: int | None = ROWS,
    many: int = MANY,
    pythons: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The results of a run, as they are written down; progress is printed.

    Parameters
    ----------
    rows : to train on, at the most; None: all that are not to test on.
    many : rows to predict for the time of that.
    pythons : the interpreter of a system by name; this one for all others.
    """
    results: dict[str, Any] = {
        "machine": describe(), "rows": rows, "test_part": TEST_PART, "seeds": seeds, "many": many,
        "systems": {}, "missing": {}, "failures": [], "tables": [],
    }  # fmt: skip
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for name in systems:
            system = SYSTEMS[name]
            try:
                worker = stack.enter_context(
                    Worker(name, (pythons or {}).get(name, sys.executable))
                )
            except MissingPeerError as error:
                cure = "pip install 'pellucid[bench]', or give --python its environment's"
                results["missing"][name] = f"{error} ({cure})"
            else:
                workers[name] = worker
                about = {"title": system.title, "package": system.package, "told": system.told}
                results["systems"][name] = about | {"version": worker.version}
        print("\n".join(table_report.heading(results)), end="\n\n", flush=True)
        for name in tables:
            try:
                done = measure(name, workers, seeds, rows, many, results["failures"])
            except FileNotFoundError as error:
                results["missing"][name] = str(error)
                print(f"MISSING  {name}: {error}", flush=True)
            else:
                results["tables"].append(done)
    return results


def measure(
    table: str,
    workers: Mapping[str, Worker],
    seeds: int,
    rows: int | None,
    many: int,
    failures: list[str],
) -> dict[str, Any]:
    """What every system makes of a table: lists by seed. Who fails is named in `failures`.

    Raises
    ------
    FileNotFoundError
        If the table is not there.
    PeerFailedError
        If two systems did not have the same rows.
    """
    found: dict[str, dict[str, Any]] = {name: {} for name in workers}
    about: dict[str, Any] = {}
    for seed in range(seeds):
        digests: dict[str, str] = {}
        for name in list(workers)[:: -1 if seed % 2 else 1]:  # nobody is always first
            if seed >= SYSTEMS[name].most_seeds:
                continue
            try:
                answer = workers[name].ask(table=table, seed=seed, rows=rows, many=many)
            except PeerFailedError as error:
                failures.append(f"{error}")
                print(f"FAILED  {error}", flush=True)
                continue
            digests[name] = answer["digest"]
            about = {key: answer[key] for key in ("rows", "columns")}
            for what in MEASURED:
                if what in answer:
                    found[name].setdefault(what, []).append(answer[what])
            found[name].setdefault("seeds", []).append(seed)
            print(table_report.line(table, seed, name, answer), flush=True)
        if len(set(digests.values())) > 1:
            raise PeerFailedError(f"{table}: not the same rows for all: {digests}")
    one = TABLES[table]
    return {
        "name": table, "classes": one.classes, "real": one.real, "target": one.target,
        "dropped": dict(one.drop), **about,
        "systems": {name: lists for name, lists in found.items() if lists},
    }  # fmt: skip


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(description="Tabular models beside their peers.")
    parser.add_argument("--sets", help=f"of {', '.join(TABLES)}; with commas between")
    parser.add_argument("--systems", help=f"of {', '.join(SYSTEMS)}; with commas between")
    parser.add_argument("--seeds", type=int, help="how many, from 0 on")
    parser.add_argument("--rows", type=int, help="to train on at the most")
    parser.add_argument(
        "--whole", action="store_true", help="all rows of the real tables, one seed"
    )
    parser.add_argument("--quick", action="store_true", help="few rows, one seed, nothing written")
    parser.add_argument(
        "--python", action="append", default=[], metavar="NAME=PATH", help="a system's interpreter"
    )
    parser.add_argument("--json", type=Path, help="write the results there")
    parser.add_argument("--page", type=Path, help="write the page there")
    given = parser.parse_args(words)
    given.pythons = {}
    for item in given.python:
        name, equals, path = item.partition("=")
        if not equals or name not in SYSTEMS:
            parser.error(f"--python {item}: expected NAME=PATH, NAME of {', '.join(SYSTEMS)}")
        given.pythons[name] = path
    real = [name for name, table in TABLES.items() if table.real]
    given.sets = _named(parser, "set", given.sets, TABLES) or (real if given.whole else [*TABLES])
    given.systems = _named(parser, "system", given.systems, SYSTEMS) or list(SYSTEMS)
    if given.whole and given.rows is not None:
        parser.error("--whole takes all rows: leave out --rows")
    if given.seeds is None:
        given.seeds = 1 if given.quick or given.whole else SEEDS
    if given.rows is None and not given.whole:
        given.rows = QUICK_ROWS if given.quick else ROWS
    if given.seeds < 1 or (given.rows is not None and given.rows < 10):
        parser.error("--seeds and --rows: expected 1 and 10, or more")
    everything = set(real if given.whole else TABLES), set(SYSTEMS)
    asked = given.seeds, given.rows
    given.partial = (set(given.sets), set(given.systems)) != everything or asked != (
        (1, None) if given.whole else (SEEDS, ROWS)
    )
    return given


def _named(
    parser: argparse.ArgumentParser, what: str, text: str | None, known: Mapping[str, Any]
) -> list[str]:
    names = text.split(",") if text else []
    for name in names:
        if name not in known:
            parser.error(f"no {what} is called {name!r}: expected some of {', '.join(known)}")
    return names


def written(results: dict[str, Any], whole: bool, json_path: Path) -> dict[str, Any]:
    """Both kinds of runs as they stand in the file, with this one in its place."""
    kept: dict[str, Any] = json.loads(json_path.read_text()) if json_path.exists() else {}
    kept["whole" if whole else "limited"] = results
    json_path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return kept


def main(words: Sequence[str] | None = None) -> int:
    """Run, print and write; 1 if something is missing or failed."""
    given = arguments(words)
    many = QUICK_MANY if given.quick else MANY
    if given.partial and not (given.json or given.page):
        print("This is a part of it: nothing will be written without --json or --page.\n")
    try:
        results = run(given.sets, given.systems, given.seeds, given.rows, many, given.pythons)
    except KeyboardInterrupt:
        print("interrupted: nothing is written", file=sys.stderr)
        return 130
    except PeerFailedError as error:
        print(f"FAILED  {error}\nNothing is written.")
        return 1
    print()
    for table in table_report.tables(results):
        print(as_text(table), end="\n\n")
    lacking = [f"MISSING  {name}: {why}" for name, why in results["missing"].items()]
    lacking += [f"FAILED  {failure}" for failure in results["failures"]]
    print("\n".join(lacking), end="\n" if lacking else "")
    kept_too = not (given.partial or lacking)
    json_path = given.json or (RESULTS if kept_too else None)
    page_path = given.page or (PAGE if kept_too else None)
    kept = {"whole" if given.whole else "limited": results}
    if json_path:
        kept = written(results, given.whole, json_path)
    if page_path:
        page_path.write_text(table_report.page(kept), encoding="utf-8")
    for path in (json_path, page_path):
        if path:
            print(f"wrote {path}")
    if not (json_path or page_path):
        why = "not everything was there" if lacking else "this was a part of it"
        print(f"nothing was written, since {why}; --json and --page say where to")
    return int(bool(lacking))


if __name__ == "__main__":
    sys.exit(main())
