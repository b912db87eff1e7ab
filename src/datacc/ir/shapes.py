"""The shape rule of each op: from argument types and attributes to the type of the result, or a GraphError."""

import math
from typing import Any, Final

from datacc.errors import GraphError
from datacc.ir.graph import DTYPES, HALF_BYTE, Type, float32

LARGEST: Final = 3.4028234663852886e38  # the largest float32
BYTES: Final = ("uint8", "int8")
MOST_PRODUCTS: Final = 2**30 // (256 * 63)  # of one integer sum, which then stays below 2^30


def _demand(condition: bool, what: str) -> None:
    if not condition:
        raise GraphError(what)


def _is_float(*types: Type) -> None:
    _demand(all(t.dtype == "float32" for t in types), f"wants float32, got {[t.dtype for t in types]}")


def _whole(value: Any) -> bool:
    """Whether an attribute is an integer, or tuples of integers."""
    return all(_whole(item) for item in value) if isinstance(value, tuple) else type(value) is int


def cast(x: Type, *, to: str) -> Type:
    """Another element type, the same shape."""
    _demand(to in DTYPES and to != x.dtype, f"casts {x.dtype} to another of {', '.join(DTYPES)}, not to {to!r}")
    return Type(dtype=to, shape=x.shape)


def affine(x: Type, scale: Type, offset: Type) -> Type:
    """Scale and offset match x from the last axis backwards; an axis of 1 is spread."""
    _is_float(x, scale, offset)
    for t in (scale, offset):
        pairs = zip(reversed(t.shape), reversed(x.shape), strict=False)
        _demand(len(t.shape) <= len(x.shape), f"{t.shape} has more axes than {x.shape}")
        _demand(all(a in (1, b) for a, b in pairs), f"{t.shape} does not spread over {x.shape}")
    return x


def dense(x: Type, weight: Type, bias: Type) -> Type:
    """x of any shape S, weight (O, *S), bias (O,) → (O,); all floats, or bytes, int8 and int32 → int32."""
    dtype = _product(x, weight, bias)
    _demand(weight.shape[1:] == x.shape, f"weight {weight.shape} does not fit input {x.shape}")
    _demand(bias.shape == weight.shape[:1], f"bias {bias.shape} does not fit weight {weight.shape}")
    return Type(dtype=dtype, shape=weight.shape[:1])


def _product(x: Type, weight: Type, bias: Type) -> str:
    """The element type of a sum of products: floats of floats, int32 of bytes."""
    if x.dtype not in BYTES:
        _is_float(x, weight, bias)
        return "float32"
    has_types = weight.dtype == "int8" and bias.dtype == "int32"
    _demand(has_types, f"{x.dtype} wants weights int8 and a bias int32, got {weight.dtype} and {bias.dtype}")
    products = weight.count // weight.shape[0]
    _demand(products <= MOST_PRODUCTS, f"a sum of {products:,} products could overflow; at most {MOST_PRODUCTS:,}")
    return "int32"


