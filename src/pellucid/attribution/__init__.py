"""An attribution shares out one answer of a model among the columns that it was given."""

from pellucid.attribution.attributing import METHODS, attribute
from pellucid.attribution.importance import Importance, permutation_importance
from pellucid.attribution.result import Attribution

__all__ = ["METHODS", "Attribution", "Importance", "attribute", "permutation_importance"]
