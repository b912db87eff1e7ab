"""The meanings of the six adjoints against torch's own transposed convolutions, pools and sums."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as nn
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from datacc.errors import GraphError
from datacc.fit.adjoints import ADJOINTS, gate, pool_scatter, sum_, sum_by
from datacc.fit.torch import FORMS
from datacc.ir.build import infer
from datacc.ir.graph import Type, float32

Array = NDArray[np.float64]
SIZE = st.integers(1, 3)


def assert_type(op: str, *args: Array, found: Array, **attrs: Any) -> None:
    """That the shape rule agrees with the meaning: batch axes off, but for whole results and weights."""
    row = ADJOINTS[op]
    first_weight = len(args) - row.weights
    types = [float32(*a.shape[1:]) if i < first_weight else float32(*a.shape) for i, a in enumerate(args)]
    if op == "sum_by":
        types[1] = Type(dtype="int32", shape=args[1].shape[1:])
    wanted = infer(op, tuple(types), attrs, "op", ADJOINTS).shape
    assert wanted == (found.shape if row.is_summing else found.shape[1:])


class Window:
    """A drawn convolution: groups, strides, dilations and uneven pads over one or two axes."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        rank, groups = draw(st.integers(1, 2)), draw(SIZE)
        kernel = [draw(SIZE) for _ in range(rank)]
        dilation = tuple(draw(SIZE) for _ in range(rank))
        reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
        pad = tuple((draw(st.integers(0, r - 1)), draw(st.integers(0, r - 1))) for r in reach)
        spatial = [draw(st.integers(r, r + 4)) for r in reach]
        random = np.random.default_rng(draw(st.integers(0, 99)))
        self.x = random.normal(size=(2, *spatial, groups * draw(SIZE)))
        self.weight = random.normal(size=(groups * draw(SIZE), *kernel, self.x.shape[-1] // groups))
        self.attrs = {
            "stride": tuple(draw(SIZE) for _ in range(rank)),
            "pad": pad,
            "dilation": dilation,
            "groups": groups,
        }
        tensors = [torch.from_numpy(a).requires_grad_() for a in (self.x, self.weight)]
        y = FORMS["conv"](*tensors, torch.zeros(len(self.weight), dtype=torch.float64), **self.attrs)
        self.dy = random.normal(size=tuple(y.shape))
        self.dx, self.dweight = (g.numpy() for g in torch.autograd.grad(y, tensors, torch.from_numpy(self.dy)))


windows = st.composite(Window)


@given(windows())
def test_conv_input_is_the_gradient_to_the_input(w: Window) -> None:
    attrs = {**w.attrs, "shape": w.x.shape[1:]}
    found = ADJOINTS["conv_input"].meaning(w.dy, w.weight, **attrs)
    np.testing.assert_allclose(found, w.dx, rtol=1e-9, atol=1e-9)
    assert_type("conv_input", w.dy, w.weight, found=found, **attrs)


@given(windows())
def test_conv_weight_is_the_gradient_to_the_weight(w: Window) -> None:
    attrs = {**w.attrs, "shape": w.weight.shape}
    found = ADJOINTS["conv_weight"].meaning(w.x, w.dy, **attrs)
    np.testing.assert_allclose(found, w.dweight, rtol=1e-9, atol=1e-9)
    assert_type("conv_weight", w.x, w.dy, found=found, **attrs)


def test_conv_input_is_torchs_transposed_convolution() -> None:
    random = np.random.default_rng(0)
    dy, weight = random.normal(size=(2, 4, 5, 6)), random.normal(size=(6, 3, 3, 2))
    attrs = {"stride": (2, 2), "pad": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 2}
    found = ADJOINTS["conv_input"].meaning(dy, weight, shape=(7, 9, 4), **attrs)
    first = [torch.from_numpy(np.moveaxis(a, -1, 1).copy()) for a in (dy, weight)]
    expected = nn.conv_transpose2d(*first, stride=2, padding=1, groups=2).numpy()
    np.testing.assert_allclose(found, np.moveaxis(expected, 1, -1), rtol=1e-9, atol=1e-9)


def test_dense_layers_are_products_without_a_stride() -> None:
    random = np.random.default_rng(0)
    x, weight, dy = random.normal(size=(5, 2, 3)), random.normal(size=(4, 2, 3)), random.normal(size=(5, 4))
    attrs = {"stride": (), "pad": (), "dilation": (), "groups": 1}
    dx = ADJOINTS["conv_input"].meaning(dy, weight, shape=(2, 3), **attrs)
    np.testing.assert_allclose(dx, np.einsum("bo,oij->bij", dy, weight))
    assert_type("conv_input", dy, weight, found=dx, shape=(2, 3), **attrs)
    dw = ADJOINTS["conv_weight"].meaning(x, dy, shape=(4, 2, 3), **attrs)
    np.testing.assert_allclose(dw, np.einsum("bo,bij->oij", dy, x))
    assert_type("conv_weight", x, dy, found=dw, shape=(4, 2, 3), **attrs)


@given(st.data())
def test_pool_scatter_is_the_gradient_of_the_largest(data: st.DataObject) -> None:
    """Windows that overlap, leave gaps, leave a rest, and hold the largest number more than once."""
    rank = data.draw(st.integers(1, 2))
    size, stride = (tuple(data.draw(SIZE) for _ in range(rank)) for _ in range(2))
    spatial = [data.draw(st.integers(n, n + 4)) for n in size]
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = random.integers(0, 4, (2, *spatial, 2)).astype(np.float64)
    tensor = torch.from_numpy(x).requires_grad_()
    y = FORMS["maxpool"](tensor, size=size, stride=stride)
    dy = random.normal(size=tuple(y.shape))
    [expected] = torch.autograd.grad(y, tensor, torch.from_numpy(dy))
    found = pool_scatter(dy, x, size=size, stride=stride)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-12)
    assert_type("pool_scatter", dy, x, found=found, size=size, stride=stride)


def test_a_gate_lets_through_between_its_limits_alone() -> None:
    x = np.array([[-1, 0, 0.5, 1, 2, np.nan]], np.float32)
    dy = np.array([[1, np.inf, 3, np.nan, 5, 6]], np.float32)
    np.testing.assert_array_equal(gate(dy, x, low=0.0, high=1.0), [[0, 0, 3, 0, 0, 0]])
    np.testing.assert_array_equal(gate(dy, x, low=np.inf, high=np.inf), np.zeros((1, 6)))
    assert gate(dy, x, low=0.0, high=1.0).dtype == np.float32


@pytest.mark.parametrize(("keep", "axes"), [(0, "bhwc->"), (1, "bhwc->c"), (2, "bhwc->wc"), (3, "bhwc->hwc")])
def test_a_sum_keeps_the_last_axes(keep: int, axes: str) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    found = sum_(x, keep=keep)
    np.testing.assert_allclose(found, np.einsum(axes, x).reshape(found.shape))
    assert_type("sum", x, found=found, keep=keep)


def test_sum_by_adds_rows_where_gather_had_read_them() -> None:
    rows = np.array([[0, 2, 2, 9, -3]], np.int32)
    dy = np.arange(10, dtype=np.float64).reshape(1, 5, 2)
    found = sum_by(dy, rows, size=4)
    np.testing.assert_array_equal(found, [[8, 10], [0, 0], [6, 8], [6, 7]])
    assert_type("sum_by", dy, rows, found=found, size=4)


@pytest.mark.parametrize(
    ("op", "shapes", "attrs"),
    [
        ("gate", [(3,), (4,)], {"low": 0.0, "high": 1.0}),
        ("gate", [(3,), (3,)], {"low": 0, "high": 1.0}),
        ("sum", [(3,)], {"keep": 2}),
        ("pool_scatter", [(3, 1), (5, 1)], {"size": (2,), "stride": (2,)}),
        ("conv_input", [(3,), (3, 5)], {"shape": (4,), "stride": (), "pad": (), "dilation": (), "groups": 1}),
        ("conv_weight", [(5,), (3,)], {"shape": (3, 4), "stride": (), "pad": (), "dilation": (), "groups": 1}),
        ("sum_by", [(3, 2), (3,)], {"size": 4}),
    ],
)
def test_arguments_that_do_not_fit_are_refused(op: str, shapes: list[tuple[int, ...]], attrs: dict[str, Any]) -> None:
    with pytest.raises(GraphError):
        infer(op, tuple(float32(*shape) for shape in shapes), attrs, "op", ADJOINTS)
