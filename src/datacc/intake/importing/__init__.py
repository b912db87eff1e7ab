"""Importing: from what a format found to typed rows, and from those to a run in the repository."""

from datacc.intake.importing.options import ImportOptions
from datacc.intake.importing.perform import ImportReport, import_examples

__all__ = ["ImportOptions", "ImportReport", "import_examples"]
