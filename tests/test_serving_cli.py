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

from pellucid import MLPRegressor, Network
from pellucid.serving import Limits, application
from pellucid.serving.answering import Answers
from pellucid.serving.batching import Batcher
from pellucid.serving.refusals import Refusal
from pellucid.serving.rows import RequestRows


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
        head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
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
        (["--timeout", "0"], "--timeout is 0: expected a number from 0.001 to 1000000"),
        (["--timeout", "nan"], "--timeout is nan: expected a number from 0.001"),
        (["--timeout", "inf"], "--timeout is inf: expected a number from 0.001"),
        (["--max-body-mb", "-1"], "--max-body-mb is -1: expected a number from 0.001"),
        (["--max-body-mb", "nan"], "--max-body-mb is nan: expected a number from 0.001"),
        (["--max-body-mb", "inf"], "--max-body-mb is inf: expected a number from 0.001"),
        (["--max-body-mb", "1e308"], "--max-body-mb is 1e+308: expected a number from 0.001"),
        (["--max-rows", "0"], "--max-rows"),
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


# --- names ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def local(serve, model):
    return serve(model)


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost:1", "127.0.0.1:8000", "[::1]", "[::1]:80", "127.1.2.3"]
)
def test_this_machines_own_names_are_answered(local, host):
    assert httpx.get(f"{local.url}/schema", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example",
        "localhost@evil.example", "0.0.0.0", "[::2]", "192.0.2.1", "2130706433", "", "[::1",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("method", "path"), [("GET", "/schema"), ("POST", "/predict")])
def test_another_name_is_refused_before_anything_is_read(local, host, method, path):
    answer = httpx.request(method, local.url + path, headers={"host": host}, content=b"[[1, 2]]")
    assert answer.status_code == 421
    (error,) = answer.json().values()
    assert error["status"] == 421
    assert f"{host!r}" in error["message"] if host else "is missing" in error["message"]
    assert error["message"].endswith("expected localhost, 127.0.0.1 or [::1]")


def test_a_server_for_others_takes_every_name(serve, model):
    server = serve(model, "--host", "0.0.0.0")
    url = f"http://127.0.0.1:{server.port}/schema"
    assert httpx.get(url, headers={"host": "model.example"}).status_code == 200
    server.process.send_signal(signal.SIGTERM)
    assert server.end()[0] == 0  # with the warning, which is looked at above


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
    with socket.create_connection(("127.0.0.1", small.port)) as sock:
        head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        sock.sendall(f"{head}Content-Length: 8\r\n\r\n[[1, ".encode())
        said = b"".join(iter(lambda: sock.recv(65536), b""))  # until it hangs up
    status, _, content = said.partition(b"\r\n\r\n")
    assert status.startswith(b"HTTP/1.1 408 ")
    assert "within 1 s" in json.loads(content)["error"]["message"]


def test_who_comes_when_too_many_wait_is_told_to_come_later():
    """And who gave up waiting is not computed for, and the others get their answers."""
    let_go = threading.Event()

    def compute(rows):
        assert let_go.wait(30)
        return Answers(rows.columns["x"])

    def rows(*numbers):
        return RequestRows({"x": np.array(numbers, np.float64)}, len(numbers))

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
        asked = [batcher.ask(RequestRows({"x": np.array([x])}, 1)) for x in (6.0, 7.0, 8.0)]
        made = await asyncio.gather(*asked, return_exceptions=True)
        running.cancel()
        return made

    good, bad, also_good = asyncio.run(ask())
    assert isinstance(bad, ZeroDivisionError)
    assert (good.predictions.tolist(), also_good.predictions.tolist()) == ([6.0], [8.0])


class Held(MLPRegressor):
    """Waits in each forward pass until it is let go."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.let_go = threading.Event()
        self.let_go.set()

    def predict(self, X):
        assert self.let_go.wait(60)
        return super().predict(X)


@pytest.fixture
def held():
    X = np.random.default_rng(0).normal(size=(64, 3))
    return Held(hidden_layer_sizes=(5,), max_iter=20, tol=1.0, random_state=0).fit(X, X[:, 0])


def asked(model, limits, ask):
    """What a client of the application of a model gives back."""

    async def run():
        app = application(model, limits)
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60)
        async with app.router.lifespan_context(app), client:
            return await ask(client)

    return asyncio.run(run())


def test_rows_that_come_while_a_pass_runs_share_the_next_one(held):
    X = np.random.default_rng(1).normal(size=(64, 3)).tolist()
    expected = held.predict(X).tolist()

    async def done(client, requests):
        """What the server has done, once so many requests have come."""
        while (made := (await client.get("/health")).json())["requests"] < requests:
            await asyncio.sleep(0.01)
        return made

    async def ask(client):
        held.let_go.clear()
        first = asyncio.create_task(client.post("/predict", json=X[:1]))
        while (await done(client, 1))["requests"] < 1:
            await asyncio.sleep(0.01)
        others = [asyncio.create_task(client.post("/predict", json=[row])) for row in X[1:]]
        before = await done(client, 64)
        held.let_go.set()
        made = [(await task).json()["predictions"] for task in (first, *others)]
        return before, made, await done(client, 64)

    before, made, after = asked(held, Limits(), ask)
    assert (before["passes"], before["rows"]) == (0, 0)
    assert made == [[one] for one in expected]
    assert (after["requests"], after["passes"], after["rows"]) == (64, 2, 64)


def test_an_answer_that_takes_too_long_is_refused_and_later_ones_are_made(held):
    X = [[1.0, 2.0, 3.0]]
    expected = held.predict(X).tolist()

    async def ask(client):
        held.let_go.clear()
        late = await client.post("/predict", json=X)
        held.let_go.set()
        while (last := await client.post("/predict", json=X)).status_code == 503:
            pass  # a slow machine may take as long again
        return late, last

    late, last = asked(held, Limits(seconds=0.5), ask)
    assert (late.status_code, late.headers["retry-after"]) == (503, "1")
    assert late.json()["error"]["message"].startswith("no answer within 0.5 s")
    assert last.json()["predictions"] == expected
