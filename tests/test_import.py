"""Nothing waits: what `import pellucid` pulls in, asked of a fresh interpreter."""

import subprocess
import sys

import pytest

NEW_PACKAGES = """
import sys
before = set(sys.modules)
{statement}
third_party = set()
for name in set(sys.modules) - before:
    path = getattr(sys.modules[name], "__file__", None) or ""
    if "site-packages" in path or "dist-packages" in path:
        third_party.add(name.partition(".")[0])
print(*sorted(third_party - {{"pellucid"}}))
"""
HEAVY = ["scipy", "sklearn", "matplotlib", "polars", "rich", "typer", "safetensors", "torch",
         "array_api_compat", "narwhals", "onnx", "onnxruntime", "skops"]  # fmt: skip


def python(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)


def test_import_pulls_in_numpy_and_no_other_package():
    out = python("-c", NEW_PACKAGES.format(statement="import pellucid")).stdout
    assert out.split() == ["numpy"]


def test_the_interpreters_own_list_of_imports_agrees():
    listed = python("-X", "importtime", "-c", "import pellucid").stderr
    names = {line.rpartition("|")[2].strip() for line in listed.splitlines()}
    tops = {name.partition(".")[0] for name in names}
    assert {"pellucid", "numpy"} <= tops
    assert not tops & set(HEAVY)


@pytest.mark.parametrize(
    "statement",
    [
        "import pellucid; pellucid.Network([2, 3, 1], seed=0).predict([1, 2])",
        "import pellucid; pellucid.Network([2, 1], seed=0).train([[0, 1], [1, 0]], [0, 1])",
        "import pellucid; print(end=str(pellucid.Network([1, 1]).explain([1], [1]))[:0])",
    ],
)
def test_forward_training_and_explaining_need_numpy_alone(statement):
    assert python("-c", NEW_PACKAGES.format(statement=statement)).stdout.split() == ["numpy"]


def test_everything_that_is_announced_is_there():
    python("-c", "import pellucid\nfor name in pellucid.__all__: getattr(pellucid, name)")


def test_importing_prints_nothing_and_warns_of_nothing():
    done = python("-W", "error", "-c", "import pellucid")
    assert done.stdout == done.stderr == ""
