"""A model check asks of a model all that can be proven: its file, its arithmetic, its gradient."""

from pellucid.model_check.checking import check
from pellucid.model_check.result import Check, ModelCheck

__all__ = ["Check", "ModelCheck", "check"]
