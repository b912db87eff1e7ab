"""Products and both their gradients, compiled, against torch: sizes, strides, pads, dilations, channels, depthwise."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from datacc.spec.cpus import Cpu
from tests.fit.compiled.single import Array, given, kept, node, processors, run, weight

ROWS = 19
# picture, channels in and out, taps, strides, pads, dilations, groups
CASES: list[tuple[tuple[int, ...], int, int, tuple[int, ...], Any, Any, Any, int]] = [
    ((14, 14), 16, 32, (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
    ((28, 28), 1, 16, (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
    ((9, 7), 4, 8, (3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    ((11, 12), 5, 17, (3, 3), (2, 2), ((1, 1), (0, 1)), (1, 1), 1),
    ((12, 12), 24, 40, (5, 3), (1, 2), ((2, 1), (1, 0)), (1, 1), 1),
    ((13, 10), 3, 1, (3, 2), (2, 1), ((1, 1), (1, 0)), (2, 3), 1),
    ((10, 10), 8, 24, (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    ((30,), 6, 16, (3,), (1,), ((1, 1),), (2,), 1),
    ((31,), 20, 3, (4,), (3,), ((2, 1),), (1,), 1),
    ((8, 8), 16, 16, (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 16),
    ((9, 9), 24, 24, (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1), 24),
    ((21,), 8, 8, (5,), (1,), ((4, 0),), (1,), 8),
]


class Truth:
    """What torch says of one convolution."""

    def __init__(self, case: tuple[Any, ...]) -> None:
        size, channels, outputs, taps, stride, pad, dilation, groups = case
        random = np.random.default_rng(3)
        self.x = random.standard_normal((ROWS, *size, channels), np.float32)
        self.weight = random.standard_normal((outputs, *taps, channels // groups), np.float32)
        self.bias = random.standard_normal(outputs, np.float32)
        x, w = torch.from_numpy(self.x).requires_grad_(), torch.from_numpy(self.weight).requires_grad_()
        sides = [side for before_after in reversed(pad) for side in before_after]
        apply = torch.nn.functional.conv1d if len(size) == 1 else torch.nn.functional.conv2d
        padded = torch.nn.functional.pad(x.movedim(-1, 1), sides)
        y = apply(padded, w.movedim(-1, 1), torch.from_numpy(self.bias), stride, 0, dilation, groups).movedim(1, -1)
        self.dy = random.standard_normal(tuple(y.shape), np.float32)
        y.backward(torch.from_numpy(self.dy))
        self.y, self.dx, self.dw = _array(y), _array(x.grad), _array(w.grad)
        self.attrs = {"stride": stride, "pad": pad, "dilation": dilation, "groups": groups}


def _array(tensor: Tensor | None) -> Array:
    assert tensor is not None
    return tensor.detach().numpy()


@pytest.mark.parametrize("cpu", processors(), ids=lambda cpu: cpu.name)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_convolution_and_both_its_gradients(case: tuple[Any, ...], cpu: Cpu, tmp_path: Path) -> None:
    t = Truth(case)
    x, dy, w = given("x", t.x), given("dy", t.dy), weight("w", t.weight)
    seen, back = kept("seen", "x", t.x.shape[1:]), kept("back", "dy", t.dy.shape[1:])
    forward = node("conv", "y", t.y.shape[1:], "seen", "w", "bias", **t.attrs)
    found = run([x, w, weight("bias", t.bias), seen, forward], {"x": t.x}, cpu, tmp_path)
    np.testing.assert_allclose(found, t.y, rtol=1e-4, atol=1e-4)
    to_input = node("conv_input", "dx", t.x.shape[1:], "back", "w", shape=t.x.shape[1:], **t.attrs)
    found = run([dy, w, back, to_input], {"dy": t.dy}, cpu, tmp_path)
    np.testing.assert_allclose(found, t.dx, rtol=1e-4, atol=1e-4)
    to_weight = node("conv_weight", "dw", t.weight.shape, "seen", "back", shape=t.weight.shape, **t.attrs)
    found = run([x, dy, seen, back, to_weight], {"x": t.x, "dy": t.dy}, cpu, tmp_path)
    np.testing.assert_allclose(found, t.dw, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("cpu", processors(), ids=lambda cpu: cpu.name)
@pytest.mark.parametrize("shape", [(30,), (64,), (1,), (7, 7, 5), (3, 3, 32), (12, 6)], ids=str)
@pytest.mark.parametrize("outputs", [1, 8, 10, 33])
def test_a_dense_layer_and_both_its_gradients(shape: tuple[int, ...], outputs: int, cpu: Cpu, tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    x, dy = (random.standard_normal((ROWS, *s), np.float32) for s in (shape, (outputs,)))
    w, bias = random.standard_normal((outputs, *shape), np.float32), random.standard_normal(outputs, np.float32)
    flat, matrix = x.reshape(ROWS, -1).astype(np.float64), w.reshape(outputs, -1).astype(np.float64)
    seen, back = kept("seen", "x", shape), kept("back", "dy", (outputs,))
    window = {"stride": (), "pad": (), "dilation": (), "groups": 1}
    nodes = [given("x", x), weight("w", w), weight("bias", bias), seen]
    found = run([*nodes, node("dense", "y", (outputs,), "seen", "w", "bias")], {"x": x}, cpu, tmp_path)
    np.testing.assert_allclose(found, flat @ matrix.T + bias, rtol=1e-4, atol=1e-4)
    to_input = node("conv_input", "dx", shape, "back", "w", shape=shape, **window)
    found = run([given("dy", dy), weight("w", w), back, to_input], {"dy": dy}, cpu, tmp_path)
    np.testing.assert_allclose(found, (dy @ matrix).reshape(ROWS, *shape), rtol=1e-4, atol=1e-4)
    to_weight = node("conv_weight", "dw", w.shape, "seen", "back", shape=w.shape, **window)
    found = run([given("x", x), given("dy", dy), seen, back, to_weight], {"x": x, "dy": dy}, cpu, tmp_path)
    np.testing.assert_allclose(found, (dy.T @ flat).reshape(w.shape), rtol=1e-4, atol=1e-4)
