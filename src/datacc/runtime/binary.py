"""Linked files of every system: how many bytes are loaded, what they export, and what they expect from others."""

from types import ModuleType
from typing import Final

from datacc.errors import ToolchainError
from datacc.runtime import elf, macho, pe, wasm

READERS: Final = {b"\x7fELF": elf, macho.MAGIC: macho, wasm.MAGIC: wasm, pe.MAGIC: pe}


def reader(data: bytes) -> ModuleType:
    """The module that reads files of this format. Raises `ToolchainError` for another format."""
    for magic, module in READERS.items():
        if data.startswith(magic):
            return module
    raise ToolchainError(f"a file that begins with {data[:4]!r} is neither ELF, Mach-O, PE nor WebAssembly")


def loaded_bytes(data: bytes) -> int:
    """Code, constants, data and the tables that the loader reads."""
    count: int = reader(data).loaded_bytes(data)
    return count


def undefined_symbols(data: bytes) -> tuple[str, ...]:
    """The names that something else would have to define."""
    names: tuple[str, ...] = reader(data).undefined_symbols(data)
    return names


def defined_symbols(data: bytes) -> tuple[str, ...]:
    """The names that others can use."""
    names: tuple[str, ...] = reader(data).defined_symbols(data)
    return names
