"""The project keeps its own promises: the wheel, the pins, the README, the size of files."""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from pellucid.engines._cpu import instruction_sets

import pellucid
from pellucid.engines.loading import MODULES

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src" / "pellucid").rglob("*.py"))
PYTHON_FILES = [
    p
    for d in ("src", "tests", "examples", "benchmarks", "native")
    for p in sorted((ROOT / d).rglob("*.py"))
]
PAGES = sorted(
    [p for d in (".", "examples", "benchmarks", "native") for p in (ROOT / d).glob("*.md")]
    + list((ROOT / "docs").rglob("*.md"))
)


def relative(path):
    return str(path.relative_to(ROOT))


def console_commands(page):
    """The commands, and what is printed after each, in a page's console blocks."""
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command.split("#")[0].strip(), output


def masked(text):
    """Without the figures, which may differ in their last digits on another machine."""
    return [re.sub(r"[\d.]+", "#", line).split() for line in text.splitlines() if line.strip()]


def test_the_wheel_holds_the_package_with_its_engine_and_works_by_itself(tmp_path, installed):
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, ROOT],
        check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("pellucid-*.whl")
    target = tmp_path / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", target, wheel], check=True)
    there = {p.name for p in (target / "pellucid").iterdir()}
    assert {"py.typed", "network.py", "engines", "cli"} <= there
    assert not (target / "tests").exists()
    assert not (target / "native").exists()
    compiled = {p.name.partition(".")[0] for p in (target / "pellucid" / "engines").glob("_*.*")}
    assert {"_cpu", *(MODULES[name] for name in instruction_sets())} <= compiled
    said = installed(
        target,
        "import pellucid; from pellucid.engines import available, loading\n"
        "network = pellucid.Network([2, 1], seed=0)\n"
        "output = network.predict([1.0, 2.0])\n"
        "print(pellucid.__file__, *available(), network.engine, output.shape)\n"
        "print(loading.native().__file__)",
    )
    first, second = said.splitlines()
    assert first == f"{target / 'pellucid' / '__init__.py'} native reference native (1,)"
    assert Path(second).parent == target / "pellucid" / "engines"


def test_every_package_that_is_installed_for_us_is_pinned_to_the_version_in_use():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in pins), "names and versions only"
    waiting, seen = [("pellucid", "test")], set()
    while waiting:
        name, extra = waiting.pop()
        for text in distribution(name).requires or []:
            needed = Requirement(text)
            if needed.marker and not needed.marker.evaluate({"extra": extra}):
                continue
            for wanted in needed.extras or {""}:
                if (needed.name, wanted) not in seen:
                    seen.add((needed.name, wanted))
                    waiting.append((needed.name, wanted))
    names = {re.sub(r"[-_.]+", "-", name).lower() for name, _ in seen} - {"pellucid"}
    assert {name: pins.get(name) for name in names} == {
        name: distribution(name).version for name in names
    }


def test_the_readme_shows_both_commands_and_its_commands_run(tmp_path):
    shown = dict(console_commands(ROOT / "README.md"))
    assert {"make demo", "make test"} <= set(shown)
    for command in shown:
        if command.startswith("pellucid "):
            subprocess.run(
                [sys.executable, "-m", *command.split()],
                cwd=tmp_path, check=True, capture_output=True,
            )  # fmt: skip


def test_make_demo_prints_what_the_readme_says(tmp_path):
    shown = dict(console_commands(ROOT / "README.md"))["make demo"]
    recipe = re.search(r"\$\(BIN\)/(pellucid train .*)", (ROOT / "Makefile").read_text())[1]
    done = subprocess.run(
        [sys.executable, "-m", *recipe.split()],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert masked(done.stdout) == masked(shown)
    assert float(re.search(r"accuracy ([\d.]+)", done.stdout)[1]) >= 0.96
    assert {p.name for p in tmp_path.iterdir()} == {"digits.safetensors", "digits.png"}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_between_pages_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_module_opens_with_the_sentence_that_defines_it_and_is_not_long(path):
    text = path.read_text()
    first = (ast.get_docstring(ast.parse(text)) or "").split("\n")[0]
    assert first.endswith((".", ":")) or "," in first, first
    assert len(first) > 30
    assert len(text.splitlines()) <= 400


@pytest.mark.parametrize("name", pellucid.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name):
    thing = getattr(pellucid, name)
    if callable(thing):
        assert thing.__doc__
        assert len(thing.__doc__.split()) > 4


def test_the_api_page_is_what_the_code_says():
    code = "import make_api; print(make_api.page(), end='')"
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "docs", capture_output=True, text=True, check=True
    )
    page = (ROOT / "docs" / "api.md").read_text()
    assert made.stdout == page, "run python docs/make_api.py"


def test_every_table_of_the_package_can_be_looked_up_by_its_own_names():
    for _, name, _ in pkgutil.iter_modules(pellucid.__path__):
        if name != "__main__":
            importlib.import_module(f"pellucid.{name}")
    for table in ("ACTIVATIONS", "LAYERS"):
        for name, row in getattr(pellucid, table).items():
            assert name in (getattr(row, "name", None), getattr(row, "kind", None))


def test_no_file_names_a_place_on_one_machine_or_a_host_of_packages():
    native = [p for p in (ROOT / "native").rglob("*") if p.suffix in (".h", ".cpp")]
    others = [ROOT / name for name in ("Makefile", "CMakeLists.txt", "constraints.txt")]
    for path in [*PYTHON_FILES, *PAGES, *native, *others]:
        text = path.read_text()
        assert "pypi" + "." not in text, path
        assert "index-" + "url" not in text, path
        assert "/ro" + "ot/" not in text, path
