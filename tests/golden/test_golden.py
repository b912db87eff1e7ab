"""The C of a small net, word for word: it must read well, and every change of it must be looked at.

After a change on purpose: DATACC_GOLDEN=write python -m pytest tests/golden, then read the difference.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from datacc.arrange import arrange
from datacc.compiler.calibrate import calibrate
from datacc.compiler.quantise import quantise
from datacc.compiler.simplify import simplify
from datacc.emit import Source, emit
from datacc.ir.graph import Graph
from datacc.spec.interface import Interface, Port
from tests.emit.compiled import CPU
from tests.emit.nets import Net
from tests.ir.graphs import inputs_for

HERE = Path(__file__).parent


def shapes() -> Source:
    """A picture of 8 × 8 pixels through one convolution, a pool and a dense layer: circle, square or star."""
    net = Net()
    x = net.b.op("maxpool", "pool", net.conv("conv", net.picture(8, 8, 1), 8), size=(2, 2), stride=(2, 2))
    graph = net.answers(net.dense("logits", x, 3), "shape")
    classes = ("circle", "square", 'a "star"')
    return source("shapes", graph, Port(name="picture", dtype="uint8", shape=(8, 8, 1)), "shape", classes)


def marks() -> Source:
    """Pictures of 9 × 9 pixels through two convolutions of integers, the second with a residual: cross or circle."""
    net = Net()
    x = net.conv("first", net.picture(9, 9, 1), 8)
    x = net.b.op("meanpool", "mean", net.conv("second", x, 8, add=x), size=(9, 9), stride=(9, 9))
    simple = simplify(net.answers(net.dense("logits", x, 2), "mark"))
    graph = quantise(simple, calibrate(simple, inputs_for(simple, 20)))
    return source("marks", graph, Port(name="picture", dtype="uint8", shape=(9, 9, 1)), "mark", ("cross", "circle"))


def petals() -> Source:
    """Four measurements of a flower through two dense layers."""
    net = Net()
    x = net.b.op("affine", "standard", net.b.input("petals", "float32", (4,)), net.weight("s", 4), net.weight("o", 4))
    graph = net.answers(net.dense("logits", net.dense("hidden", x, 8, relu=True), 2), "kind")
    return source("petals", graph, Port(name="petals", dtype="float32", shape=(4,)), "kind", ("iris", "rose"))


def source(name: str, graph: Graph, port: Port, field: str, classes: tuple[str, ...]) -> Source:
    # Weights with few digits keep the text short; they are no part of what this test shows.
    learnt = [node for node in graph.weights if node.role == "learnt"]
    graph = graph.fill({node.name: np.round(node.value, 2) for node in learnt if node.value is not None})
    answers = (
        Port(name=field, dtype="int32", shape=(1,), classes=classes),
        Port(name=f"{field}_confidence", dtype="float32", shape=(1,)),
        Port(name=f"{field}_scores", dtype="float32", shape=(len(classes),)),
    )
    return emit(arrange(graph, CPU), Interface(name=name, cpu=CPU, inputs=(port,), answers=answers))


@pytest.mark.parametrize("program", [shapes(), marks(), petals()], ids=lambda program: program.name)
def test_the_text_is_as_it_was(program: Source) -> None:
    files = {HERE / f"{program.name}.c": program.c, HERE / f"{program.name}.h": program.header}
    for path, text in files.items():
        if os.environ.get("DATACC_GOLDEN") == "write":
            path.write_text(text)
        assert text == path.read_text()
        assert max(map(len, text.splitlines())) <= 120
