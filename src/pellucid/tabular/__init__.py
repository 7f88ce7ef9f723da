"""Tabular models learn a table of mixed columns without anything having to be chosen."""

from pellucid.tabular.bag import Step
from pellucid.tabular.classifier import TabularClassifier
from pellucid.tabular.estimator import TableWarning
from pellucid.tabular.regressor import TabularRegressor
from pellucid.tabular.schema import Column, Schema

__all__ = ["Column", "Schema", "Step", "TableWarning", "TabularClassifier", "TabularRegressor"]
