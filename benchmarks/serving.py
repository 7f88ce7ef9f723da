"""Serving is measured in rows a second that one core answers over HTTP, beside a plain server.

    python benchmarks/serving.py            one minute; written down, and into docs/serving.md
    python benchmarks/serving.py --quick    short runs, printed, nothing written

Both serve the same network of 64-100-10 for the digits through Starlette and uvicorn, and take the
same JSON; that they give the same probabilities is seen to first. The plain server is what one
writes in ten lines: scikit-learn's `predict_proba` in each request. The server has a core to
itself; clients in one process on the others keep it busy, each over a connection that stays open.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from data import ROOT
from machine import cpus, describe
from process import environment
from report import Table, as_markdown, as_text, duration, put_between, times

HIDDEN, EPOCHS = 100, 10
CLIENTS = {1: 32, 100: 8, 1000: 4}
"""Clients at once, by rows in a request."""

SERVERS = {"pellucid": "pellucid serve", "plain": "a plain server"}


SECONDS, QUICK = 5.0, 0.3
"""So long each size is asked for of each server."""

RESULTS = ROOT / "benchmarks" / "results" / "serving.json"
PAGE = ROOT / "docs" / "serving.md"
MARKS = "<!-- rows a second: written by make bench-serving -->\n", "<!-- rows a second: end -->"


class Measured(NamedTuple):
    """What came of some seconds of asking."""

    rows_per_second: float
    requests_per_second: float
    milliseconds: float  # median of a request
    rows_per_pass: float | None  # None where the server does not tell


def run(seconds: float) -> dict[str, Any]:
    """The results, as they are written down; both servers are measured in turns."""
    here = cpus()
    server, clients = here[:1], here[1:] or here
    results: dict[str, Any] = {"machine": describe(), "seconds": seconds, "measures": []}
    pinned = hasattr(os, "sched_setaffinity")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        if pinned:
            os.sched_setaffinity(0, clients)
            stack.callback(os.sched_setaffinity, 0, here)
        rows = train(Path(folder))
        ports = {name: start(name, Path(folder), server, stack) for name in SERVERS}
        refuse_other_answers(ports, rows)
        for n, count in CLIENTS.items():
            request = request_of(rows[:n])
            for name, port in ports.items():
                made = asyncio.run(measure(port, request, n, count, seconds))
                about = {"server": name, "rows": n, "clients": count}
                results["measures"].append(about | made._asdict())
                print(f"{name:<10}{n:>6} rows a request: {made.rows_per_second:,.0f} rows/s")
    return results


def table(results: Mapping[str, Any]) -> Table:
    """Rows a second, a row a size of request."""
    header = ["rows a request", "clients", "rows/s", "requests/s", "a request", "rows a pass"]
    header += [f"rows/s of {SERVERS['plain']}", "ratio"]
    found = {(one["server"], one["rows"]): one for one in results["measures"]}
    rows = []
    for n, clients in CLIENTS.items():
        ours, plain = found["pellucid", n], found["plain", n]
        ratio = ours["rows_per_second"] / plain["rows_per_second"]
        rows.append([
            f"{n:,}", str(clients), f"{ours['rows_per_second']:,.0f}",
            f"{ours['requests_per_second']:,.0f}", duration(ours["milliseconds"] / 1e3),
            f"{ours['rows_per_pass']:,.1f}", f"{plain['rows_per_second']:,.0f}", times(ratio),
        ])  # fmt: skip
    fewest, most = (found["pellucid", n]["rows_per_second"] for n in (min(CLIENTS), max(CLIENTS)))
    shared = found["pellucid", min(CLIENTS)]["rows_per_pass"] / min(CLIENTS)
    machine = results["machine"]
    note = (
        f"{machine['processor']}, {machine['system']}, Python {machine['python']}; load "
        f"{machine['load']} at the start; {results['seconds']:g} s each. Requests of "
        f"{max(CLIENTS):,} rows get {most / fewest:.0f} times as many rows answered in a second as "
        f"requests of {min(CLIENTS)}, though {shared:.0f} of these share a forward pass. A "
        "request's time is the median, with so many clients at once; the digits' network of "
        f"64-{HIDDEN}-10, the server on one core, JSON both ways. The "
        "plain server is the same weights in scikit-learn's `predict_proba`, called in each "
        "request, in ten lines of Starlette."
    )
    return Table("Rows a second", header, rows, note)


def written(page: str, results: Mapping[str, Any]) -> str:
    """A page with the table between its marks; ValueError if it has none."""
    return put_between(MARKS, page, as_markdown(table(results)).split("\n", 2)[2])


def main(words: list[str] | None = None) -> int:
    """Run, print and write."""
    parser = argparse.ArgumentParser(description="Rows a second that one core answers over HTTP.")
    parser.add_argument("--quick", action="store_true", help="short runs, nothing written")
    parser.add_argument("--plain", help=argparse.SUPPRESS)  # weights, in that server's process
    given = parser.parse_args(words)
    if given.plain:
        serve_plainly(given.plain)
        return 0
    results = run(QUICK if given.quick else SECONDS)
    print(f"\n{as_text(table(results))}")
    if given.quick:
        return 0
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    print(f"wrote {RESULTS}\nwrote {PAGE}")
    return 0


def train(folder: Path) -> list[dict[str, Any]]:
    """Save a model of the digits and its weights by themselves, and give rows to ask about."""
    from pellucid import Predictor, Recipe, datasets

    table = datasets.load("digits").table()
    recipe = Recipe(hidden=(HIDDEN,), settings={"epochs": EPOCHS})
    model = Predictor.fit(table, recipe=recipe).predictor
    model.save(folder / "digits.safetensors")
    np.savez(folder / "weights.npz", **model.network.parameters)
    rows: list[dict[str, Any]] = table.frame.drop("digit").rows(named=True)
    return rows


def start(name: str, folder: Path, on: list[int], stack: ExitStack) -> int:
    """The port of a server on some cores, which is ended with the stack."""
    if name == "pellucid":
        words = ["-m", "pellucid", "serve", str(folder / "digits.safetensors"), "--port", "0"]
    else:
        words = [__file__, "--plain", str(folder / "weights.npz")]
    process = stack.enter_context(
        subprocess.Popen(
            [sys.executable, *words], stdout=subprocess.PIPE, text=True, env=environment(len(on))
        )
    )
    stack.callback(process.terminate)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process.pid, on)  # before it has threads, which take it over
    assert process.stdout is not None
    said = process.stdout.readline()
    if " at http" not in said:
        raise SystemExit(f"{name}'s server ended with {process.wait()}")
    return int(said.split(" at ")[1].split()[0].rpartition(":")[2])


def request_of(rows: list[dict[str, Any]]) -> bytes:
    """The bytes that ask about some rows."""
    content = json.dumps({"rows": rows}).encode()
    head = (
        "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def refuse_other_answers(ports: dict[str, int], rows: list[dict[str, Any]]) -> None:
    """End with an error if the servers do not agree on the probabilities."""
    made = []
    for port in ports.values():
        _, content = asyncio.run(once(port, request_of(rows[:1000])))
        made.append(np.array(json.loads(content)["probabilities"]))
    off = float(np.abs(made[0] - made[1]).max())
    if not off < 1e-6:
        raise SystemExit(f"the servers' probabilities differ by {off:.1e}")


async def measure(port: int, request: bytes, rows: int, clients: int, seconds: float) -> Measured:
    """Ask for so many seconds, after a tenth of them that do not count."""
    await ask(port, request, seconds / 10)
    before = await health(port)
    begin = perf_counter()
    times = await asyncio.gather(*(ask(port, request, seconds) for _ in range(clients)))
    took = perf_counter() - begin
    after = await health(port)
    all_times = [time for several in times for time in several]
    per_pass = None
    if before:
        per_pass = (after["rows"] - before["rows"]) / (after["passes"] - before["passes"])
    requests = len(all_times) / took
    return Measured(requests * rows, requests, 1e3 * median(all_times), per_pass)


async def ask(port: int, request: bytes, seconds: float) -> list[float]:
    """One client: the seconds that each of its requests took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    end, times = perf_counter() + seconds, []
    while (begin := perf_counter()) < end:
        writer.write(request)
        status, _ = await answer(reader)
        if status != 200:
            raise SystemExit(f"the server answered with {status}")
        times.append(perf_counter() - begin)
    writer.close()
    await writer.wait_closed()
    return times


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and content of the next response."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines if line)
    return int(status.split()[1]), await reader.readexactly(int(headers["content-length"]))


