"""Judges the artifact of an earlier build once more, without building anything."""

from dataclasses import replace
from pathlib import Path

from datacc.compiler.artifact import PREVIOUS
from datacc.compiler.checks import Place, what_runs
from datacc.compiler.judge import judge
from datacc.compiler.ledger import ledger_folder
from datacc.compiler.remembering import Remembering
from datacc.compiler.report import Report, read_report
from datacc.compiler.sides import asked, open_side
from datacc.compiler.widths import read_widths
from datacc.errors import UsageError
from datacc.ir.file import load as load_graph
from datacc.runtime.load import load as load_native
from datacc.store import Store


def judge_again(folder: Path, root: Path, store: Store) -> Report:
    """The report of the artifact in `folder` with a new verdict; the artifact stays as it is.

    `root` is the folder of `datacc.toml`. Raises `UsageError` when there is no artifact, `DataError` when its examples
    cannot be had again, `TrustError` when a check would run what nobody allowed, `ParityError` when it disagrees with
    its own Graph.
    """
    if not (folder / "report.json").exists():
        raise UsageError("there is no built program", where=str(folder), tries=["datacc build"])
    report = read_report(folder / "report.json")
    what_runs(asked(report), root)
    side, before = open_side(folder, root, store), folder / PREVIOUS
    native = load_native(folder).native
    verdict = judge(
        side.program,
        side.snapshot,
        load_graph((folder / "graph.dcc").read_bytes(), str(folder / "graph.dcc")),
        native,
        report.costs,
        store,
        ledger_folder(side.program, root),
        asked=Remembering(native=native, library=report.digests.library, store=store, again=True),
        place=Place(root=root, artifact=folder, before=before if before.exists() else None, store=store),
        narrower=read_widths(folder, native.interface.widths),
    )
    return replace(report, verdict=verdict)
