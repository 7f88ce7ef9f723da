"""Models as headers of C: compiled strictly, run on real rows, and held against the models."""

import functools
import os
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pellucid import (
    ACTIVATIONS,
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    Recipe,
    TabularClassifier,
    TabularRegressor,
    datasets,
)
from pellucid.export import FORMS, translate
from pellucid.export.c import Header, names
from pellucid.export.c.compiler import STRICT, find_compiler
from pellucid.export.c.compiler import run as answers_of
from pellucid.export.c.int8 import loss, rounded
from pellucid.export.checking import difference
from pellucid.tables import read_table

# More than the headers are promised to compile with.
STRICTER = (
    "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Wfloat-equal", "-Wundef", "-Wcast-qual",
    "-Wwrite-strings", "-Wno-sign-conversion",
)  # fmt: skip

QUICK = {"bag": 2, "min_steps": 60, "hidden_layer_sizes": (24, 24), "random_state": 0}


@pytest.fixture(scope="module", autouse=True)
def cc():
    """A C compiler, without which nothing here can be told."""
    command = find_compiler()
    assert command, "these tests need a C compiler: install one, or name it by CC"
    return command


@functools.cache
def digits():
    data = datasets.load("digits")
    model = MLPClassifier((12,), solver="lbfgs", alpha=0.1, max_iter=500, random_state=0)
    return model.fit(data.X[:700] / 16, data.y[:700]), data.X[-1000:] / 16


@functools.cache
def table_of(folder, name):
    return read_table(next(folder.glob(f"{name}*")))


@functools.cache
def fitted(folder, name, target, kind):
    """A small model of a real table, and 1 000 rows that it has not seen."""
    table = table_of(folder, name)
    rows = table.frame[-1000:].drop(target)
    if kind == "plain":
        recipe = Recipe(hidden=(16,), settings={"epochs": 3})
        return Predictor.fit(
            replace(table, frame=table.frame[:3000]), target, recipe
        ).predictor, rows
    model = {"classes": TabularClassifier, "numbers": TabularRegressor}[kind](**QUICK)
    return model.fit(table.frame[:3000], target), rows


def off(model, table, folder, cc, options=(*STRICT, *STRICTER, "-O2")):
    """How far off the model's own answers the header's are, compiled and run on all rows."""
    translation = translate(model)
    columns = translation.take(table)
    found = answers_of(Header(translation.program, "model"), columns, folder, cc, options)
    own = translation.answers(columns)
    assert len(found) == len(own) == len(table)
    return difference(translation, found, own)


# --- real rows ----------------------------------------------------------------------------------


def test_digits_agree_on_1000_rows_and_rounded_as_well_as_8_bits_can(tmp_path, cc):
    model, X = digits()
    assert off(model, X, tmp_path, cc) < 1e-12
    single = (*STRICT, *STRICTER, "-O2", "-DMODEL_SINGLE")
    assert 1e-9 < off(model, X, tmp_path, cc, single) < 1e-5
    translation = translate(model)
    program, weights = rounded(translation.program)
    columns = translation.take(X)
    found = answers_of(Header(program, "model", weights), columns, tmp_path, cc)
    np.testing.assert_allclose(found, program.run(columns), atol=1e-12)
    own = model.predict_proba(X)
    assert 1e-6 < np.abs(found - own).mean() < 0.01
    assert np.mean(found.argmax(axis=1) != own.argmax(axis=1)) <= 0.01


@pytest.mark.parametrize(
    ("name", "target", "kind", "tolerance"),
    [
        ("adult.data", "column_15", "plain", 1e-12),
        ("adult.data", "column_15", "classes", 1e-6),
        ("california", "median_house_value", "plain", 1e-12),
        ("california", "median_house_value", "numbers", 1e-6),
        ("bike", "cnt", "numbers", 1e-6),
    ],
)
def test_models_of_real_tables_agree_on_1000_rows(
    tabular, tmp_path, cc, name, target, kind, tolerance
):
    model, rows = fitted(tabular, name, target, kind)
    assert off(model, rows, tmp_path, cc) < tolerance


