"""Explaining is writing one step of one row out, line by line, with the engine's own numbers."""

from pellucid.explanation.expression import (
    Apply,
    Difference,
    Expression,
    Negative,
    Power,
    Product,
    Quotient,
    Rest,
    Row,
    Sum,
    Symbol,
    Value,
)
from pellucid.explanation.form import Equation, Explanation, Line, Omitted, Section

__all__ = [
    "Apply",
    "Difference",
    "Equation",
    "Explanation",
    "Expression",
    "Line",
    "Negative",
    "Omitted",
    "Power",
    "Product",
    "Quotient",
    "Rest",
    "Row",
    "Section",
    "Sum",
    "Symbol",
    "Value",
]
