"""The C of products: convolutions and dense layers, and both gradients of them, as tiles whose sums stay in registers."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from datacc.emit.lanes import both_widths
from datacc.fit.compiled.layout import Layout, padded, vector_of
from datacc.fit.compiled.scene import Scene
from datacc.fit.compiled.windows import Window, window
from datacc.ir.graph import Node

_TILE: Final = """\
/* How a product walks: `taps` rows of the window, in each `runs` stretches of `run` adjacent inputs. */
typedef struct {
    int taps, tap_step, runs, run_step, run;
    int outputs;               /* weights from one input to the next */
    int columns;               /* pixels of a tile that stand side by side, before the next row of pixels */
    int in_row, in_column, out_row, out_column;
} product_walk;

/* The sums of `pixels` outputs by `vectors` of channels: every output adds its products in the order of the weights. */
INLINE void product(const product_walk *walk, int pixels, int vectors, const float *restrict in,
                    const float *restrict weight, const float *restrict bias, float *restrict out)
{
    lanes sum[32];
    UNROLL for (int i = 0; i < pixels * vectors; i++)
        sum[i] = bias ? lanes_load(bias + 8 * (i % vectors)) : lanes_all(0);
    for (int tap = 0; tap < walk->taps; tap++)
        for (int run = 0; run < walk->runs; run++) {
            const float *from = in + tap * walk->tap_step + run * walk->run_step;
            for (int k = 0; k < walk->run; k++, from++, weight += walk->outputs) {
                lanes row[4];
                UNROLL for (int v = 0; v < vectors; v++) row[v] = lanes_load(weight + 8 * v);
                UNROLL for (int p = 0; p < pixels; p++) {
                    const lanes one =
                        lanes_all(from[p / walk->columns * walk->in_row + p % walk->columns * walk->in_column]);
                    UNROLL for (int v = 0; v < vectors; v++)
                        sum[p * vectors + v] = lanes_multiply_add(sum[p * vectors + v], one, row[v]);
                }
            }
        }
    UNROLL for (int p = 0; p < pixels; p++)
        UNROLL for (int v = 0; v < vectors; v++)
            lanes_store(out + p / walk->columns * walk->out_row + p % walk->columns * walk->out_column + 8 * v,
                        sum[p * vectors + v]);
}"""

_GRADIENT: Final = """\
/* How the gradient of weights walks: `height` x `width` pixels; `run` inputs of a row of the window lie side by side. */
typedef struct {
    int height, width;
    int run, tap_step;
    int outputs;
    int x_row, x_column, dy_row, dy_column;
} gradient_walk;

