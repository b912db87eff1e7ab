"""Calls a program that datacc built, with Python's standard library alone. Free for any use: 0BSD."""

from __future__ import annotations

import ctypes
import platform
import threading
from array import array
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

    from typing_extensions import Buffer  # known to type checkers without being installed

    Values: TypeAlias = Buffer | Sequence[Any] | Mapping[str, float]
    Rows: TypeAlias = Buffer | Sequence[Any]

CODES = {"float32": "f", "uint8": "B", "int8": "b", "int16": "h", "int32": "i"}  # of `array` and of buffers
NUMBERS: dict[str, Any] = {
    "f": ctypes.c_float,
    "B": ctypes.c_uint8,
    "b": ctypes.c_int8,
    "h": ctypes.c_int16,
    "i": ctypes.c_int32,
}
ALIGN = 64  # bytes


class Port(NamedTuple):
    """One member of the input or of the answer; `columns` are the names of the numbers of a record."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    columns: tuple[str, ...] = ()

    @property
    def elements(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def width(self) -> int:
        """The number of bytes."""
        return self.elements * array(CODES[self.dtype]).itemsize

    def row(self, values: Values) -> bytes:
        """One value as the program reads it. Raises `TypeError` or `ValueError` that says what is expected."""
        if self.columns and isinstance(values, Mapping):
            if set(values) != set(self.columns):
                raise self._error(f"columns {', '.join(map(repr, values))}")
            values = [values[name] for name in self.columns]
        data, shape = self._data(values)
        if len(data) != self.width:
            raise self._error(f"{len(data)} bytes" if not shape else _times(shape))
        self._demand_shape(shape)
        return data

    def rows(self, values: Rows) -> bytes:
        """Several values, one after the other."""
        if isinstance(values, (list, tuple)):
            return b"".join(map(self.row, values))
        data, shape = self._data(values)
        if len(data) % self.width:
            raise self._error(f"rows of {len(data)} bytes")
        self._demand_shape(shape[1:])
        return data

    def _error(self, given: str) -> ValueError:
        wanted = f"{self.dtype} {_times(self.shape)}" if not self.columns else f"columns {', '.join(self.columns)}"
        return ValueError(f"{self.name} is {given}; the program takes {wanted}")

    def _demand_shape(self, shape: tuple[int, ...]) -> None:
        """A flat row will do, and axes of length 1 do not count; an empty shape is that of plain bytes."""
        is_flat = len(shape) == 1 and shape[0] == self.elements
        if shape and not is_flat and [n for n in shape if n != 1] != [n for n in self.shape if n != 1]:
            raise self._error(_times(shape))

    def _data(self, values: Values) -> tuple[bytes, tuple[int, ...]]:
        """The elements in the program's type, and the shape in which they came (bytes have none)."""
        if isinstance(values, (bytes, bytearray)):
            return bytes(values), ()
        try:
            view = memoryview(values)  # type: ignore[arg-type]
        except TypeError:
            flat: list[Any] = []
            shape = _flatten(values, flat, self.name)
            return self._converted(flat), shape
        if view.format == CODES[self.dtype]:
            return view.tobytes(), view.shape or ()
        try:
            elements = memoryview(view.tobytes()).cast(view.format)  # type: ignore[call-overload]
        except ValueError:
            raise self._wrong_type(f"elements of format {view.format!r}") from None
        return self._converted(elements), view.shape or ()

    def _converted(self, elements: Any) -> bytes:
        try:
            return array(CODES[self.dtype], elements).tobytes()
        except TypeError as error:
            raise self._wrong_type(str(error)) from None
        except OverflowError as error:
            raise self._error(f"out of range ({error})") from None

    def _wrong_type(self, what: str) -> TypeError:
        return TypeError(f"{self.name}: the program takes {self.dtype}: {what}")


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _flatten(values: Any, flat: list[Any], name: str) -> tuple[int, ...]:
    """Append all numbers of nested lists to `flat`; their shape."""
    if isinstance(values, (str, Mapping)) or not isinstance(values, Sequence):
        raise TypeError(f"{name}: {type(values).__name__} where a buffer or a list of numbers is expected")
    inner: set[tuple[int, ...]] = set()
    for item in values:
        plain = item.tolist() if hasattr(item, "tolist") else item
        if isinstance(plain, (Sequence, Mapping)):
            inner.add(_flatten(plain, flat, name))
        else:
            inner.add(())
            flat.append(plain)
    if len(inner) > 1:
        raise ValueError(f"{name}: the lists in it have different lengths")
    return (len(values), *(inner.pop() if inner else ()))


