"""Reading a WebAssembly module: what it exports, what it imports."""

from collections.abc import Iterator
from typing import Final

MAGIC: Final = b"\0asm"
_IMPORTS, _EXPORTS = 2, 7  # section ids


def loaded_bytes(data: bytes) -> int:
    """All bytes but those of custom sections, which carry names and notes."""
    return len(data) - sum(size for kind, _, size in _sections(data) if kind == 0)


def undefined_symbols(data: bytes) -> tuple[str, ...]:
    """What the embedder would have to provide: `("…",)` with the count, since a program imports nothing."""
    counts = [_number(data, at)[0] for kind, at, _ in _sections(data) if kind == _IMPORTS]
    return tuple(f"import {i}" for i in range(sum(counts)))


def defined_symbols(data: bytes) -> tuple[str, ...]:
    """The names of exported functions, memories and globals."""
    names = []
    for kind, at, _ in _sections(data):
        if kind != _EXPORTS:
            continue
        count, at = _number(data, at)
        for _ in range(count):
            size, at = _number(data, at)
            names.append(data[at : at + size].decode())
            at += size + 1  # the kind of what is exported
            _, at = _number(data, at)
    return tuple(names)


def _sections(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(id, first byte, size) of every section."""
    at = 8
    while at < len(data):
        kind = data[at]
        size, at = _number(data, at + 1)
        yield kind, at, size
        at += size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number and the position after it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
