"""`pellucid serve` begins and ends as it should, and keeps to its limits."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import numpy as np
import pytest

from pellucid import Network
from pellucid.serving import Limits
from pellucid.serving.answering import Answers
from pellucid.serving.batching import Batcher
from pellucid.serving.refusals import Refusal
from pellucid.serving.rows import Rows


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "model.safetensors"
    Network([2, 3, 1], seed=0).save(path)
    return path


def post(server, rows, **more):
    return httpx.post(f"{server.url}/predict", json=rows, **more)


# --- beginning and ending ----------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_well_and_answers_under_way_are_finished(serve, model, number):
    server = serve(model)
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        head = "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        sock.sendall(f"{head}Content-Length: 8\r\n\r\n[[1, 2".encode())
        assert httpx.get(f"{server.url}/health").status_code == 200  # so the head has arrived
        server.process.send_signal(number)
        time.sleep(0.3)
        sock.sendall(b"]]")
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 OK")
    assert server.end() == (0, "", "")


def test_it_says_where_it_is_and_warns_of_an_open_address(serve, model):
    server = serve(model, "--host", "0.0.0.0")
    assert server.said.startswith(f"serving {model} at http://0.0.0.0:")
    server.process.send_signal(signal.SIGTERM)  # at once: uvicorn may not listen to it yet
    code, out, err = server.end()
    assert (code, out, err.count("\n")) == (0, "", 1)
    assert err.startswith("warning: whoever reaches this address can ask the model")


def test_a_port_in_use_is_said_in_one_line(run, model):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", model, "--port", port)
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        f"pellucid: port {port} of '127.0.0.1' is in use: give another, or 0 for any that is free\n"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "no.such.host.invalid"], "there is no address 'no.such.host.invalid'"),
        (["--host", "192.0.2.1"], "cannot be had"),
        (["--timeout", "0"], "seconds is 0.0: expected a number above 0"),
        (["--timeout", "nan"], "seconds is nan"),
        (["--max-body-mb", "-1"], "body_bytes is"),
        (["--port", "70000"], "65535"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(run, model, options, words):
    result = run("serve", model, *options)
    assert (result.code, result.out) == (2, "")
    assert words in result.err
    assert result.err.count("\n") == 1


def test_a_file_that_is_no_model_is_not_served(run, tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"PK\x03\x04")
    result = run("serve", "x.safetensors")
    assert result.code == 2
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("name", ["starlette", "uvicorn"])
def test_what_must_be_installed_is_named(model, name):
    code = f"import sys; sys.modules[{name!r}] = None; from pellucid.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", model], capture_output=True, text=True
    )
    expected = f"pellucid: serving needs {name}: pip install 'pellucid[serve]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)


# --- limits ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(serve, model):
    return serve(model, "--max-body-mb", 0.01, "--max-rows", 100, "--timeout", 1)


def test_rows_beyond_the_limit_are_refused(small):
    assert post(small, [[1, 2]] * 100).status_code == 200
    refused = post(small, [[1, 2]] * 101)
    assert refused.status_code == 422
    assert refused.json()["error"]["message"].startswith("there are more than 100 rows")


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("size", "status"), [(10_485, 400), (10_486, 413), (1_000_000, 413)])
def test_bytes_beyond_the_limit_are_refused_however_they_come(small, size, status, chunked):
    content = b"[" * size
    answer = httpx.post(
        f"{small.url}/predict",
        content=iter([content[:9000], content[9000:]]) if chunked else content,
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == status
    if status == 413:
        assert "more than 10485 bytes" in answer.json()["error"]["message"]
        assert answer.headers["connection"] == "close"


def test_a_body_that_does_not_come_is_not_waited_for(small):
    def slowly():
        yield b"[[1, "
        time.sleep(2)
        yield b"2]]"

    try:
        answer = httpx.post(
            f"{small.url}/predict", content=slowly(), headers={"content-type": "application/json"}
        )
    except httpx.WriteError:  # it was hung up on before it had sent the rest
        return
    assert answer.status_code == 408
    assert "within 1 s" in answer.json()["error"]["message"]


def test_who_comes_when_too_many_wait_is_told_to_come_later():
    """And who gave up waiting is not computed for, and the others get their answers."""
    let_go = threading.Event()

    def compute(rows):
        assert let_go.wait(30)
        return Answers(rows.columns["x"])

    def rows(*numbers):
        return Rows({"x": np.array(numbers, np.float64)}, len(numbers))

    async def ask():
        batcher = Batcher(compute, Limits(requests=3, rows=2))
        running = asyncio.create_task(batcher.run())
        first = asyncio.create_task(batcher.ask(rows(0.0)))
        while batcher._more.is_set() or not batcher.requests:  # until it is under way
            await asyncio.sleep(0.01)
        waiting = [asyncio.create_task(batcher.ask(rows(n, n))) for n in (1.0, 2.0, 3.0)]
        await asyncio.sleep(0)
        with pytest.raises(Refusal, match="too many requests wait") as refused:
            await batcher.ask(rows(4.0))
        assert (refused.value.status, refused.value.headers) == (503, {"retry-after": "1"})
        waiting[1].cancel()
        let_go.set()
        made = [await task for task in (first, waiting[0], waiting[2])]
        running.cancel()
        return [answers.predictions.tolist() for answers in made], batcher.rows

    assert asyncio.run(ask()) == ([[0.0], [1.0, 1.0], [3.0, 3.0]], 5)


def test_a_fault_of_ours_is_an_error_of_one_request_and_not_of_the_server():
    def compute(rows):
        if (rows.columns["x"] == 7.0).any():
            raise ZeroDivisionError
        return Answers(rows.columns["x"])

    async def ask():
        batcher = Batcher(compute, Limits())
        running = asyncio.create_task(batcher.run())
        asked = [batcher.ask(Rows({"x": np.array([x])}, 1)) for x in (6.0, 7.0, 8.0)]
        made = await asyncio.gather(*asked, return_exceptions=True)
        running.cancel()
        return made

    good, bad, also_good = asyncio.run(ask())
    assert isinstance(bad, ZeroDivisionError)
    assert (good.predictions.tolist(), also_good.predictions.tolist()) == ([6.0], [8.0])


def test_an_answer_that_takes_too_long_is_refused_and_later_ones_are_made(serve, tmp_path):
    network = Network([100, 1500, 1500, 1], seed=0)
    network.save(tmp_path / "slow.safetensors")
    server = serve(tmp_path / "slow.safetensors", "--timeout", 0.1)
    rows = np.zeros((8000, 100)).tolist()
    answer = httpx.post(f"{server.url}/predict", content=json.dumps(rows),
                        headers={"content-type": "application/json"}, timeout=60)  # fmt: skip
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    deadline = time.monotonic() + 60
    while (last := post(server, [[0.0] * 100])).status_code == 503:
        assert time.monotonic() < deadline
    assert last.json()["predictions"] == network.predict(np.zeros((1, 100)))[:, 0].tolist()
