"""`graph.dcc`: damaged, hostile and newer files give a GraphError and nothing else."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import GraphError
from datacc.ir.build import Builder
from datacc.ir.container import pack, unpack
from datacc.ir.file import MAGIC, dump, load
from datacc.ir.graph import Graph, header
from datacc.ir.interpret import interpret
from tests.ir.graphs import graphs
from tests.ir.test_check import good

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def loads_or_explains(data: bytes) -> None:
    try:
        graph = load(data)
    except GraphError:
        return
    assert load(dump(graph)).digest == graph.digest


@given(
    graphs(most=3), st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4), st.data()
)
def test_changed_bytes(graph: Graph, changes: list[tuple[float, int]], data: st.DataObject) -> None:
    raw = bytearray(dump(graph))
    for place, byte in changes:
        raw[int(place * len(raw))] = byte
    keep = data.draw(st.integers(0, len(raw)) | st.just(len(raw)))
    loads_or_explains(bytes(raw[:keep]))


def paths(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The places of all values inside a JSON value."""
    found = [path]
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found += paths(inner, (*path, key))
    return found


@given(graphs(most=3), JSON, st.data())
def test_changed_headers(graph: Graph, value: object, data: st.DataObject) -> None:
    """Any value of the header replaced by any other."""
    raw = dump(graph)
    length = int.from_bytes(raw[8:16], "little")
    head = json.loads(raw[16 : 16 + length])
    path = data.draw(st.sampled_from([path for path in paths(head) if path]))
    parent = head
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    text = json.dumps(head).encode()
    body = raw[16 + length + -(16 + length) % 64 :]
    loads_or_explains(MAGIC + len(text).to_bytes(8, "little") + text + bytes(-(16 + len(text)) % 64) + body)


def framed(text: bytes) -> bytes:
    return MAGIC + len(text).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        MAGIC,
        b"\x89PNG\r\n\x1a\n" + bytes(64),
        framed(b"null"),
        framed(b"{}"),
        framed(b"\xff\xfe"),
        framed(b"[" * 100_000),
        MAGIC + (2**63).to_bytes(8, "little"),
        framed(b'{"arrays":[{"name":"w","dtype":"float32","shape":[1000000000000],"offset":0}]}'),
        framed(b'{"arrays":[{"name":"w","dtype":"float32","shape":[4],"offset":1e300}]}'),
        framed(b'{"arrays":[{"name":"w","dtype":"object","shape":[4],"offset":0}]}'),
    ],
)
def test_hostile_files(data: bytes) -> None:
    with pytest.raises(GraphError):
        load(data, "x.dcc")


def test_a_newer_format_is_named() -> None:
    newer = pack(MAGIC, {**header(good()), "version": 4}, {})
    with pytest.raises(GraphError, match=r"x\.dcc: format 4 .*\n  try: install a newer datacc"):
        load(newer, "x.dcc")


def test_format_1_is_read() -> None:
    """It knew casts to float32 alone, and did not say so; soft-max was an op."""
    b = Builder()
    numbers = b.op("cast", "numbers", b.input("x", "uint8", (5,)))
    old = b.graph({"scores": b.op("exp", "scores", numbers), "largest": b.op("maximum", "largest", "scores")})
    rows = header(old)
    for row in rows["nodes"]:
        row["attrs"] = {}
        row["op"] = "softmax" if row["op"] == "exp" else row["op"]
    graph = load(pack(MAGIC, {"version": 1, **rows}, {}))
    x = np.array([[1, 2, 3, 2, 1]], np.uint8)
    e = np.exp(x.astype(np.float64))
    np.testing.assert_allclose(interpret(graph, {"x": x})["scores"], e / e.sum(), rtol=1e-6)
    assert load(dump(graph)).digest == graph.digest


def test_a_name_is_no_path() -> None:
    """Names are only looked up in the file: a Graph cannot reach outside it."""
    graph = good()
    renamed = json.loads(json.dumps(header(graph)).replace('"w"', '"../../w"'))
    arrays = {("../../w" if n.name == "w" else n.name): n.value for n in graph.weights if n.value is not None}
    assert load(pack(MAGIC, {"version": 1, **renamed}, arrays)).by_name["../../w"].value is not None


@given(st.dictionaries(st.text(max_size=5), st.integers(0, 40), max_size=4))
def test_arrays_come_back(sizes: dict[str, int]) -> None:
    arrays = {name: np.arange(size, dtype=np.int16) for name, size in sizes.items()}
    head, found = unpack(MAGIC, pack(MAGIC, {"a": 1}, arrays))
    assert head == {"a": 1}
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.writeable


def test_what_cannot_be_stored_is_a_bug() -> None:
    with pytest.raises(TypeError, match="object"):
        pack(MAGIC, {}, {"w": np.array([None])})