def test_blanks_missing_values_and_unseen_levels_are_as_in_the_model(tabular, tmp_path, cc):
    for kind in ("plain", "classes"):
        model, rows = fitted(tabular, "adult.data", "column_15", kind)
        translation = translate(model)
        columns = translation.take(rows)
        odd = {name: list(items[:8]) for name, items in columns.items()}
        texts = ["", "?", "NA", " Private ", "\tPrivate\n", "private", "Priv", "Private-x"]
        numbers = [np.nan, 0.0, -1e300, 1e300, 1e-300, -0.0, 39.0, 2.0**53]
        odd |= {"column_2": texts, "column_1": numbers}
        given = dict(odd) | {"column_2": [text.strip() for text in texts]}
        found = answers_of(Header(translation.program, "model"), odd, tmp_path, cc)
        assert np.abs(found - translation.answers(given)).max() < 1e-6


# --- networks -----------------------------------------------------------------------------------


def test_every_activation_in_both_precisions(tmp_path, cc):
    X = np.random.default_rng(0).normal(size=(200, 3)) * 4
    X[0] = 0.0
    for activation in ACTIVATIONS:
        model = Network([3, 4, 2], activation, "identity", seed=1)
        assert off(model, X, tmp_path, cc) < 1e-13, activation
    for activation in ("selu", "gelu", "mish"):
        model = Network([3, 4, 2], activation, "identity", seed=1, dtype="float32")
        assert off(model, X / 4, tmp_path, cc) < 1e-6, activation


def test_activations_far_out_neither_overflow_nor_lose_digits(tmp_path, cc):
    X = np.array([[-800.0], [-40.0], [-9.0], [-1e-9], [0.0], [1e-9], [9.0], [40.0], [800.0]])
    for activation in ACTIVATIONS:
        if activation in ("exp", "softmax"):  # one overflows at 710 in the model too
            continue
        model = Network([1, 1], "relu", activation, seed=0)
        model.theta = np.array([1.0, 0.0])
        translation = translate(model)
        found = answers_of(Header(translation.program, "model"), translation.take(X), tmp_path, cc)
        own = translation.answers(translation.take(X))
        np.testing.assert_allclose(found, own, rtol=1e-12, atol=1e-300, err_msg=activation)


@pytest.mark.parametrize(
    "settings",
    [
        {"sizes": [4, 5, 1], "output_activation": "sigmoid", "scale_inputs": True},
        {"sizes": [4, 5, 1], "output_activation": "sigmoid", "dtype": "float32"},
        {"sizes": [4, 6, 5, 3], "hidden_activation": "mish", "output_activation": "softmax"},
        {"sizes": [4, 5, 2], "bias": False},
        {"sizes": [4, 3], "output_activation": "sigmoid"},
    ],
    ids=str,
)
def test_networks_of_each_form(tmp_path, cc, settings):
    X = np.random.default_rng(0).normal(size=(300, 4))
    assert off(Network(**settings, seed=3), X, tmp_path, cc) < 1e-6


def test_several_targets_with_their_scales(tmp_path, cc):
    X = np.random.default_rng(0).normal(size=(300, 3))
    y = X[:, :2] * [1.0, 1000.0] + [0.0, 5000.0]
    model = MLPRegressor(
        hidden_layer_sizes=(6,), solver="lbfgs", max_iter=2000, target_scaling="standard"
    ).fit(X, y)
    assert off(model, X, tmp_path, cc) < 1e-12
    assert (
        "void model_predict(const double x[MODEL_COLUMNS], double y[MODEL_OUTPUTS]);"
        in Header(translate(model).program, "model").text()
    )


# --- odd tables ---------------------------------------------------------------------------------


