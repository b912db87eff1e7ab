"""Bound memory: what it holds is answered as a batch answers it, an array is read where it lies, others are refused."""

from pathlib import Path

import numpy as np
import pytest

from datacc.errors import DataError
from datacc.runtime.load import Loaded
from datacc.runtime.native import Native
from tests.emit.compiled import compiled
from tests.emit.nets import Net, digits
from tests.ir.graphs import inputs_for

GRAPH = digits((8,), 12, 4)


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Native:
    return compiled(GRAPH, tmp_path_factory.mktemp("bound"))


def test_an_array_is_read_where_it_lies(native: Native) -> None:
    pictures = inputs_for(GRAPH, 5)["picture"]
    expected = native.batch({"picture": pictures})
    picture = pictures[0].copy()
    bound = Loaded(native).bind(picture)
    assert bound.inputs["picture"] is picture
    for n, row in enumerate(pictures):
        picture[...] = row
        assert bound() is bound.answers
        for name, answers in expected.items():
            np.testing.assert_array_equal(bound.answers[name], answers[n])


def test_memory_of_its_own_for_several_inputs(tmp_path: Path) -> None:
    net = Net()
    parts = [net.b.op("cast", f"float_{t}", net.b.input(f"in_{t}", t, (3,))) for t in ("uint8", "int16")]
    graph = net.b.graph({"joined": net.b.op("concat", "joined", *parts, axis=0)})
    bound = compiled(graph, tmp_path).bind()
    bound.inputs["in_uint8"][...] = [1, 2, 255]
    bound.inputs["in_int16"][...] = [-5, 0, 30_000]
    assert bound()["joined"].tolist() == [1, 2, 255, -5, 0, 30_000]
    with pytest.raises(DataError, match="in_uint8, in_int16"):
        compiled(graph, tmp_path).bind(np.zeros(3, np.uint8))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((12, 12), np.uint8),
        np.zeros((12, 12, 1), np.float32),
        np.zeros((24, 12, 1), np.uint8)[::2],
        [[0]],
    ],
)
def test_what_cannot_be_read_in_place_is_refused(native: Native, array: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"takes a contiguous array of uint8 \(12, 12, 1\)"):
        native.bind(array)


def test_its_memory_is_aligned(native: Native) -> None:
    bound = native.bind()
    for array in (*bound.inputs.values(), bound.answers["label"]):
        assert array.ctypes.data % 64 == 0


def test_rows_that_lie_as_the_program_reads_them_are_not_copied(native: Native) -> None:
    pictures = inputs_for(GRAPH, 5)["picture"]
    assert np.shares_memory(native.pack({"picture": pictures}), pictures)
    assert not np.shares_memory(native.pack({"picture": pictures[::2]}), pictures)
    assert not np.shares_memory(native.pack({"picture": pictures[..., ::-1, :]}), pictures)
