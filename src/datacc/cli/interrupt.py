"""Ctrl-C: what is said of it. Imports next to nothing, since it may come while the rest is imported."""

import sys
from typing import Final

INTERRUPTED: Final = 130


def interrupted() -> int:
    """Say that the command was interrupted, and return its exit code."""
    print("\ninterrupted; what was not finished was left as it was, and a fit goes on from there", file=sys.stderr)
    return INTERRUPTED
