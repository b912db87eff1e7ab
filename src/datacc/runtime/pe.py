"""Reading a Windows library or program (64-bit PE): what it exports, what it imports, how much is loaded."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAGIC: Final = b"MZ"
_EXPORTS, _IMPORTS = 0, 1  # rows of the directory


@dataclass(frozen=True)
class _Layout:
    """Where the directory's tables are, and how addresses in memory lie in the file."""

    directory: tuple[tuple[int, int], ...]
    sections: tuple[tuple[int, int, int], ...]  # (address, size, offset in the file)

    def offset(self, address: int) -> int:
        for start, size, at in self.sections:
            if start <= address < start + size:
                return address - start + at
        raise ValueError(f"no section holds address {address}")


def loaded_bytes(data: bytes) -> int:
    """The bytes of all sections that are read from the file."""
    return sum(size for _, size, _ in _layout(data).sections)


def undefined_symbols(data: bytes) -> tuple[str, ...]:
    """The functions that other libraries would have to define, each as LIBRARY:NAME."""
    return tuple(_imports(data))


def defined_symbols(data: bytes) -> tuple[str, ...]:
    """The names that the library exports."""
    layout = _layout(data)
    address, size = layout.directory[_EXPORTS]
    if not size:
        return ()
    at = layout.offset(address)
    (count,) = struct.unpack_from("<I", data, at + 24)
    (names,) = struct.unpack_from("<I", data, at + 32)
    table = layout.offset(names)
    return tuple(_text(data, layout.offset(struct.unpack_from("<I", data, table + 4 * i)[0])) for i in range(count))


def _layout(data: bytes) -> _Layout:
    (header,) = struct.unpack_from("<I", data, 0x3C)
    (count,) = struct.unpack_from("<H", data, header + 6)
    (optional,) = struct.unpack_from("<H", data, header + 20)
    begin = header + 24
    (rows,) = struct.unpack_from("<I", data, begin + 108)
    directory = tuple(struct.unpack_from("<II", data, begin + 112 + 8 * i) for i in range(rows))
    sections = []
    for i in range(count):
        virtual, address, size, at = struct.unpack_from("<IIII", data, begin + optional + 40 * i + 8)
        sections.append((address, min(virtual, size) or size, at))
    return _Layout(directory, tuple(sections))


def _imports(data: bytes) -> Iterator[str]:
    layout = _layout(data)
    address, size = layout.directory[_IMPORTS]
    if not size:
        return
    at = layout.offset(address)
    while True:
        names, _, _, library, _ = struct.unpack_from("<IIIII", data, at)
        if not library:
            return
        entry = layout.offset(names)
        while (name := struct.unpack_from("<Q", data, entry)[0]) != 0:
            function = f"#{name & 0xFFFF}" if name >> 63 else _text(data, layout.offset(name) + 2)
            yield f"{_text(data, layout.offset(library))}:{function}"
            entry += 8
        at += 20


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode()