@functools.cache
def odd():
    """A model of a table whose names and texts are as bad as they come."""
    rng = np.random.default_rng(0)
    n = 300
    bad = ['a"b', "x\\y", "??/", "*/ z", "/* é", "%s\x01", "new\nline", "a" * 300, None]
    table = pl.DataFrame({
        "Größe ??/": rng.normal(size=n), "class": [bad[i % len(bad)] for i in range(n)],
        "Class": rng.normal(size=n), "class_2": rng.normal(size=n), "价格": rng.normal(size=n),
        "sold": [f"2011-{1 + i % 12:02}-{1 + i % 28:02}T{i % 24:02}:30" for i in range(n)],
        "town": [f"town {i % 40} ü" for i in range(n)],
        "linux": [[1.0, None][i % 7 == 0] for i in range(n)],
        "2nd": rng.normal(size=n), "yes": [["true", "false"][i % 2] for i in range(n)],
        'y "*/': rng.normal(size=n),
    })  # fmt: skip
    return TabularRegressor(**QUICK).fit(table, 'y "*/'), table


def test_names_of_all_kinds_dates_and_categories_of_many_levels(tmp_path, cc):
    model, table = odd()
    rows = table.drop('y "*/')
    assert off(model, rows, tmp_path, cc) < 1e-6
    text = Header(translate(model).program, "model").text()
    for field in ("grosse", "class_", "class_3", "class_2", "column_5", "linux_", "column_9_2nd"):
        assert re.search(rf"\*?\b{field};", text), field
    assert max(map(len, text.splitlines())) <= 110
    assert "?" + "?/" not in text
    assert re.search(r"double yes; +/\* 1 or 0 \*/", text)
    assert re.search(r"\"sold\" from 2011-\d\d-\d\d on", text)
    assert re.search(r"bag_|_z\d", text) is None
    assert "model_town_as_number[" in text


def test_columns_without_a_name_and_those_named_like_the_file(tmp_path):
    rng = np.random.default_rng(0)
    table = pl.DataFrame({
        "": rng.normal(size=200), "age": [["old", "young"][i % 2] for i in range(200)],
        " ": ["yes", "no"] * 100, "y": rng.normal(size=200),
    })  # fmt: skip
    model = TabularRegressor(**QUICK).fit(table, "y")
    assert FORMS["c"](model, tmp_path / "age.h").difference < 1e-6
    text = (tmp_path / "age.h").read_text()
    assert "double column_1; " in text
    assert "/* of the column without a name */" in text
    assert "/* the column without a name from " in text
    assert not re.search(r"/\* *\*/|\" *\"  ", text)


# --- what a programmer reads ------------------------------------------------------------------


def test_all_to_be_read_comes_before_the_weights(tabular):
    for kind in ("plain", "classes"):
        model, _ = fitted(tabular, "adult.data", "column_15", kind)
        text = Header(translate(model).program, "adult").text()
        before, weights = text.split("/* --- Weights and biases -")
        arrays, last = weights.split("/* --- The networks with their weights -")
        for name in ("row_missing", "inputs", "dense", "answer", "predict_proba", "predict"):
            assert re.search(rf"adult_{name}\([^;]*\)\n{{", before), name
        assert "static inline" not in arrays
        assert re.findall(r"\b(adult_\w+)\([^;]*\)\n{", last) == ["adult_networks"]
        assert len(before.splitlines()) < 900
        assert max(map(len, text.splitlines())) <= 100
        for ugly in ('{"?", 0}', "- ..."):
            assert ugly not in before, ugly
        assert before.count("(double)NAN") == 1


def test_comments_tell_where_cells_begin_in_the_columns_own_unit(tabular):
    for name, target, kind in (
        ("adult.data", "column_15", "classes"),
        ("california", "median_house_value", "numbers"),
    ):
        model, _ = fitted(tabular, name, target, kind)
        program = translate(model).program
        text = Header(program, "model").text()
        cells = re.findall(r"\{(\d+), (\S+)f, (\S+)f\}, +/\* \"(.*)\" from (\S+) on \*/", text)
        assert len(cells) > 30
        for number, low, slope, column, first in cells:
            table = {c.name: [""] if c.kind == "category" else [np.nan] for c in program.columns}
            z = program.inputs(table | {column: [float(first)]})[0, int(number)]
            assert abs(z - float(low)) * float(slope) < 0.05, (column, first)
        assert text.count(f'\n    /* "{cells[0][3]}" from {cells[0][4]} on */') == 2  # networks


