"""Calling a linked program on arrays: rows are packed by NumPy, the loop over them is the program's own."""

import ctypes
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError, ToolchainError
from datacc.runtime.bound import Bound, aligned, row_type
from datacc.runtime.machine import demand_cpu
from datacc.spec.interface import Interface


class Native:
    """A loaded library. Several threads may call it at once; each has its own scratch memory.

    `scratch` is the size in bytes of that memory; None asks the library. `width` is the number of one of the
    interface's widths, None: the whole. Raises `ToolchainError` when this processor is older than the program needs, or
    when the file is not the library of this interface.
    """

    def __init__(
        self, library: Path, interface: Interface, scratch: int | None = None, width: int | None = None
    ) -> None:
        demand_cpu(interface.cpu, library.name)
        self.interface = interface
        self.input_row = row_type(interface.inputs)
        self.answer_row = row_type(interface.answers)
        self.state_row = row_type(interface.states)
        try:
            loaded = ctypes.CDLL(str(library.resolve()))
            name = interface.name if width is None else f"{interface.name}_at"
            single, batch = loaded[name], loaded[f"{name}_batch"]
            asked = ctypes.c_size_t.in_dll(loaded, f"{interface.name}_scratch_bytes").value
        except (OSError, AttributeError, ValueError) as error:
            raise ToolchainError(f"not a library of {interface.name}: {error}", where=str(library)) from error
        pointers = (ctypes.c_void_p,) * (2 if interface.states else 1)  # the state, the scratch
        first = () if width is None else (ctypes.c_int,)
        batch.argtypes = (*first, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, *pointers)
        batch.restype = None
        self.single: Any = single if width is None else partial(single, ctypes.c_int(width))
        self._batch: Any = batch if width is None else partial(batch, width)
        self._library, self._asked = library, scratch
        self.scratch_bytes = max(asked, scratch or 0)
        self._thread = threading.local()

    def at(self, width: float) -> "Native":
        """The same program at one of its widths. Raises `DataError` when it has no such width."""
        if width not in self.interface.widths:
            known = ", ".join(f"{one:g}" for one in self.interface.widths) or "its whole width alone"
            raise DataError(f"{self.interface.name} has no width {width:g}", tries=[known])
        return Native(self._library, self.interface, self._asked, self.interface.widths.index(width))

    @property
    def scratch(self) -> NDArray[np.float32]:
        """This thread's scratch memory, 64-byte aligned; what it holds between calls has no meaning."""
        if not hasattr(self._thread, "scratch"):
            self._thread.scratch = aligned(self.scratch_bytes).view(np.float32)
        scratch: NDArray[np.float32] = self._thread.scratch
        return scratch

    def pack(self, inputs: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Rows as the program reads them, shape (N,), from arrays (N, *shape) by input name.

        Raises `DataError` when an input is missing or has another shape or element type.
        """
        ports = self.interface.inputs
        unknown = sorted(set(inputs) ^ {port.name for port in ports})
        if unknown:
            raise DataError(f"the inputs are {[port.name for port in ports]}; {unknown} do not fit")
        arrays = {port.name: np.asarray(inputs[port.name]) for port in ports}
        counts = {len(array) if array.ndim else 0 for array in arrays.values()}
        if len(counts) != 1:
            raise DataError("the inputs have different numbers of rows")
        for port in ports:
            array = arrays[port.name]
            if array.shape[1:] != port.shape or not _fits(array.dtype, np.dtype(port.dtype)):
                given = f"{array.dtype} {array.shape[1:]}"
                raise DataError(f"a row is {given}; the program takes {port.dtype} {port.shape}", where=port.name)
        return self._rows(arrays, counts.pop())

    def _rows(self, arrays: Mapping[str, NDArray[Any]], count: int) -> NDArray[Any]:
        """Arrays that fit as rows: the very array where it already lies as they do, otherwise a copy."""
        [port, *others] = self.interface.inputs
        array = arrays[port.name]
        lies_so = array.dtype == port.dtype and array.flags.c_contiguous and array.flags.aligned
        if count and lies_so and not others and array[0].nbytes == self.input_row.itemsize:
            return array.reshape(count, -1).view(self.input_row).reshape(count)
        rows = np.zeros(count, self.input_row)
        for name, given in arrays.items():
            rows[name] = given
        return rows

    def bind(self, array: NDArray[Any] | None = None) -> Bound:
        """Memory for one input and its answer that stays, for one thread: a call through it costs next to nothing.

        `array` (*shape) is read in place at every call. Raises `DataError` where it cannot be.
        """
        return Bound(self.single, self.input_row, self.answer_row, self.state_row, self.scratch_bytes, array)

    def stream(self) -> NDArray[Any]:
        """What the calls of one stream leave to each other, shape (1,): all zero, as before the first of them."""
        return np.zeros(1, self.state_row)

    def run(self, rows: NDArray[Any], answers: NDArray[Any], stream: NDArray[Any] | None = None) -> None:
        """Answer packed rows (N,) into `answers` (N,): one call, the loop is in the library.

        Rows of a program with states are one stream: the next rows of `stream`, which is changed, or a new one.
        """
        kept = [(self.stream() if stream is None else stream)] if self.interface.states else []
        pointers = [array.ctypes.data for array in (*kept, self.scratch)]
        self._batch(rows.ctypes.data, answers.ctypes.data, len(rows), *pointers)

    def batch(self, inputs: Mapping[str, NDArray[Any]], stream: NDArray[Any] | None = None) -> dict[str, NDArray[Any]]:
        """The answers by port, each (N, *shape), to inputs (N, *shape). Raises `DataError` when they do not fit."""
        rows = self.pack(inputs)
        answers = np.empty(len(rows), self.answer_row)
        self.run(rows, answers, stream)
        return {port.name: answers[port.name] for port in self.interface.answers}


def _fits(given: np.dtype[Any], wanted: np.dtype[Any]) -> bool:
    """Whether every number of one type can stand in the other; floats may lose digits, integers nothing."""
    return np.can_cast(given, wanted, "same_kind" if wanted.kind == "f" else "safe")