class Program:
    """A loaded library. Several threads may call it at once; each has memory of its own to work in."""

    def __init__(self, name: str, library: str, inputs: tuple[Port, ...], answers: tuple[Port, ...]) -> None:
        self._inputs = inputs
        self._input, self._answer = _struct(inputs), _struct(answers)
        try:
            loaded = ctypes.CDLL(str(Path(__file__).parent / library))
        except OSError as error:
            raise ImportError(f"{name} cannot be loaded: {error}") from error
        self._call = getattr(loaded, f"{name}_batch")
        self._call.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
        self._call.restype = None
        self._scratch_bytes = ctypes.c_size_t.in_dll(loaded, f"{name}_scratch_bytes").value
        self._thread = threading.local()

    def one(self, *values: Values) -> Any:
        """The answer, with members m0, m1, …, to one value per input."""
        return self._run([port.row(value) for port, value in zip(self._inputs, values, strict=True)], 1)[0]

    def many(self, *rows: Rows) -> Any:
        """The answers to rows of every input, in one call: the loop is in the library."""
        data = [port.rows(values) for port, values in zip(self._inputs, rows, strict=True)]
        counts = {len(part) // port.width for port, part in zip(self._inputs, data, strict=True)}
        if len(counts) != 1:
            raise ValueError(f"the inputs have different numbers of rows: {sorted(counts)}")
        return self._run(data, counts.pop())

    def _run(self, data: list[bytes], count: int) -> Any:
        inputs, answers = (self._input * count)(), (self._answer * count)()
        stride = ctypes.sizeof(self._input)
        for k, (port, rows) in enumerate(zip(self._inputs, data, strict=True)):
            address = ctypes.addressof(inputs) + getattr(self._input, f"m{k}").offset
            if port.width == stride:  # the rows lie as in the struct, with nothing between
                ctypes.memmove(address, rows, len(rows))
                continue
            for i in range(count):
                ctypes.memmove(address + i * stride, rows[i * port.width : (i + 1) * port.width], port.width)
        self._call(inputs, answers, count, self._scratch())
        return answers

    def _scratch(self) -> int:
        if not hasattr(self._thread, "memory"):
            self._thread.memory = ctypes.create_string_buffer(self._scratch_bytes + ALIGN)
        address = ctypes.addressof(self._thread.memory)
        return address + -address % ALIGN


def _struct(ports: tuple[Port, ...]) -> Any:
    """The C struct with these members, called m0, m1, …"""
    fields = [(f"m{k}", NUMBERS[CODES[port.dtype]] * port.elements) for k, port in enumerate(ports)]
    return type("Members", (ctypes.Structure,), {"_fields_": fields})


def demand_processor(name: str, machine: str, needs: str) -> None:
    """Raise `ImportError` where the program could not run: the processor would end Python by a signal.

    Where the system does not list the processor's features (only Linux does), the architecture alone is compared.
    """
    here = platform.machine().lower()
    here = {"amd64": "x86_64", "arm64": "aarch64"}.get(here, here)
    if here != machine:
        raise ImportError(f"{name} was built for {machine}; this processor is {here}")
    missing = sorted(set(needs.split()) - _features()) if _features() else []
    if missing:
        raise ImportError(f"{name} was built for a newer processor; this one lacks {', '.join(missing)}")


def _features() -> set[str]:
    if platform.system() != "Linux":
        return set()
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return set()
    lists = [line.partition(":")[2] for line in lines if line.startswith(("flags", "Features"))]
    return set(lists[0].split()) if lists else set()
