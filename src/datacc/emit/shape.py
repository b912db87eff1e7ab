"""An integer product in one form: rows, columns and channels of bytes; where windows lie and how weights are packed."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit.lanes import WIDE
from datacc.emit.piece import times
from datacc.frozen import frozen
from datacc.ir.graph import Node
from datacc.ir.plan import LANES, Place, Plan, Step, lanes
from datacc.spec.cpus import CPUS, Cpu

MOST_SUMS: Final = 24  # vectors of them that a tile holds
AROUND: Final = 3  # registers beside sums and weights: an input, its product, and the ones by which AVX2 adds up pairs


@frozen
class Block:
    """So many blocks of output channels from `first` on, each of `vectors` vectors of eight or, if `wide`, sixteen."""

    first: int
    count: int
    vectors: int
    wide: bool

    @property
    def lanes(self) -> int:
        """The channels of a vector."""
        return WIDE if self.wide else LANES

    @property
    def width(self) -> int:
        """The channels of a block."""
        return self.lanes * self.vectors


@frozen
class Shape:
    """What an integer product computes, from where to where; weights int8 (O, taps down, taps across, C / groups)."""

    source: Place
    out: Place
    residual: Place | None
    weight: NDArray[np.int8]
    bias: NDArray[np.int32]  # (O,)
    stride: tuple[int, int]
    before: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    cpu: Cpu

    @staticmethod
    def of(step: Step, plan: Plan) -> "Shape":
        """The form of a convolution or dense step."""
        node = plan.graph.by_name[step.nodes[0]]
        weight, bias = (plan.graph.by_name[name].value for name in node.inputs[1:])
        assert weight is not None  # arrange refused holes
        assert bias is not None
        source = plan.places[step.reads[0]]
        shape = Shape(
            source=source,
            out=plan.places[step.out],
            residual=plan.places[step.residual] if step.residual else None,
            weight=weight.reshape(len(weight), source.height, source.width, source.channels)
            if node.op == "dense"
            else weight.reshape(len(weight), *(1, *weight.shape[1:-1])[-2:], weight.shape[-1]),
            bias=bias,
            cpu=CPUS[plan.cpu],
            **_attrs(node),
        )
        return shape.flat() if shape.is_pointwise else shape

    @property
    def is_depthwise(self) -> bool:
        """Whether every output channel reads its own input channel only."""
        return self.groups > 1 and self.groups == self.out.channels == self.source.channels

    @property
    def is_pointwise(self) -> bool:
        """Whether pixels are computed one from one, and lie in one row on both sides, so that tiles need no rows."""
        places = [place for place in (self.source, self.out, self.residual) if place is not None]
        alone = self.weight.shape[1:3] == (1, 1) and self.stride == (1, 1) and self.before == (0, 0)
        return (
            alone
            and self.out.height > 1
            and all(not place.first and place.row == place.width * place.pixel for place in places)
        )

    def flat(self) -> "Shape":
        """The same with all pixels in one row."""
        return replace(
            self,
            source=_one_row(self.source),
            out=_one_row(self.out),
            residual=_one_row(self.residual) if self.residual else None,
        )

    @property
    def how(self) -> str:
        """Inputs that are multiplied at a time: four where the processor adds up pairs of products, else one."""
        if self.is_depthwise:
            return "each"
        return "quads" if "ssse3" in self.cpu.needs else "singles"

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Blocks that cover the output channels, the widest first."""
        found, first, channels = [], 0, lanes(self.out.channels)
        for vectors, wide in ((2, True), (1, True), (2, False), (1, False)):
            width = vectors * (WIDE if wide else LANES)
            possible = wide <= self.cpu.wide and (vectors == 1 or (self.cpu.registers >= 16 and not self.is_depthwise))
            count = (channels - first) // width if possible else 0
            if count:
                found.append(Block(first=first, count=count, vectors=vectors, wide=wide))
            first += count * width
        return tuple(found)

    def tile(self, vectors: int) -> tuple[int, int]:
        """(rows, columns) of pixels in a tile: as few tiles as registers allow, of one size if possible."""
        beside = vectors + AROUND if self.how == "quads" else 4
        most = min(MOST_SUMS, max(2, self.cpu.registers - beside)) // vectors
        width, height = self.out.width, self.out.height
        if width <= most // 2:
            return min(height, most // width), width
        return 1, -(-width // -(-width // most))

    def cycles(self, rows: int) -> float:
        """About how many cycles `rows` rows of the result take, tiles that are not full and finishing included."""
        steps = self.taps * self.runs * (1 if self.is_depthwise else -(-self.run // (4 if self.how == "quads" else 1)))
        total = 0.0
        for block in self.blocks:
            down, across = self.tile(block.vectors)
            tiles = block.count * -(-rows // down) * -(-self.out.width // across)
            total += tiles * (down * across * block.vectors * (1.5 * steps + 6) + 10)
        return total

    @property
    def turn(self) -> int:
        """What is added to signed inputs to make them unsigned."""
        return 128 if self.source.dtype == "int8" else 0

    @property
    def turned_bias(self) -> NDArray[np.int32]:
        """The bias of all channels, without what the turn of the inputs adds to every sum."""
        added = self.turn * self.weight.astype(np.int64).sum(axis=(1, 2, 3))
        out = np.zeros(lanes(len(self.bias)), np.int32)
        out[: len(self.bias)] = self.bias - added
        return out

    @property
    def origin(self) -> int:
        """From the input's buffer to the window of the first output pixel."""
        return self.source.first - self.before[0] * self.source.row - self.before[1] * self.source.pixel

    @property
    def taps(self) -> int:
        """Rows of the window."""
        return int(self.weight.shape[1])

    @property
    def tap_row(self) -> int:
        """From one row of the window to the next."""
        return self.dilation[0] * self.source.row if self.taps > 1 else 0

    @property
    def is_one_run(self) -> bool:
        """Whether a row of the window is one stretch, padded channels included."""
        return self.dilation[1] == 1 and not self.is_depthwise

    @property
    def runs(self) -> int:
        """Stretches in a row of the window."""
        return 1 if self.is_one_run else int(self.weight.shape[2])

    @property
    def run_step(self) -> int:
        """From one stretch to the next."""
        return 0 if self.is_one_run else self.dilation[1] * self.source.pixel

    @property
    def run(self) -> int:
        """Inputs in a stretch; the last four of a row may reach beyond it, where weights are zero."""
        return int(self.weight.shape[2]) * self.source.pixel if self.is_one_run else self.source.pixel

    def moved(self, y: str, x: str) -> tuple[str, str]:
        """From the first window to that of the pixel at y, x."""
        return times(y, self.stride[0] * self.source.row), times(x, self.stride[1] * self.source.pixel)

    def packed(self, first: int, block: Block) -> NDArray[np.int8]:
        """The weights of one block's channels in the order of the kernel: tap, run, quad of inputs, channel, input."""
        width = block.width
        if self.is_depthwise:
            return self._by_channel[first : first + width].reshape(width, -1).T.reshape(-1)
        rows = self._by_run[first : first + width]  # width, taps, runs, run
        group = 4 if self.how == "quads" else 1
        rows = np.pad(rows, ((0, 0), (0, 0), (0, 0), (0, -rows.shape[3] % group)))
        quads = rows.reshape(*rows.shape[:3], -1, group)
        vectors = quads.reshape(block.vectors, block.lanes, *quads.shape[1:])
        return np.ascontiguousarray(vectors.transpose(2, 3, 4, 0, 1, 5)).reshape(-1)

    @property
    def _by_channel(self) -> NDArray[np.int8]:
        return np.pad(self.weight, ((0, -len(self.weight) % LANES), (0, 0), (0, 0), (0, 0)))

    @property
    def _by_run(self) -> NDArray[np.int8]:
        """Weights (O, taps, runs, inputs), zero for inputs that an output does not read and for padded channels."""
        outputs, down, across, per_in = self.weight.shape
        full = np.zeros((lanes(outputs), down, across, self.source.pixel), np.int8)
        per_out = outputs // self.groups
        for g in range(self.groups):
            mine = slice(g * per_out, (g + 1) * per_out)
            full[mine, :, :, g * per_in : (g + 1) * per_in] = self.weight[mine]
        return full.reshape(len(full), down, self.runs, -1)


def _attrs(node: Node) -> dict[str, Any]:
    if node.op == "dense":
        return {"stride": (1, 1), "before": (0, 0), "dilation": (1, 1), "groups": 1}
    return {
        "stride": (1, *node["stride"])[-2:],
        "before": (0, *(before for before, _ in node["pad"]))[-2:],
        "dilation": (1, *node["dilation"])[-2:],
        "groups": node["groups"],
    }


def _one_row(place: Place) -> Place:
    """The same pixels as one row of a picture without anything above or left of it."""
    return replace(place, height=1, width=place.height * place.width)
