"""The end of the path: link, judge the final bytes, report, and write every file of the artifact."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from datacc import __version__
from datacc.compiler.artifact import TOLD, files, replaced
from datacc.compiler.ask import Answering
from datacc.compiler.assemble import interface
from datacc.compiler.begin import FILE as PARENT
from datacc.compiler.begin import FITTED
from datacc.compiler.changes import Diff
from datacc.compiler.checks import Place
from datacc.compiler.diff import Side, diff
from datacc.compiler.diff_text import NAMED
from datacc.compiler.evidence import Evidence, Far, far_off, gather, seen_on_tune
from datacc.compiler.folds import unseen
from datacc.compiler.judge import judge, judged
from datacc.compiler.learnt import Unlearnt, lessons, on_tune
from datacc.compiler.ledger import ledger_folder
from datacc.compiler.parity import Expected, expect
from datacc.compiler.produce import Draft, Product, build_library, write
from datacc.compiler.remembering import Remembering
from datacc.compiler.report import Digests, Provenance, Report, data_of, read_report, tune_of
from datacc.compiler.report.card import card
from datacc.compiler.report.html import report_html
from datacc.compiler.search import Choice
from datacc.compiler.shown import show_sizes
from datacc.compiler.sides import open_side, right_of, unseen_of
from datacc.compiler.suggest import Suggestions
from datacc.compiler.verdict import Verdict
from datacc.compiler.widths import file_of
from datacc.errors import DataccError
from datacc.frozen import frozen
from datacc.ir.cost import node_costs
from datacc.ir.file import dump
from datacc.registry import load
from datacc.repo.snapshot import Snapshot
from datacc.repo.wishes import require_trusted_build
from datacc.runtime.machine import machine_class
from datacc.runtime.native import Native
from datacc.spec.interface import Interface
from datacc.spec.lock import Lock, lock_toml
from datacc.spec.program import Program
from datacc.spec.write import program_toml
from datacc.store import Store, digest
from datacc.targets import Built, Target


@frozen(eq=False)
class Decided:
    """Everything that was decided and fitted before anything is linked; `checks` are the files that checks run, with
    their digests."""

    program: Program
    snapshot: Snapshot
    choice: Choice
    lock: Lock
    warnings: tuple[str, ...]
    checks: Mapping[str, str]
    suggestions: Suggestions | None = None


@frozen(eq=False)
class Printed:
    """What was decided, down to its C and what a caller sees: all that a build does before it links and measures."""

    decided: Decided
    port: Interface
    draft: Draft


def printed(decided: Decided) -> Printed:
    """Simplify, arrange and emit."""
    graph = decided.choice.fitted.graph
    port = interface(decided.program, decided.snapshot, graph)
    narrower = [one.fitted.graph for one in decided.choice.narrower]
    return Printed(decided=decided, port=port, draft=write(graph, port, narrower))


def told_in(folder: Path) -> Report | None:
    """The report of the artifact in `folder`, if there is one that can be read."""
    try:
        return read_report(folder / "report.json")
    except DataccError:
        return None


@contextmanager
def expecting(decided: Decided, told: Report | None) -> Iterator[Expected | None]:
    """What gives the reference's answers to judge, on which it works beside all that is done in this context.

    None where an artifact of this very Graph is `told` of: it may stand, and nothing need be asked.
    """
    graph = decided.choice.fitted.graph
    if told is not None and told.digests.graph == graph.digest:
        yield None
        return
    with ThreadPoolExecutor(1) as beside:
        yield beside.submit(expect, graph, judged(decided.snapshot)[0]).result


def standing(made: Printed, report: Report | None, folder: Path, *, searched: bool) -> Report | None:
    """The `report` of the artifact in `folder` when it is the one that would come out again; else None.

    It is when all that goes into it and every file are the same; after a search, also what was tried. What was missed
    by its time is measured again.
    """
    if report is None:
        return None
    digests = replace(report.digests, **_digests(made))
    tried = made.decided.choice.tried if searched else report.tried
    same = replace(report, **_said(made), tried=tried, digests=digests) == report
    late = any(line.what == "latency" for line in report.verdict.missed)
    told = all((folder / name).is_file() for name in TOLD)
    return report if same and not late and told and report.files == _files(folder) else None


def finish(made: Printed, root: Path, store: Store, folder: Path, old: Path, expected: Expected | None) -> Report:
    """Leave the whole artifact in `folder` and return its report; it will take the place of the one in `old`.

    `expected` gives what the reference says. Raises `ParityError` when the program and that disagree on a judged row.
    """
    decided, program = made.decided, made.decided.program
    product = _linked(made, folder, store)
    native = Native(product.library.path, made.port, product.draft.arena)
    artifact = digest(product.library.path.read_bytes())
    asked = Remembering(native=native, library=artifact, store=store, again=True)
    before = replaced(old, folder, decided.snapshot.digest)
    evidence, far = _evidence(decided, asked), far_off(program, decided.snapshot, asked)
    seen = seen_on_tune(program, decided.snapshot, asked)
    since, unlike = _compared(decided, asked, before, root, store)
    place = Place(root=root, artifact=folder, before=before, store=store)
    verdict = _judged(decided, native, product, place, asked, expected)
    report = Report(
        **_said(made),
        tried=decided.choice.tried,
        verdict=verdict,
        costs=product.costs,
        ops=node_costs(product.draft.graph),
        tune=tuple(tune_of(one) for one in evidence),
        seen=seen,
        digests=Digests(**_digests(made), library=artifact),
        suggestions=decided.suggestions,
        files=_files(folder),
        since=since and since.judged_right(right_of(verdict)),
        unlike=unlike,
    )
    return _written(folder, report, evidence, far)


def _judged(
    decided: Decided, native: Native, product: Product, place: Place, asked: Remembering, expected: Expected | None
) -> Verdict:
    """The verdict on the linked program, which `asked` asks, too."""
    return judge(
        decided.program,
        decided.snapshot,
        decided.choice.fitted.graph,
        native,
        product.costs,
        place.store,
        ledger_folder(decided.program, place.root),
        asked=asked,
        cheaper=_cheaper(decided.choice),
        place=place,
        narrower=[one.fitted.graph for one in decided.choice.narrower],
        expected=expected,
    )


def _evidence(decided: Decided, native: Answering) -> tuple[Evidence, ...]:
    """Of every output that is a label."""
    labels = [output.name for output in decided.program.outputs if output.form == "label"]
    unlearnt = decided.choice.unlearnt or on_tune(decided.snapshot, native)
    return tuple(gather(decided.snapshot, name, unlearnt) for name in labels)


def _linked(made: Printed, folder: Path, store: Store) -> Product:
    """The program, with its stored forms and the targets in `folder`."""
    product = build_library(made.draft, made.decided.program.target.cpu, folder, store)
    _write(folder, made.decided, product, made.port)
    return product


def _written(folder: Path, report: Report, evidence: Sequence[Evidence], far: Sequence[Far]) -> Report:
    """The report, once it and all else that is there to be read is written."""
    page = report_html(report, evidence, far)
    texts = {"report.json": report.to_json(), "report.html": page, "card.md": card(report)}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return report


def _compared(
    decided: Decided, native: Answering, before: Path | None, root: Path, store: Store
) -> tuple[Diff | None, str]:
    """What changed since the build in `before`, or why the two cannot be compared."""
    if before is None:
        return None, ""
    side = Side(
        origin=decided.snapshot.origin,
        program=decided.program,
        snapshot=lessons(decided.snapshot, decided.choice.learnt),
        native=native,
    )
    try:
        require_trusted_build(before)
        other, unseen = open_side(before, root, store, decided.snapshot), None
        if side.learnt_tune or other.learnt_tune:
            unseen = unseen_of(before, other, store), _unseen(decided, side, store)
        return diff(other, side, unseen).shortened(NAMED), ""
    except DataccError as error:
        return None, f"cannot be compared with the build before: {error.what}"


def _unseen(decided: Decided, side: Side, store: Store) -> Unlearnt:
    """What models of this form answer to learn rows out of fold: where that scores it, the very same answers."""
    choice, fitted = decided.choice, decided.choice.fitted
    return choice.unlearnt or unseen(
        side.program, side.snapshot, fitted.as_fitted, choice.recipe, store, asked=fitted.by
    )


def _cheaper(choice: Choice) -> str:
    """The next smaller candidate that was tried, for whoever is over budget; "" when there is none."""
    smaller = [one for one in choice.tried if one.tune is not None and one.work < choice.rung.work]
    if not smaller:
        return ""
    one = max(smaller, key=lambda candidate: candidate.work)
    what = f"{one.skeleton} with {show_sizes(one.sizes, one.arithmetic)}"
    return f"{what} has {one.work:,} multiply-adds and {one.tune:.1%} {one.how}"


def _said(made: Printed) -> dict[str, Any]:
    """What a report says of all that was decided before anything was linked."""
    decided, tutor = made.decided, made.decided.choice.tutor
    data = data_of(decided.snapshot)
    commit = decided.snapshot.origin.removeprefix("commit ")
    return {
        "name": decided.program.name,
        "program": program_toml(decided.program),
        "data": replace(data, notes=(*data.notes, *decided.warnings)),
        "recipe": decided.choice.recipe.plain(),
        "known": decided.choice.known,
        "provenance": Provenance(
            datacc=__version__,
            toolchain=decided.lock.toolchain,
            cpu=decided.program.target.cpu,
            arithmetic=decided.program.target.arithmetic,
            commit=commit if commit != decided.snapshot.origin else None,
            lock=digest(lock_toml(decided.lock)),
            checks=decided.checks,
            parent=decided.choice.parent,
            learnt=decided.choice.learnt,
            machine=machine_class(),
            tutor=None if tutor is None else f"{tutor.skeleton} {show_sizes(tutor.sizes)}",
        ),
    }


def _digests(made: Printed) -> dict[str, str]:
    return {"graph": made.decided.choice.fitted.graph.digest, "source": made.draft.source.digest}


def _files(folder: Path) -> dict[str, str]:
    return {name: digest(path.read_bytes()) for name, path in sorted(files(folder).items())}


def _write(folder: Path, decided: Decided, product: Product, port: Interface) -> None:
    """The stored forms of the program, and the targets that were asked for."""
    (folder / "interface.json").write_text(port.to_json(), encoding="utf-8")
    fitted = decided.choice.fitted
    (folder / "graph.dcc").write_bytes(dump(fitted.graph))
    if fitted.floats is not None:
        (folder / FITTED).write_bytes(dump(fitted.floats))
    for one in decided.choice.narrower:
        (folder / file_of(one.width)).write_bytes(dump(one.fitted.graph))
    if decided.choice.begun is not None:
        (folder / PARENT).write_bytes(dump(decided.choice.begun.parent))
    built = Built(
        interface=port,
        source=product.draft.source,
        library=product.library,
        scratch=product.draft.arena,
        graph=product.draft.graph,
        narrower=tuple(plan.graph for plan in product.draft.narrower),
        platforms=decided.program.target.platforms,
    )
    for name in decided.program.target.make:
        target: Target = load("targets", name)
        target.make(built, folder)
