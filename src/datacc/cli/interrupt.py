"""Ctrl-C: what is said of it. Imports next to nothing, since it may come while the rest is imported."""

import sys
from typing import Final

INTERRUPTED: Final = 130


def interrupted() -> int:
    """Say that the command was interrupted, and return its exit code."""
    print("\ninterrupted; what was not finished was left as it was, and a fit goes on from there", file=sys.stderr)
    return INTERRUPTED


def is_interrupt(error: BaseException | None) -> bool:
    """Whether Ctrl-C is what `error` came of: another may stand in its place, such as that of a class in the making."""
    while not (error is None or isinstance(error, KeyboardInterrupt)):
        error = error.__cause__ or error.__context__
    return error is not None
