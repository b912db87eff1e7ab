"""The C of dense layers, and of both their gradients: examples are the pixels of their tiles."""

from datacc.fit.compiled.layout import WIDE, Layout, padded, vector_of
from datacc.fit.compiled.products import gradient_vectors, most_sums, pieces, suffix, tiling, walk
from datacc.fit.compiled.scene import Scene
from datacc.frozen import frozen
from datacc.ir.graph import Node
from datacc.ir.plan import LANES

MANY: range = range(1 << 20)  # as many examples as one likes


@frozen
class _Stretches:
    """How a layer walks through all that it reads of an example: adjacent inputs, runs of them, rows of runs."""

    taps: int = 1
    tap_step: int = 0
    runs: int = 1
    run_step: int = 0
    run: int


def _stretches(x: Layout) -> _Stretches:
    if x.is_tight and x.is_gapless:
        return _Stretches(run=x.height * x.width * x.channels)
    if x.is_tight:
        return _Stretches(taps=x.height, tap_step=x.row, run=x.width * x.channels)
    return _Stretches(taps=x.height, tap_step=x.row, runs=x.width, run_step=x.column, run=x.channels)


def dense(node: Node, scene: Scene) -> list[str]:
    """A dense layer."""
    x, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    weight, bias = (scene.parts[name].offset for name in node.inputs[1:])
    return _lines(scene, _stretches(x), x, out, f"whole + {weight} + o", f"whole + {bias} + o")


def dense_input(node: Node, scene: Scene) -> list[str]:
    """The gradient of its input: a layer by turned weights, whose outputs are all that lies in an example."""
    dy, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    flat = Layout(height=1, width=1, channels=out.size, pixel=out.size, apart=out.step)
    weight = f"whole + {scene.turned[node.name].offset} + o"
    return _lines(scene, _Stretches(run=dy.channels), dy, flat, weight, "0")


def dense_weight(node: Node, scene: Scene) -> list[str]:
    """The gradient of its weights, added to what the shard has."""
    x, dy = (scene.layout(name) for name in node.inputs)
    sums, how = scene.sums[node.name], _stretches(x)
    vector, outputs = vector_of(sums.channels, scene.cpu), padded(sums.channels, scene.cpu)
    vectors = gradient_vectors(outputs // vector)
    distances = {"width": 1, "run": how.run, "outputs": outputs, "x_row": x.step, "dy_row": dy.step}
    tiles = [
        f"for (int k = {first}; k < {first + size * count}; k += {size}) gradient{suffix(vector)}"
        f"(&walk, {size}, {vectors}, rows, from + k, dy + {dy.first} + o, to + k * {outputs});"
        for first, size, count in pieces(how.run, most_sums(scene.cpu) // vectors)
    ]
    return [
        walk("gradient_walk", distances),
        f"for (int o = 0; o < {outputs}; o += {vector * vectors})",
        f"    for (int tap = 0; tap < {how.taps}; tap++)",
        f"        for (int run = 0; run < {how.runs}; run++) {{",
        f"            const float *from = x + {x.first} + tap * {how.tap_step} + run * {how.run_step};",
        f"            float *to = sums + {sums.offset} + (tap * {how.runs} + run) * {how.run * outputs} + o;",
        *(f"            {line}" for line in tiles),
        "        }",
    ]


def _sizes(most: int, scene: Scene) -> list[int]:
    """How many examples tiles have, the largest first: halves of the tile before, or just two sizes."""
    if scene.is_brief:
        return sorted({min(most, 8), 1}, reverse=True)  # eight sums are as many as are under way at once
    return [most >> n for n in range(most.bit_length())]


def _lines(scene: Scene, how: _Stretches, x: Layout, out: Layout, weight: str, bias: str) -> list[str]:
    """A layer by weights [input][padded output]: whole tiles of examples, then what is left by smaller ones."""
    vector = WIDE if scene.cpu.wide and out.pixel % WIDE == 0 else LANES  # a picture of 8 channels may have 8 too many
    tile = tiling(1, len(MANY), out.pixel // vector, most_sums(scene.cpu))
    distances = {
        "taps": how.taps, "tap_step": how.tap_step, "runs": how.runs, "run_step": how.run_step, "run": how.run,
        "outputs": out.pixel, "columns": tile.columns, "in_column": x.step, "out_column": out.step,
    }  # fmt: skip
    lines = []
    for many in _sizes(tile.columns, scene):
        lines += [
            f"for (; row + {many} <= rows; row += {many})",
            f"    product{suffix(vector)}(&walk, {many}, {tile.vectors}, in + row * {x.step} + {x.first}, "
            f"{weight}, {bias}, out + row * {out.step} + {out.first} + o);",
        ]
    return [
        walk("product_walk", distances),
        f"for (int o = 0; o < {out.pixel}; o += {vector * tile.vectors}) {{",
        "    int row = 0;",
        *(f"    {line}" for line in lines),
        "}",
    ]
