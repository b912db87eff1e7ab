"""The same program in torch: a `Sequential` of its layers with the weights of our Graph, run eagerly."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from datacc.ir.graph import Graph, Node, needed


class _Affine(nn.Module):
    def __init__(self, scale: torch.Tensor, offset: torch.Tensor) -> None:
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.scale + self.offset


def eager(graph: Graph) -> Callable[[NDArray[Any]], tuple[int, NDArray[np.float32]]]:
    """A function from one row, as the program takes it, to (class, scores). Pictures are made channels-first."""
    torch.set_num_threads(1)
    net = nn.Sequential(*_layers(graph)).eval()

    @torch.inference_mode()
    def answer(row: NDArray[Any]) -> tuple[int, NDArray[np.float32]]:
        x = torch.from_numpy(row)[None].float()
        logits = net(x.permute(0, 3, 1, 2) if x.ndim == 4 else x)
        scores = torch.softmax(logits, 1)
        return int(scores.argmax(1)), scores.numpy()[0]

    return answer


def _layers(graph: Graph) -> Iterator[nn.Module]:
    """A layer for every node from the input to the logits; the gallery's programs are chains."""
    [logits] = [node.inputs[0] for node in graph.nodes if node.op == "argmax"]
    for node in (graph.by_name[name] for name in graph.by_name if name in needed(graph, [logits])):
        values = [torch.from_numpy(v.copy()) for i in node.inputs if (v := graph.by_name[i].value) is not None]
        match node.op:
            case "conv":
                yield _conv(node, *values)
            case "dense":
                yield from _dense(*values)
            case "affine":
                yield _Affine(*values)
            case "relu":
                yield nn.ReLU()
            case "maxpool":
                yield nn.MaxPool2d(node["size"], node["stride"])
            case "input" | "weight" | "cast":
                continue
            case _:
                raise ValueError(f"no layer for {node.op}")


def _conv(node: Node, weight: torch.Tensor, bias: torch.Tensor) -> nn.Module:
    out, high, wide, channels = weight.shape
    pad = tuple(before for before, _ in node["pad"])
    layer = nn.Conv2d(channels, out, (high, wide), node["stride"], pad, node["dilation"], node["groups"])
    return _filled(layer, weight.permute(0, 3, 1, 2).contiguous(), bias)


def _dense(weight: torch.Tensor, bias: torch.Tensor) -> Iterator[nn.Module]:
    if weight.ndim == 4:
        weight = weight.permute(0, 3, 1, 2)
    flat = weight.flatten(1).contiguous()
    yield nn.Flatten()
    yield _filled(nn.Linear(flat.shape[1], flat.shape[0]), flat, bias)


def _filled(layer: Any, weight: torch.Tensor, bias: torch.Tensor) -> nn.Module:
    layer.weight, layer.bias = (nn.Parameter(value, requires_grad=False) for value in (weight, bias))
    found: nn.Module = layer
    return found
