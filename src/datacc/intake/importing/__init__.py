"""Importing: from what a format found to typed rows, and from those to a run in the repository.

What writes to a repository is imported on first use: a build reads tables without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from datacc.intake.importing.options import ImportOptions

if TYPE_CHECKING:
    from datacc.intake.importing.perform import ImportReport as ImportReport
    from datacc.intake.importing.perform import import_examples as import_examples

__all__ = ["ImportOptions", "ImportReport", "import_examples"]


def __getattr__(name: str) -> Any:
    """`ImportReport` and `import_examples`, imported when they are first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.perform"), name)
