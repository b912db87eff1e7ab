"""NodeProtos as calls: plain values for attributes, the two names of ONNX's own domain as one."""

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from onnx import AttributeProto

from datacc.ir.onnx.arrays import array_of
from datacc.ir.onnx.model import Call, shown, text_of

ONNX_DOMAINS: Final = ("", "ai.onnx")


def calls_of(nodes: Iterable[Any]) -> tuple[Call, ...]:
    """The calls in a list of NodeProtos. Raises `ModelError` for attributes that hold graphs."""
    return tuple(_call(node, index) for index, node in enumerate(nodes, 1))


def _call(node: Any, index: int) -> Call:
    bare = Call(
        op=text_of(node.op_type),
        name=text_of(node.name or (node.output[0] if node.output else "")),
        index=index,
        inputs=tuple(map(text_of, node.input)),
        outputs=tuple(map(text_of, node.output)),
        domain="" if node.domain in ONNX_DOMAINS else text_of(node.domain),
    )
    attrs: dict[str, Any] = {}
    for attribute in node.attribute:
        name = text_of(attribute.name)
        bare.demand(name not in attrs, f"it has two attributes {shown(name)}")
        attrs[name] = attribute_of(bare, attribute)
    return replace(bare, attrs=MappingProxyType(attrs))


def attribute_of(call: Call, attribute: Any) -> Any:
    """An attribute as a plain value; one that refers to a function's parameter stays a proto until it is called."""
    if text_of(attribute.ref_attr_name):
        return attribute
    if attribute.type == AttributeProto.INT:
        return int(attribute.i)
    if attribute.type == AttributeProto.FLOAT:
        return float(attribute.f)
    if attribute.type == AttributeProto.STRING:
        return attribute.s.decode("utf-8", "replace")
    if attribute.type == AttributeProto.INTS:
        return tuple(int(n) for n in attribute.ints)
    if attribute.type == AttributeProto.FLOATS:
        return tuple(float(n) for n in attribute.floats)
    if attribute.type == AttributeProto.STRINGS:
        return tuple(text.decode("utf-8", "replace") for text in attribute.strings)
    if attribute.type == AttributeProto.TENSOR:
        return array_of(attribute.t, None)
    return call.refuse(
        f"its attribute {shown(attribute.name)} holds a graph or another thing that is not taken",
        "a model without If, Loop and Scan: export with fixed shapes",
    )
