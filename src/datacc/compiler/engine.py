"""Which back end does a fit: the one that is asked for, else the first that covers it."""

from dataclasses import replace
from importlib import import_module
from typing import Any, Final

from datacc.errors import GraphError, MissingExtra, SpecError
from datacc.fit import BackEnd, Examples, Fitted, Recipe, Rounding, Start, Watch
from datacc.fit.checkpoint import Checkpoint
from datacc.fit.driver import fit
from datacc.frozen import frozen
from datacc.ir.graph import Graph
from datacc.registry import load, names
from datacc.runtime.machine import processors

FIRST: Final = "native"
LAST: Final = "torch"  # covers everything, and takes seconds to import: it is never imported only to be asked


@frozen
class Engine:
    """A back end that is not loaded before it is needed: its name, its version, and why no other was taken.

    One that was `asked` for by name is asked in turn what it lacks when it cannot fit, since that costs something.
    """

    name: str
    version: str
    why: str = ""
    asked: bool = False

    def fit(
        self,
        graph: Graph,
        learn: Examples,
        tune: Examples,
        recipe: Recipe,
        seed: int,
        *,
        watch: Watch | None = None,
        rounding: Rounding | None = None,
        checkpoint: Checkpoint | None = None,
        start: Start | None = None,
        asked: Examples | None = None,
    ) -> Fitted:
        """`datacc.fit.driver.fit` with this back end. Raises `SpecError` when it does not cover the fit."""
        back_end = _member(self.name, self.why)
        recipe = replace(recipe, threads=processors()) if back_end.steady else recipe
        try:
            return fit(
                back_end,
                graph,
                learn,
                tune,
                recipe,
                seed,
                watch=watch,
                rounding=rounding,
                checkpoint=checkpoint,
                start=start,
                asked=asked,
            )
        except GraphError as error:
            lacks = back_end.lacks(graph, rounding) if self.asked else ""
            if not lacks:
                raise
            tries = [f'backend = "{LAST}" under [fit] in datacc.toml, and datacc build --search']
            raise SpecError(f"{self.name} does not fit {lacks}", tries=tries) from error


def engine(asked: str | None, graph: Graph, rounding: Rounding | None = None) -> Engine:
    """The back end `asked` for, by name or as a lock says it ("torch 2.13.0"); None: the first that covers the fit.

    A rounding that the one asked for does not know is left to torch. Raises `MissingExtra` when what it stands on is
    not installed.
    """
    if asked is not None and rounding is None:
        name = asked.split(" ")[0].rstrip(",")
        return Engine(name=name, version=_version(name, ""), asked=True)
    name, why = _choose(asked.split(" ")[0].rstrip(",") if asked else None, graph, rounding)
    return Engine(name=name, version=_version(name, why), why=why)


def _choose(asked: str | None, graph: Graph, rounding: Rounding | None) -> tuple[str, str]:
    """The name of a back end, and why the preferred one was passed over."""
    first = asked or (FIRST if FIRST in names("fit") else LAST)
    if first == LAST:
        return LAST, ""
    lacks = _member(first, "").lacks(graph, rounding)
    return (LAST, f"{first} does not fit {lacks}") if lacks else (first, "")


def _member(name: str, why: str) -> BackEnd:
    try:
        found: BackEnd = load("fit", name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise _missing(name, why) from error
    return found


def _version(name: str, why: str) -> str:
    if name != LAST:
        return _member(name, why).version
    metadata: Any = import_module("importlib.metadata")  # takes 10 ms, which no other back end need pay
    try:
        return f"{name} {metadata.version(name).split('+')[0]}"
    except metadata.PackageNotFoundError as error:
        raise _missing(name, why) from error


def _missing(name: str, why: str) -> MissingExtra:
    since = f" ({why})" if why else ""
    return MissingExtra(f"fitting needs {name}, which is not installed{since}", tries=["pip install 'datacc[fit]'"])
