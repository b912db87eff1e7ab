"""The shape rule of each op: from argument types and attributes to the type of the result, or a GraphError."""

from typing import Any

from datacc.errors import GraphError
from datacc.ir.graph import Type, float32


def _demand(condition: bool, what: str) -> None:
    if not condition:
        raise GraphError(what)


def _is_float(*types: Type) -> None:
    _demand(all(t.dtype == "float32" for t in types), f"wants float32, got {[t.dtype for t in types]}")


def _whole(value: Any) -> bool:
    """Whether an attribute is an integer, or tuples of integers."""
    return all(_whole(item) for item in value) if isinstance(value, tuple) else type(value) is int


def cast(x: Type) -> Type:
    """uint8, int8 and int16 become float32 of the same shape, exactly."""
    _demand(x.dtype in ("uint8", "int8", "int16"), f"wants an integer of at most 16 bits, got {x.dtype}")
    return float32(*x.shape)


def affine(x: Type, scale: Type, offset: Type) -> Type:
    """Scale and offset match x from the last axis backwards; an axis of 1 is spread."""
    _is_float(x, scale, offset)
    for t in (scale, offset):
        pairs = zip(reversed(t.shape), reversed(x.shape), strict=False)
        _demand(len(t.shape) <= len(x.shape), f"{t.shape} has more axes than {x.shape}")
        _demand(all(a in (1, b) for a, b in pairs), f"{t.shape} does not spread over {x.shape}")
    return x


def dense(x: Type, weight: Type, bias: Type) -> Type:
    """x of any shape S, weight (O, *S), bias (O,) → (O,)."""
    _is_float(x, weight, bias)
    _demand(weight.shape[1:] == x.shape, f"weight {weight.shape} does not fit input {x.shape}")
    _demand(bias.shape == weight.shape[:1], f"bias {bias.shape} does not fit weight {weight.shape}")
    return float32(weight.shape[0])


def conv(x: Type, weight: Type, bias: Type, **attrs: Any) -> Type:
    """x (*spatial, C), weight (O, *K, C / groups), bias (O,) → (*spatial', O); 1-D and 2-D."""
    _is_float(x, weight, bias)
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
    return float32(*_windows(x.shape[:-1], reach, attrs["stride"], attrs["pad"]), weight.shape[0])


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


def add(a: Type, b: Type) -> Type:
    """Two values of one shape."""
    _is_float(a, b)
    _demand(a == b, f"{a.shape} and {b.shape} differ")
    return a


def pool(x: Type, **attrs: Any) -> Type:
    """Windows of `size` at `stride` over the spatial axes, no pad; a rest is dropped."""
    _is_float(x)
    rank = len(x.shape) - 1
    _demand(_whole(tuple(attrs.values())), "attributes are whole numbers")
    _demand(rank in (1, 2) and len(attrs["size"]) == len(attrs["stride"]) == rank, "one size and stride per axis")
    return float32(*_windows(x.shape[:-1], attrs["size"], attrs["stride"], ((0, 0),) * rank), x.shape[-1])


def argmax(x: Type) -> Type:
    """The position of the first largest element of the last axis."""
    _is_float(x)
    return Type(dtype="int32", shape=(*x.shape[:-1], 1))


def maximum(x: Type) -> Type:
    """The largest element of the last axis."""
    _is_float(x)
    return float32(*x.shape[:-1], 1)


def concat(*xs: Type, axis: int) -> Type:
    """Values that agree in all axes but one."""
    _is_float(*xs)
    _demand(len(xs) >= 1 and _whole(axis) and 0 <= axis < len(xs[0].shape), f"there is no axis {axis}")
    rest = {t.shape[:axis] + t.shape[axis + 1 :] for t in xs}
    _demand(len(rest) == 1, f"{[t.shape for t in xs]} do not fit along axis {axis}")
    shape = xs[0].shape
    return float32(*shape[:axis], sum(t.shape[axis] for t in xs), *shape[axis + 1 :])
