"""Reading a macOS library (64-bit Mach-O): what it exports, what it expects from others, how much is loaded."""

import struct
from collections.abc import Iterator
from typing import Final

MAGIC: Final = b"\xcf\xfa\xed\xfe"
_SEGMENT, _SYMBOLS = 0x19, 0x2  # LC_SEGMENT_64, LC_SYMTAB
_DYLIB: Final = (0xC, 0x80000018, 0x8000001F)  # load commands that name another library
_LOADER: Final = frozenset({"dyld_stub_binder"})  # linkers name it in every library
_STAB, _TYPE, _EXTERNAL = 0xE0, 0x0E, 0x01


def loaded_bytes(data: bytes) -> int:
    """The bytes of all segments but the one that holds link-time tables."""
    total = 0
    for kind, at in _commands(data):
        if kind == _SEGMENT:
            name, _, _, _, size = struct.unpack_from("<16sQQQQ", data, at + 8)
            total += 0 if name.rstrip(b"\0") == b"__LINKEDIT" else size
    return total


def undefined_symbols(data: bytes) -> tuple[str, ...]:
    """The names that another library would have to define, but for the loader's own."""
    return tuple(name for name, is_defined in _symbols(data) if not is_defined and name not in _LOADER)


def defined_symbols(data: bytes) -> tuple[str, ...]:
    """The names that the library exports, as C knows them."""
    return tuple(name.removeprefix("_") for name, is_defined in _symbols(data) if is_defined)


def needed_libraries(data: bytes) -> tuple[str, ...]:
    """The libraries that the loader must find first."""
    found = []
    for kind, at in _commands(data):
        if kind in _DYLIB:
            (offset,) = struct.unpack_from("<I", data, at + 8)
            begin = at + offset
            found.append(data[begin : data.index(b"\0", begin)].decode())
    return tuple(found)


def _commands(data: bytes) -> Iterator[tuple[int, int]]:
    """(kind, offset) of every load command."""
    (count,) = struct.unpack_from("<I", data, 16)
    at = 32
    for _ in range(count):
        kind, size = struct.unpack_from("<II", data, at)
        yield kind, at
        at += size


def _symbols(data: bytes) -> Iterator[tuple[str, bool]]:
    """(name, is it defined here) of every external symbol."""
    for kind, at in _commands(data):
        if kind != _SYMBOLS:
            continue
        first, count, names, _ = struct.unpack_from("<IIII", data, at + 8)
        for i in range(count):
            name, flags, _, _, _ = struct.unpack_from("<IBBHQ", data, first + 16 * i)
            if not flags & _STAB and flags & _EXTERNAL:
                begin = names + name
                yield data[begin : data.index(b"\0", begin)].decode(), bool(flags & _TYPE)
