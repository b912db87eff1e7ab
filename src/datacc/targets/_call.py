"""Calls a program that datacc built, with Python's standard library alone. Free for any use: 0BSD."""

from __future__ import annotations

import ctypes
import struct
import threading
from functools import partial
from operator import itemgetter
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Any

from ._port import CODES, Port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._port import Rows, Values

__all__ = ["Bound", "Port", "Program"]

NUMBERS: dict[str, Any] = {
    "f": ctypes.c_float,
    "B": ctypes.c_uint8,
    "b": ctypes.c_int8,
    "h": ctypes.c_int16,
    "i": ctypes.c_int32,
}
ALIGN = 64  # bytes


class Program:
    """A loaded library. Several threads may call it at once; each has memory of its own to work in.

    `keeps`: it has states. `width` is the number of one of its widths, None the whole.
    """

    def __init__(
        self, name: str, library: str, inputs: tuple[Port, ...], answers: tuple[Port, ...], *,
        keeps: bool = False, width: int | None = None,
    ) -> None:  # fmt: skip
        self.inputs, self._answers = inputs, answers
        self._input, self._answer = _struct(inputs), _struct(answers)
        try:
            loaded = ctypes.CDLL(str(Path(__file__).parent / library))
        except OSError as error:
            raise ImportError(f"{name} cannot be loaded: {error}") from error
        function = name if width is None else f"{name}_at"
        single, batch = loaded[function], loaded[f"{function}_batch"]
        single.restype = batch.restype = None
        first = () if width is None else (ctypes.c_int(width),)
        pointers = (ctypes.c_void_p,) * (1 + keeps)  # of the state, of the scratch
        batch.argtypes = (*map(type, first), ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, *pointers)
        self._single: Any = partial(single, *first)
        self._call: Any = partial(batch, *first)
        if not getattr(loaded, f"{name}_runs_here")():
            raise ImportError(f"{name} was built for a newer processor than this one")
        self._scratch_bytes = ctypes.c_size_t.in_dll(loaded, f"{name}_scratch_bytes").value
        self._state_bytes = ctypes.c_size_t.in_dll(loaded, f"{name}_state_bytes").value if keeps else 0
        self._numbers = Struct(_format(answers, ctypes.sizeof(self._answer)))
        self._thread = threading.local()

    def one(self, *values: Values) -> tuple[Any, ...]:
        """The answer to one value per input: the numbers of all its members behind each other."""
        try:
            mine: Bound = self._thread.bound
        except AttributeError:
            mine = self._mine()
        return mine.answer(*values)

    def many(self, *rows: Rows) -> Iterator[tuple[Any, ...]]:
        """The answers to rows of every input, as `one` gives them, in one call: the loop is in the library.

        A program with states takes them as one stream.
        """
        data = [port.rows(values) for port, values in zip(self.inputs, rows, strict=True)]
        counts = {len(part) // port.width for port, part in zip(self.inputs, data, strict=True)}
        if len(counts) != 1:
            raise ValueError(f"the inputs have different numbers of rows: {sorted(counts)}")
        count = counts.pop()
        answers = ctypes.create_string_buffer(count * self._numbers.size)
        mine = self._mine()
        mine.state[:] = bytes(len(mine.state))
        self._call(self._together(data, count), answers, count, *mine.memory)
        return self._numbers.iter_unpack(answers.raw[: count * self._numbers.size])

    def windows(self, value: Values, apart: Callable[[bytes, int], list[bytes]]) -> list[tuple[Any, ...]]:
        """The answers to the windows that a text comes `apart` into, as `one` gives them, in their order."""
        rows = self.inputs[0].pieces(value, apart)
        return [self.one(rows[0])] if len(rows) == 1 else list(self.many(rows))

    def bind(self) -> Bound:
        """Memory for one input and its answer that stays where it is, so that a call costs next to nothing."""
        sizes = self._state_bytes, self._scratch_bytes
        return Bound(self._single, self.inputs, self._input, self._answers, self._answer, *sizes)

    def _together(self, data: list[bytes], count: int) -> Any:
        """Rows of all inputs as the library reads them."""
        stride = ctypes.sizeof(self._input)
        if len(data) == 1 and self.inputs[0].width == stride:  # they lie as in the struct, with nothing between
            return data[0]
        inputs = (self._input * count)()
        for k, (port, rows) in enumerate(zip(self.inputs, data, strict=True)):
            address = ctypes.addressof(inputs) + getattr(self._input, f"m{k}").offset
            for i in range(count):
                ctypes.memmove(address + i * stride, rows[i * port.width : (i + 1) * port.width], port.width)
        return inputs

    def _mine(self) -> Bound:
        try:
            mine: Bound = self._thread.bound
        except AttributeError:
            mine = self._thread.bound = self.bind()
        return mine


class Bound:
    """One input, its answer, and what the program works in, in memory that stays; for one thread at a time.

    Fill `inputs`, call it, read `answers`: each maps the name of a member to a writable memoryview of its shape.
    Calls of a program with states go on with one stream; zeros in `state` begin another.
    """

    def __init__(
        self, single: Any, inputs: tuple[Port, ...], input_: Any, answers: tuple[Port, ...], answer: Any,
        state: int, scratch: int,
    ) -> None:  # fmt: skip
        sizes = [ctypes.sizeof(input_), ctypes.sizeof(answer), *([state] if state else []), scratch]
        parts, addresses = _aligned(sizes)
        places = _members(inputs, input_, parts[0]), _members(answers, answer, parts[1])
        self.inputs, self.answers = _shaped(inputs, places[0]), _shaped(answers, places[1])
        self.state = parts[2] if state else memoryview(bytearray())
        self.memory = addresses[2:]  # of state and scratch
        numbers = partial(Struct(_format(answers, sizes[1])).unpack_from, parts[1])
        self.call: Callable[[], None] = partial(single, *map(ctypes.c_void_p, addresses))
        puts = [_put(port, place) for port, place in zip(inputs, places[0], strict=True)]
        self.answer = _answer(puts, self.state, self.call, numbers)  # of one value per input, as a new stream

    def __call__(self) -> dict[str, memoryview]:
        """Answer what `inputs` hold now; the `answers`, which hold it until the next call."""
        self.call()
        return self.answers


def _answer(
    puts: list[Callable[[Any], None]],
    state: memoryview,
    call: Callable[[], None],
    numbers: Callable[[], tuple[Any, ...]],
) -> Callable[..., tuple[Any, ...]]:
    """A function from one value per input to the numbers of the answer; the usual one input without a loop."""
    [put, *others] = puts

    def answer(value: Any) -> tuple[Any, ...]:
        put(value)
        call()
        return numbers()

    def answer_all(*values: Any) -> tuple[Any, ...]:
        state[:] = bytes(len(state))
        for one, value in zip(puts, values, strict=True):
            one(value)
        call()
        return numbers()

    return answer_all if others or state else answer


def _put(port: Port, memory: memoryview) -> Callable[[Any], None]:
    """A function that writes one value of `port` to `memory`: the usual forms at once, all others by way of `port`."""
    code, shape, width = CODES[port.dtype], port.shape, port.width
    assert len(memory) == width
    if port.longer:
        return _put_text(port, memory)
    if port.readers:
        return _put_cells(port, memory)
    shapes = {shape, tuple(n for n in shape if n != 1), (port.elements,)}
    count, pack = port.elements, Struct(f"{port.elements}{code}").pack_into
    columns = itemgetter(*port.columns) if len(port.columns) > 1 else None

    def put(values: Any) -> None:
        kind = type(values)
        try:
            if kind is tuple or kind is list:
                return pack(memory, 0, *values)
            if kind is dict:
                if columns and len(values) == count:
                    return pack(memory, 0, *columns(values))
            else:
                view = memoryview(values)
                if view.format == code and view.shape in shapes and view.c_contiguous:
                    memory[:] = view.cast("B")
                    return None
        except (KeyError, TypeError, struct.error, OverflowError):
            pass  # the long way says what is wrong
        memory[:] = port.row(values)
        return None

    return put


def _put_cells(port: Port, memory: memoryview) -> Callable[[Any], None]:
    """The same of a record whose cells are read one by one."""
    cells = list(zip(port.columns, port.readers, strict=True))
    count, pack = port.elements, Struct(f"{port.elements}f").pack_into

    def put(values: Any) -> None:
        if type(values) is dict and len(values) == count:
            try:
                return pack(memory, 0, *[read(values[column]) for column, read in cells])
            except (KeyError, ValueError):
                pass  # the long way says what is wrong
        memory[:] = port.row(values)
        return None

    return put


def _put_text(port: Port, memory: memoryview) -> Callable[[Any], None]:
    """The same of a text."""

    def put(values: Any) -> None:
        memory[:] = port.row(values)

    return put


def _members(ports: tuple[Port, ...], type_: Any, memory: memoryview) -> list[memoryview]:
    """The bytes of each member."""
    firsts = [getattr(type_, f"m{k}").offset for k in range(len(ports))]
    return [memory[first : first + port.width] for first, port in zip(firsts, ports, strict=True)]


def _shaped(ports: tuple[Port, ...], places: list[memoryview]) -> dict[str, memoryview]:
    """Each member by name, with its type and shape."""
    codes: list[Any] = [CODES[port.dtype] for port in ports]
    return {port.name: place.cast(code, port.shape) for port, code, place in zip(ports, codes, places, strict=True)}


def _aligned(sizes: list[int]) -> tuple[list[memoryview], list[int]]:
    """Zeroed pieces of memory with their addresses, which are multiples of `ALIGN`."""
    steps = [size + -size % ALIGN for size in sizes]
    memory = bytearray(sum(steps) + ALIGN)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    firsts = [-address % ALIGN + sum(steps[:k]) for k in range(len(steps))]
    parts = [memoryview(memory)[first : first + size] for first, size in zip(firsts, sizes, strict=True)]
    return parts, [address + first for first in firsts]


def _format(ports: tuple[Port, ...], size: int) -> str:
    """The numbers of a C struct of `size` bytes with these members, for the module `struct`."""
    members = "".join(f"{port.elements}{CODES[port.dtype]}" for port in ports)
    return f"{members}{size - Struct(members).size}x"


def _struct(ports: tuple[Port, ...]) -> Any:
    """The C struct with these members, called m0, m1, …"""
    fields = [(f"m{k}", NUMBERS[CODES[port.dtype]] * port.elements) for k, port in enumerate(ports)]
    return type("Members", (ctypes.Structure,), {"_fields_": fields})
