"""A convolution in one form: rows, columns and channels, 1-D ones with a single row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.emit.bands import Band, bands, stretch
from datacc.emit.tiles import fewest_cycles
from datacc.frozen import frozen
from datacc.ir.graph import Graph, Node
from datacc.ir.plan import Place, Plan, Step
from datacc.spec.cpus import CPUS, Cpu


@frozen
class Form:
    """What a convolution step computes, from where to where; weights (O, taps down, taps across, C / groups)."""

    source: Place
    out: Place
    residual: Place | None
    relu: bool
    most: float
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]  # (O,)
    stride: tuple[int, int]
    before: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    cpu: Cpu
    winograd: bool  # whether it may be computed in that form
    abreast: int = 1  # output pixels beside each other that lie in one vector, each with all channels

    @staticmethod
    def of(step: Step, plan: Plan) -> "Form":
        """The form of a convolution step."""
        node = plan.graph.by_name[step.nodes[0]]
        weight = _value(plan.graph, node, 1)
        one_d = weight.ndim == 3
        return Form(
            source=plan.places[step.reads[0]],
            out=plan.places[step.out],
            residual=plan.places[step.residual] if step.residual else None,
            relu=step.relu,
            most=step.most,
            weight=weight[:, None] if one_d else weight,
            bias=_value(plan.graph, node, 2),
            stride=_two(node["stride"], one_d, 1),
            before=_two([pad[0] for pad in node["pad"]], one_d, 0),
            dilation=_two(node["dilation"], one_d, 1),
            groups=node["groups"],
            cpu=CPUS[plan.cpu],
            winograd=plan.winograd,
        )

    @property
    def is_depthwise(self) -> bool:
        """Whether every output channel reads its own input channel only."""
        return self.groups > 1 and self.groups == self.out.channels == self.source.channels

    @property
    def width(self) -> int:
        """The vectors of output pixels in a row: pixels, unless several lie in one."""
        return self.out.width // self.abreast

    @property
    def origin(self) -> int:
        """From the input's buffer to the window of the first output pixel."""
        return self.source.first - self.before[0] * self.source.row - self.before[1] * self.source.pixel

    @property
    def bands(self) -> tuple[Band, ...]:
        """The bands of this convolution; a depthwise one reads no window of channels."""
        if self.is_depthwise:
            return stretch(self.out.pixel * self.abreast, self.cpu, 1)
        if self.abreast > 1:
            return (Band(first=0, blocks=1, vectors=self.abreast, wide=True, channels=self.source.channels),)
        return bands(self.out.channels, self.source.channels, self.groups, self.cpu)

    def depth(self, band: Band) -> int:
        """The vectors of products that are added up for one vector of sums."""
        _, down, across, _ = self.weight.shape
        if self.abreast > 1 and not self.is_depthwise:
            return int(-(-down * across * band.channels // self.abreast))
        return int(down * across * max(1, band.channels))

    @property
    def runs(self) -> tuple[int, int]:
        """The stretches of adjacent inputs in one row of a window, and the inputs in each."""
        across, channels = self.weight.shape[2], self.bands[0].channels
        return (1, across * channels) if self.dilation[1] * self.source.pixel == channels else (across, channels)

    @property
    def cycles(self) -> float:
        """About how many cycles it takes as it is written, product by product."""
        height, width = self.out.height, self.width
        return sum(
            band.blocks * fewest_cycles(height, width, band.vectors, self.depth(band), self.cpu, own=self.is_depthwise)
            for band in self.bands
        )


def _two(given: Any, one_d: bool, fill: int) -> tuple[int, int]:
    return (fill, given[0]) if one_d else (given[0], given[1])


def _value(graph: Graph, node: Node, i: int) -> NDArray[np.float32]:
    value = graph.by_name[node.inputs[i]].value
    assert value is not None  # arrange refused holes
    return value
