"""Python processes of ours that call other people's code."""

import os
from pathlib import Path
from typing import Final

_SOURCES: Final = Path(__file__).parents[2]


def environment(*places: str) -> dict[str, str]:
    """That of this process, for one that runs this very datacc, whatever else is installed.

    Python looks for modules where this datacc is, then in `places`, then wherever it was told to look.
    """
    known = os.environ.get("PYTHONPATH")
    paths = [str(_SOURCES), *places, *([known] if known else [])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
