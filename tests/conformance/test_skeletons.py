"""What every skeleton promises: a ladder from cheap to dear, Graphs whose only holes are to be learnt, named axes."""

import numpy as np
import pytest

from datacc.compiler.simplify import simplify
from datacc.errors import SpecError
from datacc.ir.build import Builder
from datacc.ir.check import check
from datacc.ir.cost import weight_bytes, work
from datacc.ir.graph import Graph, Type, float32
from datacc.ir.interpret import interpret
from datacc.ir.narrow import narrow
from datacc.registry import load, names
from datacc.skeletons import Sizes, Skeleton
from tests.conformance.samples import INPUTS, front
from tests.ir.graphs import assert_alike, inputs_for

NAMES = names("skeletons")
FEATURES = [
    [float32(3)],
    [float32(9, 8, 1)],
    [float32(3), float32(9, 8, 1)],
    [float32(3), float32(5)],
    [float32(60, 4)],
    [float32(3), float32(5, 4)],
    [Type(dtype="uint8", shape=(12,))],
    [Type(dtype="uint8", shape=(12,)), float32(3)],
]
CLASSES = ("a", "b", "c")


def taken(skeleton: Skeleton) -> Graph:
    """The front of the first type that the skeleton takes."""
    fronts = [front(kind) for kind in INPUTS]
    return next(one for one in fronts if skeleton.fits([one.by_name[name].type for _, name in one.outputs]))


def ladder(skeleton: Skeleton) -> tuple[Sizes, ...]:
    """For that input."""
    given = taken(skeleton)
    return skeleton.ladder([given.by_name[name].type for _, name in given.outputs])


def graph_of(skeleton: Skeleton, sizes: Sizes) -> Graph:
    """On that input."""
    return skeleton.graph([taken(skeleton)], load("types", "label").answer("y", CLASSES), sizes)


def filled(graph: Graph) -> Graph:
    random = np.random.default_rng(0)
    return graph.fill({node.name: random.uniform(0.2, 1, node.type.shape) for node in graph.holes})


@pytest.mark.parametrize("name", NAMES)
def test_the_ladder_goes_from_cheap_to_dear(name: str) -> None:
    skeleton: Skeleton = load("skeletons", name)
    rungs = [graph_of(skeleton, sizes) for sizes in ladder(skeleton)]
    assert len(rungs) >= 3
    works, sizes = [work(graph) for graph in rungs], [weight_bytes(graph) for graph in rungs]
    assert len(set(works)) == len(works)
    for costs in (works, sizes):  # in which order those between stand depends on the input; the search sorts them
        assert costs[0] == min(costs)
        assert costs[-1] == max(costs)


@pytest.mark.parametrize("name", NAMES)
def test_only_what_fitting_fills_is_open(name: str) -> None:
    skeleton: Skeleton = load("skeletons", name)
    for sizes in ladder(skeleton):
        graph = check(graph_of(skeleton, sizes), holes=("learnt", "mean", "variance"))
        assert graph.loss
        assert [field for field, _ in graph.outputs] == ["y", "y_confidence", "y_scores"]
        assert graph.digest == graph_of(skeleton, sizes).digest


@pytest.mark.parametrize("name", NAMES)
def test_every_named_axis_can_be_cut(name: str) -> None:
    skeleton: Skeleton = load("skeletons", name)
    graph = filled(graph_of(skeleton, ladder(skeleton)[-1]))
    axes = {dim for node in graph.weights for dim in node.dims if dim}
    assert axes
    for axis in axes:
        cut = check(narrow(graph, {axis: 2}), holes=())
        assert work(cut) < work(graph)
        assert interpret(cut, inputs_for(cut))["y_scores"].shape == (3, len(CLASSES))


@pytest.mark.parametrize("name", NAMES)
def test_simplifying_folds_every_normalisation(name: str) -> None:
    skeleton: Skeleton = load("skeletons", name)
    for sizes in ladder(skeleton)[:3]:
        graph = filled(graph_of(skeleton, sizes))
        simple = simplify(graph)
        assert not [node.name for node in simple.nodes if node.op == "normalise"]
        inputs = inputs_for(graph)
        assert_alike(interpret(simple, inputs)["y_scores"], interpret(graph, inputs)["y_scores"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "sizes", [{}, {"width": 4}, {"width": -1, "depth": 1}, {"width": 4, "depth": 10**6}, {"wide": 4}]
)
def test_sizes_out_of_range_are_explained(name: str, sizes: Sizes) -> None:
    with pytest.raises(SpecError):
        graph_of(load("skeletons", name), sizes)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("features", FEATURES, ids=lambda types: "+".join(str(t.shape) for t in types))
def test_what_fits_can_be_built(name: str, features: list[Type]) -> None:
    skeleton: Skeleton = load("skeletons", name)
    fronts = [_front(f"x{k}", type_) for k, type_ in enumerate(features)]
    answer = load("types", "label").answer("y", CLASSES)
    if not skeleton.fits(features):
        with pytest.raises(SpecError):
            skeleton.graph(fronts, answer, skeleton.ladder(features)[0])
        return
    for sizes in skeleton.ladder(features):
        graph = check(filled(skeleton.graph(fronts, answer, sizes)), holes=())
        assert interpret(graph, inputs_for(graph))["y_scores"].shape == (3, len(CLASSES))


def _front(name: str, type_: Type) -> Graph:
    b = Builder()
    x = b.input(name, type_.dtype, type_.shape)
    return b.graph({f"{name}.features": x if type_.dtype == "uint8" else b.op("relu", f"{name}.relu", x)})