def test_the_example_sets_a_few_columns_of_many(tmp_path):
    frame = pl.DataFrame(datasets.load("digits").X[:400]).with_columns(
        y=pl.Series(datasets.load("digits").y[:400])
    )
    model = TabularClassifier(**QUICK).fit(frame, "y")
    text = Header(translate(model).program, "digits").text()
    example = text[: text.index("*/")]
    assert example.count("row.") == 3
    n = len(translate(model).program.columns)
    assert f"// and so on: {n - 3} more are missing as long as they are not set" in example


def test_names_are_cs_and_no_two_are_the_same():
    texts = [
        "Age",
        "age",
        "AGE ",
        "while",
        "while_",
        "_x",
        "x",
        "9",
        "",
        "é",
        "e",
        "a" * 99,
        "a" * 98,
    ]
    made = names.names(texts)
    assert len(set(made)) == len(texts)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in made)
    assert not {*made} & names.TAKEN
    assert made[1] == "age"


def test_texts_reach_c_byte_by_byte(tmp_path, cc):
    texts = ['"', "\\", "??/", "a??=b???", "\x01" + "1", "ü9", "\n", "%d", "x" * 4000, "€" * 500]
    lines = ",\n".join(names.string(text, 4) for text in texts)
    assert max(map(len, lines.splitlines())) <= 110
    (tmp_path / "main.c").write_text(
        "#include <stdio.h>\nstatic const char *const texts[] = {\n" + lines + "\n};\n"
        f"int main(void) {{ for (int i = 0; i < {len(texts)}; i++) {{ fputs(texts[i], stdout); "
        "putchar(0); } return 0; }\n"
    )
    compile_c(cc, tmp_path, "main.c", "-o", "main")
    out = subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout
    assert out.decode().split("\0")[:-1] == texts
    with pytest.raises(ValueError, match="NUL"):
        names.string("a\0b")
    with pytest.raises(ValueError, match="5000 bytes"):
        names.string("a" * 5000)


# --- the file -----------------------------------------------------------------------------------


