"""A server under attack refuses what is wrong, answers what is right, and does not grow."""

import json
import re
import socket
import time

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from pellucid import TabularClassifier, TabularRegressor
from pellucid.tables import read_table

SMALL = {"bag": 2, "min_steps": 60, "max_epochs": 10, "random_state": 0}
SECONDS = 2
"""What the servers here have patience for."""

ALWAYS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("attacked")


class Target:
    """A server, a row it takes, and the answer to it."""

    def __init__(self, server, row):
        self.server, self.row = server, row
        self.answer = self.ask()
        self.megabytes = server.megabytes

    def ask(self):
        answer = httpx.post(f"{self.server.url}/predict", json={"rows": [self.row]})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def still_well(self):
        """Whether it answers as before, and has not grown."""
        assert httpx.get(f"{self.server.url}/health").json()["status"] == "ok"
        assert self.ask() == self.answer
        assert self.server.process.poll() is None
        assert self.server.megabytes < self.megabytes + 150


def target(model, rows, path, serve):
    model.save(path)
    server = serve(path, "--timeout", SECONDS, "--max-body-mb", 1, "--max-rows", 100)
    return Target(server, rows.row(0, named=True))


@pytest.fixture(scope="module")
def adult(folder, serve, tabular):
    frame = read_table(tabular / "adult.data.gz").frame[:400]
    model = TabularClassifier(**SMALL).fit(frame, "column_15")
    return target(model, frame.drop("column_15"), folder / "adult.safetensors", serve)


@pytest.fixture(scope="module")
def california(folder, serve, tabular):
    frame = read_table(tabular / "california-housing.csv.gz").frame.sample(400, seed=0)
    model = TabularRegressor(**SMALL).fit(frame, "median_house_value")
    rows = frame.drop("median_house_value")
    return target(model, rows, folder / "california.safetensors", serve)


@pytest.fixture(params=["adult", "california"])
def attacked(request):
    made = request.getfixturevalue(request.param)
    yield made
    made.still_well()


# --- what schemathesis makes of the OpenAPI document -------------------------------------------


MODES = {
    "right": (GenerationMode.POSITIVE, "application/json", 30, [checks.positive_data_acceptance]),
    "wrong": (GenerationMode.NEGATIVE, "application/json", 120, [checks.negative_data_rejection]),
    "text": (GenerationMode.POSITIVE, "text/csv", 100, []),
}


@pytest.mark.parametrize("mode", MODES)
def test_what_schemathesis_sends_is_answered_as_the_document_says(attacked, mode):
    generation, media_type, examples, more = MODES[mode]
    url = attacked.server.url
    document = httpx.get(f"{url}/openapi.json").json()
    post = document["paths"]["/predict"]["post"]
    content = post["requestBody"]["content"]
    post["requestBody"]["content"] = {media_type: content[media_type]}
    operation = schemathesis.openapi.from_dict(document)["/predict"]["POST"]
    query = {"interval": 0.8} if mode == "right" and "parameters" in post else None
    cases = operation.as_strategy(generation_mode=generation, query=query)
    asked = []

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None)
    @given(cases)
    def attack(case):
        asked.append(case.call_and_validate(base_url=url, checks=[*ALWAYS, *more]))

    attack()
    assert len(asked) >= examples
    assert (200 if mode == "right" else 422) in {answer.status_code for answer in asked}


# --- what no library would send ----------------------------------------------------------------


