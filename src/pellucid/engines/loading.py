"""The native engine is a compiled module, one for each set of instructions; here one is chosen."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import Any

MODULES = {"x86-64-v4": "_native_v4", "x86-64-v3": "_native_v3", "aarch64": "_native_arm64"}
"""The compiled module by the instructions it is built for, in the words of compilers."""

FORCE = "PELLUCID_ISA"
"""The environment variable that chooses one of them."""


@cache
def native() -> Any:
    """The compiled module for the best instructions that this processor has, or the forced ones.

    Raises
    ------
    ValueError
        If it was not built or does not load, or the processor has no fused multiply-add, or
        `PELLUCID_ISA` asks for instructions that the processor lacks.
    """
    can_run = _module("_cpu").instruction_sets()
    forced = os.environ.get(FORCE)
    if forced and forced not in can_run:
        raise ValueError(
            f"{FORCE} is {forced!r}: this processor can run {', '.join(can_run) or 'none'} of "
            f"{', '.join(MODULES)}"
        )
    if not can_run:
        raise ValueError(
            "the native engine needs a processor with fused multiply-add (x86-64-v3 or later, or "
            "64-bit ARM): use engine='reference'"
        )
    return _module(MODULES[forced or can_run[0]])


def _module(name: str) -> Any:
    try:
        return import_module(f"pellucid.engines.{name}")
    except ModuleNotFoundError:
        raise ValueError(
            "the native engine was not built when pellucid was installed: install a C++20 compiler "
            "(g++ 12 or clang++ 14, or later) and install pellucid again, or use engine='reference'"
        ) from None
    except ImportError as error:
        raise ValueError(
            f"the native engine was built but does not load ({error}): install pellucid again on "
            "this machine, or use engine='reference'"
        ) from error


def is_available() -> bool:
    """Whether the native engine can run here; a wrong `PELLUCID_ISA` is an error all the same."""
    try:
        native()
    except ValueError:
        if os.environ.get(FORCE):
            raise
        return False
    return True