async def once(port: int, request: bytes) -> tuple[int, bytes]:
    """What is answered over a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    made = await answer(reader)
    writer.close()
    await writer.wait_closed()
    return made


async def health(port: int) -> dict[str, Any]:
    """What the server counts; nothing if it does not count."""
    status, content = await once(port, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return dict(json.loads(content)) if status == 200 else {}


def serve_plainly(weights: str) -> None:
    """What one writes in ten lines, with the weights of the other."""
    import uvicorn
    from sklearn.datasets import load_digits
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from pellucid.serving.server import address_of, listen

    warnings.simplefilter("ignore", ConvergenceWarning)
    model = MLPClassifier((HIDDEN,), max_iter=1).fit(*load_digits(return_X_y=True))
    with np.load(weights) as saved:
        model.coefs_ = [saved["layer1.W"], saved["layer2.W"]]
        model.intercepts_ = [saved["layer1.b"], saved["layer2.b"]]

    async def predict(request: Request) -> JSONResponse:
        rows = (await request.json())["rows"]
        p = model.predict_proba(np.array([[*row.values()] for row in rows]) / 16)
        labels = model.classes_[p.argmax(axis=1)]
        return JSONResponse({"predictions": labels.tolist(), "probabilities": p.tolist()})

    app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
    config = uvicorn.Config(app, http="h11", loop="asyncio", log_level="error", access_log=False)
    with listen("127.0.0.1", 0) as sock:
        print(f"serving at {address_of(sock)[0]}", flush=True)
        uvicorn.Server(config).run(sockets=[sock])


if __name__ == "__main__":
    sys.exit(main())
