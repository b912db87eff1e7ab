"""Models that others export become Graphs that mean the same, without moving what need not be moved."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from onnx import helper
from torch import nn

from datacc.errors import ModelError, UsageError
from datacc.ir.graph import Graph
from tests.ir.onnx.models import agrees, converted, exported, model


class Residual(nn.Module):
    """A block with a gate per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels),
        )  # fmt: skip
        self.squeeze, self.excite = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.body(x)
        gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(y.mean((2, 3), keepdim=True)))))
        return torch.relu(x + y * gate)


class Attention(nn.Module):
    """One block of a transformer, on (batch, time, features)."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.mix, self.out = nn.LayerNorm(16), nn.Linear(16, 48), nn.Linear(16, 16)
        self.wide = nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (t.reshape(1, 6, 2, 8).transpose(1, 2) for t in self.mix(self.norm(x)).chunk(3, dim=-1))
        y = torch.softmax(q @ k.transpose(-1, -2) / 8**0.5, dim=-1) @ v
        x = x + self.out(y.transpose(1, 2).reshape(1, 6, 16))
        return x + self.wide(x)


class Shuffle(nn.Module):
    """Channel shuffle, with the shape computed as torch traces it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, channels, h, w = x.shape
        return x.view(n, 2, channels // 2, h, w).transpose(1, 2).reshape(n, channels, h, w)


NETS: dict[str, Any] = {
    "residual": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16), nn.SiLU(), nn.MaxPool2d(3, 2, 1),
            Residual(16), nn.Conv2d(16, 32, 3, stride=2, padding=1, groups=4), nn.ReLU6(), nn.AdaptiveAvgPool2d(1),
            nn.Flatten(), nn.Linear(32, 10), nn.Softmax(1),
        ),
        (1, 3, 32, 24),
    ),
    "flatten": (lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5)), (1, 1, 8, 8)),
    "mlp": (lambda: nn.Sequential(nn.Linear(7, 9), nn.Tanh(), nn.Linear(9, 3), nn.LogSoftmax(-1)), (1, 7)),
    "sequence": (
        lambda: nn.Sequential(nn.Conv1d(4, 8, 3, dilation=2, padding=2), nn.ELU(), nn.AvgPool1d(3, 2, 1), nn.GLU(1)),
        (1, 4, 20),
    ),
    "attention": (Attention, (1, 6, 16)),
    "shuffle": (lambda: nn.Sequential(nn.Conv2d(3, 6, 1), Shuffle(), nn.Conv2d(6, 4, 3, groups=2)), (1, 3, 5, 7)),
    "pixels": (lambda: nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2), nn.Hardswish()), (1, 3, 4, 5)),
    "upwards": (
        lambda: nn.Sequential(
            nn.ConvTranspose2d(3, 6, 3, stride=2, padding=1, output_padding=1, groups=3), nn.ReLU(),
            nn.Upsample(scale_factor=2), nn.Conv2d(6, 4, 3), nn.Upsample(scale_factor=1.5, mode="bilinear"),
            nn.ConvTranspose2d(4, 2, 2, stride=2, dilation=2),
        ),
        (1, 3, 4, 5),
    ),
    "norms": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.InstanceNorm2d(8, affine=True), nn.Mish()),
        (1, 3, 7, 6),
    ),
    "padding": (
        lambda: nn.Sequential(nn.ZeroPad2d((3, 1, 2, 0)), nn.Conv2d(2, 3, 3), nn.ReflectionPad2d(2), nn.PReLU(3)),
        (1, 2, 6, 6),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
def test_what_torch_exports_means_the_same(name: str) -> None:
    torch.manual_seed(0)
    net, shape = NETS[name]
    agrees(exported(net(), shape))


@pytest.mark.parametrize(("zero", "per_channel"), [(np.uint8(37), False), (np.int8(-3), False), (np.int8(0), True)])
def test_quantised_models_round_as_onnxruntime_does(zero: Any, per_channel: bool) -> None:
    scale = np.array([0.07, 0.1, 0.013], np.float32) if per_channel else np.float32(0.05)
    zeros = np.full(3, zero) if per_channel else zero
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"], axis=1),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"], axis=1),
        helper.make_node("DequantizeLinear", ["kernel", "fine"], ["w"]),
        helper.make_node("Conv", ["y", "w"], ["z"]),
    ]
    kernel = np.random.default_rng(0).integers(-128, 128, (4, 3, 2, 2)).astype(np.int8)
    weights = {"scale": scale, "zero": zeros, "kernel": kernel, "fine": np.float32(0.01)}
    agrees(model(nodes, {"x": [1, 3, 5, 4]}, ["y", "z"], **weights))


