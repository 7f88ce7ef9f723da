"""Deriving is writing down, for one network, the equations that its training computes."""

from pellucid.deriving.equations import Derivation, Function, Letter, derivation, derive
from pellucid.deriving.steps import Step

__all__ = ["Derivation", "Function", "Letter", "Step", "derivation", "derive"]