def head(*lines):
    return "\r\n".join(["POST /predict HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


TYPE = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
PING = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"

RAW = {
    "the start of TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n", [400]),
    "zeros": (bytes(100_000), [400]),
    "HTTP/0.9": (b"GET /health\r\n\r\n", [400]),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [421]),
    "HTTP/1.0 without a host": (b"GET /health HTTP/1.0\r\n\r\n", [421]),
    "another's host": (PING.replace(b"localhost", b"evil.example"), [421]),
    "two hosts": (PING.replace(b"\r\n\r\n", b"\r\nHost: evil.example\r\n\r\n"), [400]),
    "no host": (b"GET /health HTTP/1.1\r\n\r\n", [400]),
    "a method of a megabyte": (b"G" * 2**20, [400]),
    "a path of a megabyte": (b"GET /" + b"a" * 2**20 + b" HTTP/1.1\r\n\r\n", [400]),
    "a header of a megabyte": (head("A: " + "a" * 2**20), [400]),
    "10 000 headers": (head("Connection: close", *(f"A{i}: 1" for i in range(10_000))), [415]),
    "a zero in a header": (head("A: \0"), [400]),
    "a zero in the path": (
        b"GET /%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", [404]
    ),
    "a path upwards": (
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", [404]
    ),
    "two lengths": (head(TYPE, "Content-Length: 2", "Content-Length: 3") + b"[]", [400]),
    "a length below zero": (head(TYPE, "Content-Length: -1"), [400]),
    "a length that is none": (head(TYPE, "Content-Length: x"), [400]),
    "a length of a petabyte": (head(TYPE, f"Content-Length: {10**15}") + b"[" * 1000, [413]),
    "a large one that asks first": (
        head(TYPE, "Content-Length: 2000000", "Expect: 100-continue"), [413]
    ),
    "a length that is too small": (
        head(TYPE, "Content-Length: 2") + b"[]" + b"{}\r\n\r\n", [422, 400]
    ),
    "chunks of nonsense": (head(TYPE, CHUNKED) + b"zz\r\n[]\r\n", [400]),
    "a chunk that lies": (head(TYPE, CHUNKED) + b"2\r\n[[[[]]]]\r\n0\r\n\r\n", [400]),
    "a chunk of a petabyte": (head(TYPE, CHUNKED) + b"38D7EA4C68000\r\n" + b"[" * 5 * 2**20, [413]),
    "other codings": (head(TYPE, "Transfer-Encoding: gzip, chunked"), [400]),
    "a web socket": (
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\nnonsense\r\n\r\n", [200, 400]
    ),
    "good ones, then nonsense": (PING * 5 + b"nonsense\r\n\r\n", [200] * 5 + [400]),
    "half a request, and gone": (head(TYPE, "Content-Length: 100") + b"[", None),
    "half a header, and gone": (b"POST /pre", None),
}  # fmt: skip
"""What is sent, and the statuses of what is answered; None if the client leaves without waiting."""


def statuses(sock):
    """Those of all that is answered until the server hangs up."""
    sock.settimeout(10 * SECONDS)
    said = bytearray()
    try:
        while part := sock.recv(65536):
            said += part
    except ConnectionResetError:  # it does not read what is sent after a refusal
        pass
    return in_turn(said)


def in_turn(said):
    """The statuses of what a server said."""
    assert b"Traceback" not in said
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", said)]


def connect(target):
    return socket.create_connection(("127.0.0.1", target.server.port))


@pytest.mark.parametrize("name", RAW)
def test_bytes_that_no_library_would_send_are_refused(adult, name):
    data, expected = RAW[name]
    if expected is None:
        with connect(adult) as sock:
            sock.sendall(data)
    else:
        assert raw(adult, data) == expected
    adult.still_well()


def raw(target, data):
    """The statuses of what is answered to some bytes."""
    with connect(target) as sock:
        try:
            sock.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            assert len(data) > 2**19, "it hung up too early"
        return statuses(sock)


