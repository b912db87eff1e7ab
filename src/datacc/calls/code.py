"""Find the code of a function without running any of it, and name it by its digest."""

import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from datacc.errors import UsageError
from datacc.frozen import frozen
from datacc.store import digest

_NAME: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_CODE: Final = frozenset({".py", ".so", ".pyd"})


@frozen
class Code:
    """A function by name, `files` of the top package or module that it is in, and the digest of all of them."""

    function: str
    files: tuple[Path, ...]
    digest: str

    @property
    def running(self) -> str:
        """What has to be trusted before it is called."""
        return f"call {self.function} ({self.digest})"


def code_of(function: str, root: Path) -> Code:
    """The code of "module:function", looked for in the folder `root` first, then where this Python looks.

    What the module imports from elsewhere is not part of it. Raises `UsageError` where there is no such code.
    """
    if not _NAME.fullmatch(function):
        tries = ["datacc port package.module:function --inputs calls.csv"]
        raise UsageError(f"{function!r} is not MODULE:FUNCTION", tries=tries)
    module = function.partition(":")[0]
    top = module.partition(".")[0]
    found = PathFinder.find_spec(top, [str(root), *sys.path])
    named = (found.submodule_search_locations or [found.origin or ""]) if found else []
    places = [Path(one) for one in named if one]
    files = tuple(sorted(file for place in places for file in _files(place)))
    if not files:
        what = f"there is no code of a module {top} in {root}, nor among what is installed"
        tries = ["cd to the folder that it is in", "a builtin needs a function of your own that calls it"]
        raise UsageError(what, where=function, tries=tries)
    if module.endswith(".py") and any(file.name == f"{top}.py" for file in files):
        raise UsageError(f"{module} is a file; its module is {top}", where=function, tries=[_of_module(function)])
    return Code(function=function, files=files, digest=digest_of(files))


def _of_module(function: str) -> str:
    """The name of a function, said without the ending of its file."""
    module, _, name = function.partition(":")
    return f"datacc port {module.removesuffix('.py')}:{name}"


def digest_of(files: tuple[Path, ...]) -> str:
    """The digest of files by name and content, wherever they lie."""
    above = Path(*_shared([file.parent.parts for file in files]))
    return digest(*(part for file in files for part in (file.relative_to(above).as_posix(), file.read_bytes())))


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return [file for file in place.rglob("*") if file.suffix in _CODE and file.is_file()]


def _shared(parts: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The first parts that all have in common."""
    same = []
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            break
        same.append(level[0])
    return tuple(same)
