"""The gallery's programs, fetched, imported and built by the commands that a user types; kept for a quick bench."""

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from datacc.compiler.cache import cache
from datacc.compiler.produce import Draft, write
from datacc.ir.file import load as load_graph
from datacc.registry import load
from datacc.repo.snapshot import Snapshot
from datacc.runtime.load import Loaded
from datacc.runtime.load import load as load_program
from datacc.spec.read import read_program

from .process import ROOT, Cost, cost, datacc

PLACE = ROOT / "build" / "bench"
SOURCES = {"digits": "digits.npz", "tumours": "tumours.csv"}
TEXTS = {"languages": "languages.csv", "names": "names.csv", "packages": "packages.csv"}
MARK = "built.json"


@dataclass(frozen=True, kw_only=True)
class Built:
    """A built program: its label repository, and what import and build cost."""

    name: str
    root: Path
    imported: Cost
    built: Cost

    @property
    def artifact(self) -> Path:
        """The folder that the build left."""
        return self.root / "build" / self.name

    @property
    def report(self) -> dict[str, Any]:
        """What the build reported: of judge, aggregates only."""
        found: dict[str, Any] = json.loads((self.artifact / "report.json").read_text(encoding="utf-8"))
        return found

    @property
    def program(self) -> Loaded:
        """The program, loaded as `datacc.load` does."""
        return load_program(self.artifact)

    @property
    def wheel(self) -> Path:
        """The wheel in the artifact."""
        [found] = self.artifact.glob("*.whl")
        return found

    @cached_property
    def draft(self) -> Draft:
        """The program again from its stored Graph up to the C: what ONNX export and linking begin with."""
        graph = load_graph((self.artifact / "graph.dcc").read_bytes())
        return write(graph, self.program.interface)

    @cached_property
    def snapshot(self) -> Snapshot:
        """The examples as the build froze them; no judge label is in it."""
        program, store = read_program(self.root / "datacc.toml"), cache(self.root)
        found: Snapshot = load("sources", "repository").snapshot(program, self.root, None, store)
        return found


def built(sources: Mapping[str, str] = SOURCES, *, fresh: bool) -> tuple[Built, ...]:
    """Programs of the gallery, by the file that each is fetched into: all built now, one after the other; or those that
    an earlier run left for the same sources, and the missing ones at the same time, which makes their times useless.
    """
    state = _digest()

    def one(name: str) -> Built:
        return (None if fresh else _kept(name, state)) or _build(name, sources[name], state)

    with ThreadPoolExecutor(1 if fresh else len(sources)) as pool:
        return tuple(pool.map(one, sources))


def _kept(name: str, state: str) -> Built | None:
    mark = PLACE / name / MARK
    told = json.loads(mark.read_text()) if mark.exists() else {}
    if told.get("state") != state:
        return None
    return Built(name=name, root=PLACE / name / name, imported=Cost(**told["imported"]), built=Cost(**told["built"]))


def _build(name: str, source: str, state: str) -> Built:
    place, home = PLACE / name, ROOT / "gallery" / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    cost([sys.executable, home / "fetch.py", place], place)
    datacc(place, "new", name, "--program", home / "datacc.toml")
    imported = datacc(place / name, "import", place / source)
    whole = datacc(place / name, "build")
    told = {"state": state, "imported": asdict(imported), "built": asdict(whole)}
    (place / MARK).write_text(json.dumps(told))
    return Built(name=name, root=place / name, imported=imported, built=whole)


def _digest() -> str:
    """A digest of everything that decides what a build gives and how long it takes, but for other packages."""
    state = hashlib.sha256()
    for folder in ("src/datacc", "gallery"):
        for path in sorted((ROOT / folder).rglob("*.*")):
            if path.suffix in {".py", ".toml"}:
                state.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return state.hexdigest()
