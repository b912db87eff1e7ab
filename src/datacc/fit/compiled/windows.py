"""The windows of convolutions and their adjoints, always over two axes, and the zeros that they read around values."""

from datacc.fit.compiled.layout import Sides
from datacc.frozen import frozen
from datacc.ir.graph import Graph, Node
from datacc.ir.plan import picture


@frozen
class Window:
    """Taps, stride, dilation and the zeros before and after, for rows and columns; channels in and out; groups."""

    taps: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    before: tuple[int, int]
    after: tuple[int, int]
    inputs: int
    outputs: int
    groups: int

    @property
    def is_depthwise(self) -> bool:
        """Whether every channel is summed for itself."""
        return 1 < self.groups == self.inputs == self.outputs


def window(graph: Graph, node: Node) -> Window:
    """The window of a convolution, or of the one that a node is an adjoint of."""
    shape = node["shape"] if node.op == "conv_weight" else graph.by_name[node.inputs[1]].type.shape
    return Window(
        taps=_two(shape[1:-1], 1),
        stride=_two(node["stride"], 1),
        dilation=_two(node["dilation"], 1),
        before=_two(tuple(before for before, _ in node["pad"]), 0),
        after=_two(tuple(after for _, after in node["pad"]), 0),
        inputs=shape[-1] * node["groups"],
        outputs=shape[0],
        groups=node["groups"],
    )


def _two(values: tuple[int, ...], one: int) -> tuple[int, int]:
    """An attribute of one axis, or two, as that of two."""
    return (values[0], values[1]) if len(values) == 2 else (one, values[0])


def needs(graph: Graph, node: Node) -> list[tuple[str, Sides, tuple[int, int]]]:
    """What a kernel reads with zeros around it: the value, its sides, the spread of its pixels."""
    if node.op not in ("conv", "conv_weight", "conv_input") or not node["stride"]:
        return []
    of = window(graph, node)
    if node.op != "conv_input":
        return [(node.inputs[0], (of.before[0], of.before[1], of.after[0], of.after[1]), (1, 1))]
    return [
        (
            node.inputs[0],
            _turned(of, picture(graph.by_name[node.inputs[0]].type.shape), picture(node.type.shape)),
            of.stride,
        )
    ]


def _turned(of: Window, dy: tuple[int, int, int], x: tuple[int, int, int]) -> Sides:
    """The zeros around the gradient that a transposed convolution reads, itself a convolution by turned weights."""
    before = [of.dilation[axis] * (of.taps[axis] - 1) - of.before[axis] for axis in (0, 1)]
    after = [max(0, x[axis] - 1 + of.before[axis] - (dy[axis] - 1) * of.stride[axis]) for axis in (0, 1)]
    return before[0], before[1], after[0], after[1]
