"""Reading a shared library: how many bytes of it are loaded, and which symbols it expects from others."""

import struct
from collections.abc import Iterator
from typing import Final

from datacc.frozen import frozen

_ALLOCATED: Final = 2  # SHF_ALLOC
_NO_BITS: Final = 8  # SHT_NOBITS: zeros that take no space in the file
_DYNAMIC_SYMBOLS: Final = 11  # SHT_DYNSYM
_LOAD: Final = 1  # PT_LOAD
_WRITE: Final = 2  # PF_W
_PROTECTED: Final = 0x6474E552  # PT_GNU_RELRO


@frozen
class Section:
    """One row of the section table of a 64-bit little-endian ELF file."""

    kind: int
    flags: int
    offset: int
    size: int
    link: int


def sections(data: bytes) -> tuple[Section, ...]:
    """All sections."""
    (table,) = struct.unpack_from("<Q", data, 0x28)
    width, count = struct.unpack_from("<HH", data, 0x3A)
    rows = (struct.unpack_from("<IIQQQQI", data, table + i * width) for i in range(count))
    return tuple(
        Section(kind=kind, flags=flags, offset=offset, size=size, link=link)
        for _, kind, flags, _, offset, size, link in rows
    )


def loaded_bytes(data: bytes) -> int:
    """Code, constants, data and the tables that the loader reads."""
    return sum(s.size for s in sections(data) if s.flags & _ALLOCATED and s.kind != _NO_BITS)


def undefined_symbols(data: bytes) -> tuple[str, ...]:
    """The names that another library would have to define."""
    return tuple(name for name, section in _symbols(data) if section == 0 and name)


def defined_symbols(data: bytes) -> tuple[str, ...]:
    """The names that the library exports."""
    return tuple(name for name, section in _symbols(data) if section != 0)


def _symbols(data: bytes) -> Iterator[tuple[str, int]]:
    """(name, index of the section that defines it, 0 for none) of every dynamic symbol."""
    table = sections(data)
    for section in table:
        if section.kind != _DYNAMIC_SYMBOLS:
            continue
        names = table[section.link].offset
        for at in range(section.offset, section.offset + section.size, 24):
            name, _, _, defined_in = struct.unpack_from("<IBBH", data, at)
            begin = names + name
            yield data[begin : data.index(b"\0", begin)].decode(), defined_in


def kept_bytes(data: bytes) -> int:
    """The bytes that stay writable once the loader is done: those of writable segments outside the protected one."""
    (table,) = struct.unpack_from("<Q", data, 0x20)
    width, count = struct.unpack_from("<HH", data, 0x36)
    rows = [struct.unpack_from("<IIQQQQQQ", data, table + i * width) for i in range(count)]
    written: int = sum(size for kind, flags, _, _, _, _, size, _ in rows if kind == _LOAD and flags & _WRITE)
    protected: int = sum(row[6] for row in rows if row[0] == _PROTECTED)
    return max(0, written - protected)


def number(data: bytes, symbol: str) -> int:
    """The 64-bit number that an exported symbol names. Raises `KeyError` when the library has no such symbol."""
    (table,) = struct.unpack_from("<Q", data, 0x20)
    width, count = struct.unpack_from("<HH", data, 0x36)
    at = dict(_values(data))[symbol]
    for i in range(count):
        kind, _, offset, address, _, size, _, _ = struct.unpack_from("<IIQQQQQQ", data, table + i * width)
        if kind == _LOAD and address <= at < address + size:
            (found,) = struct.unpack_from("<Q", data, offset + at - address)
            return int(found)
    raise KeyError(symbol)


def _values(data: bytes) -> Iterator[tuple[str, int]]:
    """(name, address) of every dynamic symbol."""
    table = sections(data)
    for section in table:
        if section.kind == _DYNAMIC_SYMBOLS:
            for at in range(section.offset, section.offset + section.size, 24):
                name, _, _, _, address = struct.unpack_from("<IBBHQ", data, at)
                begin = table[section.link].offset + name
                yield data[begin : data.index(b"\0", begin)].decode(), address
