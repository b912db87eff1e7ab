"""A program's code, its parts side by side, and its weights, compiled by themselves: code is kept as weights change."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from datacc.ir.container import pack, unpack
from datacc.runtime.toolchain import Compiler, run
from datacc.spec.sections import PART, STEPS, WEIGHTS, WORD
from datacc.store import Store, canonical, digest

MAGIC: Final = b"DATACCO\n"
_TABLE: Final = '__attribute__((visibility("hidden"), aligned(64))) const'


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


def halves(source: Text) -> tuple[str, str]:
    """The C of the code and that of the weights, which the code only declares; "" for a text without such parts.

    The comment at the top, which names the Graph, is in neither.
    """
    code, mark, weights = source.c.partition(WEIGHTS)
    top, steps, rest = code.partition(STEPS)
    if not (mark and steps):
        return source.c, ""
    include = f'#include "{source.name}.h"\n'
    declared = f"#undef {WORD}\n#define {WORD} extern {_TABLE}\n\n"
    return include + top.partition(include)[2] + declared + steps + rest, f"{include}#define {WORD} {_TABLE}\n{weights}"


def compiled(
    compiler: Compiler, flags: Sequence[str], source: Text, code: str, folder: Path, kept: Store | None
) -> tuple[list[str], str]:
    """The names in `folder` of the object files of `code`, one for each part, and what the compiler said of them.

    The header lies in `folder`. Raises `ToolchainError` with the compiler's first error.
    """
    before, *parts = code.split(PART)
    units = {f"{source.name}{n or ''}": before + part for n, part in enumerate(parts or [""])}

    def one(name: str) -> str:
        return _compiled(compiler, flags, source.header, name, units[name], folder, kept)

    with ThreadPoolExecutor(len(units)) as pool:
        said = list(pool.map(one, units))
    return [f"{name}.o" for name in units], "".join(said)


def _compiled(
    compiler: Compiler, flags: Sequence[str], header: str, name: str, code: str, folder: Path, kept: Store | None
) -> str:
    """Leave NAME.o in `folder`, from `kept` if it is there; what the compiler said of it."""
    c, out = f"{name}.c", f"{name}.o"
    key = digest("object 1", canonical([list(flags), compiler.version, c]), header, code)
    found = None if kept is None else kept.get(key)
    if found is not None:
        head, arrays = unpack(MAGIC, found)
        (folder / out).write_bytes(arrays["object"].tobytes())
        return str(head["said"])
    (folder / c).write_text(code, encoding="utf-8")
    said = run([*compiler.command, *flags, "-c", c, "-o", out], folder).stderr
    if kept is not None:
        data = np.frombuffer((folder / out).read_bytes(), np.uint8)
        kept.put(key, pack(MAGIC, {"said": said}, {"object": data}))
    return said
