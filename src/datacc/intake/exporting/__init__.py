"""Exporting: what a repository says at one revision, written in somebody else's format."""

from datacc.intake.exporting.perform import ExportReport, export_examples

__all__ = ["ExportReport", "export_examples"]
