"""The check `python`: a function of the repository's own, run apart and only when it is trusted."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from datacc.calls.ours import environment
from datacc.compiler.checks import CheckKind, Place, Trial
from datacc.compiler.checks._apart import ARRAYS, ASKED, EXAMPLES, HANGS, MOST_PRINTED, TOLD
from datacc.compiler.slices import place_of
from datacc.compiler.verdict import Line
from datacc.errors import RepositoryError, SpecError
from datacc.repo.find import find
from datacc.repo.identity import address
from datacc.repo.snapshot import JUDGE, SPLITS, Snapshot
from datacc.repo.trust import require_trust
from datacc.repo.wishes import CHECKS, running
from datacc.repo.words import counted
from datacc.spec.program import FILE, Check, Field, Program
from datacc.spec.table import Table

SECONDS: Final = 60
MOST_SECONDS: Final = 3600
GRACE: Final = 30  # seconds to start, to load the examples, and to tell where it hangs
ERRORS: Final = "errors"
_FORM: Final = re.compile(rf"({CHECKS}/\w+\.py):([A-Za-z_]\w*)", re.ASCII)
_EXAMPLE: Final = f'python = "{CHECKS}/behaviour.py:steady"'


class PythonKind(CheckKind):
    """Keys: `python`, a file in the repository's folder `checks` and a function in it; `seconds` that it may take."""

    def read(self, table: Table, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> Check:
        """The check that the table asks for; the file is not looked at."""
        table.known(["python", "seconds"])
        name = table.need("python", str, example=_EXAMPLE)
        if not _FORM.fullmatch(name):
            raise table.error(f"{name!r} is no file of {CHECKS}/ and a function in it", "python", [_EXAMPLE])
        seconds = table.get("seconds", int, SECONDS)
        if not 1 <= seconds <= MOST_SECONDS:
            raise table.error(f"seconds must be between 1 and {MOST_SECONDS:,}", "seconds", [f"seconds = {SECONDS}"])
        return Check(options={key: table.values[key] for key in ("python", "seconds") if key in table.values})

    def described(self, check: Check) -> str:
        """The file and the function."""
        return str(check.options["python"])

    def certify(self, check: Check, program: Program, snapshot: Snapshot) -> str:
        """Nothing: what it needs, it says itself."""
        return ""

    def runs(self, check: Check, root: Path) -> Mapping[str, str]:
        """The file and its digest."""
        name, _ = _parts(check)
        return {name: address(_trusted(check, root))}

    def line(self, check: Check, trial: Trial) -> Line:
        """What the function returns, told the learn and tune examples."""
        if trial.place is None:
            raise ValueError("a python check needs the place of the artifact")
        found = _run(check, trial, trial.place)
        text = found["text"] or ("it holds" if found["holds"] else "it does not hold")
        return Line(
            kind="check",
            what=self.described(check),
            wanted="holds",
            reached=text,
            holds=found["holds"],
            closes="" if found["holds"] else f"see {_parts(check)[0]}",
            detail="" if found["holds"] else found["detail"],
        )


def _parts(check: Check) -> tuple[str, str]:
    """The file, as written, and the function."""
    found = _FORM.fullmatch(check.options["python"])
    assert found is not None  # `read` saw to it
    return found[1], found[2]


def _trusted(check: Check, root: Path) -> bytes:
    """The bytes of the file. Raises `SpecError` when it is missing, `TrustError` unless somebody allowed to run it."""
    name, _ = _parts(check)
    where = place_of(check, FILE)
    try:
        repository = find(root)
    except RepositoryError as error:
        what = f"a python check needs a label repository, which remembers what is trusted: {error.what}"
        raise SpecError(what, where=where, tries=error.tries) from error
    path = repository.root / name
    if path.is_symlink() or path.parent.is_symlink() or not path.is_file():
        what = f"there is no file {name} in the repository's folder"
        raise SpecError(what, where=where, tries=["write it", "remove this [[check]]"])
    source = path.read_bytes()
    require_trust(repository, running(name, source))
    return source


def _run(check: Check, trial: Trial, place: Place) -> dict[str, Any]:
    """What the function said: `holds`, `text`, `detail`. It sees a copy of the very bytes that are trusted."""
    name, function = _parts(check)
    source = _trusted(check, place.root)
    seconds = check.options.get("seconds", SECONDS)
    with tempfile.TemporaryDirectory(prefix="datacc-check-") as folder:
        apart = Path(folder)
        (apart / CHECKS).mkdir()
        (apart / name).write_bytes(source)
        _hand_over(trial, apart)
        asked = {"file": name, "function": function, "artifact": str(place.artifact.absolute()), "seconds": seconds}
        (apart / ASKED).write_text(json.dumps(asked), encoding="utf-8")
        code = _call(apart, seconds + GRACE)
        return _told(apart, code, seconds)


def _hand_over(trial: Trial, apart: Path) -> None:
    """Leave the learn and tune examples in the folder: arrays, and all else as JSON. Judge rows are not among them."""
    snapshot = trial.snapshot
    rows = np.flatnonzero(snapshot.splits != JUDGE)
    (apart / ARRAYS).mkdir()
    for name, array in snapshot.inputs.items():
        np.save(apart / ARRAYS / f"{name}.npy", array[rows], allow_pickle=False)
    likeness = trial.likeness
    facts = {
        "ids": [snapshot.ids[row] for row in rows],
        "splits": [SPLITS[snapshot.splits[row]] for row in rows],
        "labels": likeness.decoded(snapshot.labels[trial.field][rows]),
        "classes": likeness.classes,
        "columns": {name: [column[row] for row in rows] for name, column in snapshot.columns.items()},
    }
    (apart / EXAMPLES).write_text(json.dumps(facts), encoding="utf-8")


def _call(apart: Path, seconds: float) -> int | None:
    """Run it in a process of its own, whose prints go nowhere else; its exit code, None when it had to be stopped."""
    command = [sys.executable, "-P", "-m", "datacc.compiler.checks._apart", str(apart)]
    nothing = subprocess.DEVNULL
    with (apart / ERRORS).open("wb") as errors:
        try:
            return subprocess.run(
                command, cwd=apart, env=environment(), timeout=seconds, stdin=nothing, stdout=nothing, stderr=errors
            ).returncode
        except subprocess.TimeoutExpired:
            return None


def _told(apart: Path, code: int | None, seconds: int) -> dict[str, Any]:
    """What it left behind; without an answer, where it hangs or what it died of."""
    try:
        found: dict[str, Any] = json.loads((apart / TOLD).read_text(encoding="utf-8"))
        return found
    except (OSError, ValueError):
        hung = _end(apart / HANGS)
        ended = (
            f"no answer within {counted(seconds, 'second')}"
            if hung or code is None
            else f"it ended with exit code {code}"
        )
        return {"holds": False, "text": ended, "detail": hung or _end(apart / ERRORS)}


def _end(path: Path) -> str:
    """The last characters of a file, none where there is no file."""
    return path.read_bytes()[-MOST_PRINTED:].decode("utf-8", "replace").strip() if path.exists() else ""


ENTRY: Final = PythonKind()
