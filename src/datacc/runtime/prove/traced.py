"""What valgrind sees: branches and addresses that depend on the input (memcheck), executed instructions (callgrind)."""

import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from datacc.runtime.prove.proof import Finding, failed, passed, unchecked
from datacc.runtime.prove.rows import ROWS
from datacc.runtime.prove.trial import SOME, Run, Trial

ABSENT: Final = "there is no valgrind on this machine"
_MEMCHECK: Final = "valgrind --tool=memcheck --error-limit=no --undef-value-errors=yes --xml=yes".split()
_CALLGRIND: Final = "valgrind --tool=callgrind --dump-instr=yes --combine-dumps=yes --compress-strings=no".split()
_PART: Final = re.compile(rb"^part: \d+$", re.MULTILINE)
_CALLS: Final = re.compile(rb"^calls=.*\n.*\n", re.MULTILINE)
_TOTAL: Final = re.compile(rb"^summary: (\d+)$", re.MULTILINE)


@cache
def valgrind() -> str:
    """What valgrind calls itself, or nothing."""
    if shutil.which("valgrind") is None:
        return ""
    return subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=False).stdout.strip()


def marked_input(trial: Trial) -> Mapping[str, Finding]:
    """Whether a branch or an address depends on the input, in single calls and in a batch."""
    if not valgrind():
        return dict.fromkeys(("branches", "addresses"), unchecked(ABSENT))
    found: Counter[tuple[str, str]] = Counter()
    for mode in ("undefined", "undefined_batch"):
        run, reports = _memcheck(trial, mode)
        if not run.finished:
            return dict.fromkeys(("branches", "addresses"), unchecked(_stopped(run)))
        found += reports
    return {
        "branches": _depends(found, "UninitCondition", "branch"),
        "addresses": _depends(found, "UninitValue", "address"),
    }


def instructions(trial: Trial, name: str) -> Finding:
    """Whether every input makes the processor execute the same instructions, each as often."""
    if not valgrind():
        return unchecked(ABSENT)
    totals = []
    for mode, symbol, count in (("counts", name, ROWS), ("counts_batch", f"{name}_batch", SOME)):
        run, parts = _callgrind(trial, mode, symbol, count)
        if not run.finished or len(parts) != count:
            return unchecked(_stopped(run))
        counted = Counter(total for total, _ in parts)
        if len(set(parts)) > 1 or 0 in counted:
            least, most = min(counted), max(counted)
            return failed(
                f"{least:,} to {most:,} instructions, {len(set(parts))} different traces", counts=sorted(counted)
            )
        totals.append(parts[0][0])
    words = (
        f"{totals[0]:,} instructions, the same ones each as often, for all {ROWS} inputs; {totals[1]:,} for two at once"
    )
    return passed(words, instructions=totals[0], batch_of_two=totals[1], inputs=ROWS)


def _depends(found: Counter[tuple[str, str]], kind: str, what: str) -> Finding:
    places = sorted({where for one, where in found if one == kind})
    others = sorted({one for one, _ in found} - {"UninitCondition", "UninitValue"})
    if others:
        return failed(f"memcheck reports {', '.join(others)}")
    plural = "branches" if what == "branch" else "addresses"
    if not places:
        return passed(f"0 {plural} depend on the input")
    return failed(f"{len(places)} {plural} depend on the input: {', '.join(places[:8])}", places=places)


def _memcheck(trial: Trial, mode: str) -> tuple[Run, Counter[tuple[str, str]]]:
    """The run, and how many distinct errors of each (kind, place) there were."""
    report = _fresh(trial, mode, ".xml")
    run = trial.run(mode, rows="few", around=[*_MEMCHECK, f"--xml-file={report.name}"])
    errors: Counter[tuple[str, str]] = Counter()
    if run.finished:
        for error in ElementTree.parse(report).getroot().iter("error"):
            errors[error.findtext("kind", ""), _place(error)] += 1
    return run, errors


def _place(error: ElementTree.Element) -> str:
    frame = error.find("stack/frame")
    if frame is None:
        return "?"
    line = f" line {frame.findtext('line')}" if frame.findtext("line") else f" at {frame.findtext('ip', '?')}"
    return frame.findtext("fn", Path(frame.findtext("obj", "?")).name) + line


def _callgrind(trial: Trial, mode: str, symbol: str, count: int) -> tuple[Run, list[tuple[int, bytes]]]:
    """The run, and of every call the number of instructions and a digest of how often each one was executed."""
    file = _fresh(trial, mode, ".out")
    rows = "rows" if count == ROWS else "some"
    run = trial.run(
        mode, rows=rows, around=[*_CALLGRIND, f"--toggle-collect={symbol}", f"--callgrind-out-file={file.name}"]
    )
    if not run.finished:
        return run, []
    parts = _PART.split(file.read_bytes())[1 : count + 1]
    return run, [(int(total[1]), _digest(part)) for part in parts if (total := _TOTAL.search(part))]


def _fresh(trial: Trial, mode: str, suffix: str) -> Path:
    """A file that no other run writes."""
    handle, name = tempfile.mkstemp(prefix=mode, suffix=suffix, dir=trial.folder)
    os.close(handle)
    Path(name).unlink()
    return Path(name)


def _digest(part: bytes) -> bytes:
    """Of each instruction's own count; the head tells the time, and who called it is counted late in the first part."""
    return blake2b(_CALLS.sub(b"", part.partition(b"summary:")[2].partition(b"totals:")[0])).digest()


def _stopped(run: Run) -> str:
    return f"valgrind stopped: {run.errors.strip()[-300:]}"
