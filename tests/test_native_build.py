"""How the native engine comes to be there or not: by compiler, processor, and one's own word."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pellucid.engines._cpu import instruction_sets

from pellucid import Network
from pellucid.engines import _cpu as cpu
from pellucid.engines import available, engine, loading

ROOT = Path(__file__).resolve().parents[1]
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


def python(code, check=True, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True,
        check=check,
    )  # fmt: skip


# --- the processor ------------------------------------------------------------------------------


def test_this_processor_can_run_the_engine_and_the_best_build_is_taken():
    sets = instruction_sets()
    assert set(sets) <= set(loading.MODULES)
    assert sets == [name for name in loading.MODULES if name in sets], "not best first"
    forced = os.environ.get(loading.FORCE)
    assert loading.native().instruction_set == (forced or sets[0])


@pytest.mark.parametrize("name", instruction_sets())
def test_an_instruction_set_can_be_chosen(name):
    code = "from pellucid.engines.loading import native; print(native().instruction_set)"
    assert python(code, PELLUCID_ISA=name).stdout == f"{name}\n"


WRONG = ["x86-64-v2", "avx2", "x86-64-v3 ", "X86-64-V3", "1", "aarch32"]


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("how", ["'auto'", "'native'"])
def test_one_that_there_is_not_is_an_error_and_no_slower_engine(name, how):
    done = python(f"import pellucid; pellucid.Network([2, 1], engine={how})", False,
                  PELLUCID_ISA=name)  # fmt: skip
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ValueError: PELLUCID_ISA is {name!r}: this processor can run ")
    assert all(known in last for known in (*instruction_sets(), *loading.MODULES))


def test_the_reference_engine_does_not_care_which_was_chosen():
    code = "import pellucid; print(pellucid.Network([2, 1], engine='reference').engine)"
    assert python(code, PELLUCID_ISA="none such").stdout == "reference\n"


def test_choosing_nothing_is_choosing_the_best():
    code = "from pellucid.engines.loading import native; print(native().instruction_set)"
    assert python(code, PELLUCID_ISA="").stdout.strip() == instruction_sets()[0]


@pytest.mark.parametrize("command", [["train", "iris"], ["check", "4-3-2"]])
def test_the_command_line_says_so_in_one_line_and_exits_with_2(command, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pellucid", *command], env=os.environ | {"PELLUCID_ISA": "sse"},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("pellucid: PELLUCID_ISA is 'sse': this processor can run ")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_processor_that_can_run_no_build_gets_the_reference(monkeypatch):
    monkeypatch.setattr(cpu, "instruction_sets", list)
    monkeypatch.delenv(loading.FORCE, raising=False)
    loading.native.cache_clear()
    try:
        assert available() == ["reference"]
        assert Network([2, 1]).engine == "reference"
        with pytest.raises(ValueError, match="needs a processor with fused multiply-add"):
            engine("native")
    finally:
        loading.native.cache_clear()


@pytest.mark.parametrize("module", ["_cpu", "_native_v3", "_native_v4", "_native_arm64"])
def test_a_build_that_does_not_load_leaves_the_reference_and_native_says_why(module, tmp_path):
    # A file that is no library stands in the way of the one that was built.
    code = f"""
import importlib.util, pellucid.engines
from pathlib import Path
broken = Path({str(tmp_path)!r}, "{module}.so")
broken.write_bytes(b"no library")
pellucid.engines.__path__.insert(0, str(broken.parent))
import sys
sys.meta_path[:] = [f for f in sys.meta_path if isinstance(f, type)]  # no editable installation's
sys.modules.pop("pellucid.engines.{module}", None)
print(pellucid.engines.available())
try:
    pellucid.engines.engine("native")
except ValueError as error:
    print(error)
"""
    used = {"_cpu", loading.MODULES[instruction_sets()[0]]}
    done = python(code, PELLUCID_ISA="")
    names, *why = done.stdout.splitlines()
    if module in used:
        assert names == "['reference']"
        assert "was built but does not load" in why[0]
        assert f"{module}.so" in why[0]
    else:
        assert names == "['native', 'reference']"
        assert not why


# --- the compiler -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pure(tmp_path_factory):
    """What is installed where the compiler fails, and the wheel it came from."""
    folder = tmp_path_factory.mktemp("pure")
    subprocess.run(
        [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT],
        env=os.environ | {"CXX": "/bin/false"}, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    target = folder / "installed"
    subprocess.run([*PIP, "install", "--no-deps", "--target", target, wheel], check=True)
    return target, wheel


def test_without_a_compiler_the_wheel_is_pure_python(pure):
    _, wheel = pure
    assert wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"pellucid/engines/native.py", "pellucid/network.py"} <= set(names)
    assert not [name for name in names if name.endswith((".so", ".pyd", ".dylib"))]


def test_without_a_compiler_there_is_the_reference_engine_and_it_trains(pure, installed):
    target, _ = pure
    said = installed(
        target,
        "import pellucid; from pellucid.engines import available\n"
        "network = pellucid.Network([2, 3, 1], seed=0)\n"
        "network.train([[0, 1], [1, 0]], [0, 1], epochs=3)\n"
        "print(pellucid.__file__, available(), network.engine, len(network.history))",
    )
    assert said == f"{target / 'pellucid' / '__init__.py'} ['reference'] reference 3\n"


def test_without_a_compiler_native_says_how_to_get_it(pure, installed):
    said = installed(
        pure[0],
        "import pellucid\ntry: pellucid.Network([2, 1], engine='native')\n"
        "except ValueError as error: print(error)",
    )
    assert said == (
        "the native engine was not built when pellucid was installed: install a C++20 compiler "
        "(g++ 12 or clang++ 14, or later) and install pellucid again, or use engine='reference'\n"
    )


def test_info_says_which_engines_there_are(pure, installed, run, tmp_path):
    model = tmp_path / "model.safetensors"
    Network([2, 1], seed=0).save(model)
    done = run("info", model)
    assert done.code == 0
    assert done.out.splitlines()[-1] == f"engines here: {', '.join(available())}"
    said = installed(pure[0], f"from pellucid.cli import main; main(['info', {str(model)!r}])")
    assert said.splitlines()[-1] == "engines here: reference"
    assert said.splitlines()[:-1] == done.out.splitlines()[:-1]


def test_a_model_trained_by_the_one_is_read_by_the_other(pure, installed, tmp_path):
    model = tmp_path / "model.safetensors"
    network = Network([2, 8, 1], "tanh", seed=0, engine="native")
    network.train([[0, 1], [1, 0], [1, 1]], [0, 1, 0], epochs=3)
    network.save(model)
    said = installed(
        pure[0],
        f"import pellucid; print(pellucid.Network.load({str(model)!r}).predict([0.5, 0.25])[0])",
    )
    assert float(said) == pytest.approx(network.predict([0.5, 0.25])[0], rel=1e-13)
