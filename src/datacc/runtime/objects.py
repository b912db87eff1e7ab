"""A program's code, its parts side by side, and room for its weights, compiled apart: all is kept as weights change."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from datacc.ir.container import pack, unpack
from datacc.runtime.tables import DECLARED, Tables, beside_tables, filled, marked, read_tables
from datacc.runtime.toolchain import Compiler, run
from datacc.spec.sections import PART, STEPS, WEIGHTS
from datacc.store import Store, canonical, digest

MAGIC: Final = b"DATACCO\n"


class Text(Protocol):
    """The emitted program, as `datacc.emit.Source` is."""

    @property
    def name(self) -> str:
        """The name of the program."""

    @property
    def c(self) -> str:
        """The text of NAME.c."""

    @property
    def header(self) -> str:
        """The text of NAME.h."""


def halves(source: Text) -> tuple[str, Tables]:
    """The C of the code, which only declares the tables of weights, and these; none for a text without such parts.

    The comment at the top, which names the Graph, is not in it.
    """
    code, mark, weights = source.c.partition(WEIGHTS)
    top, steps, rest = code.partition(STEPS)
    if not (mark and steps):
        return source.c, {}
    include = f'#include "{source.name}.h"\n'
    whole = include + top.partition(include)[2] + DECLARED + steps + rest + beside_tables(weights)
    return whole, read_tables(weights)


def compiled(
    compiler: Compiler, flags: Sequence[str], source: Text, folder: Path, kept: Store | None
) -> tuple[list[str], str]:
    """The names in `folder` of object files, one for each part of the code and one of weights; what the compiler said.

    What `kept` has is not compiled again. The header lies in `folder`. Raises `ToolchainError` with the compiler's
    first error.
    """
    code, tables = halves(source)
    before, *parts = code.split(PART)
    units = {f"{source.name}{n or ''}": before + part for n, part in enumerate(parts or [""])}
    weights = {f"{source.name}_weights": marked(tables)} if tables else {}

    def one(unit: tuple[str, str]) -> tuple[bytes, str]:
        return _compiled(compiler, flags, source.header, *unit, folder, kept)

    with ThreadPoolExecutor(len(units) + len(weights)) as pool:
        found = dict(zip([*units, *weights], pool.map(one, {**units, **weights}.items()), strict=True))
    for name, (data, _) in found.items():
        (folder / f"{name}.o").write_bytes(filled(data, tables) if name in weights else data)
    return [f"{name}.o" for name in found], "".join(said for _, said in found.values())


def _compiled(
    compiler: Compiler, flags: Sequence[str], header: str, name: str, code: str, folder: Path, kept: Store | None
) -> tuple[bytes, str]:
    """The object file of `code`, from `kept` if it is there; what the compiler said of it."""
    c, out = f"{name}.c", f"{name}.o"
    key = digest("object 1", canonical([list(flags), compiler.version, c]), header, code)
    found = None if kept is None else kept.get(key)
    if found is not None:
        head, arrays = unpack(MAGIC, found)
        return arrays["object"].tobytes(), str(head["said"])
    (folder / c).write_text(code, encoding="utf-8")
    said = run([*compiler.command, *flags, "-c", c, "-o", out], folder).stderr
    data = (folder / out).read_bytes()
    if kept is not None:
        kept.put(key, pack(MAGIC, {"said": said}, {"object": np.frombuffer(data, np.uint8)}))
    return data, said
