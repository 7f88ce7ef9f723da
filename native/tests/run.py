"""Builds and runs the native engine's own tests, which need a C++ compiler and no package.

    python native/tests/run.py sanitize     under Address-, UndefinedBehaviour- and ThreadSanitizer
    python native/tests/run.py same-bits    with every compiler and instruction set: digests agree
    python native/tests/run.py ladder       how fast each step of the ladder of kernels is here

The programs (`kernels.cpp`, `training.cpp`) of the first two check what they can by themselves and
print digests of all numbers that came out. What cannot be tried here is named. CXX gives a compiler
to use for `sanitize` and `ladder`, and one more for `same-bits`.
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = ("kernels", "training")
# What Linux calls the instructions of each set that not every x86-64 processor has.
NEEDED = {
    "x86-64-v3": {"avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"},
    "x86-64-v4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    "aarch64": set(),
}


@dataclass(frozen=True)
class Build:
    """One program from one compiler for one set of instructions, and what it takes to run it."""

    program: str
    compiler: tuple[str, ...]
    instruction_set: str
    flags: tuple[str, ...]
    runner: tuple[str, ...] = ()
    note: str = ""
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = (self.program, " ".join(self.compiler), self.instruction_set, self.note)
        return ", ".join(part for part in (*parts, *self.runner) if part)


@dataclass(frozen=True)
class Result:
    """What came of a build: its output and how long it took, or what went wrong."""

    build: Build
    output: str
    sound: bool


def settings() -> tuple[list[str], dict[str, list[str]]]:
    """The flags of the engine and of each set of instructions, as CMakeLists.txt has them."""
    text = (HERE.parents[1] / "CMakeLists.txt").read_text()
    own = re.search(r"set\(own_options ([^)]*)\)", text)
    sets = re.findall(r"add_engine\(_native\w+ ([\w-]+)([^)]*)\)", text)
    if not own or not sets:
        sys.exit("CMakeLists.txt has no own_options or add_engine any more: mend this script")
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Werror", *own[1].split()]
    return flags, {name: extra.split() for name, extra in sets}


def runnable() -> Iterator[str]:
    """The sets of instructions this processor has; the others are named on the way."""
    machine = platform.machine().lower().replace("amd64", "x86_64").replace("arm64", "aarch64")
    info = Path("/proc/cpuinfo")
    here = set(info.read_text().split()) if info.exists() else set()
    for name, needed in NEEDED.items():
        if not name.replace("-", "_").startswith(machine):
            continue
        missing = sorted(needed - here)
        if missing:
            print(f"not run: {name}: this processor lacks {', '.join(missing)}")
        else:
            yield name


def run(build: Build, folder: Path) -> Result:
    """Compiles and runs it."""
    program = folder / re.sub(r"\W+", "_", str(build))
    source = HERE / f"{build.program}.cpp"
    compiled = [*build.compiler, *build.flags, str(source), "-pthread", "-o", str(program)]
    begun = time.perf_counter()
    done = subprocess.run(compiled, capture_output=True, text=True, check=False)
    built = time.perf_counter()
    if done.returncode == 0:
        command = [*build.runner, str(program), *build.arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    ran = time.perf_counter()
    sound = done.returncode == 0
    times = f"{built - begun:.0f} s to build, {ran - built:.0f} s to run"
    print(f"{'ok' if sound else 'FAILED'}: {build} ({times})", flush=True)
    if not sound:
        print(f"exit status {done.returncode}\n{done.stdout}{done.stderr}", flush=True)
    return Result(build, done.stdout, sound)


def run_all(builds: list[Build]) -> list[Result]:
    """All of them, two at a time or as many as there are cores."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda build: run(build, Path(folder)), builds))


def checks_by_call(compiler: tuple[str, ...]) -> tuple[str, str]:
    """Makes AddressSanitizer's checks calls, not code in line: compiling takes half the time."""
    done = subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=False)
    option = "asan-instrumentation-with-call-threshold=0"
    return ("-mllvm", f"-{option}") if "clang" in done.stdout else ("--param", option)


