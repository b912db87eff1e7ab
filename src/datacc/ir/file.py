"""`graph.dcc`: a Graph as a file, versioned, checked when read (docs/formats/graph.md)."""

from typing import Any, Final, cast

from datacc.errors import GraphError
from datacc.ir.build import Builder
from datacc.ir.check import check
from datacc.ir.compose import softmax
from datacc.ir.container import pack, unpack
from datacc.ir.graph import Graph, Node, Role, Type, header

MAGIC: Final = b"DATACCG\n"
VERSION: Final = 3


def dump(graph: Graph) -> bytes:
    """The bytes of `graph.dcc`; equal Graphs give equal bytes."""
    arrays = {node.name: node.value for node in graph.weights if node.value is not None}
    return pack(MAGIC, {"version": VERSION, **header(graph)}, arrays)


def load(data: bytes, where: str = "graph.dcc") -> Graph:
    """The Graph in `data`. Raises `GraphError` for anything that is damaged, newer, or breaks the op table."""
    try:
        head, arrays = unpack(MAGIC, data)
        if type(head["version"]) is not int or not 1 <= head["version"] <= VERSION:
            raise GraphError(
                f"format {head['version']!r} is not one that this datacc reads (1 to {VERSION})",
                where=where,
                tries=["install a newer datacc"],
            )
        nodes = _old_nodes(head["nodes"], arrays) if head["version"] == 1 else _nodes(head["nodes"], arrays)
        outputs = tuple((str(field), str(name)) for field, name in head["outputs"])
        states = tuple((str(given), str(left)) for given, left in head["states"])
        return check(Graph(nodes=nodes, outputs=outputs, states=states, loss=str(head["loss"])))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise GraphError(f"not a Graph: {error}", where=where, tries=["datacc build"]) from error


def _nodes(rows: list[dict[str, Any]], arrays: dict[str, Any]) -> tuple[Node, ...]:
    return tuple(_node(row, arrays) for row in rows)


def _old_nodes(rows: list[dict[str, Any]], arrays: dict[str, Any]) -> tuple[Node, ...]:
    """Format 1: casts were to float32 and did not say so; soft-max was an op, and becomes what it means."""
    b = Builder()
    for row in rows:
        if row["op"] == "softmax":
            softmax(b, _text(row["name"]), *map(_text, row["inputs"]))
            continue
        more = {"to": "float32"} if row["op"] == "cast" else {}
        node = _node({**row, "attrs": {**more, **row["attrs"]}}, arrays)
        b.nodes[node.name] = node
    return tuple(b.nodes.values())


def _node(row: dict[str, Any], arrays: dict[str, Any]) -> Node:
    return Node(
        name=_text(row["name"]),
        op=_text(row["op"]),
        inputs=tuple(_text(name) for name in row["inputs"]),
        attrs=tuple((key, _frozen(value)) for key, value in sorted(row["attrs"].items())),
        type=Type(dtype=_text(row["dtype"]), shape=tuple(row["shape"])),
        value=arrays[row["name"]] if row["filled"] else None,
        role=cast(Role, _text(row["role"])),  # `check` refuses any other
        dims=tuple(_text(dim) for dim in row["dims"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} stands where a text is wanted")
    return value


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
