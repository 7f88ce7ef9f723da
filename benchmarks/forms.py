"""A form of a model is a file that it is kept in: how large each is, and how fast it answers.

    python benchmarks/forms.py            all of it; written down, and into docs/export.md
    python benchmarks/forms.py --quick    short runs, printed, nothing written

Three models are trained briefly, since neither sizes nor times depend on how well they do. A time
is the median over many calls with one row, in a process that has the model in memory, on one
thread, to which `make bench-forms` keeps the libraries. It ends with 1 if a form is missing.
"""

from __future__ import annotations

import argparse
import json
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import joblib
import numpy as np
from sklearn import neural_network

import pellucid
from data import ROOT
from machine import describe
from pellucid import Predictor, Recipe, TabularClassifier, datasets
from pellucid.export import Exported, Translation, translate
from pellucid.export.program import CATEGORY, Classes
from pellucid.tables import Table as Rows
from report import Table, as_markdown, as_text, duration, put_between
from table_data import TABLES

RESULTS = ROOT / "benchmarks" / "results" / "forms.json"
PAGE = ROOT / "docs" / "export.md"
READER = ROOT / "docs" / "pellucid.js"
MARKS = "<!-- forms: written by make bench-forms -->\n", "<!-- forms: end -->"

EXAMPLES = 16
"""Rows that are predicted in turn."""

TRAINED_ON = 4000


class MissingFormError(RuntimeError):
    """A form that cannot be made or run here, and why."""


@dataclass(frozen=True)
class Model:
    """A model, the rows it is asked about, and what it is."""

    fitted: Any
    title: str
    rows: Any  # a polars table


def digits() -> Model:
    """The ten digits of scikit-learn's small images."""
    table = datasets.load("digits").table()
    fitted = Predictor.fit(table, recipe=Recipe(settings={"epochs": 5})).predictor
    return Model(fitted, "digits: one network, 64 numbers to 10 classes", table.frame)


def adult() -> Model:
    """A bag of four networks on numbers and text."""
    import polars

    rows = polars.from_pandas(TABLES["adult"].frame())[:TRAINED_ON]
    fitted = TabularClassifier(min_steps=100, random_state=0).fit(rows, "income")
    return Model(fitted, "adult: a bag of four networks, numbers and text to 2 classes", rows)


def california() -> Model:
    """House values."""
    import polars

    rows = polars.from_pandas(TABLES["california"].frame())[:TRAINED_ON]
    recipe = Recipe(settings={"epochs": 5})
    fitted = Predictor.fit(Rows(rows), "median_house_value", recipe).predictor
    return Model(fitted, "california: one network, numbers and text to a number", rows)


