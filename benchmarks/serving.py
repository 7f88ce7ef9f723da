"""Serving is measured in rows a second that one core answers over HTTP, beside a plain server.

    python benchmarks/serving.py                  requests of 1, 100 and 1 000 rows
    python benchmarks/serving.py --seconds 0.5    so long each; by default 5

Both serve the same network of 64-100-10 for the digits through Starlette and uvicorn, and take the
same JSON; that they give the same probabilities is seen to first. The plain server is what one
writes in ten lines: scikit-learn's `predict_proba` in each request. The server has a core to
itself; clients in one process on the others keep it busy, each over a connection that stays open.
Prints what was measured, and writes nothing.
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
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from machine import cpus, describe
from process import environment

HIDDEN, EPOCHS = 100, 10
CLIENTS = {1: 32, 100: 8, 1000: 4}
"""Clients at once, by rows in a request."""


class Measured(NamedTuple):
    """What came of some seconds of asking."""

    rows_per_second: float
    requests_per_second: float
    milliseconds: float  # median of a request
    rows_per_pass: float  # NaN where the server does not tell


def main() -> None:
    """Measure both servers in turns."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each size and server")
    parser.add_argument("--plain", help=argparse.SUPPRESS)  # weights, in that server's process
    options = parser.parse_args()
    if options.plain:
        serve_plainly(options.plain)
        return
    here = cpus()
    server, clients = here[:1], here[1:] or here
    print(json.dumps(describe()))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, clients)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        rows = train(Path(folder))
        ports = {name: start(name, Path(folder), server, stack) for name in ("pellucid", "plain")}
        refuse_other_answers(ports, rows)
        print(f"{'':10}{'rows':>6}{'clients':>9}{'rows/s':>10}{'requests/s':>12}"
              f"{'median ms':>11}{'rows a pass':>13}")  # fmt: skip
        for n, count in CLIENTS.items():
            request = request_of(rows[:n])
            for name, port in ports.items():
                made = asyncio.run(measure(port, request, n, count, options.seconds))
                print(f"{name:10}{n:>6}{count:>9}{made.rows_per_second:>10.0f}"
                      f"{made.requests_per_second:>12.0f}{made.milliseconds:>11.2f}"
                      f"{made.rows_per_pass:>13.1f}", flush=True)  # fmt: skip


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
    per_pass = float("nan")
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
    main()
