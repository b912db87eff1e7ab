"""The data compiler: labelled examples in, a small native program that meets its goal out.

The public names are imported on first use, so that `import datacc` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datacc import errors as errors
    from datacc.calls.live import port as port
    from datacc.compiler.build import build as build
    from datacc.ir.graph import Graph as Graph
    from datacc.repo.snapshot import Snapshot as Snapshot
    from datacc.runtime.load import load as load
    from datacc.spec.program import Program as Program

__version__ = "0.1.0"

__all__ = ["Graph", "Program", "Snapshot", "__version__", "build", "errors", "load", "port"]

_HOMES = {
    "Graph": "datacc.ir.graph",
    "Program": "datacc.spec.program",
    "Snapshot": "datacc.repo.snapshot",
    "build": "datacc.compiler.build",
    "load": "datacc.runtime.load",
    "port": "datacc.calls.live",
}


def __getattr__(name: str) -> Any:
    """The public `name`, imported when it is first asked for."""
    if name == "errors":
        return import_module("datacc.errors")
    if name not in _HOMES:
        raise AttributeError(f"module 'datacc' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