def test_a_thousand_wrong_requests_are_refused_and_a_right_one_is_answered(adult):
    right = json.dumps({"rows": [adult.row]}).encode()
    bodies = [right[:end] for end in range(len(right))]  # cut off
    bodies += [right[begin:] for begin in range(1, len(right))]
    bodies += [right[:i] + b"\0" + right[i:] for i in range(len(right))]
    for name, value in adult.row.items():
        odd = [[value], {"x": value}, "\ud800"]
        if not isinstance(value, str):
            odd += [str(value), True, "", "NaN", 10**400]
        bodies += [json.dumps({"rows": [adult.row | {name: one}]}).encode() for one in odd]
        bodies.append(json.dumps([{k: v for k, v in adult.row.items() if k != name}]).encode())
    path = f"{adult.server.url}/predict"
    refused = []
    with httpx.Client(headers={"content-type": "application/json"}) as client:
        for body in bodies:
            answer = client.post(path, content=body)
            refused.append(answer.status_code)
            assert answer.status_code in (400, 422), body
            assert answer.json()["error"]["status"] == answer.status_code
    for data, expected in RAW.values():
        if expected is not None and expected[-1] >= 400:
            refused.append(raw(adult, data)[-1])
    assert len(refused) >= 1000
    assert {status // 100 for status in refused} == {4}
    adult.still_well()


def test_pipelined_requests_are_answered_in_turn(adult):
    with connect(adult) as sock:
        sock.sendall(PING * 50 + PING.replace(b"Host", b"Connection: close\r\nHost"))
        assert statuses(sock) == [200] * 51
    adult.still_well()


def test_clients_that_dawdle_are_hung_up_on_and_keep_no_one_else_waiting(adult):
    body = head(TYPE, "Content-Length: 10000")
    dawdlers = {
        "no byte at all": ([], []),
        "a header that never ends": ([b"POST /predict HTTP/1.1\r\n", *[b"A: b\r\n"] * 1000], []),
        "a body that never comes": ([body], [408]),
        "a body byte by byte": ([body, *[b"["] * 1000], [408]),
        "chunks byte by byte": ([head(TYPE, CHUNKED), *[b"1\r\n[\r\n"] * 1000], [408]),
        "a second that never comes": ([PING, b"GET"], [200]),
    }
    waiting = [
        (name, connect(adult), iter(parts)) for name, (parts, _) in dawdlers.items()
        for _ in range(20)
    ]  # fmt: skip
    said = {sock: bytearray() for _, sock, _ in waiting}
    ends = {sock: dawdlers[name][1] for name, sock, _ in waiting}
    end = time.monotonic() + 20 * SECONDS
    while waiting and time.monotonic() < end:
        waiting = [one for one in waiting if not dawdled(*one[1:], said[one[1]])]
        adult.still_well()
    assert not waiting, {name for name, *_ in waiting}
    for sock, statuses_ in ends.items():
        sock.close()
        assert in_turn(said[sock]) == statuses_
    adult.still_well()


def dawdled(sock, parts, said):
    """Whether it is over for a client that sends a little more, after it has read what came."""
    sock.setblocking(False)
    try:
        while part := sock.recv(65536):
            said += part
    except BlockingIOError:
        pass
    except ConnectionError:
        return True
    else:
        return True
    try:
        sock.sendall(next(parts, b""))
    except ConnectionError:
        return True
    return False


def test_clients_that_never_read_their_answers_are_hung_up_on(adult):
    socks = [connect(adult) for _ in range(20)]
    for sock in socks:
        sock.setblocking(False)
        data = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5000
        try:
            while data:
                data = data[sock.send(data) :]
        except (BlockingIOError, ConnectionError):
            pass
    adult.still_well()
    end = time.monotonic() + 20 * SECONDS
    waiting = list(socks)
    while waiting and time.monotonic() < end:
        waiting = [sock for sock in waiting if not hung_up(sock)]
        time.sleep(0.1)
    assert not waiting
    for sock in socks:
        sock.close()
    adult.still_well()


def hung_up(sock):
    """Whether the other side has, for a client that does not read."""
    try:
        sock.send(b"GET ")
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return False


def test_a_thousand_connections_at_once_leave_it_well(adult):
    socks = []
    for i in range(1000):
        socks.append(connect(adult))
        socks[-1].sendall(b"POST /predict HTTP/1.1\r\n" if i % 2 else PING)
    answers = []
    for i, sock in enumerate(socks):
        with sock:
            if not i % 2:
                answers.append(int(sock.recv(65536).split()[1]))
    assert answers == [200] * 500
    adult.still_well()
