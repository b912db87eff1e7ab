"""`compiled.json`: what a compiled ONNX model costs, op by op; read without the package onnx."""

import json
from pathlib import Path
from typing import Final

from datacc.compiler.report import read_report
from datacc.errors import DataError
from datacc.ir.cost import NodeCost

FILE: Final = "compiled.json"
VERSION: Final = 1


def ops_of(folder: Path) -> tuple[str, tuple[NodeCost, ...]]:
    """The program's name and its ops, of an artifact that was built or compiled.

    Raises `UsageError` where there is none, `DataError` when its figures are damaged or newer.
    """
    path = folder / FILE
    if not path.exists():
        report = read_report(folder / "report.json")
        return report.name, report.ops
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if facts["version"] > VERSION:
            raise DataError(f"version {facts['version']} is newer than this datacc reads", where=str(path))
        return str(facts["name"]), tuple(NodeCost(**row) for row in facts["ops"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"not the figures of a program: {error}", where=str(path), tries=["datacc compile"]) from error