def sanitize() -> bool:
    """Whether no sanitizer has anything to say."""
    compiler = tuple(shlex.split(os.environ.get("CXX", "g++")))
    if not shutil.which(compiler[0]):
        sys.exit(f"{compiler[0]} is not there: set CXX to a C++ compiler")
    flags, sets = settings()
    flags = [*(flag for flag in flags if flag != "-O3"), "-O1"]
    names = list(runnable())  # plainest first
    both = "address,undefined"
    wanted = [(program, both, name) for name in names[:1] for program in PROGRAMS]
    # GCC takes minutes to compile both for training with wide registers, where only tiles differ.
    for name in names[1:]:
        wanted += [("training", "address", name), ("kernels", both, name)]
    wanted += [("training", "thread", name) for name in names[:1]]
    by_call = checks_by_call(compiler)
    builds = [
        Build(
            program,
            compiler,
            name,
            (
                *(*flags, *sets[name], "-g1"),
                *(f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all"),
                *(by_call if "address" in sanitizers else ()),
            ),
            note=sanitizers,
            # Three threads show as much as eight, which would wait for each other for minutes.
            arguments=("3",) if program == "training" else (),
        )
        for program, sanitizers, name in wanted
    ]
    return all(result.sound for result in run_all(builds))


def compilers() -> Iterator[tuple[tuple[str, ...], list[str], tuple[str, ...], list[str]]]:
    """Each compiler that is there, its sets of instructions, what runs them, and further flags."""
    here = list(runnable())
    tried = [*(["CXX"] if "CXX" in os.environ else []), "g++", "clang++"]
    for name in tried:
        compiler = tuple(shlex.split(os.environ[name] if name == "CXX" else name))
        if shutil.which(compiler[0]):
            yield compiler, here, (), []
        else:
            print(f"not run: {compiler[0]} is not there")
    if "aarch64" in here:
        return
    # Another processor's code, run by an emulator; static, so that it needs none of its libraries.
    for compiler in (("aarch64-linux-gnu-g++",), ("clang++", "--target=aarch64-linux-gnu")):
        needed = (compiler[0], "aarch64-linux-gnu-g++", "qemu-aarch64")
        missing = sorted({name for name in needed if not shutil.which(name)})
        if missing:
            print(f"not run: {' '.join(compiler)} for aarch64: {', '.join(missing)} not there")
        else:
            yield compiler, ["aarch64"], ("qemu-aarch64",), ["-static"]


def same_bits() -> bool:
    """Whether every build gives the same numbers, to the last bit."""
    flags, sets = settings()
    builds = [
        Build(program, compiler, name, (*flags, *sets[name], *further), runner)
        for program in reversed(PROGRAMS)
        for compiler, names, runner, further in list(compilers())
        for name in names
    ]
    results = run_all(builds)
    sound = all(result.sound for result in results)
    for program in PROGRAMS:
        same = [result for result in results if result.build.program == program and result.sound]
        for result in same[1:]:
            pairs = zip_longest(same[0].output.splitlines(), result.output.splitlines())
            for wanted, given in pairs:
                if wanted != given:
                    sound = False
                    print(f"DIFFERENT: {same[0].build}: {wanted}")
                    print(f"           {result.build}: {given}")
        print(f"{program}, {len(same)} builds:\n{same[0].output if same else ''}", end="")
    return sound


def ladder() -> bool:
    """Prints the speeds of the kernels with the best instructions that are here."""
    flags, sets = settings()
    *_, name = runnable()
    compiler = tuple(shlex.split(os.environ.get("CXX", "g++")))
    (result,) = run_all([Build("ladder", compiler, name, (*flags, *sets[name]))])
    print(result.output, end="")
    return result.sound


COMMANDS: dict[str, Callable[[], bool]] = {
    "sanitize": sanitize,
    "same-bits": same_bits,
    "ladder": ladder,
}


def main() -> int:
    """Runs what the command line names."""
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        print(f"usage: {Path(__file__).name} {' | '.join(COMMANDS)}", file=sys.stderr)
        return 2
    begun = time.perf_counter()
    sound = COMMANDS[sys.argv[1]]()
    took = f"{time.perf_counter() - begun:.0f} s"
    print(f"{sys.argv[1]}: {'all is well' if sound else 'FAILED'}, {took}")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
