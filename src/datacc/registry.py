"""The open sets: one file adds a member, found by name and imported only when asked for.

A member is a file in the folder of its kind (`types/image.py` is the type `image`, `skeletons/conv_v1.py` the
skeleton `conv.v1`) that ends in `ENTRY = …`, or an entry point of the group `datacc.<kind>` in another package.
"""

import difflib
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datacc.errors import SpecError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_VERSION = re.compile(r"_v(\d+)$")


def names(kind: str) -> tuple[str, ...]:
    """Every member of `kind`, built in or from an entry point, sorted; nothing is imported."""
    return tuple(sorted({*_built_in(kind), *_outside(kind)}))


def members(kind: str) -> Iterator[Any]:
    """Every member of `kind`, imported one by one; other packages are only looked into after what is built in."""
    yield from (load(kind, name) for name in _built_in(kind))
    yield from (load(kind, name) for name in sorted(_outside(kind).keys() - _built_in(kind).keys()))


def load(kind: str, name: str) -> Any:
    """The member `name` of `kind`, imported on first use.

    Raises `SpecError` with the nearest known names when there is none.
    """
    built_in = _built_in(kind)
    if name in built_in:
        return import_module(f"datacc.{_folder(kind)}.{built_in[name]}".replace("/", ".")).ENTRY
    outside = _outside(kind)
    if name in outside:
        return outside[name].load()
    raise _unknown(kind, name)


def require(kind: str, name: str) -> None:
    """Raises `SpecError` with the nearest known names unless `kind` has a member `name`; nothing is imported."""
    if name not in _built_in(kind) and name not in _outside(kind):
        raise _unknown(kind, name)


def _unknown(kind: str, name: str) -> SpecError:
    return SpecError(f"there is no {kind.rstrip('s')} named {name!r}", tries=_nearest(name, names(kind)))


def _folder(kind: str) -> str:
    return {"lenses": "curate", "checks": "compiler/checks"}.get(kind, kind)


@cache
def _built_in(kind: str) -> dict[str, str]:
    folder = Path(__file__).parent / _folder(kind)
    stems = [path.stem for path in sorted(folder.glob("*.py")) if _is_member(path)]
    return {_VERSION.sub(r".v\1", stem): stem for stem in stems}


def _is_member(path: Path) -> bool:
    return not path.stem.startswith("_") and "\nENTRY" in path.read_text(encoding="utf-8")


def _outside(kind: str) -> dict[str, "EntryPoint"]:
    return _installed().get(f"datacc.{kind}", {})


@cache
def _installed() -> dict[str, dict[str, "EntryPoint"]]:
    """Entry points of all packages by group and name: to look into every package once is enough."""
    every = import_module("importlib.metadata").entry_points()  # a mail reader comes with it, which takes 10 ms
    return {group: {point.name: point for point in every.select(group=group)} for group in every.groups}


def _nearest(name: str, known: tuple[str, ...]) -> list[str]:
    close = difflib.get_close_matches(name, known, n=2, cutoff=0.5) or list(known)
    return [", ".join(repr(k) for k in close)] if close else []
