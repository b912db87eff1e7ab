"""What is proven: an artifact's interface, C, library and Graph, read from its folder."""

from pathlib import Path

from datacc.errors import ToolchainError, UsageError
from datacc.frozen import frozen
from datacc.ir.file import load as load_graph
from datacc.ir.graph import Graph
from datacc.ir.ops import OPS
from datacc.runtime.library import name_fits
from datacc.spec.interface import Interface, read_interface


@frozen
class Text:
    """The C of an artifact, as `link` takes it."""

    name: str
    c: str
    header: str


@frozen
class Subject:
    """An artifact: what callers see, its C, its library, its Graph if that is there."""

    interface: Interface
    text: Text
    library: Path
    graph: Graph | None

    @property
    def tables(self) -> dict[str, int]:
        """What marked ops read at addresses that depend on the input: the op's node and its table, in bytes."""
        nodes = self.graph.nodes if self.graph else ()
        by_name = self.graph.by_name if self.graph else {}
        return {
            node.name: by_name[node.inputs[-1]].type.nbytes for node in nodes if OPS.get(node.op, OPS["cast"]).marked
        }

    @property
    def data(self) -> bytes:
        """The bytes of the library."""
        return self.library.read_bytes()


def read(folder: Path) -> Subject:
    """The artifact in `folder`. Raises `UsageError` when there is none, `ToolchainError` when it is damaged."""
    try:
        text = (folder / "interface.json").read_text(encoding="utf-8")
        interface = read_interface(text, str(folder / "interface.json"))
        c, header = ((folder / f"{interface.name}{end}").read_text(encoding="utf-8") for end in (".c", ".h"))
    except OSError as error:
        raise UsageError("there is no built program", where=str(folder), tries=["datacc build"]) from error
    found = sorted(path for path in folder.glob(f"{interface.name}-*") if path.suffix in (".so", ".dylib", ".dll"))
    if len(found) != 1 or not name_fits(found[0]):
        what = "the library is missing or damaged" if len(found) < 2 else f"there are {len(found)} libraries"
        raise ToolchainError(what, where=str(folder), tries=["datacc build"])
    graph = folder / "graph.dcc"
    return Subject(
        interface=interface,
        text=Text(name=interface.name, c=c, header=header),
        library=found[0],
        graph=load_graph(graph.read_bytes(), str(graph)) if graph.exists() else None,
    )
