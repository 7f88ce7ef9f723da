"""Model files that are none: damaged, hostile, or of another kind, made from a good one.

Each generator yields (what was done, bytes). `answer` is what every loader owes to each of them.
What is changed of the description or the tensors gets the digest of what it is now, so that the
change is met by what reads it and not by the digest.
"""

import contextlib
import copy
import hashlib
import io
import json
import pickle
import random
import zipfile

import numpy as np
from safetensors.numpy import load, save

import pellucid

HOSTILE = (
    None, True, False, -1, 0, 1, 2, 3.5, -0.0, 1e308, -1e308, 5e-324, 2**31, 2**53 + 1, 2**63,
    10**29, "", "?", "relu", "softmax", "theta", "\x00", "x" * 3000, "%9999999d", [], {}, [[]],
    [{}], [None], ["a", "a"], [0.0], [0.0, 0.0], {"": ""}, {"name": "huber"}, {"tuple": []},
    {"items": [[[], 1]]},
)  # fmt: skip
"""What stands in place of each value in turn."""


def answer(path, rows=None):
    """Load a file: one ValueError of one line that names it, or a model that works; None or it.

    A model works if what it is asked is answered, or refused with a ValueError.
    """
    try:
        model = pellucid.load(path)
    except ValueError as error:
        refusal = error
    else:
        refusal = None
    if refusal is not None:
        text = str(refusal)
        assert type(refusal) is ValueError, f"{type(refusal)}: {text}"
        assert "\n" not in text, text
        assert str(path) in text, text
        assert len(text) < 5000, f"{len(text)} characters: {text[:200]}"
        return None
    if rows is not None:
        with np.errstate(all="ignore"), contextlib.suppress(ValueError):
            model.predict(rows)
    repr(model)
    return model


def parts(data):
    """The header of a safetensors file, and the bytes that follow."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def joined(header, rest):
    """The file of a header, which may be text, and the bytes that follow."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + rest


def inner(data):
    """What pellucid says of the model in a file's header."""
    return json.loads(load_metadata(data)["pellucid"])


def load_metadata(data):
    return parts(data)[0]["__metadata__"]


def with_inner(data, about):
    """The same file with another description, or text; sealed if its digest is as it was."""
    header, rest = parts(data)
    text = about if isinstance(about, str) else json.dumps(about)
    changed = joined(header | {"__metadata__": {"pellucid": text}}, rest)
    same = isinstance(about, dict) and about.get("digest") == inner(data).get("digest")
    return sealed(changed) if same else changed


def sealed(data):
    """The same file with the digest of what is in it, if it has one and can have another."""
    try:
        header, rest = parts(data)
        about = json.loads(header["__metadata__"]["pellucid"])
        del about["digest"]
        state = hashlib.blake2b(json.dumps(about, sort_keys=True).encode(), digest_size=32)
        for name in sorted(header.keys() - {"__metadata__"}):
            begin, end = header[name]["data_offsets"]
            state.update(json.dumps([name, header[name]["dtype"], header[name]["shape"]]).encode())
            state.update(rest[begin:end])
        about["digest"] = state.hexdigest()
        metadata = header["__metadata__"] | {"pellucid": json.dumps(about, sort_keys=True)}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return data
    return joined(header | {"__metadata__": metadata}, rest)


# --- other kinds of files -------------------------------------------------------------------------


class Runs:
    """What a pickle would run if it were read."""

    def __reduce__(self):
        return exec, ("raise SystemExit('a pickle was run')",)


def other_files():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("theta", "0.0")
    arrays = io.BytesIO()
    np.savez(arrays, theta=np.zeros(3))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("theta", b"\0" * 10**7)
    yield "empty", b""
    yield "one byte", b"{"
    yield "eight bytes", bytes(8)
    yield "text", b"hello, world\n"
    yield "JSON", b'{"theta": [0.0]}'
    yield "a pickle", pickle.dumps(Runs())
    yield "a pickle of protocol 0", pickle.dumps(Runs(), 0)
    yield "a zip", archive.getvalue()
    yield "a zip bomb", bomb.getvalue()
    yield "an npz", arrays.getvalue()
    yield "every byte", bytes(range(256)) * 8
    yield "ones", b"\xff" * 4096
    yield "ELF", b"\x7fELF" + bytes(200)
    yield "other safetensors", save({"weight": np.zeros((2, 2), np.float32)})
    yield "safetensors of none", save({}, {"pellucid": "{}"})
    yield "theta alone", save({"theta": np.zeros(3)})


# --- the bytes ------------------------------------------------------------------------------------


def truncated(data):
    """Cut at every byte."""
    for n in range(len(data)):
        yield f"{n} of {len(data)} bytes", data[:n]


def lengthened(data):
    for more in (b"\0", b" ", bytes(8), data):
        yield f"{len(more)} bytes more", data + more