def compile_c(cc, folder, *words, options=STRICT):
    made = subprocess.run(
        [*cc, *options, *words, "-lm"], cwd=folder, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    return made.stderr


def test_its_own_example_compiles_and_says_what_the_model_says(tmp_path, cc, tabular):
    model, _ = fitted(tabular, "adult.data", "column_15", "plain")
    FORMS["c"](model, tmp_path / "Adult Income.h")
    text = (tmp_path / "Adult Income.h").read_text()
    example = text[text.index("#include <stdio.h>") : text.index(" */")]
    (tmp_path / "main.c").write_text(re.sub(r"(?m)^ \*( {5})?", "", example))
    compile_c(cc, tmp_path, "main.c", "-o", "main")
    out = subprocess.run([tmp_path / "main"], capture_output=True, check=True, text=True).stdout
    given = dict(re.findall(r"row\.(\w+) = (.*);", example))
    row = {
        name: [value.strip('"') if '"' in value else float(value)] for name, value in given.items()
    }
    label, first_label, first = re.fullmatch(r"(.*)\n(.*) has (.*)\n", out).groups()
    assert model.predict(pl.DataFrame(row)).tolist() == [label]
    assert first_label == model.classes.classes[0]
    p = model.classes.probabilities(model.output(pl.DataFrame(row)))
    assert float(first) == pytest.approx(p[0, 0], abs=5.1e-4)


def test_two_units_of_c_and_one_of_cpp_may_include_it(tmp_path, cc):
    model, _ = odd()
    FORMS["c"](model, tmp_path / "odd.h")
    for name in ("a", "b"):
        (tmp_path / f"{name}.c").write_text(
            f'#include "odd.h"\n#include "odd.h"\ndouble {name}(const odd_row *row);\n'
            f"double {name}(const odd_row *row) {{ return odd_predict(row); }}\n"
        )
    (tmp_path / "main.c").write_text(
        '#include "odd.h"\ndouble a(const odd_row *row);\ndouble b(const odd_row *row);\n'
        "int main(void) { odd_row row = odd_row_missing(); double x = a(&row);\n"
        "return !(isfinite(x) && fabs(x - b(&row)) <= 0); }\n"
    )
    compile_c(cc, tmp_path, "a.c", "b.c", "main.c", "-o", "main")
    subprocess.run([tmp_path / "main"], check=True)
    cpp = shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
    assert cpp, "this test needs a C++ compiler"
    (tmp_path / "main.cpp").write_text(
        '#include "odd.h"\n#include "odd.h"\nint main() { odd_row row = odd_row_missing();\n'
        'row.class_ = "x"; return !(odd_predict(&row) < 1e9); }\n'
    )
    compile_c([cpp], tmp_path, "main.cpp", "-o", "main",
              options=(*STRICT[1:], *STRICTER, "-std=c++11"))  # fmt: skip
    subprocess.run([tmp_path / "main"], check=True)


def test_nothing_is_undefined_or_out_of_bounds(tmp_path, cc):
    model, table = odd()
    sanitized = (*STRICT, "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    assert off(model, table.drop('y "*/'), tmp_path, cc, sanitized) < 1e-6
    translation = translate(model)
    columns = translation.program.example_rows(200)
    columns["class"][:4] = ["", " ", " \t", "é" * 2000]
    found = answers_of(Header(translation.program, "model"), columns, tmp_path, cc, sanitized)
    assert np.isfinite(found).all()


def test_bytes_of_flash_and_stack_are_those_of_the_compiler(tmp_path, cc):
    assert shutil.which("size"), "this test needs size, of binutils"
    for int8 in (False, True):
        model, _ = digits()
        made = FORMS["c"](model, tmp_path / "d.h", int8=int8)
        flash, whole, ram = (
            int(re.sub(r"\D", "", made.about[name]))
            for name in ("flash", "with code, on this machine", "RAM")
        )
        weights = sum(layer.W.size for layer in translate(model).program.networks[0])
        assert flash > weights * (1 if int8 else 8)
        assert 0 < whole - flash < 3000  # code
        (tmp_path / "d.c").write_text(
            '#include "d.h"\nint f(const double *x);\n'
            "int f(const double *x) { return d_predict(x); }\n"
        )
        subprocess.run(
            ["gcc", "-std=c99", "-O2", "-fstack-usage", "-c", "d.c"], cwd=tmp_path, check=True
        )
        used = [int(line.split("\t")[1]) for line in (tmp_path / "d.su").read_text().splitlines()]
        assert 0.5 * ram < sum(used) <= ram


def test_the_same_model_gives_the_same_bytes_and_whole_files(tmp_path):
    model = Network([2, 3, 1], seed=0)
    paths = [tmp_path / "a" / "net.h", tmp_path / "b" / "net.h"]
    for path in paths:
        path.parent.mkdir()
        FORMS["c"](model, path)
        assert os.listdir(path.parent) == ["net.h"]
    assert paths[0].read_bytes() == paths[1].read_bytes()


# --- refusals -----------------------------------------------------------------------------------


def test_what_does_not_give_the_models_answers_is_not_written(tmp_path):
    translation = translate(Network([2, 3, 1], seed=0))
    wrong = replace(translation, answers=lambda table: translation.answers(table) + 1e-4)
    with pytest.raises(ValueError, match=r"C export is .* off the model's answers"):
        FORMS["c"](wrong, tmp_path / "net.h")
    assert not (tmp_path / "net.h").exists()


def test_weights_that_8_bits_cannot_hold_are_refused(tmp_path):
    model = Network([1, 2, 1], "relu", seed=0)
    model.theta = np.array([1000.0, 1001.0, 0.0, 0.0, 1000.0, -999.0, 0.0])
    with pytest.raises(ValueError, match="8 bits change answers"):
        FORMS["c"](model, tmp_path / "net.h", int8=True)
    assert not (tmp_path / "net.h").exists()


def test_without_a_compiler_it_is_written_with_a_warning(tmp_path, monkeypatch):
    why = "CC names 'no-such-compiler', which is not there"
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    with pytest.warns(UserWarning, match=f"could not be compiled .*: {why}; install"):
        made = FORMS["c"](Network([2, 3, 1], seed=0), tmp_path / "net.h")
    assert made.about["not compiled because"] == why
    assert made.rows == 0
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.warns(UserWarning, match="no C compiler is there"):
        FORMS["c"](Network([2, 3, 1], seed=0), tmp_path / "net.h")


def test_a_compiler_that_refuses_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("CC", "false")
    with pytest.raises(ValueError, match="could not be compiled with false"):
        FORMS["c"](Network([2, 3, 1], seed=0), tmp_path / "other.h")
    assert not (tmp_path / "other.h").exists()


def test_names_and_numbers_that_c_cannot_have(tmp_path):
    with pytest.raises(ValueError, match=r"math\.h is the name of one of C's own headers"):
        FORMS["c"](Network([2, 1], seed=0), tmp_path / "math.h")
    translation = translate(Network([2, 1], seed=0))
    translation.program.networks[0][0].W[0] = np.nan
    with pytest.raises(ValueError, match="NaN or inf"):
        FORMS["c"](translation, tmp_path / "net.h")


def test_fast_math_is_refused_where_numbers_may_be_missing(tmp_path, cc):
    model, _ = odd()
    FORMS["c"](model, tmp_path / "odd.h")
    (tmp_path / "main.c").write_text('#include "odd.h"\nint main(void) { return 0; }\n')
    words = [*cc, "-std=c99", "-ffast-math", "main.c", "-o", "main", "-lm"]
    made = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode
    assert "compile without -ffast-math" in made.stderr


# --- the command line ---------------------------------------------------------------------------


def test_the_command_line_writes_it_and_tells_what_rounding_costs(run, table, monkeypatch):
    assert run("train", table, "--bag", 2, "--max-time", 0.3).code == 0
    made = run("export", "model.safetensors", "--c", "things.h", "--int8", "--data", table)
    assert made.code == 0, made.err
    line = made.out
    assert line.startswith("things.h  ")
    for part in ("off on 64 rows", "change of probabilities", "flash", "RAM", "bytes"):
        assert part in line, part
    before, after = re.search(
        r"accuracy ([\d.]+), with 8 bits ([\d.]+), on 120 rows", line
    ).groups()
    own = run("evaluate", "model.safetensors", table, "--json").json
    assert float(before) == pytest.approx(own["metrics"]["accuracy"], abs=1e-6)
    assert float(after) > 0.5
    assert made.out.count("\n") == 1
    monkeypatch.setattr("pellucid.cli.export.PATIENCE", 0.0)
    slow = run("export", "model.safetensors", "--c", "things.h")
    assert slow.err.startswith("note: things.h is being written and held against the model")
    monkeypatch.setenv("CC", "nosuchcc")
    untried = run("export", "model.safetensors", "--c", "things.h")
    assert "not compiled because CC names 'nosuchcc', which is not there" in untried.out
    refused = run("export", "model.safetensors", "--c", "things.h", "--data", table)
    assert refused.code == 2
    assert "--data is for --int8" in refused.err


def test_the_cost_in_numbers_is_that_of_the_rounded_program():
    model, X = digits()
    translation = translate(model)
    program, _ = rounded(translation.program)
    columns = translation.take(X)
    told = loss(program, translation.answers(columns), program.run(columns))
    assert set(told) == {"int8: change of probabilities", "labels changed"}
