"""A built program and its sisters: the same skeleton in other widths, on the examples of now."""

from pathlib import Path

from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.begin import fitted_graph
from datacc.compiler.figures import FILE as COMPILED
from datacc.compiler.learnt import lessons
from datacc.compiler.price import price
from datacc.compiler.recipe import default_recipe
from datacc.compiler.report import Report, read_report
from datacc.compiler.shown import show_sizes
from datacc.compiler.sides import asked
from datacc.compiler.sisters import scaled, widths_of
from datacc.compiler.verdict import Costs
from datacc.errors import DataError, SpecError, UsageError
from datacc.frozen import frozen
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.registry import load
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.skeletons import Sizes
from datacc.sources import Source
from datacc.spec.lock import Lock, shape_digest
from datacc.spec.program import Program
from datacc.store import Store


@frozen(eq=False)
class Family:
    """The artifact in `folder` with its report, its fitted Graph of floats and the sizes of its skeleton.

    `program` is what `datacc.toml` asks for now, `snapshot` the examples of now. `widths` names the sizes that only
    make it wider or narrower.
    """

    folder: Path
    report: Report
    graph: Graph
    skeleton: str
    sizes: Sizes
    widths: tuple[str, ...]
    program: Program
    snapshot: Snapshot
    store: Store

    @property
    def widest(self) -> int:
        """The largest of its widths."""
        return max(self.sizes[name] for name in self.widths)

    def scaled(self, width: int) -> dict[str, int]:
        """Its sizes when the largest width is `width`, and others in proportion."""
        return scaled(self.sizes, self.widths, width)

    def form(self, sizes: Sizes) -> Graph:
        """The sister of these sizes, with holes. Raises `SpecError` when the skeleton has none."""
        return skeleton_graph(self.program, self.snapshot, self.skeleton, sizes)

    def costs(self, sizes: Sizes) -> Costs:
        """What the sister of these sizes costs."""
        return price(self.program.computed_in(self.arithmetic), self.snapshot, self.form(sizes), self.store)

    @property
    def arithmetic(self) -> str:
        """What it is computed in: as before, where that is still allowed."""
        before, allowed = self.report.provenance.arithmetic, self.program.target.arithmetics
        return before if before in allowed else allowed[0]

    def lock(self, sizes: Sizes) -> Lock:
        """The lock of a fit that begins from this program."""
        rows = len(self.snapshot.rows(LEARN))
        recipe = default_recipe(rows, work(self.form(sizes)), load("skeletons", self.skeleton), self.program)
        by = {"fit": self.report.provenance.toolchain.get("fit", "")}
        return Lock(
            program=shape_digest(self.program),
            skeleton=self.skeleton,
            sizes=sizes,
            recipe=recipe.plain(),
            toolchain=by if self.program.backend is None else {},
            parent=self.graph.digest,
            arithmetic=self.arithmetic if len(self.program.target.arithmetics) > 1 else None,
            learnt=self.report.provenance.learnt,
        )


def family_of(folder: Path, program: Program, root: Path, store: Store) -> Family:
    """The family of the artifact in `folder`, for the examples of `program` in `root` as they are now.

    Raises `UsageError` when there is no built program or it has no widths, `SpecError` when it was built for other
    inputs or outputs, `DataError` when the classes are others now.
    """
    if (folder / COMPILED).exists():
        what = "it was compiled from an ONNX model, and has no examples to be fitted to"
        raise UsageError(what, where=str(folder), tries=["datacc build"])
    report, graph = read_report(folder / "report.json"), fitted_graph(folder)
    chosen = next((tried for tried in report.tried if tried.chosen), None)
    if chosen is None:
        raise DataError("its report names no skeleton that was chosen", where=str(folder), tries=["datacc build"])
    source: Source = load("sources", program.source.type)
    snapshot = lessons(source.snapshot(program, root, None, store), report.provenance.learnt)
    _demand_same_task(report, program, snapshot, folder)
    widths = widths_of(program, snapshot, chosen.skeleton, chosen.sizes)
    if not widths:
        what = f"{chosen.skeleton} with {show_sizes(chosen.sizes)} has no channels that could be added or removed"
        raise UsageError(what, where=str(folder), tries=["datacc build --search"])
    return Family(
        folder=folder,
        report=report,
        graph=graph,
        skeleton=chosen.skeleton,
        sizes=chosen.sizes,
        widths=widths,
        program=program,
        snapshot=snapshot,
        store=store,
    )


def _demand_same_task(report: Report, program: Program, snapshot: Snapshot, folder: Path) -> None:
    before = asked(report)
    if (before.inputs, before.outputs) != (program.inputs, program.outputs):
        what = f"it was built for other inputs or outputs than {program.file} has now"
        raise SpecError(what, where=str(folder), tries=["datacc build --search"])
    for field, names in snapshot.classes.items():
        old = report.data.classes.get(field, ())
        if old != names:
            what = f"{field} has the classes {_few(names)} now; the program answers {_few(old)}"
            raise DataError(what, where=str(folder), tries=["datacc build"])


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
