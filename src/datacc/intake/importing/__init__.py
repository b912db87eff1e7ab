"""Importing: from what a format found to typed rows, and from those to a run in the repository."""
