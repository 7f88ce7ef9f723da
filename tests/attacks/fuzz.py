"""A fuzzer changes model files by what it sees the loader do, and looks for any crash.

    python tests/attacks/fuzz.py [SECONDS]

A crash, a hang of ten seconds or two gigabytes of memory end it with the file that did it. It needs
atheris (`pip install "pellucid[fuzz]"`).
"""

import json
import random
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pellucid"]):  # all that loading ever imports
    for name in ("estimators.saving", "pipelines", "predictor", "saving", "tabular.saving"):
        import_module(f"pellucid.{name}")

from attacks import model_files

FOLDER = Path(__file__).parents[1] / "data"
FILES = sorted(FOLDER.glob("format-*/*.safetensors"))
SCRATCH = Path(tempfile.mkdtemp()) / "m.safetensors"
LARGEST = 20_000


def look(data):
    """Load a file; whatever is neither a model nor a refusal goes through."""
    SCRATCH.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model_files.answer(SCRATCH)


def change(data, most, seed):
    """Another file: values of the description in other places, tensors described anew, or bytes."""
    rng = random.Random(seed)
    kind = rng.random()
    try:
        if kind < 0.6:
            return described_anew(data, rng)[:most]
        if kind < 0.75:
            return placed_anew(data, rng)[:most]
    except (ValueError, KeyError, TypeError, AttributeError, LookupError, RecursionError):
        pass  # it is no longer a file with such a header
    data = atheris.Mutate(data, most)
    return model_files.sealed(data)[:most] if kind < 0.95 else data


def described_anew(data, rng):
    """Some values of the description are hostile ones, other files' or other places'."""
    about = model_files.inner(data)
    other = model_files.inner(rng.choice(FILES).read_bytes())
    for _ in range(rng.randint(1, 4)):
        place = rng.choice([p for p in model_files.places(about, most=6) if p])
        value = rng.choice([..., *model_files.HOSTILE])
        if rng.random() < 0.4:
            value = taken(other, rng.choice(list(model_files.places(other, most=6))))
        elif rng.random() < 0.3:
            text = json.dumps(taken(about, place)).encode()
            value = json.loads(atheris.Mutate(text, len(text) + 20))
        about = model_files.changed_at(about, place, value)
    return model_files.with_inner(data, about)


def placed_anew(data, rng):
    """Some of what is said of tensors is changed."""
    header, rest = model_files.parts(data)
    names = [name for name in header if name != "__metadata__"]
    entry = header[rng.choice(names)]
    key = rng.choice(["dtype", "shape", "data_offsets"])
    entry[key] = rng.choice([
        "F32", "F64", "F16", [], [0], [1], [len(rest) // 8], [1, len(rest) // 8], [0, 0],
        [0, len(rest)], [8, len(rest)], [len(rest), 0], *model_files.HOSTILE,
    ])  # fmt: skip
    return model_files.sealed(model_files.joined(header, rest))


def taken(about, place):
    for key in place:
        about = about[key]
    return about


def main():
    seconds = sys.argv[1] if len(sys.argv) > 1 else "600"
    corpus = tempfile.mkdtemp()
    for path in FILES:
        name = f"{path.parent.name}-{path.stem}"
        (Path(corpus) / name).write_bytes(path.read_bytes())
        look(path.read_bytes())  # the first of a kind imports what takes seconds
    options = [
        sys.argv[0], corpus, f"-max_total_time={seconds}", f"-max_len={LARGEST}", "-timeout=10",
        "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={corpus}/found-",
    ]  # fmt: skip
    print(f"fuzzing pellucid.load for {seconds} s, from {len(FILES)} files; finds go to {corpus}")
    atheris.Setup(options, look, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
