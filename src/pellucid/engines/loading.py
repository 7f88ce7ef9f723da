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
        If it was not built, or the processor has no fused multiply-add, or `PELLUCID_ISA` asks for
        instructions that the processor lacks.
    """
    try:
        can_run = import_module("pellucid.engines._cpu").instruction_sets()
    except ImportError:
        raise ValueError(
            "the native engine was not built when pellucid was installed: install a C++20 "
            "compiler (g++ or clang++) and install pellucid again, or use engine='reference'"
        ) from None
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
    return import_module(f"pellucid.engines.{MODULES[forced or can_run[0]]}")


def is_available() -> bool:
    """Whether the native engine can run here; a wrong `PELLUCID_ISA` is an error all the same."""
    try:
        native()
    except ValueError:
        if os.environ.get(FORCE):
            raise
        return False
    return True
