"""A report is one page on a model, and a model card what is to be known of it before it is used."""

from pellucid.reporting.card import ModelCard, model_card
from pellucid.reporting.composing import Report, report
from pellucid.reporting.quality import Quality, quality_of

__all__ = ["ModelCard", "Quality", "Report", "model_card", "quality_of", "report"]