def header_lengths(data):
    """Another length of the header than it has."""
    length = int.from_bytes(data[:8], "little")
    for n in (0, 1, 2, length - 1, length + 1, length + 8, len(data) - 8, len(data), 2**25,
              2**31, 2**32 + length, 2**40, 2**63 - 1, 2**63, 2**64 - 1):  # fmt: skip
        yield f"a header of {n} bytes", n.to_bytes(8, "little") + data[8:]


def flipped(data, times, seed=0):
    """One bit changed, anywhere."""
    rng = random.Random(seed)
    for _ in range(times):
        place, bit = rng.randrange(len(data)), rng.randrange(8)
        changed = bytearray(data)
        changed[place] ^= 1 << bit
        yield f"bit {bit} of byte {place}", bytes(changed)


# --- what the header says of tensors --------------------------------------------------------------


def lies(data):
    """Offsets, shapes and types that are not the file's."""
    header, rest = parts(data)
    n = header["theta"]["data_offsets"]
    changes = [
        {"data_offsets": offsets}
        for offsets in (
            [0, 0], [n[0] + 8, n[1] + 8], [n[0], n[1] - 8], [n[0], n[1] + 8], [n[1], n[0]],
            [-8, n[1] - 8], [0, 2**40], [2**63, 2**63 + n[1]], [0, 10**29], [*n, 0], [n[0]], [],
            [0.0, float(n[1])], [None, None], [str(n[0]), str(n[1])], {"0": 0}, None, "theta",
            [True, n[1]], [[0], [8]],
        )
    ]  # fmt: skip
    changes += [
        {"shape": shape}
        for shape in (
            [], [1], [2**40], [10**29], [-1], [0], [0, 2**62], [1, n[1] // 8], [n[1] // 8, 1],
            [1, 1, n[1] // 8], [1] * 50_000, [3.5], ["3"], [None], None, 3, {}, [True],
        )
    ]  # fmt: skip
    changes += [
        {"dtype": dtype}
        for dtype in ("F32", "F16", "BF16", "I64", "I32", "I8", "U8", "BOOL", "C64", "F8_E4M3",
                      "f64", "", None, 64, [], {}, "F" * 10_000)
    ]  # fmt: skip
    for change in changes:
        changed = copy.deepcopy(header)
        changed["theta"] |= change
        yield f"theta with {str(change)[:60]}", sealed(joined(changed, rest))
    for name, entry in (
        ("theta2", header["theta"]),  # which overlaps all of it
        ("x", {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}),
        ("x", {"dtype": "F64", "shape": [1], "data_offsets": [len(rest) - 8, len(rest)]}),
        ("x", {"dtype": "F64", "shape": [1], "data_offsets": [len(rest), len(rest) + 8]}),
        ("x", {}), ("x", None), ("x", 3), ("x", []), ("", {}), ("x", {"dtype": "F64"}),
        ("__metadata__", None), ("__metadata__", {}), ("__metadata__", []), ("__metadata__", "x"),
        ("__metadata__", {"pellucid": None}), ("__metadata__", {"pellucid": {"a": 1}}),
        ("__metadata__", {"pellucid": ""}), ("__metadata__", {"pellucid": "x" * 100_000}),
        ("theta", None), ("theta", []), ("theta", {}),
    ):  # fmt: skip
        yield f"{name!r}: {str(entry)[:60]}", sealed(joined(header | {name: entry}, rest))
    for gap in (8, 2**20):  # zeros between, before and behind
        changed = copy.deepcopy(header)
        changed["theta"]["data_offsets"] = [n[0] + gap, n[1] + gap]
        yield f"a gap of {gap} bytes", sealed(joined(changed, bytes(gap) + rest))
    many = {f"t{i}": {"dtype": "F64", "shape": [0], "data_offsets": [0, 0]} for i in range(20_000)}
    yield "20 000 tensors of nothing", sealed(joined(many | header, rest))
    twice = f'{json.dumps(header)[:-1]}, "theta": {json.dumps(header["theta"])}}}'
    yield "theta twice", joined(twice.encode(), rest)


def other_numbers(data):
    """Tensors of other numbers, types and shapes under a header that is right of itself."""
    tensors, metadata = load(data), load_metadata(data)
    for name, array in tensors.items():
        flat = array.reshape(-1)
        changes = {
            "NaN": np.where(np.arange(array.size).reshape(array.shape) == 0, np.nan, array),
            "inf": np.where(np.arange(array.size).reshape(array.shape) == 0, np.inf, array),
            "-inf": np.full_like(array, -np.inf),
            "huge": np.full_like(array, np.finfo(array.dtype).max),
            "int64": array.astype(np.int64),
            "int8": np.zeros(array.shape, np.int8),
            "float16": np.zeros(array.shape, np.float16),
            "bool": array > 0,
            "one fewer": flat[:-1],
            "one more": np.append(flat, flat[:1]),
            "none": flat[:0],
            "flat": flat,
            "a row": flat[None],
            "a column": flat[:, None],
            "deep": flat[None, None],
            "complex": np.zeros(array.shape, np.complex64),
        }
        for what, changed in changes.items():
            changed = np.ascontiguousarray(changed)
            yield f"{name}: {what}", sealed(save(tensors | {name: changed}, metadata))
        without = {k: v for k, v in tensors.items() if k != name}
        yield f"no {name}", sealed(save(without, metadata))


# --- what the description says --------------------------------------------------------------------


def texts(data):
    """Descriptions that are no JSON, or JSON that asks for too much."""
    good = json.dumps(inner(data))
    for what, text in (
        ("nothing", ""), ("a blank", " "), ("null", "null"), ("a number", "3"), ("a list", "[]"),
        ("an empty object", "{}"), ("half of it", good[: len(good) // 2]), ("twice", good + good),
        ("NaN", '{"format_version": NaN}'), ("Infinity", '{"format_version": -Infinity}'),
        ("a float of 400 digits", '{"format_version": 1e400}'),
        ("a whole number of 5 000 digits", f'{{"format_version": {"9" * 5000}}}'),
        ("a whole number of 100 digits", f'{{"format_version": {"9" * 100}}}'),
        ("a name twice", good[:-1] + ', "format_version": 1}'),
        ("lists in lists", "[" * 100_000 + "]" * 100_000),
        ("objects in objects", '{"a":' * 50_000 + "1" + "}" * 50_000),
        ("deep in a field", good[:-1] + ', "more": ' + "[" * 50_000 + "]" * 50_000 + "}"),
        ("half a surrogate pair", good[:-1] + ', "\\ud800": 1}'),
        ("a blank in a number", '{"format_version": 1 2}'), ("a comment", "/* */" + good),
        ("single quotes", good.replace('"', "'")), ("BOM", "\ufeff" + good),
        ("a NUL", good[:-1] + "\0}"), ("version 0", '{"format_version": 0}'),
        ("version -1", '{"format_version": -1}'), ("version 99", '{"format_version": 99}'),
        ("version true", '{"format_version": true}'), ("version 1.0", '{"format_version": 1.0}'),
        ("version text", '{"format_version": "1"}'), ("version null", '{"format_version": null}'),
    ):  # fmt: skip
        yield what, with_inner(data, text)


def bombs(data):
    """Descriptions of many megabytes, each of which would be gigabytes of objects."""
    for what, text in (
        ("empty lists", "[" + "[]," * 5_000_000 + "[]]"),
        ("empty objects", "[" + "{}," * 5_000_000 + "{}]"),
        ("numbers", "[" + "1.5," * 5_000_000 + "0]"),
        ("a long text", '"' + "x" * 40_000_000 + '"'),
        ("many names", "{" + ",".join(f'"{i}":0' for i in range(1_500_000)) + "}"),
    ):
        yield what, with_inner(data, text)


def places(node, path=(), most=3):
    """The path to every value in nested lists and objects, long lists cut."""
    yield path
    items = []
    if isinstance(node, dict):
        items = node.items()
    elif isinstance(node, list):
        items = enumerate(node[:most])
    for key, value in items:
        yield from places(value, (*path, key), most)


def changed_at(about, place, value):
    """A copy of a description with another value in one place; `Ellipsis` takes it out."""
    changed = copy.deepcopy(about)
    node = changed
    for key in place[:-1]:
        node = node[key]
    if value is ...:
        del node[place[-1]]
    else:
        node[place[-1]] = value
    return changed


def wrong_values(data, values=(..., *HOSTILE)):
    """Each value of the description taken out, or another in its place."""
    about = inner(data)
    for place in places(about):
        for value in values if place else ():
            what = "gone" if value is ... else repr(value)[:30]
            changed = with_inner(data, changed_at(about, place, value))
            yield f"{'.'.join(map(str, place))}: {what}", changed


def sizes(data):
    """Architectures that ask for more than there is, and test vectors of many rows."""
    about = inner(data)
    n = 2**31
    wide = [{"kind": "dense", "n_in": n, "n_out": n, "bias": True, "activation": "relu"}]
    thin = [{"kind": "dense", "n_in": 1, "n_out": 1, "bias": False, "activation": "relu"}]
    zero = {"kind": "scale", "n_in": 4, "activation": "identity"}
    for what, architecture in (
        ("two wide layers", wide * 2), ("20 000 thin layers", thin * 20_000),
        ("20 000 scales", [zero] * 20_000), ("no layers", []),
        ("widths that do not meet", [thin[0], wide[0]]),
    ):  # fmt: skip
        yield what, with_inner(data, about | {"architecture": architecture})
    segments = {f"layer{i}.W": {"frozen": True} for i in range(20_000)}
    yield "20 000 segments", with_inner(data, about | {"segments": segments})
    stars = {"*a" * 30 + "b": {"frozen": True}}
    yield "a pattern that takes for ever", with_inner(data, about | {"segments": stars})
    for key in ("test_vectors", "test_rows"):
        if key in about:
            rows = [[0.0]] * 50_000
            yield (
                f"{key} of many rows",
                with_inner(
                    data,
                    about | {key: {"inputs": rows, "outputs": rows, "rows": rows, "answers": rows}},
                ),
            )
