"""Built programs to pack, small and without fitting: a picture, a record or a text in, a label out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.arrange import arrange
from datacc.compiler.simplify import simplify
from datacc.compiler.widths import narrower_forms
from datacc.emit import emit
from datacc.ir.build import Builder
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.registry import load
from datacc.runtime.link import link
from datacc.spec.interface import Interface, Port
from datacc.targets import Built

CLASSES = ("cat", "dog", "owl")
HOSTILE = ('"""', "'''\n", "*/ #endif", "../../etc", "\\", "ünï¢ødé ‮", "{name}", "%s", "\r\nEvil: yes", "x" * 10_000)


@dataclass(frozen=True)
class Packed:
    """A built program and what its Graph answers, and those of its widths below 1."""

    built: Built
    graph: Graph
    narrower: tuple[Graph, ...] = ()

    def expected(self, **inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return interpret(self.graph, inputs)

    def expected_at(self, width: float, /, **inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        return interpret((*self.narrower, self.graph)[self.built.interface.widths.index(width)], inputs)


def fronts_of(inputs: dict[str, tuple[str, dict[str, Any]]]) -> list[Graph]:
    found = []
    for name, (kind, options) in inputs.items():
        type_ = load("types", kind)
        found.append(type_.front(name, type_.options(**options)))
    return found


def packed(
    folder: Path,
    inputs: dict[str, tuple[str, dict[str, Any]]],
    *,
    name: str = "zoo",
    classes: tuple[str, ...] = CLASSES,
    cpu: str = "x86-64-v2",
    limit: float | None = None,
    output: str = "label",
    widths: tuple[float, ...] = (),
) -> Packed:
    """A program with random weights, linked into `folder`. `inputs` are (type, options) by name.

    With a `limit` it abstains where it is less sure: where its confidence, that of its least sure label, or minus the
    width of its interval is below. With `widths` each has weights of its own.
    """
    label = load("types", output)
    answer = label.answer("kind", () if output == "number" else classes, label.options(abstain=limit is not None))
    answer = answer.fill({"kind.below": np.array([-2.0]), "kind.above": np.array([3.0])} if output == "number" else {})
    answer = answer if limit is None else answer.fill({"kind.limit": np.array([limit])})
    is_text = any(kind == "text" for kind, _ in inputs.values())
    skeleton = load("skeletons", "text.v1" if is_text else "mlp.v1")
    sizes = {"bits": 6, "grams": 3, "width": 4} if is_text else {"width": 4, "depth": 1}
    graph = skeleton.graph(fronts_of(inputs), answer, sizes)
    random = np.random.default_rng(1)
    lowest = {"learnt": -1.0 if output == "labels" else 0.1}  # so that not all labels are given
    graph, *narrower = (
        form.fill({n.name: random.uniform(lowest.get(n.role, 0.1), 1.0, n.type.shape) for n in form.holes})
        for form in (graph, *narrower_forms(graph, widths))
    )
    simple, *simpler = (simplify(one) for one in (graph, *narrower))
    ports = tuple(
        Port(
            name=node.name,
            dtype=node.type.dtype,
            shape=node.type.shape,
            type=inputs[node.name][0],
            options=inputs[node.name][1],
        )
        for node in graph.inputs
    )
    answers = tuple(
        Port(
            name=field,
            dtype=graph.by_name[node].type.dtype,
            shape=graph.by_name[node].type.shape,
            type=output if field == "kind" and output != "label" else "",
            classes=classes if field == "kind" and output != "number" else (),
        )
        for field, node in graph.outputs
    )
    interface = Interface(name=name, cpu=cpu, inputs=ports, answers=answers, widths=widths)
    plan, *plans = (arrange(one, cpu) for one in (simple, *simpler))
    source = emit(plan, interface, plans)
    built = Built(
        interface=interface,
        source=source,
        library=link(source, cpu, folder),
        scratch=max(one.arena for one in (plan, *plans)),
        graph=simple,
        narrower=tuple(simpler),
    )
    return Packed(built, graph, tuple(narrower))


PICTURE: dict[str, tuple[str, dict[str, Any]]] = {"picture": ("image", {"height": 3, "width": 5, "channels": 1})}
TEXT: dict[str, tuple[str, dict[str, Any]]] = {"message": ("text", {"length": 16})}
WINDOWS: dict[str, tuple[str, dict[str, Any]]] = {"message": ("text", {"length": 16, "longer": "windows"})}
RECORD: dict[str, tuple[str, dict[str, Any]]] = {"row": ("record", {"columns": ("tail", "ears")})}


def unlabelled(folder: Path) -> Packed:
    """A program with hostile names whose answers are arrays, one of two axes."""
    b = Builder()
    random = np.random.default_rng(0)
    x, y = b.input('in"put.1', "float32", (15,)), b.input("\n", "float32", (2,))
    weights = [b.weight("w", (4, 15), value=random.normal(0, 1, (4, 15))), b.weight("b", (4,), value=np.zeros(4))]
    joined = b.op("concat", "joined", b.op("dense", "d", x, *weights), y, axis=0)
    graph = b.graph({"/map": b.op("reshape", "map", joined, shape=(2, 3)), "*/": b.op("relu", "r", joined)})
    ports = tuple(Port(name=node.name, dtype="float32", shape=node.type.shape) for node in graph.inputs)
    types = {field: graph.by_name[name].type for field, name in graph.outputs}
    answers = tuple(Port(name=field, dtype="float32", shape=type_.shape) for field, type_ in types.items())
    interface = Interface(name="zoo", cpu="x86-64-v2", inputs=ports, answers=answers)
    plan = arrange(graph, interface.cpu)
    source = emit(plan, interface)
    library = link(source, interface.cpu, folder)
    return Packed(Built(interface=interface, source=source, library=library, scratch=plan.arena, graph=graph), graph)
