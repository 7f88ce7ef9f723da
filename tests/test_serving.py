"""A served model gives the answers that it gives by itself, and says what is wrong with others."""

import asyncio
import csv
import html
import io
import json
import re
import shlex
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import polars as pl
import pytest
import schemathesis
from sklearn.pipeline import make_pipeline

import pellucid
from pellucid import (
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    Recipe,
    TabularClassifier,
    TabularRegressor,
    datasets,
)
from pellucid.encoding import TableEncoding
from pellucid.serving import application
from pellucid.serving.answering import answerer_of
from pellucid.serving.rows import read_csv, read_json
from pellucid.tables import read_table

SMALL = {"bag": 2, "min_steps": 60, "max_epochs": 10, "random_state": 0}
JSON, CSV = {"content-type": "application/json"}, {"content-type": "text/csv"}


class Case:
    """A model, its file, its server, and rows that it has not seen."""

    def __init__(self, model, rows, path, serve):
        model.save(path)
        self.path, self.model, self.rows = path, pellucid.load(path), rows
        self.server = serve(path)

    def post(self, content, headers=JSON, **more):
        return httpx.post(f"{self.server.url}/predict", content=content, headers=headers, **more)

    @property
    def health(self):
        return httpx.get(f"{self.server.url}/health").json()