MODELS: dict[str, Callable[[], Model]] = {
    "digits": digits, "adult": adult, "california": california
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """What every form is given.

    Parameters
    ----------
    columns : of `EXAMPLES` rows, as programs take them.
    seconds : to time each form for.
    """

    model: Model
    translation: Translation
    columns: Mapping[str, Any]
    folder: Path
    seconds: float

    @property
    def tables(self) -> list[dict[str, list[Any]]]:
        """Each row as a dict of columns."""
        return [{name: [items[i]] for name, items in self.columns.items()} for i in range(EXAMPLES)]


def timed(call: Callable[[Any], Any], rows: list[Any], seconds: float) -> float:
    """The median time of a call, for rows in turn, in seconds."""
    for row in rows:
        call(row)
    times, i, end = [], 0, perf_counter() + seconds
    while perf_counter() < end or i < len(rows):
        begin = perf_counter()
        call(rows[i % len(rows)])
        times.append(perf_counter() - begin)
        i += 1
    return median(times)


# --- each form: bytes, and seconds a row ----------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What was measured of a form.

    Parameters
    ----------
    size : bytes of its file.
    seconds : for a row.
    flash : bytes that its constants take when it is compiled.
    """

    size: int
    seconds: float
    flash: int | None = None


def model_file(task: Task) -> Found:
    """pellucid's own file, read by pellucid, which takes tables of polars."""
    path = task.folder / "model.safetensors"
    task.model.fitted.save(path)
    loaded: Any = pellucid.load(path)
    rows = [task.model.rows[i : i + 1] for i in range(EXAMPLES)]
    return Found(path.stat().st_size, timed(loaded.predict, rows, task.seconds))


def onnx(task: Task) -> Found:
    """ONNX in onnxruntime."""
    path = made("export_onnx", task, "model.onnx").path
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingFormError(f"{error.name} is not installed") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    columns = task.translation.program.columns
    kinds = [object if column.kind == CATEGORY else np.float64 for column in columns]
    names = [one.name for one in session.get_inputs()]
    feeds = [
        {
            name: np.array([table[column.name]], kind)
            for name, column, kind in zip(names, columns, kinds, strict=True)
        }
        for table in task.tables
    ]
    return Found(path.stat().st_size, timed(partial(session.run, None), feeds, task.seconds))


def c(task: Task, int8: bool = False) -> Found:
    """A header of C, compiled; the time is that of a loop in C."""
    header = made("export_c", task, "model.h", int8=int8)
    path, flash = header.path, int(re.sub(r"\D", "", header.about["flash"]))
    compiler = shutil.which("cc")
    if compiler is None:
        raise MissingFormError("there is no C compiler called cc")
    program = task.translation.program
    of_rows = list(zip(*(task.columns[column.name] for column in program.columns), strict=True))
    rows = ",\n".join("{" + ", ".join(map(in_c, row)) + "}" for row in of_rows)
    kind = "static double rows[][MODEL_COLUMNS]" if program.matrix else "static model_row rows[]"
    given = "rows[i % 16]" if program.matrix else "&rows[i % 16]"
    main = task.folder / "main.c"
    main.write_text(
        f'#include <stdio.h>\n#include <time.h>\n#include "model.h"\n{kind} = {{\n{rows}\n}};\n'
        "int main(void)\n{\n    volatile double sum = 0;\n    long i, n = 16;\n    double spent;\n"
        "    for (;; n *= 2) {\n        const clock_t begin = clock();\n"
        f"        for (i = 0; i < n; i++) sum += (double)model_predict({given});\n"
        "        spent = (double)(clock() - begin) / CLOCKS_PER_SEC;\n"
        f"        if (spent > {task.seconds}) break;\n    }}\n"
        '    printf("%.9g\\n", spent / (double)n);\n    return 0;\n}\n'
    )
    binary = task.folder / "main"
    compile_ = [compiler, "-std=c99", "-O2", str(main), "-o", str(binary), "-lm"]
    subprocess.run(compile_, check=True)
    done = subprocess.run([binary], check=True, capture_output=True, text=True)
    return Found(path.stat().st_size, float(done.stdout), flash)


def in_c(value: Any) -> str:
    """A number or a text as C writes it."""
    if isinstance(value, str):
        return '"' + "".join(f"\\{b:03o}" for b in value.encode()) + '"'
    return "(double)NAN" if value != value else repr(float(value))


def python(task: Task) -> Found:
    """The script, imported."""
    path = made("export_python", task, "model.py").path
    predict = runpy.run_path(str(path))["predict"]
    return Found(path.stat().st_size, timed(predict, task.tables, task.seconds))


def json_(task: Task) -> Found:
    """JSON, by the reader of the docs in node."""
    path = made("export_json", task, "model.json").path
    node = shutil.which("node")
    if node is None:
        raise MissingFormError("there is no node")
    code = """
    const { load, predict } = require(process.argv[1]);
    const program = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
    const model = load(program), rows = program.examples.rows, times = [];
    const end = performance.now() + 1000 * Number(process.argv[3]);
    for (let i = 0; performance.now() < end || i < rows.length; i++) {
      const begin = performance.now();
      predict(model, rows[i % rows.length]);
      times.push(performance.now() - begin);
    }
    console.log(times.sort((a, b) => a - b)[times.length >> 1] / 1000);
    """
    done = subprocess.run(
        [node, "-e", code, str(READER), str(path), str(task.seconds)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return Found(path.stat().st_size, float(done.stdout))


def joblib_(task: Task) -> Found:
    """scikit-learn's estimators with networks of the same shape, without any preprocessing."""
    program = task.translation.program
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, program.n_inputs)).astype(program.dtype)
    sizes = tuple(len(layer.b) for layer in program.networks[0][:-1])
    settings: dict[str, Any] = {"hidden_layer_sizes": sizes, "random_state": 0}
    models = []
    for _ in program.networks:
        if isinstance(program.answer, Classes):
            y = np.arange(50) % len(program.answer.labels)
            one = neural_network.MLPClassifier(**settings).partial_fit(X, y, classes=np.unique(y))
        else:
            one = neural_network.MLPRegressor(**settings).partial_fit(X, X[:, 0])
        models.append(one)
    path = task.folder / "theirs.joblib"
    joblib.dump(models, path)
    rows = list(X[:EXAMPLES, None])
    ask: Callable[[Any], Any] = lambda row: [one.predict(row) for one in models]  # noqa: E731
    return Found(path.stat().st_size, timed(ask, rows, task.seconds))


def made(function: str, task: Task, name: str, **options: Any) -> Exported:
    """What an export wrote."""
    try:
        found: Exported = getattr(pellucid, function)(
            task.translation, task.folder / name, **options
        )
    except ImportError as error:
        raise MissingFormError(str(error)) from error
    return found


FORMS: dict[str, Callable[[Task], Found]] = {
    "model file, in pellucid": model_file,
    "ONNX, in onnxruntime": onnx,
    "C header, compiled": c,
    "C header of int8, compiled": partial(c, int8=True),
    "Python script, in NumPy": python,
    "JSON, in node": json_,
    "joblib, in scikit-learn": joblib_,
}
"""Each form by what it is and where it runs. Add a row to add one."""


# --- all of them ----------------------------------------------------------------------------------


def run(seconds: float) -> dict[str, Any]:
    """The results, as they are written down."""
    results: dict[str, Any] = {"machine": describe(), "models": {}, "missing": {}}
    for name, make in MODELS.items():
        model = make()
        translation = translate(model.fitted)
        program = translation.program
        columns = {
            k: v[:EXAMPLES] if isinstance(v, list) else v[:EXAMPLES].tolist()
            for k, v in translation.take(model.rows).items()
        }
        found: dict[str, Any] = {}
        for form, measure in FORMS.items():
            with tempfile.TemporaryDirectory() as folder:
                task = Task(model, translation, columns, Path(folder), seconds)
                try:
                    one = measure(task)
                except MissingFormError as error:
                    results["missing"][form] = str(error)
                    print(f"MISSING  {form}: {error}", flush=True)
                    continue
            found[form] = {"bytes": one.size, "seconds": one.seconds, "flash": one.flash}
            print(f"{name:<12}{form:<28}{_size(found[form])} KB, {duration(one.seconds)} a row")
        results["models"][name] = {
            "title": model.title, "parameters": program.n_parameters,
            "dtype": str(program.dtype), "forms": found,
        }  # fmt: skip
    return results


def _size(found: Mapping[str, Any]) -> str:
    """In KB, and in brackets what is left of it when it is compiled."""
    flash = found["flash"]
    more = "" if flash is None else f" ({flash / 1000:,.0f})"
    return f"{found['bytes'] / 1000:,.0f}{more}"


def table(results: Mapping[str, Any]) -> Table:
    """Sizes and times, a row a form."""
    models = results["models"]
    header = ["form"]
    for name in models:
        header += [f"{name}, KB", f"{name}, a row"]
    rows = []
    for form in FORMS:
        cells = [form]
        for one in models.values():
            found = one["forms"].get(form)
            cells += [_size(found), duration(found["seconds"])] if found else ["-", "-"]
        rows.append(cells)
    machine = results["machine"]
    about = "; ".join(
        f"{one['title']}, {one['parameters']:,} parameters in {one['dtype']}"
        for one in models.values()
    )
    note = (
        f"{machine['processor']}, {machine['system']}, Python {machine['python']}; load "
        f"{machine['load']} at the start. {about}. In brackets is what the constants of a header "
        "take when it is compiled. scikit-learn's files hold networks of the same "
        "shape with what their training needs to go on, and no preprocessing. A time is the median "
        "over many calls with one row, the model in memory, on one thread."
    )
    return Table("Sizes and times", header, rows, note)


def written(page: str, results: Mapping[str, Any]) -> str:
    """A page with the table between its marks; ValueError if it has none."""
    return put_between(MARKS, page, as_markdown(table(results)).split("\n", 2)[2])


def main(words: list[str] | None = None) -> int:
    """Run, print and write; 1 if a form is missing."""
    parser = argparse.ArgumentParser(description="Sizes and times of a model's forms.")
    parser.add_argument("--quick", action="store_true", help="short runs, nothing written")
    given = parser.parse_args(words)
    results = run(0.05 if given.quick else 1.0)
    print(f"\n{as_text(table(results))}")
    if given.quick:
        return int(bool(results["missing"]))
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    print(f"wrote {RESULTS}\nwrote {PAGE}")
    return int(bool(results["missing"]))


if __name__ == "__main__":
    sys.exit(main())
