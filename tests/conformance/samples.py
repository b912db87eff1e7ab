"""What the conformance tests feed to the members of the registries: options and raw values for each type."""

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from datacc.ir.graph import Graph
from datacc.registry import load


def png(array: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(array, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass(frozen=True)
class Sample:
    """An input type's options, raw values that it takes, and raw values that it must refuse."""

    options: dict[str, Any]
    good: tuple[Any, ...]
    bad: tuple[Any, ...] = field(default=())


_PICTURES = np.random.default_rng(0).integers(0, 256, (6, 9, 8), dtype=np.uint8)
INPUTS = {
    "image": Sample(
        {"height": 9, "width": 8, "channels": 1},
        (png(_PICTURES[0]), _PICTURES[1], *map(png, _PICTURES[2:])),
        (
            b"",
            b"GIF89a",
            png(_PICTURES[0])[:60],
            np.zeros((3, 3)),
            np.zeros((2, 2, 2, 2), np.uint8),
            np.zeros(4, np.uint8),
            np.zeros((3, 3, 5), np.uint8),
            np.zeros((0, 3), np.uint8),
            "name.png",
            None,
        ),
    ),
    "record": Sample(
        {"columns": ("a", "b", "c"), "bins": 4},
        ({"a": 1, "b": 2, "c": 7.5}, [0.5, -1, 7], (3, 4, 7), {"c": 0, "b": 1, "a": 1e30, "d": "x"}),
        (
            [1, 2],
            {"a": 1, "b": 2},
            [1, 2, "x"],
            [1, 2, None],
            [1, 2, float("nan")],
            [1, 2, 1e39],
            [1, 2, 10**400],
            7,
            None,
            "123",
            [[1], [2], [3, 4]],
        ),
    ),
    "text": Sample(
        {"length": 24, "longer": "refuse"},
        ("hello", "", "e\u0301t\u00e9", b"caf\xc3\xa9", b"\xff\x00", "\ud83d", ["one", "two"]),
        ("x" * 25, b"\xff" * 9, 3, None, [], [1, 2], ["a", None], {"text": "a"}, np.zeros(24, np.uint8)),
    ),
}
# values of each output type with the classes ("b", "a") where it has any, and some that it must refuse
OUTPUTS = {
    "label": (("a", "b", None), ("nothing", 3, ["a"])),
    "labels": ((["a"], [], ["a", "b"], None), (["nothing"], "a", 3)),
    "number": ((1.5, -3, 0, None), ("1", [1], True, float("inf"), 1e39)),
}


def front(kind: str, name: str = "x") -> Graph:
    """The front of an input type on its sample, `data` holes filled."""
    type_, sample = load("types", kind), INPUTS[kind]
    options = type_.options(**sample.options)
    graph: Graph = type_.front(name, options)
    return graph.fill(type_.data(name, type_.encode(sample.good, options), options))
