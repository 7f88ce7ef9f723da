"""An ONNX file is a graph of standard operators that many runtimes read, on machines of all kinds.

Preprocessing, all networks and labels are in the graph:

| input | for | type |
|---|---|---|
| by a column's name | numbers; NaN where there is none | double (n, 1) |
| | dates, in days since 1970 and fractions of them | double (n, 1) |
| | categories: text, "" where there is none | string (n, 1) |
| `X` | all columns, if they have no names | of the networks or double (n, n_columns) |

| output | of | type |
|---|---|---|
| `label` | classifiers | int64, string, bool or double (n,), as the classes are |
| `probabilities` | classifiers | as `X`, else double (n, n_classes) |
| `prediction` | regressors | as `X`, else double (n, k) |
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.atomic import refuse_unwritable, write_atomically
from pellucid.export.checking import TOLERANCE, Exported, checked
from pellucid.export.onnx_graph import IR_VERSION, OPSET, OPSET_ML, TEXT, Graph, Value
from pellucid.export.onnx_steps import answers_of, inputs_of, output_of, takes_as_it_is
from pellucid.export.program import CATEGORY, Classes, Floats, Layer, Program
from pellucid.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.export.translation import Translation

TOLERANCE_FLOAT = 1e-5
"""By which answers may differ if networks in double are asked for in float."""

FORMAT = 1
"""Of the metadata."""


def write(
    translation: Translation, path: str | os.PathLike[str], dtype: str | None = None
) -> Exported:
    """Write a program as an ONNX file, if onnxruntime makes of it what the model does.

    Parameters
    ----------
    dtype : "float32" or "float64", of the networks; by default what they are of, with which the
        file has the same numbers and answers agree to 1e-6. In float32 a network of float64 takes
        half the space, and has to agree to 1e-5.

    Raises
    ------
    ImportError
        If onnx or onnxruntime is missing.
    ValueError
        If the answers are off, classes are of several types, or it is too large for the format.

    Examples
    --------
    >>> import tempfile
    >>> from pellucid import Network
    >>> from pellucid.export import translate
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = write(translate(Network([2, 3, 1], seed=0)), f"{folder}/small.onnx")
    >>> made.form, made.about, made.difference < 1e-6
    ('onnx', {'opset': 13, 'networks': 'float64'}, True)
    """
    onnx, _ = _packages()
    refuse_unwritable(path)
    program, tolerance = translation.program, TOLERANCE
    if dtype is not None:
        if dtype not in ("float32", "float64"):
            raise ValueError(f'networks can be of "float32" or "float64", not {dtype!r}')
        if np.dtype(dtype).itemsize < program.dtype.itemsize:
            tolerance = TOLERANCE_FLOAT
        program = _in_dtype(program, np.dtype(dtype))
    made = _model(program)
    onnx.checker.check_model(made, full_check=True)
    data = made.SerializeToString()
    off = checked(translation, "ONNX", _runner(program, data), tolerance)
    write_atomically(path, data)
    about = {"opset": OPSET, "networks": program.dtype.name}
    return Exported(Path(path), "onnx", len(data), off, about=about)


def _packages() -> tuple[Any, Any]:
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise ImportError(
            f"an ONNX file needs {error.name}: pip install 'pellucid[onnx]'", name=error.name
        ) from error
    return onnx, onnxruntime


def _in_dtype(program: Program, dtype: np.dtype[Any]) -> Program:
    networks = (
        tuple(Layer(x.W.astype(dtype), x.b.astype(dtype), x.activation) for x in layers)
        for layers in program.networks
    )
    return replace(program, networks=tuple(networks))


# --- its ends -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ends:
    """What goes into a graph and comes out, by name."""

    inputs: tuple[str, ...]
    label: str
    answers: str
    dtype: np.dtype[Any]  # of the numbers of both

    @classmethod
    def of(cls, program: Program) -> Ends:
        """Columns keep their names; an output that is called as one gets an underscore."""
        names = [column.name for column in program.columns]
        inputs = [name or _free(f"column {i + 1}", names) for i, name in enumerate(names)]
        if program.matrix:
            inputs = ["X"]
        handed_on = program.matrix and takes_as_it_is(program)
        answers = "probabilities" if isinstance(program.answer, Classes) else "prediction"
        return cls(
            tuple(inputs), _free("label", inputs), _free(answers, inputs),
            program.dtype if handed_on else np.dtype(np.float64),
        )  # fmt: skip

    def feed(self, program: Program, table: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        """The columns of a table as onnxruntime takes them."""
        columns = [
            np.array(table[column.name], TEXT if column.kind == CATEGORY else self.dtype)
            for column in program.columns
        ]
        if program.matrix:
            return {"X": np.column_stack(columns)}
        return {name: column[:, None] for name, column in zip(self.inputs, columns, strict=True)}


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _labels(labels: Sequence[Any]) -> NDArray[Any]:
    """Classes as an array of a type that ONNX has."""
    for kind, dtype in ((bool, np.bool_), (int, np.int64), (float, np.float64), (str, TEXT)):
        if all(type(label) is kind for label in labels):
            try:
                return np.array(labels, dtype)
            except OverflowError:
                break
    raise ValueError(
        f"classes {list(labels)!r} cannot be labels in ONNX: expected text, numbers, whole numbers "
        "of 64 bits or booleans, and all of one kind"
    )


# --- the file -----------------------------------------------------------------------------------


def _model(program: Program) -> Any:
    """The program as a model of the onnx package's."""
    from onnx import helper

    if program.n_parameters * program.dtype.itemsize > MOST_BYTES:
        raise ValueError(
            f"{program.n_parameters} parameters are more than one ONNX file holds: it ends at 2 GiB"
        )
    ends = Ends.of(program)
    graph = Graph((*ends.inputs, ends.label, ends.answers))
    given = [
        Value(graph, name, TEXT if _is_text(program, i) else ends.dtype)
        for i, name in enumerate(ends.inputs)
    ]
    inputs = inputs_of(graph, program, given)
    outputs = [output_of(graph, inputs, layers) for layers in program.networks]
    answers = answers_of(graph, program, outputs, ends.dtype)
    last = [_called(answers, ends.answers)]
    shapes: dict[str, list[Any]] = {
        ends.answers: ["rows", len(_names(program))],
        ends.label: ["rows"],
    }
    if isinstance(program.answer, Classes):
        likeliest = answers.op("ArgMax", dtype=np.int64, axis=1, keepdims=0)
        labels = _labels(program.answer.labels)
        label = graph.node("Gather", [labels, likeliest], labels.dtype, name=ends.label, axis=0)
        last = [label, *last]
    width = len(program.columns) if program.matrix else 1
    domains = {"": OPSET} | ({"ai.onnx.ml": OPSET_ML} if TEXT in {v.dtype for v in given} else {})
    return _with_metadata(
        helper.make_model(
            helper.make_graph(
                graph.nodes,
                "pellucid",
                [_end(value, ["rows", width]) for value in given],
                [_end(value, shapes[value.name]) for value in last],
                graph.constants,
            ),
            opset_imports=[helper.make_opsetid(name, version) for name, version in domains.items()],
            ir_version=IR_VERSION,
            producer_name="pellucid",
            producer_version=__version__,
        ),
        program,
        ends,
    )