def as_json(frame):
    return json.dumps({"rows": frame.rows(named=True)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def digits(folder, serve):
    table = datasets.load("digits").table()
    model = Predictor.fit(table, recipe=Recipe(settings={"epochs": 3})).predictor
    return Case(model, table.frame[:200].drop("digit"), folder / "digits.safetensors", serve)


@pytest.fixture(scope="module")
def adult(folder, serve, tabular):
    frame = read_table(tabular / "adult.data.gz").frame
    model = TabularClassifier(**SMALL).fit(frame[:400], "column_15")
    rows = frame[400:700].drop("column_15")
    return Case(model, rows, folder / "adult.safetensors", serve)


@pytest.fixture(scope="module")
def california(folder, serve, tabular):
    frame = read_table(tabular / "california-housing.csv.gz").frame.sample(700, seed=0)
    model = TabularRegressor(**SMALL).fit(frame[:400], "median_house_value")
    rows = frame[400:].drop("median_house_value")
    return Case(model, rows, folder / "california.safetensors", serve)


@pytest.fixture(params=["digits", "adult", "california"])
def case(request):
    return request.getfixturevalue(request.param)


def expected(model, rows):
    p = model.predict_proba(rows).tolist() if hasattr(model, "predict_proba") else None
    p = None if getattr(model, "task", "") == "regression" else p
    return model.predict(rows).tolist(), p


def new(case):
    """The columns that have values which training did not have, as the model tells of them."""
    notes = []
    if isinstance(case.model, Predictor):
        case.model.inputs(case.rows, notes)
    else:
        notes = case.model.unseen(case.rows)
    return [note.rpartition(" is new")[0] for note in notes]


# --- answers -----------------------------------------------------------------------------------


def test_answers_in_json_are_the_models_own_to_the_last_bit(case):
    made = case.post(as_json(case.rows)).json()
    predictions, probabilities = expected(case.model, case.rows)
    assert made["predictions"] == predictions
    assert made.get("probabilities") == probabilities
    assert [note.rpartition(" is new")[0] for note in made["notes"]] == new(case)
    bare_list = case.post(json.dumps(case.rows.rows(named=True))).json()
    assert bare_list == made


def test_csv_in_and_out_gives_the_same(case):
    answer = case.post(case.rows.write_csv(), CSV | {"accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    target, *others = csv.reader(io.StringIO(answer.text, newline=""))
    columns = list(zip(*others, strict=True))
    predictions, probabilities = expected(case.model, case.rows)
    kind = type(predictions[0])
    assert [kind(text) for text in columns[0]] == predictions
    if probabilities is not None:
        assert [[float(t) for t in row[1:]] for row in others] == probabilities
        classes = case.post(as_json(case.rows[:1])).json()["classes"]
        assert target[1:] == [f"probability of {label}" for label in classes]


def test_csv_is_what_the_command_predict_writes(adult, run, tmp_path):
    rows = adult.rows[:5]
    rows.write_csv(tmp_path / "rows.csv")
    written = run("predict", adult.path, "rows.csv", "--probabilities")
    assert written.code == 0
    answer = adult.post(rows.write_csv(), CSV | {"accept": "text/csv"})
    assert "\r" not in answer.text
    assert answer.text.splitlines()[0] == written.out.splitlines()[0]
    assert answer.text.count("\n") == written.out.count("\n") == 6


def test_one_row_alone_gets_the_bits_that_it_gets_among_others(case):
    together = case.post(as_json(case.rows[:20])).json()
    for i in range(20):
        alone = case.post(as_json(case.rows[i])).json()
        assert alone["predictions"] == together["predictions"][i : i + 1]
        if "probabilities" in together:
            assert alone["probabilities"] == together["probabilities"][i : i + 1]


def test_intervals_are_those_of_the_model(california):
    made = california.post(as_json(california.rows), params={"interval": 0.8}).json()
    assert made["intervals"] == california.model.predict_interval(california.rows, 0.8).tolist()
    answer = california.post(
        as_json(california.rows[:1]), JSON | {"accept": "text/csv"}, params={"interval": 0.8}
    )
    assert answer.text.splitlines()[0] == "median_house_value,lower,upper"
    refused = california.post(as_json(california.rows), params={"interval": 0.9999})
    assert refused.status_code == 422


def test_a_bare_network_takes_lists_and_gives_its_outputs(folder, serve):
    network = Network([3, 4, 2], seed=0)
    network.save(folder / "bare.safetensors")
    server = serve(folder / "bare.safetensors")
    X = np.random.default_rng(0).normal(size=(5, 3))
    objects = [dict(zip(("x1", "x2", "x3"), row, strict=True)) for row in X.tolist()]
    for rows in (X.tolist(), objects):
        made = httpx.post(f"{server.url}/predict", json=rows).json()
        assert made["predictions"] == network.predict(X).tolist()
    for row, words in (([1, 2], "expected a list of 3"), ([1, None, 2], "expected a number")):
        refused = httpx.post(f"{server.url}/predict", json=[row])
        assert refused.status_code == 422
        assert words in refused.json()["error"]["message"]


def test_estimators_and_their_pipelines_are_asked_in_the_same_way(tabular):
    X, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 3
    quick = {"max_iter": 300, "tol": 0.1, "random_state": 0, "hidden_layer_sizes": (5,)}
    several = np.stack([y == 0, y == 1], axis=1).astype(int)
    for model in (
        MLPClassifier(**quick).fit(X, y),
        MLPClassifier(**quick).fit(X, np.array(["no", "yes"])[y % 2]),
        MLPClassifier(**quick).fit(X, several),
        MLPRegressor(**quick).fit(X, X[:, 0]),
    ):
        answerer = answerer_of(model)
        answers = answerer.compute(read_json(json.dumps(X.tolist()).encode(), answerer, 100))
        assert answers.predictions.tolist() == model.predict(X).tolist()
        if answerer.classes is not None:
            assert answers.probabilities.tolist() == model.predict_proba(X).tolist()
    frame = read_table(tabular / "adult.data.gz").frame[:200]
    rows, labels = frame.drop("column_15"), frame["column_15"].to_list()
    pipeline = make_pipeline(TableEncoding(), MLPClassifier(**quick)).fit(rows, labels)
    answerer = answerer_of(pipeline)
    answers = answerer.compute(read_csv(rows.write_csv().encode(), answerer, 1000))
    assert answers.predictions.tolist() == pipeline.predict(rows).tolist()
    assert answers.probabilities.tolist() == pipeline.predict_proba(rows).tolist()


def test_dates_and_booleans_and_what_is_new_come_as_training_had_them(folder, serve):
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({
        "day": [f"{1 + i % 28}.{1 + i % 12}.2011" for i in range(200)],
        "wet": rng.integers(2, size=200).astype(bool),
        "hue": ["rgb"[i % 3] for i in range(200)],
    })  # fmt: skip
    y = frame["wet"].to_numpy() + rng.normal(size=200)
    model = TabularRegressor(**SMALL).fit(frame, y)
    assert {c.name: c.kind for c in model.schema_} == {
        "day": "date", "wet": "boolean", "hue": "category"
    }  # fmt: skip
    model.save(folder / "dates.safetensors")
    server = serve(folder / "dates.safetensors")
    made = httpx.post(f"{server.url}/predict", content=as_json(frame), headers=JSON).json()
    assert made["predictions"] == model.predict(frame).tolist()
    odd = pl.DataFrame({"day": ["3.4.2011", None], "wet": [None, True], "hue": ["violet", None]})
    made = httpx.post(f"{server.url}/predict", content=as_json(odd), headers=JSON).json()
    assert made["predictions"] == model.predict(odd).tolist()
    assert made["notes"] == ["rows whose 'hue' is new, or was too rare: 1"]
    for name, value in (("day", "2011-04-03"), ("day", 7), ("wet", "yes"), ("wet", 2)):
        row = {"day": None, "wet": None, "hue": None, name: value}
        error = httpx.post(f"{server.url}/predict", json=[row]).json()["error"]
        assert (error["status"], error["row"], error["column"]) == (422, 1, name)


def test_columns_that_the_model_does_not_know_are_left_out_and_named(adult):
    more = adult.rows[:2].with_columns(shoe=pl.lit(43), column_15=pl.lit("?"))
    made = adult.post(as_json(more)).json()
    assert made["notes"] == ["columns that the model does not know, left out: 'shoe'"]
    assert made["predictions"] == adult.model.predict(adult.rows[:2]).tolist()


# --- what it says of itself --------------------------------------------------------------------


def test_the_schema_is_the_models(adult):
    made = httpx.get(f"{adult.server.url}/schema").json()
    assert [c["name"] for c in made["columns"]] == [c.name for c in adult.model.schema_.used]
    assert made["classes"] == ["<=50K", ">50K"]
    sex = next(c for c in made["columns"] if c["name"] == "column_10")
    assert sex == {
        "name": "column_10", "kind": "category", "nullable": True, "levels": ["Female", "Male"]
    }  # fmt: skip


def test_the_examples_that_the_document_gives_are_answered(case):
    document = httpx.get(f"{case.server.url}/openapi.json").json()
    schemathesis.openapi.from_dict(document).validate()
    content = document["paths"]["/predict"]["post"]["requestBody"]["content"]
    answers = [
        case.post(json.dumps(content["application/json"]["example"])),
        case.post(content["text/csv"]["example"], CSV),
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


def test_the_page_names_every_column_and_loads_nothing(folder, serve):
    hostile = "<script>alert(1)</script>"
    table = {"hours": [2, 9, 1, 5] * 10, hostile: ["a", "<b>", "a", "<i>"] * 10}
    model = TabularRegressor(**SMALL).fit(table, [1.0, 2.0, 0.5, 1.5] * 10)
    model.save(folder / "hostile.safetensors")
    url = serve(folder / "hostile.safetensors").url
    answer = httpx.get(f"{url}/", follow_redirects=True)
    assert answer.url == f"{url}/docs"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "&lt;b&gt;" in answer.text
    for word in ("http:", "https:", "src=", "@import", "url("):
        assert word not in answer.text
    assert "color-scheme: light dark" in answer.text


def test_the_page_has_a_line_to_copy_that_is_answered_as_it_says(case, folder):
    url = case.server.url.removeprefix("http://")
    page = html.unescape(httpx.get(f"{case.server.url}/docs").text)
    line = re.search(r"<pre>(curl .*)</pre>", page)[1]
    command, *words = shlex.split(line)
    assert (command, words[-1]) == ("curl", f"{url}/predict")
    header, data = (words[words.index(option) + 1] for option in ("-H", "-d"))
    assert header == "Content-Type: application/json"
    answer = case.post(data)
    assert answer.status_code == 200
    shown = re.search(r"it is CSV with.*?<pre>(.*?)</pre>", page, re.DOTALL)[1]
    assert json.loads(shown) == answer.json()


def test_the_page_says_what_a_person_wants_to_know(digits, adult, folder, serve):
    page = httpx.get(f"{adult.server.url}/docs").text
    assert f"When it was trained: accuracy {adult.model.oob_score_:.4g} on rows" in page
    accuracy = digits.model.about["metrics"]["accuracy"]
    assert f"accuracy {accuracy:.4g}" in httpx.get(f"{digits.server.url}/docs").text
    assert "10,000 rows and 8 MiB" in page
    assert '<a href="schema">and ' in page
    assert "<th></th>" not in page
    Network([2, 3, 1], seed=0).save(folder / "titled.safetensors")
    page = httpx.get(f"{serve(folder / 'titled.safetensors').url}/docs").text
    assert f"<h1>Network {html.escape(str(Network([2, 3, 1]).architecture))}</h1>" in page
    assert "When it was trained" not in page


@pytest.mark.parametrize("host", ["<b>", "x; rm -rf y", "$(x)", ""])
def test_the_page_repeats_no_host_that_a_shell_would_run(folder, serve, host):
    app = application(Network([2, 1], seed=0))  # for any host

    async def get():
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x")
        async with client:
            return await client.get("/docs", headers={"host": host})

    assert "</pre>" in asyncio.run(get()).text.partition(" localhost/predict")[2]


# --- refusals ----------------------------------------------------------------------------------


def wrong(name, value):
    """A body whose second row has a value that its column cannot have."""

    def body(rows):
        made = rows[:2].rows(named=True)
        made[1][name] = value
        return json.dumps(made)

    return body


REFUSED = {
    "not JSON": ("{rows}", 400, "not JSON"),
    "nothing": ("", 400, "not JSON"),
    "NaN": ('[{"column_1": NaN}]', 400, "NaN is not JSON"),
    "minus infinity": ('[{"column_1": -Infinity}]', 400, "-Infinity is not JSON"),
    "deep": ("[" * 100_000, 400, "too deep"),
    "deep objects": ('{"rows":' * 50_000, 400, "too deep"),
    "a number of 5 000 digits": (f"[{'9' * 5000}]", 400, "too many digits"),
    "a key twice": ('[{"column_1": 1, "column_1": 2}]', 400, "'column_1' comes twice"),
    "Latin-1": ('[{"column_1": "é"}]'.encode("latin-1"), 400, "not UTF-8"),
    "UTF-16": ('[{"column_1": 1}]'.encode("utf-16"), 400, "not UTF-8"),
    "zeros": (b"\0" * 100, 400, "not JSON"),
    "a number": ("7", 422, "rows is 7: expected a list"),
    "an empty list": ("[]", 422, "there are no rows"),
    "an empty object": ("{}", 422, "is empty: expected"),
    "a row alone": ('{"column_1": 39}', 422, 'put the row in a list: {"rows": [{...}]}'),
    "other keys": ('{"row": []}', 422, "has the keys 'row': expected"),
    "more than rows": ('{"rows": [], "id": 1}', 422, "has the keys 'rows', 'id': expected"),
    "a list for a row": ("[[1, 2]]", 422, "row 1 is a list: expected an object"),
    "missing columns": ('[{"column_1": 39}]', 422, "row 1 lacks 'column_2', 'column_3'"),
    "text for a number": (wrong("column_1", "old"), 422, "holds 'old' in row 2: expected a number"),
    "digits in text": (wrong("column_1", "39"), 422, "expected a number or null"),
    "true for a number": (wrong("column_1", True), 422, "holds true in row 2"),
    "a list for a number": (wrong("column_1", [39]), 422, "holds a list in row 2"),
    "an object for text": (wrong("column_2", {}), 422, "holds an object in row 2: expected text"),
    "a huge number": (wrong("column_1", 10**400), 422, "'column_1' holds 1000"),
    "half a character": (wrong("column_2", "\ud800"), 422, "column 'column_2' holds"),
    "too many rows": ("[" + "{}," * 10_000 + "{}]", 422, "more than 10000 rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_body_is_refused_with_one_error_that_says_where(adult, name):
    body, status, words = REFUSED[name]
    answer = adult.post(body(adult.rows) if callable(body) else body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    (error,) = answer.json().values()
    assert error["status"] == status
    assert words in error["message"]
    assert len(error["message"]) < 300
    if callable(body):
        assert error["row"] == 2
        assert error["column"] in words or words in error["message"]


@pytest.fixture(scope="module")
def hours(folder, serve):
    table = {"hours": [2, 9, 1, 5] * 10, "slept": ["a", "b", "c", "a"] * 10}
    model = TabularRegressor(**SMALL).fit(table, [1.0, 2.0, 0.5, 1.5] * 10)
    model.save(folder / "hours.safetensors")
    return serve(folder / "hours.safetensors")


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("", 422, "the body is empty"),
        ("hours\n", 422, "missing columns: 'slept'"),
        ("hours,slept\n", 422, "there are no rows"),
        ("hours,slept,hours\n1,a,2\n", 422, "'hours' is the name of two columns"),
        ("hours,slept\n1,a\n2\n", 422, "row 2 has 1 values: expected 2"),
        ("hours,slept\n1,a\nx,a\n", 422, "column 'hours' holds 'x' in row 2: expected a number"),
        ('hours,slept\n1,"a\n', 400, "not CSV: unexpected end of data"),
        ('hours,slept\n1,"a"b\n', 400, "not CSV"),
        ("hours,slept\n1e999,a\n", 422, "holds '1e999'"),
        (f"hours,slept\n1,{'a' * 200_000}\n", 400, "field larger than"),
    ],
)
def test_wrong_csv_is_refused(hours, text, status, words):
    answer = httpx.post(f"{hours.url}/predict", content=text, headers=CSV)
    assert (answer.status_code, answer.json()["error"]["status"]) == (status, status)
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "words"),
    [
        ("GET", "/predict", {}, 405, "Method Not Allowed: GET '/predict'"),
        ("PUT", "/health", {}, 405, "Method Not Allowed"),
        ("GET", "/admin", {}, 404, "Not Found: GET '/admin'"),
        ("POST", "/predict/", JSON, 404, "Not Found"),
        ("POST", "/predict", {}, 415, "the Content-Type is missing"),
        ("POST", "/predict", {"content-type": "text/plain"}, 415, "'text/plain': expected"),
        ("POST", "/predict", {"content-type": "text/csv; charset=latin1"}, 415, "expected utf-8"),
        ("POST", "/predict", JSON | {"content-encoding": "gzip"}, 415, "packed"),
        ("POST", "/predict?interval=0.9", JSON, 422, "knows of no intervals"),
        ("POST", "/predict?x=1", JSON, 422, "there is no parameter 'x': expected none"),
    ],
)
def test_what_is_not_there_is_refused_in_the_same_form(adult, method, path, headers, status, words):
    answer = httpx.request(method, adult.server.url + path, headers=headers)
    assert (answer.status_code, answer.json()["error"]["status"]) == (status, status)
    assert words in answer.json()["error"]["message"]
    assert ("allow" in answer.headers) == (status == 405)


def test_a_parameter_that_is_none_is_named(california):
    answer = california.post(as_json(california.rows[:1]), params={"intervall": 0.9})
    assert answer.status_code == 422
    assert "no parameter 'intervall': expected interval=" in answer.json()["error"]["message"]


@pytest.mark.parametrize("given", ["0", "1", "nan", "x", ""])
def test_an_interval_that_is_none_is_refused(california, given):
    answer = california.post(as_json(california.rows[:1]), params={"interval": given})
    assert answer.status_code == 422
    assert "expected one number between 0 and 1" in answer.json()["error"]["message"]


# --- many at once ------------------------------------------------------------------------------


def at_once(case, bodies):
    """The answers to requests whose last bytes all come at the same moment."""
    socks = []
    for body in bodies:
        sock = socket.create_connection(("127.0.0.1", case.server.port))
        head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        sock.sendall(head.encode() + body[:-1])
        socks.append((sock, body[-1:]))
    for sock, last in socks:
        sock.sendall(last)

    def answer(sock):
        with sock:
            text = b"".join(iter(lambda: sock.recv(65536), b""))
        head, _, content = text.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(content)

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(answer, [sock for sock, _ in socks]))


def test_64_requests_at_once_are_right(case):
    before = case.health
    rows = case.rows[:64]
    predictions, _ = expected(case.model, rows)
    answers = at_once(case, [as_json(rows[i]).encode() for i in range(64)])
    assert [status for status, _ in answers] == [200] * 64
    assert [made["predictions"] for _, made in answers] == [[one] for one in predictions]
    done = {name: case.health[name] - before[name] for name in ("requests", "rows")}
    assert done == {"requests": 64, "rows": 64}


def test_a_row_that_the_model_cannot_take_spoils_no_other(folder, serve):
    network = Network([2, 3, 1], dtype="float32", seed=0)
    rows = np.random.default_rng(0).normal(size=(20, 2))
    case = Case(network, rows, folder / "single.safetensors", serve)
    bodies = [json.dumps([row]).encode() for row in rows.tolist()]
    bodies[7] = b"[[1e300, 0.0]]"  # infinite as a float32
    answers = at_once(case, bodies)
    for i, (status, made) in enumerate(answers):
        if i == 7:
            assert (status, "X holds inf" in made["error"]["message"]) == (422, True), made
        else:
            assert made["predictions"] == network.predict(rows[i : i + 1])[:, 0].tolist()


def test_answers_that_are_not_finite_are_refused_and_the_row_named(folder, serve):
    network = Network([1, 1], seed=0)
    network.theta = [1e200, 0.0]
    network.save(folder / "steep.safetensors")
    url = serve(folder / "steep.safetensors").url
    answer = httpx.post(f"{url}/predict", json=[[1.0], [1e200]])
    assert answer.status_code == 422
    assert answer.json()["error"]["row"] == 2


def test_requests_from_many_threads_get_their_own_answers(adult):
    _, probabilities = expected(adult.model, adult.rows)
    wrong = []

    def ask(first):
        with httpx.Client() as client:
            for i in range(first, 300, 8):
                answer = client.post(
                    f"{adult.server.url}/predict", content=as_json(adult.rows[i]), headers=JSON
                )
                if answer.json()["probabilities"] != [probabilities[i]]:
                    wrong.append(i)

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