/* Add to `inputs` rows of `vectors` of weights what all pixels say, pixel after pixel. */
INLINE void gradient(const gradient_walk *walk, int inputs, int vectors, int height, const float *restrict x,
                     const float *restrict dy, float *restrict sums)
{
    lanes sum[32];
    UNROLL for (int k = 0; k < inputs; k++)
        UNROLL for (int v = 0; v < vectors; v++) sum[k * vectors + v] = lanes_load(sums + k * walk->outputs + 8 * v);
    for (int i = 0; i < height; i++)
        for (int j = 0; j < walk->width; j++) {
            const float *from = x + i * walk->x_row + j * walk->x_column;
            lanes row[4];
            UNROLL for (int v = 0; v < vectors; v++)
                row[v] = lanes_load(dy + i * walk->dy_row + j * walk->dy_column + 8 * v);
            UNROLL for (int k = 0; k < inputs; k++) {
                const lanes one = lanes_all(from[k / walk->run * walk->tap_step + k % walk->run]);
                UNROLL for (int v = 0; v < vectors; v++)
                    sum[k * vectors + v] = lanes_multiply_add(sum[k * vectors + v], one, row[v]);
            }
        }
    UNROLL for (int k = 0; k < inputs; k++)
        UNROLL for (int v = 0; v < vectors; v++) lanes_store(sums + k * walk->outputs + 8 * v, sum[k * vectors + v]);
}"""

_STRUCTS: Final = ("product_walk", "gradient_walk")


def _fragments() -> Mapping[str, str]:
    """Both kernels in both widths; the structs once."""
    found: dict[str, str] = {}
    for name, struct, text in (("product", "product_walk", _TILE), ("gradient", "gradient_walk", _GRADIENT)):
        first, rest = text.split(f"}} {struct};\n\n", 1)
        found[struct] = f"{first}}} {struct};"
        wide = both_widths({name: rest})
        found |= wide
    return found


FRAGMENTS: Final = _fragments()


@dataclass(frozen=True, kw_only=True)
class Tile:
    """Pixels of a tile side by side and one below the other, and its vectors of channels."""

    rows: int
    columns: int
    vectors: int


def _most(scene: Scene, vector: int) -> int:
    """How many sums registers hold beside weights and one input."""
    registers = scene.cpu.registers if vector == 8 or scene.cpu.wide else scene.cpu.registers // 2
    return 28 if registers >= 32 else 12


def tiling(height: int, width: int, vectors: int, most: int) -> Tile:
    """The tile that wastes least: products and reads overlap, and at least eight sums must be under way."""
    best, lowest = Tile(rows=1, columns=1, vectors=1), float("inf")
    for v in (v for v in (4, 3, 2, 1) if vectors % v == 0):
        for columns in range(1, min(width, most // v) + 1):
            if columns < width and ceil(width / columns) == ceil(width / (columns + 1)) and (columns + 1) * v <= most:
                continue  # the same number of tiles with wider ones
            for rows in range(1, most // (v * columns) + 1) if columns == width else (1,):
                if rows > height:
                    break
                count = ceil(height / rows) * ceil(width / columns) * (vectors // v)
                pixels = rows * columns
                cost = count * max(pixels * v, 0.9 * (pixels + v), 8.0)
                if cost < lowest * 0.999:
                    best, lowest = Tile(rows=rows, columns=columns, vectors=v), cost
    return best


def conv(node: Node, scene: Scene) -> list[str]:
    """A convolution, or a dense layer."""
    x, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    weight, bias = scene.parts[node.inputs[1]].offset, scene.parts[node.inputs[2]].offset
    if node.op == "dense":
        return _dense(scene, _stretches(x), x.size, x.first, weight, f"whole + {bias}", out)
    of = window(scene.graph, node)
    return _conv(
        scene,
        of,
        of.stride,
        x,
        weight,
        f"whole + {bias}",
        out,
        x.first - of.before[0] * x.line - of.before[1] * x.pixel,
    )


def conv_input(node: Node, scene: Scene) -> list[str]:
    """The gradient of the input: a convolution of the gradient that is spread, by turned weights."""
    dy, out = scene.layout(node.inputs[0]), scene.layout(node.name)
    weight = scene.turned[node.name].offset
    if not node["stride"]:
        flat = Layout(height=1, width=1, channels=out.size, pixel=out.size)
        return _dense(scene, (1, 0, 1, 0, dy.channels), dy.size, 0, weight, "", flat)
    of = window(scene.graph, node)
    back = [of.dilation[axis] * (of.taps[axis] - 1) - of.before[axis] for axis in (0, 1)]
    turned = Window(
        taps=of.taps, stride=(1, 1), dilation=of.dilation, before=of.before, after=of.after,
        inputs=of.outputs, outputs=of.inputs, groups=of.groups,
    )  # fmt: skip
    return _conv(scene, turned, (1, 1), dy, weight, "", out, dy.first - back[0] * dy.line - back[1] * dy.pixel)


def conv_weight(node: Node, scene: Scene) -> list[str]:
    """The gradient of the weights, added to what the shard has."""
    x, dy = (scene.layout(name) for name in node.inputs)
    sums = scene.sums[node.name]
    vector = vector_of(sums.channels, scene.cpu)
    outputs = padded(sums.channels, scene.cpu)
    if not node["stride"]:
        return _dense_gradient(scene, x, dy, sums.offset, vector, outputs)
    of = window(scene.graph, node)
    begin = x.first - of.before[0] * x.line - of.before[1] * x.pixel
    run, runs = (of.taps[1] * of.inputs, 1) if x.pixel == of.inputs and of.dilation[1] == 1 else (of.inputs, of.taps[1])
    walk = {
        "height": dy.height, "width": dy.width, "run": run, "tap_step": of.dilation[0] * x.line, "outputs": outputs,
        "x_row": of.stride[0] * x.line, "x_column": of.stride[1] * x.pixel, "dy_row": dy.row, "dy_column": dy.column,
    }  # fmt: skip
    vectors = next(v for v in (2, 3, 1) if (outputs // vector) % v == 0)
    most = _most(scene, vector) // vectors
    many = run < most // 2 and runs == 1 and of.taps[0] > 1  # rows of the window are so short that a tile takes several
    tile = run * min(of.taps[0], max(1, most // run)) if many else min(run, most)
    lines = []
    suffix = "_wide" if vector == 16 else ""
    for o in range(0, outputs // vector, vectors):
        for tap in range(0, of.taps[0], tile // run if many else 1):
            for r in range(runs):
                whole = run * min(tile // run, of.taps[0] - tap) if many else run
                for k in _pieces(whole, tile):
                    weight_row = (tap * of.taps[1] * of.inputs) + r * of.inputs + k[0]
                    from_ = begin + tap * of.dilation[0] * x.line + r * of.dilation[1] * x.pixel + k[0]
                    lines.append(
                        f"gradient{suffix}(&walk, {k[1]}, {vectors}, {dy.height}, x + {from_}, "
                        f"dy + {dy.first + o * vector}, sums + {sums.offset + weight_row * outputs + o * vector});"
                    )
    return _each_row([_walk("gradient_walk", walk)], lines, {"x": x.size, "dy": dy.size})


def _pieces(total: int, most: int) -> list[tuple[int, int]]:
    """(first, count) of even pieces of at most so many."""
    count = ceil(total / most)
    sizes = [total // count + (1 if i < total % count else 0) for i in range(count)]
    return [(sum(sizes[:i]), size) for i, size in enumerate(sizes)]


def _stretches(x: Layout) -> tuple[int, int, int, int, int]:
    """Taps, tap step, runs, run step, run: how a dense layer walks through all that it reads."""
    if x.is_tight and x.is_gapless:
        return 1, 0, 1, 0, x.height * x.width * x.channels
    if x.is_tight:
        return x.height, x.row, 1, 0, x.width * x.channels
    return x.height, x.row, x.width, x.column, x.channels


def _dense(
    scene: Scene, stretches: tuple[int, int, int, int, int], size: int, first: int, weight: int, bias: str, out: Layout
) -> list[str]:
    """A dense layer: examples are its pixels."""
    vector = vector_of(out.channels, scene.cpu)
    vectors = out.pixel // vector
    most = _most(scene, vector)
    tile = tiling(1, 1 << 20, vectors, most)
    taps, tap_step, runs, run_step, run = stretches
    walk = {
        "taps": taps, "tap_step": tap_step, "runs": runs, "run_step": run_step, "run": run, "outputs": out.pixel,
        "columns": 32, "in_column": size, "out_column": out.size,
    }  # fmt: skip
    suffix = "_wide" if vector == 16 else ""

    def call(pixels: int) -> str:
        at_bias = f"{bias} + o" if bias else "0"
        return (
            f"product{suffix}(&walk, {pixels}, {tile.vectors}, in + row * {size} + {first}, "
            f"whole + {weight} + o, {at_bias}, out + row * {out.size} + {out.first} + o);"
        )

    lines = [
        _walk("product_walk", walk),
        f"for (int o = 0; o < {out.pixel}; o += {vector * tile.vectors}) {{",
        "    int row = 0;",
    ]
    lines += [f"    for (; row + {tile.columns} <= rows; row += {tile.columns})", f"        {call(tile.columns)}"]
    rest = tile.columns
    while rest > 1:
        rest = (rest + 1) // 2 if rest > 2 else 1
        lines += [
            f"    {'if' if rest > 1 else 'for'} ({'rows - row >= ' + str(rest) if rest > 1 else '; row < rows; row++'}) {{",
            f"        {call(rest)}",
        ]
        lines += [f"        row += {rest};", "    }"] if rest > 1 else ["    }"]
    return [*lines, "}"]


def _dense_gradient(scene: Scene, x: Layout, dy: Layout, offset: int, vector: int, outputs: int) -> list[str]:
    """The gradient of a dense layer's weights: examples are its pixels."""
    vectors = next(v for v in (2, 3, 1) if (outputs // vector) % v == 0)
    most = _most(scene, vector) // vectors
    taps, tap_step, runs, run_step, run = _stretches(x)
    walk = {"width": 1, "run": run, "tap_step": 0, "outputs": outputs, "x_row": x.size, "dy_row": dy.size}
    suffix = "_wide" if vector == 16 else ""
    lines = [_walk("gradient_walk", walk), f"for (int o = 0; o < {outputs}; o += {vector * vectors})"]
    lines += [f"    for (int tap = 0; tap < {taps}; tap++)", f"        for (int run = 0; run < {runs}; run++) {{"]
    lines += [
        f"            const float *from = x + {x.first} + tap * {tap_step} + run * {run_step};",
        f"            float *to = sums + {offset} + (tap * {runs} + run) * {run * outputs} + o;",
    ]
    tile = min(run, most)
    whole = run - run % tile

    def call(inputs: int, k: str) -> str:
        return f"gradient{suffix}(&walk, {inputs}, {vectors}, rows, from + {k}, dy + {dy.first} + o, to + {k} * {outputs});"

    lines += [f"            for (int k = 0; k < {whole}; k += {tile})", f"                {call(tile, 'k')}"]
    if run % tile:
        lines.append(f"            {call(run % tile, str(whole))}")
    return [*lines, "        }"]


def _conv(
    scene: Scene, of: Window, stride: tuple[int, int], x: Layout, weight: int, bias: str, out: Layout, begin: int
) -> list[str]:
    """A convolution by weights [tap row][tap column][input][padded output], from the first tap of the first pixel on."""
    vector = vector_of(out.channels, scene.cpu)
    outputs = padded(out.channels, scene.cpu)
    tile = tiling(out.height, out.width, outputs // vector, _most(scene, vector))
    adjacent = x.pixel == of.inputs and of.dilation[1] == 1
    run, runs = (of.taps[1] * of.inputs, 1) if adjacent else (of.inputs, of.taps[1])
    walk = {
        "taps": of.taps[0], "tap_step": of.dilation[0] * x.line, "runs": runs,
        "run_step": of.dilation[1] * x.pixel if runs > 1 else 0, "run": run, "outputs": outputs,
        "columns": tile.columns, "in_row": stride[0] * x.line, "in_column": stride[1] * x.pixel,
        "out_row": out.row, "out_column": out.column,
    }  # fmt: skip
    suffix = "_wide" if vector == 16 else ""
    lines, names = [_walk("product_walk", walk)], {tile.columns: "walk"}
    calls: list[str] = []
    for first_y, rows in _blocks(out.height, tile.rows):
        for first_x, columns in _pieces_of(out.width, tile.columns):
            name = names.setdefault(columns, f"walk{columns}")
            if name != "walk" and len(names) > len(lines):
                lines.append(_walk("product_walk", {**walk, "columns": columns}, name))
            y, x_ = f"(y + {first_y})" if rows[1] > 1 else str(first_y), str(first_x)
            at_in = f"in + {begin} + {y} * {stride[0] * x.line} + {x_} * {stride[1] * x.pixel}"
            at_out = f"out + {out.first} + {y} * {out.row} + {x_} * {out.column} + o"
            at_bias = f"{bias} + o" if bias else "0"
            call = f"product{suffix}(&{name}, {rows[0] * columns}, {tile.vectors}, {at_in}, whole + {weight} + o, {at_bias}, {at_out});"
            calls.append(f"for (int y = 0; y < {rows[0] * rows[1]}; y += {rows[0]}) {call}" if rows[1] > 1 else call)
    body = [f"for (int o = 0; o < {outputs}; o += {vector * tile.vectors}) {{", *(f"    {c}" for c in calls), "}"]
    return _each_row(lines, body, {"in": x.size, "out": out.size})


def _blocks(height: int, rows: int) -> list[tuple[int, tuple[int, int]]]:
    """(first row, (rows of a tile, how many tiles)): all whole ones, then the rest."""
    whole, rest = divmod(height, rows)
    found = [(0, (rows, whole))] if whole else []
    return [*found, *([(whole * rows, (rest, 1))] if rest else [])]


def _pieces_of(width: int, columns: int) -> list[tuple[int, int]]:
    return _pieces(width, columns)


def _each_row(head: list[str], body: list[str], moves: Mapping[str, int]) -> list[str]:
    """The body for one example after another."""
    advance = ", ".join(f"{name} += {size}" for name, size in moves.items())
    return [*head, f"for (int row = 0; row < rows; row++, {advance}) {{", *(f"    {line}" for line in body), "}"]


def _walk(kind: str, members: Mapping[str, int], name: str = "walk") -> str:
    text = ", ".join(f".{key} = {value}" for key, value in members.items() if value)
    return f"static const {kind} {name} = {{{text}}};"