MOST_BYTES = 2**31 - 2**20
"""Of the parameters of a file, which is a protocol buffer and cannot be larger than 2 GiB."""


def _is_text(program: Program, place: int) -> bool:
    return not program.matrix and program.columns[place].kind == CATEGORY


def _called(value: Value, name: str) -> Value:
    return value.graph.node("Identity", [value], value.dtype, name=name)


def _names(program: Program) -> tuple[Any, ...]:
    """What the columns of the answers stand for."""
    answer = program.answer
    return answer.labels if isinstance(answer, Classes) else answer.names


def _end(value: Value, shape: list[Any]) -> Any:
    from onnx import helper

    kind = helper.np_dtype_to_tensor_dtype(value.dtype)
    return helper.make_tensor_value_info(value.name, kind, shape)


def _with_metadata(made: Any, program: Program, ends: Ends) -> Any:
    """The model, told what it is: texts for people and JSON for programs."""
    from onnx import helper

    classifies = isinstance(program.answer, Classes)
    about: dict[str, Any] = {
        **{key: value for key, value in program.about.items() if value is not None},
        "format": FORMAT,
        "opset": OPSET,
        "task": "classification" if classifies else "regression",
        "target": program.target_name,
        "classes" if classifies else "targets": list(_names(program)),
        "columns": [
            {"name": column.name, "kind": column.kind, "input": name}
            for column, name in zip(program.columns, _input_names(program, ends), strict=True)
        ],
        "outputs": [*([ends.label] if classifies else []), ends.answers],
        "networks": program.dtype.name,
    }
    helper.set_model_props(
        made,
        {
            key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for key, value in about.items()
        },
    )
    made.doc_string = _described(program, ends)
    return made


def _input_names(program: Program, ends: Ends) -> Sequence[str]:
    return ends.inputs * len(program.columns) if program.matrix else ends.inputs


def _described(program: Program, ends: Ends) -> str:
    what = f"Predicts {program.target_name!r}."
    if program.matrix:
        taken = f"X has {len(program.columns)} columns of numbers."
    else:
        taken = (
            "Each input is a column (n, 1): numbers as double, NaN where there is none; dates as "
            'double, in days since 1970; categories as text, "" where there is none.'
        )
    if isinstance(program.answer, Classes):
        given = (
            f"{ends.label} is the likeliest class; {ends.answers} has a column for each class, in "
            "the order of the metadata's classes."
        )
    else:
        given = f"{ends.answers} has a column for each of the metadata's targets."
    return f"{what} {taken} {given}"


def _runner(program: Program, data: bytes) -> Callable[[Mapping[str, Any]], Floats]:
    """What gives the answers of a file's bytes in onnxruntime, for columns by name."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    ends = Ends.of(program)

    def run(table: Mapping[str, Any]) -> Floats:
        *labels, answers = session.run(None, ends.feed(program, table))
        told = np.isfinite(answers).all(axis=1)
        if labels and labels[0][told].tolist() != program.labels(answers[told]):
            raise ValueError("the ONNX export's labels are not the likeliest: nothing is written")
        return np.asarray(answers, np.float64)

    return run