def ops(graph: Graph) -> Counter[str]:
    return Counter(node.op for node in graph.nodes)


def test_a_conv_net_is_transposed_once_and_flattened_never() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 4))
    graph = agrees(exported(net, (1, 3, 8, 8))).graph
    assert ops(graph) - Counter({"weight": 4}) == Counter(
        {"input": 1, "transpose": 1, "conv": 1, "relu": 1, "maxpool": 1, "dense": 1}
    )


def test_one_channel_is_not_even_transposed() -> None:
    torch.manual_seed(0)
    graph = agrees(exported(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU6()), (1, 1, 6, 6))).graph
    assert ops(graph)["transpose"] == 1  # the answer's channels come first, as the caller wants them


def test_keras_like_models_around_transposes_take_none() -> None:
    kernel = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Transpose", ["x"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["first", "w"], ["y"], auto_pad="SAME_UPPER", strides=[2, 2]),
        helper.make_node("Relu", ["y"], ["z"]),
        helper.make_node("Transpose", ["z"], ["out"], perm=[0, 2, 3, 1]),
    ]
    graph = agrees(model(nodes, {"x": [1, 7, 8, 3]}, ["out"], w=kernel)).graph
    assert "transpose" not in ops(graph)
    assert graph.inputs[0].type.shape == (7, 8, 3)


def test_ports_have_the_names_shapes_and_order_of_the_model() -> None:
    torch.manual_seed(0)
    data = exported(nn.Conv2d(3, 5, 3), (1, 3, 6, 4), input_names=["image"], output_names=["maps"])
    graph = converted(data).graph
    assert [(node.name, node.type.shape) for node in graph.inputs] == [("image", (3, 6, 4))]
    assert [(field, graph.by_name[name].type.shape) for field, name in graph.outputs] == [("maps", (5, 4, 2))]


def test_an_open_batch_is_one_and_other_open_dimensions_are_asked_for() -> None:
    relu = helper.make_node("Relu", ["x"], ["y"])
    open_batch = model([relu], {"x": ["n", 4]}, ["y"])
    assert converted(open_batch).graph.inputs[0].type.shape == (4,)
    open_time = model([relu], {"x": ["n", "time", 4]}, ["y"])
    with pytest.raises(ModelError, match="open") as refused:
        converted(open_time)
    assert "--dim 'time=…'" in refused.value.tries
    assert converted(open_time, dims={"time": 3}).graph.inputs[0].type.shape == (3, 4)
    assert converted(open_time, dims={"x[1]": 5}).graph.inputs[0].type.shape == (5, 4)
    with pytest.raises(UsageError, match="no input has a dimension 'tme'"):
        converted(open_time, dims={"time": 3, "tme": 3})


def test_what_is_outside_is_refused_with_its_place_and_the_nearest_form() -> None:
    nodes = [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("TopK", ["a", "k"], ["y", "i"], name="best")]
    with pytest.raises(ModelError) as refused:
        converted(model(nodes, {"x": [1, 4]}, ["y"], k=np.array([2])))
    assert refused.value.where == "node 'best' (TopK, number 2)"
    assert refused.value.what == "the op 'TopK' is outside the op table"
    assert refused.value.tries[0] == "ArgMax"
