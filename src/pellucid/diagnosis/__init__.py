"""A diagnosis is what is wrong with a fitted network, each with a number, a limit and a cure.

`doctor` makes one. `DISEASES` is the table of what it looks for, limits and all.
"""

from pellucid.diagnosis.diseases import DISEASES, Disease, table
from pellucid.diagnosis.examination import doctor
from pellucid.diagnosis.finding import Diagnosis, Finding

__all__ = ["DISEASES", "Diagnosis", "Disease", "Finding", "doctor", "table"]
