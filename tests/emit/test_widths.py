"""One library at several widths: each answers as its own narrow Graph does, on the same scratch, in silent C."""

from pathlib import Path

import numpy as np
import pytest

from datacc.arrange import arrange
from datacc.compiler.simplify import simplify
from datacc.compiler.widths import narrower_forms
from datacc.emit import Source, emit
from datacc.errors import DataError, GraphError
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.registry import load
from datacc.runtime.link import Library, link
from datacc.runtime.native import Native
from datacc.spec.interface import Interface, read_interface
from tests.conformance.samples import front
from tests.conformance.test_widths import complete
from tests.emit.compiled import CPU, interface_of, poisoned, written
from tests.emit.test_warnings import PORTABLE, compile_strictly
from tests.ir.graphs import assert_alike, inputs_for

WIDTHS = (0.25, 0.5, 0.8, 1.0)
NETS = {"conv.v1": {"width": 12, "depth": 1}, "mlp.v1": {"width": 20, "depth": 2}}


def graphs(skeleton: str) -> tuple[Graph, ...]:
    """Complete Graphs of all widths, ascending, each with weights of its own."""
    sizes, answer = NETS[skeleton], load("types", "label").answer("y", ("a", "b", "c"))
    whole = load("skeletons", skeleton).graph([front("image")], answer, sizes)
    forms = (*narrower_forms(whole, WIDTHS), whole)
    return tuple(simplify(complete(form, seed)) for seed, form in enumerate(forms))


def several(skeleton: str, name: str = "program") -> tuple[Source, Interface, tuple[Graph, ...]]:
    *narrower, whole = graphs(skeleton)
    port = interface_of(whole, name)
    port = Interface(name=name, cpu=CPU, inputs=port.inputs, answers=port.answers, widths=WIDTHS)
    plans = [arrange(graph, CPU) for graph in narrower]
    return emit(arrange(whole, CPU), port, plans), port, (*narrower, whole)


@pytest.mark.parametrize("skeleton", NETS)
def test_every_width_answers_as_its_own_graph(skeleton: str, tmp_path: Path) -> None:
    source, port, each = several(skeleton)
    native = Native(link(source, CPU, tmp_path).path, port)
    inputs = inputs_for(each[-1], 12)
    answers = {}
    for width, graph in zip(WIDTHS, each, strict=True):
        answers[width] = poisoned(native.at(width), inputs)
        for field, expected in interpret(graph, inputs).items():
            assert_alike(answers[width][field], expected)
    whole = poisoned(native, inputs)
    np.testing.assert_array_equal(answers[1.0]["y_scores"], whole["y_scores"])
    assert all((answers[width]["y_scores"] != whole["y_scores"]).any() for width in WIDTHS[:-1])
    for beyond in (-1, 4, 99):
        other = Native(native.at(1.0)._library, port, width=beyond)
        np.testing.assert_array_equal(other.batch(inputs)["y_scores"], whole["y_scores"])


def test_one_row_at_a_time_too(tmp_path: Path) -> None:
    source, port, each = several("mlp.v1")
    native = Native(link(source, CPU, tmp_path).path, port)
    inputs = inputs_for(each[0], 1)
    bound = native.at(0.5).bind()
    bound.inputs["x"][:] = inputs["x"][0]
    assert_alike(bound()["y_scores"], interpret(each[1], inputs)["y_scores"][0])


def test_a_width_that_it_has_not_is_named(tmp_path: Path) -> None:
    source, port, _ = several("mlp.v1")
    native = Native(link(source, CPU, tmp_path).path, port)
    with pytest.raises(DataError, match=r"no width 0\.6") as caught:
        native.at(0.6)
    assert caught.value.tries == ("0.25, 0.5, 0.8, 1",)


@pytest.mark.parametrize("name", ["program", "width", "input", "answer", "scratch", "inputs", "count", "i"])
def test_its_c_is_silent_and_portable(name: str, tmp_path: Path, host_compiler: str) -> None:
    source, _, _ = several("conv.v1" if name == "program" else "mlp.v1", name)
    compile_strictly(source, tmp_path, host_compiler, *PORTABLE)


def test_names_of_its_own_functions_are_refused() -> None:
    with pytest.raises(GraphError, match="uses the name 'width1'"):
        several("mlp.v1", "width1")


def test_memory_is_that_of_the_dearest_width(tmp_path: Path) -> None:
    def linked(source: Source, name: str) -> Library:
        (tmp_path / name).mkdir()
        return link(source, CPU, tmp_path / name)

    source, port, each = several("conv.v1")
    alone = linked(written(each[-1]), "alone")
    whole = linked(source, "whole")
    assert whole.stack >= alone.stack
    assert Native(whole.path, port).scratch_bytes == max(256, *(arrange(graph, CPU).arena for graph in each))
    sizes = sum(linked(written(graph), f"at{n}").size for n, graph in enumerate(each))
    assert whole.size < sizes, "steps of one form are shared"


def test_one_width_alone_is_printed_as_ever() -> None:
    *_, whole = graphs("mlp.v1")
    port = interface_of(whole)
    assert "width" not in emit(arrange(whole, CPU), port).c + emit(arrange(whole, CPU), port).header
    assert "widths" not in port.to_json()


def test_the_interface_tells_the_widths() -> None:
    _, port, _ = several("mlp.v1")
    assert read_interface(port.to_json(), "interface.json") == port