def conv(x: Type, weight: Type, bias: Type, **attrs: Any) -> Type:
    """x (*spatial, C), weight (O, *K, C / groups), bias (O,) → (*spatial', O); 1-D and 2-D; dtypes as dense."""
    dtype = _product(x, weight, bias)
    rank, groups = len(x.shape) - 1, attrs["groups"]
    _demand(rank in (1, 2), f"a convolution runs over one or two axes, not {rank}")
    _demand(len(weight.shape) == rank + 2, f"weight {weight.shape} does not fit input {x.shape}")
    _demand(_whole(tuple(attrs.values())), "attributes are whole numbers")
    _demand(all(len(attrs[a]) == rank for a in ("stride", "pad", "dilation")), "one stride, pad, dilation per axis")
    _demand(groups >= 1 and not x.shape[-1] % groups and not weight.shape[0] % groups, f"{groups} groups do not divide")
    _demand(weight.shape[-1] == x.shape[-1] // groups, f"weight {weight.shape} does not fit {x.shape[-1]} channels")
    _demand(bias.shape == weight.shape[:1], f"bias {bias.shape} does not fit weight {weight.shape}")
    _demand(all(d >= 1 for d in attrs["dilation"]), "dilation ≥ 1")
    reach = [d * (k - 1) + 1 for k, d in zip(weight.shape[1:-1], attrs["dilation"], strict=True)]
    return Type(dtype=dtype, shape=(*_windows(x.shape[:-1], reach, attrs["stride"], attrs["pad"]), weight.shape[0]))


def _windows(sizes: Any, reach: Any, stride: Any, pad: Any) -> tuple[int, ...]:
    """How many windows of `reach` fit along each axis."""
    counts = []
    for n, r, s, (before, after) in zip(sizes, reach, stride, pad, strict=True):
        _demand(s >= 1 and before >= 0 and after >= 0 and r >= 1, "stride ≥ 1 and pad ≥ 0")
        _demand(before < r and after < r, f"a pad of {(before, after)} reaches past a window of {r}")
        counts.append((n + before + after - r) // s + 1)
        _demand(counts[-1] >= 1, f"a window of {r} does not fit into {n} + {before} + {after}")
    return tuple(counts)


def normalise(x: Type, gain: Type, shift: Type, mean: Type, variance: Type, *, epsilon: float) -> Type:
    """Four vectors (C,) over the last axis of x."""
    _demand(type(epsilon) is float and 0 < epsilon < 1, f"an epsilon of {epsilon!r} is not between 0 and 1")
    _is_float(x, gain, shift, mean, variance)
    _demand(all(t.shape == x.shape[-1:] for t in (gain, shift, mean, variance)), f"four vectors of {x.shape[-1:]}")
    return x


def same(x: Type) -> Type:
    """Element by element."""
    _is_float(x)
    return x


def clip(x: Type, *, low: float, high: float) -> Type:
    """Two limits that float32 can say, the lower one first."""
    _is_float(x)
    _demand(type(low) is float and type(high) is float, "the limits are floats")
    _demand(-LARGEST <= low <= high <= LARGEST, f"{low} … {high} is no range of finite numbers")
    return x


def pair(a: Type, b: Type) -> Type:
    """Two floats of one shape; the last axis of b may be 1, and is spread."""
    _is_float(a, b)
    _spreads(a, b)
    return a


def add(a: Type, b: Type) -> Type:
    """As every pair of values, or two int32 of one shape."""
    if a.dtype == b.dtype == "int32" and a.shape == b.shape:
        return a
    return pair(a, b)


def _spreads(a: Type, b: Type) -> None:
    fits = b.shape in (a.shape, (*a.shape[:-1], 1))
    _demand(fits, f"{b.shape} is neither {a.shape} nor spreads over its last axis")


def maxpool(x: Type, **attrs: Any) -> Type:
    """Windows of `size` at `stride` over the spatial axes, no pad; a rest is dropped. Any dtype."""
    return Type(dtype=x.dtype, shape=_pooled(x, attrs))


def meanpool(x: Type, **attrs: Any) -> Type:
    """The same windows over floats."""
    _is_float(x)
    return float32(*_pooled(x, attrs))


def _pooled(x: Type, attrs: Any) -> tuple[int, ...]:
    rank = len(x.shape) - 1
    _demand(_whole(tuple(attrs.values())), "attributes are whole numbers")
    _demand(rank in (1, 2) and len(attrs["size"]) == len(attrs["stride"]) == rank, "one size and stride per axis")
    return (*_windows(x.shape[:-1], attrs["size"], attrs["stride"], ((0, 0),) * rank), x.shape[-1])


def argmax(x: Type) -> Type:
    """The position of the first largest element of the last axis. Any dtype."""
    return Type(dtype="int32", shape=(*x.shape[:-1], 1))


def maximum(x: Type) -> Type:
    """The largest element of the last axis. Any dtype."""
    return Type(dtype=x.dtype, shape=(*x.shape[:-1], 1))


def concat(*xs: Type, axis: int) -> Type:
    """Values of one dtype that agree in all axes but one."""
    _demand(len(xs) >= 1, "there is nothing to put side by side")
    _has_axis(xs[0], axis)
    rest = {(t.dtype, t.shape[:axis] + t.shape[axis + 1 :]) for t in xs}
    _demand(len(rest) == 1, f"{[(t.dtype, t.shape) for t in xs]} do not fit along axis {axis}")
    return _along(xs[0], axis, sum(t.shape[axis] for t in xs))


def slice_(x: Type, *, axis: int, first: int, last: int, step: int) -> Type:
    """Positions `first`, `first` + `step` … `last` of one axis; `last` is included. Any dtype."""
    _has_axis(x, axis)
    _demand(_whole((first, last, step)) and step >= 1, "positions and step are whole numbers, the step at least 1")
    size = x.shape[axis]
    _demand(0 <= first <= last < size, f"{first} … {last} (included) lies outside 0 … {size - 1}")
    _demand((last - first) % step == 0, f"steps of {step} from {first} do not end at {last}")
    return _along(x, axis, (last - first) // step + 1)


def reshape(x: Type, *, shape: tuple[int, ...]) -> Type:
    """The same elements in the same order under another shape. Any dtype."""
    _demand(isinstance(shape, tuple) and _whole(shape) and all(n >= 1 for n in shape), f"{shape!r} is no shape")
    _demand(math.prod(shape) == x.count and len(shape) >= 1, f"{x.shape} has not as many elements as {shape}")
    return Type(dtype=x.dtype, shape=shape)


def transpose(x: Type, *, axes: tuple[int, ...]) -> Type:
    """Axis i of the result is axis `axes[i]` of x. Any dtype."""
    fits = isinstance(axes, tuple) and _whole(axes) and sorted(axes) == list(range(len(x.shape)))
    _demand(fits, f"{axes!r} does not order the axes of {x.shape}")
    return Type(dtype=x.dtype, shape=tuple(x.shape[axis] for axis in axes))


def rescale(x: Type, multiplier: Type, *, shift: int, to: str) -> Type:
    """x int32, uint8 or int8 (…, C); multiplier int32 (C,) or (1,) → `to` uint8, int8 or int32 of the same shape."""
    _demand(x.dtype in (*BYTES, "int32"), f"wants int32, uint8 or int8, got {x.dtype}")
    _demand(multiplier.dtype == "int32", f"wants an int32 multiplier, got {multiplier.dtype}")
    _demand(multiplier.shape in (x.shape[-1:], (1,)), f"multipliers {multiplier.shape} do not fit {x.shape}")
    _demand(type(shift) is int and -7 <= shift <= 15, f"a shift of {shift!r} is not in -7 … 15")
    _demand(shift >= 0 or x.dtype in BYTES, "only bytes are shifted upwards")
    _demand(to in (*BYTES, "int32"), f"gives uint8, int8 or int32, not {to!r}")
    return Type(dtype=to, shape=x.shape)


def gather(x: Type, table: Type) -> Type:
    """Row numbers x (N,) of any integer type, table (R, F) of any type → (N, F) of that type; of half bytes int8."""
    _demand(x.dtype != "float32" and len(x.shape) == 1, f"row numbers are integers (N,), not {x.dtype} {x.shape}")
    _demand(len(table.shape) == 2, f"a table has rows and columns, not {table.shape}")
    return Type(dtype="int8" if table.dtype == HALF_BYTE else table.dtype, shape=(*x.shape, table.shape[1]))


def _has_axis(x: Type, axis: Any) -> None:
    _demand(_whole(axis) and 0 <= axis < len(x.shape), f"there is no axis {axis}")


def _along(x: Type, axis: int, size: int) -> Type:
    """x with another size along one axis."""
    return Type(dtype=x.dtype, shape=(*x.shape[:axis], size, *x.shape[axis + 1 :]))
