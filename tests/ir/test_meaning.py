"""The shape rule and the meaning of each op, one at a time, against torch's own functions."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as nn
from hypothesis import example, given
from hypothesis import strategies as st

from datacc.errors import GraphError
from datacc.ir import meaning, shapes
from datacc.ir.graph import Type, float32
from datacc.ir.ops import OPS
from tests.ir.graphs import assert_alike

SEEDS = st.integers(0, 2**32 - 1)


def numbers(seed: int, *shape: int) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def first(array: Any) -> torch.Tensor:
    """Channels-first, as torch wants it: of one channel it may read beyond a view, so this is a copy."""
    view = torch.from_numpy(np.ascontiguousarray(np.moveaxis(array, -1, 1)))
    return torch.empty(view.shape, dtype=view.dtype).copy_(view)


def last(tensor: torch.Tensor) -> Any:
    return np.moveaxis(tensor.numpy(), 1, -1)


@st.composite
def convolutions(draw: Any) -> tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]:
    """The shape of a picture, of a weight, and the attributes of a convolution that fits."""
    rank, groups = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    kernel = [draw(st.integers(1, 4)) for _ in range(rank)]
    dilation = [draw(st.integers(1, 3)) for _ in range(rank)]
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    pad = [(draw(st.integers(0, r - 1)), draw(st.integers(0, r - 1))) for r in reach]
    sides = [draw(st.integers(max(1, r - sum(p)), r + 6)) for r, p in zip(reach, pad, strict=True)]
    per_in, per_out = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    stride = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    attrs = {"stride": stride, "pad": tuple(pad), "dilation": tuple(dilation), "groups": groups}
    return (*sides, per_in * groups), (per_out * groups, *kernel, per_in), attrs


ONE_CHANNEL: Any = ((4, 4, 1), (1, 3, 3, 1), {"stride": (1, 2), "pad": ((0, 0),) * 2, "dilation": (1, 1), "groups": 1})


@given(convolutions(), SEEDS)
@example(ONE_CHANNEL, 0)  # torch 2.13 answers nonsense where its strides leave the order of axes open
def test_conv(drawn: Any, seed: int) -> None:
    shape, weight_shape, attrs = drawn
    x, weight, bias = numbers(seed, 2, *shape), numbers(seed + 1, *weight_shape), numbers(seed + 2, weight_shape[0])
    found = meaning.conv(x, weight, bias, **attrs)
    sides = [side for pair in reversed(attrs["pad"]) for side in pair]
    apply = nn.conv1d if len(shape) == 2 else nn.conv2d
    expected = apply(
        nn.pad(first(x), sides), first(weight), torch.from_numpy(bias), attrs["stride"], 0, attrs["dilation"],
        attrs["groups"],
    )  # fmt: skip
    assert_alike(found, last(expected))
    inferred = shapes.conv(float32(*shape), float32(*weight_shape), float32(weight_shape[0]), **attrs)
    assert found.shape[1:] == inferred.shape


@given(st.lists(st.integers(1, 9), min_size=2, max_size=3), st.data(), SEEDS)
def test_pools(shape: list[int], data: st.DataObject, seed: int) -> None:
    size = tuple(data.draw(st.integers(1, n)) for n in shape[:-1])
    stride = tuple(data.draw(st.integers(1, 4)) for _ in size)
    x = numbers(seed, 2, *shape)
    flat = len(size) == 1
    for form, oracle in (
        (meaning.maxpool, nn.max_pool1d if flat else nn.max_pool2d),
        (meaning.meanpool, nn.avg_pool1d if flat else nn.avg_pool2d),
    ):
        found = form(x, size=size, stride=stride)
        assert_alike(found, last(oracle(first(x), size, stride)))
        assert found.shape[1:] == shapes.maxpool(float32(*shape), size=size, stride=stride).shape


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(1, 6), SEEDS)
def test_dense(shape: list[int], width: int, seed: int) -> None:
    x, weight, bias = numbers(seed, 3, *shape), numbers(seed + 1, width, *shape), numbers(seed + 2, width)
    expected = torch.einsum("bs,os->bo", torch.from_numpy(x).flatten(1), torch.from_numpy(weight).flatten(1))
    assert_alike(meaning.dense(x, weight, bias), (expected + torch.from_numpy(bias)).numpy())
    assert shapes.dense(float32(*shape), float32(width, *shape), float32(width)) == float32(width)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), SEEDS)
def test_normalise(shape: list[int], seed: int) -> None:
    x = numbers(seed, 3, *shape)
    gain, shift, mean, variance = (numbers(seed + k, shape[-1]) for k in range(1, 5))
    variance = variance**2 + np.float32(0.1)
    given = (torch.from_numpy(v) for v in (mean, variance, gain, shift))
    expected = last(nn.batch_norm(first(x), *given, eps=1e-3))
    assert_alike(meaning.normalise(x, gain, shift, mean, variance, epsilon=1e-3), expected)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), SEEDS)
def test_forms_over_the_last_axis(shape: list[int], seed: int) -> None:
    x = numbers(seed, 3, *shape)
    t = torch.from_numpy(x)
    assert_alike(meaning.maximum(x), t.amax(-1, keepdim=True).numpy())
    np.testing.assert_array_equal(meaning.argmax(x), t.argmax(-1, keepdim=True).numpy())
    np.testing.assert_array_equal(meaning.relu(x), torch.relu(t).numpy())
    assert meaning.argmax(x).dtype == np.int32


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16"])
def test_small_integers_become_floats_exactly(dtype: str) -> None:
    limits = np.iinfo(dtype)
    x = np.arange(limits.min, limits.max + 1).astype(dtype)[:, None]
    found = meaning.cast(x, to="float32")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.astype(np.int64), x)
    assert shapes.cast(Type(dtype=dtype, shape=(1,)), to="float32") == float32(1)
    np.testing.assert_array_equal(meaning.cast(found, to=dtype), x)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32"])
def test_casts_to_integers_take_the_nearest_even_and_saturate(dtype: str) -> None:
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    x = np.array([0.5, 1.5, 2.5, -0.4, 7.51, 3e9, np.inf, -3e9, -np.inf, np.nan], np.float32)[:, None]
    expected = [0, 2, 2, 0, 8, high, high, low, low, 0]
    found = meaning.cast(x, to=dtype)
    assert found.dtype == dtype
    assert found[:, 0].tolist() == expected


def test_a_large_integer_becomes_the_nearest_float() -> None:
    x = np.array([[2**24 + 1], [2**31 - 1], [-(2**31)], [2**24 + 3]], np.int32)
    assert meaning.cast(x, to="float32")[:, 0].tolist() == [2**24, 2**31, -(2**31), 2**24 + 4]
    assert meaning.cast(x, to="int16")[:, 0].tolist() == [2**15 - 1, 2**15 - 1, -(2**15), 2**15 - 1]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.booleans(), SEEDS)
def test_pairs(shape: list[int], spreads: bool, seed: int) -> None:
    other = [*shape[:-1], 1] if spreads else shape
    a, b = numbers(seed, 3, *shape), numbers(seed + 1, 3, *other)
    for op, oracle in (("add", torch.add), ("multiply", torch.mul), ("divide", torch.div)):
        np.testing.assert_array_equal(OPS[op].meaning(a, b), oracle(torch.from_numpy(a), torch.from_numpy(b)).numpy())
        assert OPS[op].shape(float32(*shape), float32(*other)) == float32(*shape)


SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, 1e-45, 3.4e38, -3.4e38, 104.0, -104.0, 0.5]


@pytest.mark.parametrize("op", ["exp", "log", "sqrt", "sin"])
def test_functions(op: str) -> None:
    x = np.array([SPECIAL, np.linspace(-20, 20, len(SPECIAL)).tolist()], np.float32)
    oracle = getattr(torch, op)(torch.from_numpy(x).double()).float().numpy()
    np.testing.assert_allclose(OPS[op].meaning(x), oracle, rtol=3e-7, atol=1e-45)
    assert OPS[op].shape(float32(5)) == float32(5)


def test_clip() -> None:
    x = np.array([[-2, -0.5, 0.25, 9, np.inf, np.nan]], np.float32)
    expected = torch.from_numpy(x).clamp(-0.5, 1.25).numpy()
    np.testing.assert_array_equal(meaning.clip(x, low=-0.5, high=1.25), expected)


def test_pieces_and_orders() -> None:
    x = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    kind = Type(dtype="int16", shape=(3, 4, 5))
    np.testing.assert_array_equal(meaning.slice_(x, axis=1, first=1, last=3, step=2), x[:, :, 1:4:2])
    assert shapes.slice_(kind, axis=1, first=1, last=3, step=2) == Type(dtype="int16", shape=(3, 2, 5))
    np.testing.assert_array_equal(meaning.reshape(x, shape=(6, 10)), x.reshape(2, 6, 10))
    assert shapes.reshape(kind, shape=(6, 10)) == Type(dtype="int16", shape=(6, 10))
    np.testing.assert_array_equal(meaning.transpose(x, axes=(2, 0, 1)), np.einsum("bhwc->bchw", x))
    assert shapes.transpose(kind, axes=(2, 0, 1)) == Type(dtype="int16", shape=(5, 3, 4))


def test_gather_takes_the_nearest_row_where_there_is_none() -> None:
    table = numbers(0, 3, 2)
    rows = np.array([[0, 2, 3, 127], [-1, 1, -128, 2]], np.int8)
    np.testing.assert_array_equal(meaning.gather(rows, table), table[[[0, 2, 2, 2], [0, 1, 0, 2]]])
    for kind in (float32(3, 2), Type(dtype="int8", shape=(3, 2))):
        wanted = Type(dtype=kind.dtype, shape=(4, 2))
        assert shapes.gather(Type(dtype="int8", shape=(4,)), kind) == wanted


SQUARE = {"stride": (1, 1), "pad": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
F = float32
WRONG = [
    ("cast", (F(3),), {"to": "float32"}),
    ("cast", (F(3),), {"to": "float64"}),
    ("cast", (F(3),), {"to": 8}),
    ("affine", (F(3), F(2), F(3)), {}),
    ("affine", (F(3), F(1, 3), F(3)), {}),
    ("dense", (F(3), F(4, 2), F(4)), {}),
    ("dense", (F(3), F(4, 3), F(3)), {}),
    ("dense", (Type(dtype="uint8", shape=(3,)), F(4, 3), F(4)), {}),
    ("conv", (F(5), F(1, 1), F(1)), SQUARE),
    ("conv", (F(5, 5, 2), F(4, 3, 3, 3), F(4)), SQUARE),
    ("conv", (F(5, 5, 2), F(4, 6, 3, 2), F(4)), SQUARE),
    ("conv", (F(5, 5, 2), F(4, 3, 3, 2), F(3)), SQUARE),
    ("conv", (F(5, 5, 2), F(4, 3, 3, 2), F(4)), {**SQUARE, "stride": (0, 1)}),
    ("conv", (F(5, 5, 2), F(4, 3, 3, 2), F(4)), {**SQUARE, "stride": (1,)}),
    ("conv", (F(5, 5, 2), F(4, 3, 3, 2), F(4)), {**SQUARE, "stride": (1.0, 1.0)}),
    ("conv", (F(5, 5, 2), F(4, 3, 3, 2), F(4)), {**SQUARE, "pad": ((3, 0), (0, 0))}),
    ("conv", (F(5, 5, 2), F(4, 3, 3, 2), F(4)), {**SQUARE, "pad": ((-1, 0), (0, 0))}),
    ("conv", (F(5, 5, 2), F(4, 3, 3, 2), F(4)), {**SQUARE, "dilation": (0, 1)}),
    ("conv", (F(5, 5, 2), F(4, 3, 3, 2), F(4)), {**SQUARE, "dilation": (4, 1)}),
    ("conv", (F(5, 5, 2), F(4, 3, 3, 1), F(4)), {**SQUARE, "groups": 3}),
    ("conv", (F(5, 5, 2), F(4, 3, 3, 1), F(4)), {**SQUARE, "groups": 0}),
    ("conv", (F(5, 5, 2), F(4, 3, 3, 1), F(4)), {**SQUARE, "groups": 2.0}),
    ("normalise", (F(3), F(3), F(3), F(3), F(2)), {"epsilon": 1e-5}),
    ("normalise", (F(3), F(3), F(3), F(3), F(3)), {"epsilon": 0.0}),
    ("normalise", (F(3), F(3), F(3), F(3), F(3)), {"epsilon": float("nan")}),
    ("add", (F(3), F(2)), {}),
    ("add", (F(1), F(3)), {}),
    ("add", (F(3), Type(dtype="int32", shape=(3,))), {}),
    ("add", (Type(dtype="int8", shape=(3,)), Type(dtype="int8", shape=(3,))), {}),
    ("multiply", (F(2, 3), F(1, 3)), {}),
    ("multiply", (F(2, 3), F(3)), {}),
    ("divide", (Type(dtype="int32", shape=(3,)), Type(dtype="int32", shape=(3,))), {}),
    ("clip", (F(3),), {"low": 1.0, "high": 0.0}),
    ("clip", (F(3),), {"low": 0, "high": 1}),
    ("clip", (F(3),), {"low": 0.0, "high": float("inf")}),
    ("clip", (F(3),), {"low": float("nan"), "high": 1.0}),
    ("exp", (Type(dtype="int8", shape=(3,)),), {}),
    ("slice", (F(3),), {"axis": 1, "first": 0, "last": 0, "step": 1}),
    ("slice", (F(3),), {"axis": 0, "first": 0, "last": 3, "step": 1}),
    ("slice", (F(3),), {"axis": 0, "first": -1, "last": 0, "step": 1}),
    ("slice", (F(3),), {"axis": 0, "first": 2, "last": 1, "step": 1}),
    ("slice", (F(3),), {"axis": 0, "first": 0, "last": 1, "step": 2}),
    ("slice", (F(3),), {"axis": 0, "first": 0, "last": 0, "step": 0}),
    ("slice", (F(3),), {"axis": 0.0, "first": 0, "last": 1, "step": 1}),
    ("reshape", (F(6),), {"shape": (4, 2)}),
    ("reshape", (F(6),), {"shape": (-1, 6)}),
    ("reshape", (F(1),), {"shape": ()}),
    ("reshape", (F(6),), {"shape": 6}),
    ("transpose", (F(2, 3),), {"axes": (0, 0)}),
    ("transpose", (F(2, 3),), {"axes": (0,)}),
    ("transpose", (F(2, 3),), {"axes": (0, -1)}),
    ("gather", (F(3), F(4, 2)), {}),
    ("gather", (Type(dtype="int8", shape=(3, 1)), F(4, 2)), {}),
    ("gather", (Type(dtype="int8", shape=(3,)), F(4, 2, 1)), {}),
    ("cast", (Type(dtype="int8", shape=(3,)),), {"to": "int4"}),
    ("dense", (Type(dtype="int8", shape=(3,)), Type(dtype="int4", shape=(4, 3)), Type(dtype="int32", shape=(4,))), {}),
    ("maxpool", (F(5, 5, 2),), {"size": (6, 1), "stride": (1, 1)}),
    ("meanpool", (F(5, 5, 2),), {"size": (2, 2), "stride": (0, 1)}),
    ("maxpool", (F(5, 5, 2),), {"size": (2,), "stride": (1,)}),
    ("maxpool", (F(5, 5, 2),), {"size": (0, 2), "stride": (1, 1)}),
    ("relu", (Type(dtype="int8", shape=(3,)),), {}),
    ("concat", (), {"axis": 0}),
    ("concat", (F(3), F(3)), {"axis": 1}),
    ("concat", (F(3), F(3)), {"axis": -1}),
    ("concat", (F(2, 3), F(3, 2)), {"axis": 0}),
]


@pytest.mark.parametrize(("op", "types", "attrs"), WRONG)
def test_what_does_not_fit_is_refused(op: str, types: Any, attrs: Any) -> None:
    with pytest.raises(GraphError):
        OPS[op].shape(*types, **attrs)
