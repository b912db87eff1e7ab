"""The kernels of products and of their gradients, as tiles whose sums stay in registers, and how large tiles are."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final

from datacc.emit.lanes import both_widths
from datacc.frozen import frozen
from datacc.spec.cpus import Cpu

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
/* How the gradient of weights walks: pixels, and `run` inputs side by side in each row of the window. */
typedef struct {
    int width;
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


@frozen
class Tile:
    """Pixels of a tile side by side and one below the other, and its vectors of channels."""

    rows: int
    columns: int
    vectors: int


def most_sums(cpu: Cpu) -> int:
    """How many sums registers hold beside weights and one input."""
    return 28 if cpu.wide or cpu.registers >= 32 else 12


def tiling(height: int, width: int, vectors: int, most: int) -> Tile:
    """The tile that wastes least. Products and reads overlap, at least eight sums are under way; tiles begin, end."""
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
                cost = count * (max(pixels * v, 0.9 * (pixels + v), 8.0) + 0.5)
                if cost < lowest * 0.999:
                    best, lowest = Tile(rows=rows, columns=columns, vectors=v), cost
    return best


def gradient_vectors(vectors: int) -> int:
    """Vectors of outputs that a tile of a weight gradient takes."""
    return next(v for v in (2, 3, 1) if vectors % v == 0)


def pieces(total: int, most: int) -> list[tuple[int, int, int]]:
    """(first, size, how many) of as few pieces as cover `total` by at most `most`, nearly even: one size, or two."""
    count = ceil(total / most)
    size, large = divmod(total, count)
    found = [(0, size + 1, large), (large * (size + 1), size, count - large)]
    return [piece for piece in found if piece[2]]


def suffix(vector: int) -> str:
    """What the kernels of vectors of sixteen end in."""
    return "_wide" if vector == 16 else ""


def each_row(head: Sequence[str], body: Sequence[str], moves: Mapping[str, int]) -> list[str]:
    """The body for one example after another, of which pointers move on by so many elements."""
    advance = ", ".join(f"{name} += {size}" for name, size in moves.items())
    return [*head, f"for (int row = 0; row < rows; row++, {advance}) {{", *(f"    {line}" for line in body), "}"]


def walk(kind: str, members: Mapping[str, int], name: str = "walk") -> str:
    """A constant table of distances; zeros are left out."""
    text = ", ".join(f".{key} = {value}" for key, value in members.items() if value)
    return f"static const {kind} {name} = {{{text}}};"
