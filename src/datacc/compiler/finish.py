"""The end of the path: link, judge the final bytes, report, and write every file of the artifact."""

from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from datacc.compiler.assemble import interface
from datacc.compiler.evidence import Evidence, gather
from datacc.compiler.judge import judge
from datacc.compiler.ledger import ledger_folder
from datacc.compiler.produce import Product, build_library, write
from datacc.compiler.report import Digests, Provenance, Report, data_of, tune_of
from datacc.compiler.report.card import card
from datacc.compiler.report.html import report_html
from datacc.compiler.search import Choice
from datacc.compiler.verdict import Verdict
from datacc.ir.cost import node_costs
from datacc.ir.file import dump
from datacc.registry import load
from datacc.repo.snapshot import Snapshot
from datacc.runtime.native import Native
from datacc.spec.interface import Interface
from datacc.spec.lock import Lock, lock_toml
from datacc.spec.program import Program
from datacc.spec.write import program_toml
from datacc.store import Store, digest
from datacc.targets import Built, Target


@dataclass(frozen=True, kw_only=True, eq=False)
class Decided:
    """Everything that was decided and fitted before anything is linked."""

    program: Program
    snapshot: Snapshot
    choice: Choice
    lock: Lock
    warnings: tuple[str, ...]


def finish(decided: Decided, root: Path, store: Store, folder: Path) -> Report:
    """Leave the whole artifact in `folder` and return its report.

    Raises `ParityError` when the linked program and the reference disagree on a judged row.
    """
    program, graph = decided.program, decided.choice.fitted.graph
    port = interface(program, decided.snapshot, graph)
    product = build_library(write(graph, port), program.target.cpu, folder)
    native = Native(product.library.path, port, product.draft.plan.arena)
    artifact = digest(product.library.path.read_bytes())
    verdict = judge(
        program,
        decided.snapshot,
        graph,
        native,
        product.costs,
        store,
        ledger_folder(program, root),
        artifact=artifact,
        cheaper=_cheaper(decided.choice),
    )
    evidence = tuple(gather(decided.snapshot, output.name, native) for output in program.outputs)
    report = _report(decided, product, verdict, evidence, artifact)
    _write(folder, decided, product, port)
    (folder / "report.json").write_text(report.to_json(), encoding="utf-8")
    (folder / "report.html").write_text(report_html(report, evidence), encoding="utf-8")
    (folder / "card.md").write_text(card(report), encoding="utf-8")
    return report


def _cheaper(choice: Choice) -> str:
    """The next smaller candidate that was tried, for whoever is over budget; "" when there is none."""
    smaller = [one for one in choice.tried if one.tune is not None and one.work < choice.rung.work]
    if not smaller:
        return ""
    one = max(smaller, key=lambda candidate: candidate.work)
    sizes = ", ".join(f"{name} {size}" for name, size in one.sizes.items())
    return f"{one.skeleton} with {sizes} has {one.work:,} multiply-adds and {one.tune:.1%} on tune"


def _report(
    decided: Decided, product: Product, verdict: Verdict, evidence: tuple[Evidence, ...], artifact: str
) -> Report:
    data = data_of(decided.snapshot)
    commit = decided.snapshot.origin.removeprefix("commit ")
    return Report(
        name=decided.program.name,
        program=program_toml(decided.program),
        data=replace(data, notes=(*data.notes, *decided.warnings)),
        tried=decided.choice.tried,
        verdict=verdict,
        costs=product.costs,
        ops=node_costs(product.draft.graph),
        tune=tuple(tune_of(one) for one in evidence),
        recipe=decided.choice.recipe.plain(),
        provenance=Provenance(
            datacc=version("datacc"),
            toolchain=decided.lock.toolchain,
            cpu=decided.program.target.cpu,
            arithmetic=decided.program.target.arithmetic,
            commit=commit if commit != decided.snapshot.origin else None,
            lock=digest(lock_toml(decided.lock)),
        ),
        digests=Digests(
            graph=decided.choice.fitted.graph.digest,
            source=product.draft.source.digest,
            library=artifact,
        ),
    )


def _write(folder: Path, decided: Decided, product: Product, port: Interface) -> None:
    """The stored forms of the program, and the targets that were asked for."""
    (folder / "interface.json").write_text(port.to_json(), encoding="utf-8")
    fitted = decided.choice.fitted
    (folder / "graph.dcc").write_bytes(dump(fitted.graph))
    if fitted.floats is not None:
        (folder / "fitted.dcc").write_bytes(dump(fitted.floats))
    built = Built(
        interface=port,
        source=product.draft.source,
        library=product.library,
        scratch=product.draft.plan.arena,
        graph=product.draft.graph,
        platforms=decided.program.target.platforms,
    )
    for name in decided.program.target.make:
        target: Target = load("targets", name)
        target.make(built, folder)
