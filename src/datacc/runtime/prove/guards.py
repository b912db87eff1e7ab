"""What the program does to memory and to the system: guard pages, rubbish, traps, and counts of page faults."""

from collections.abc import Mapping
from typing import Final

from datacc.runtime.prove.proof import Finding, failed, passed, unchecked
from datacc.runtime.prove.rows import ROWS
from datacc.runtime.prove.trial import Run, Trial

CALLS: Final = 10_000
_AREAS: Final = ("input", "answer", "scratch", "state")


def guarded(trial: Trial) -> Mapping[str, Finding]:
    """Heap and system calls, memory, and stack: four runs of every row between guard pages."""
    run = trial.run("guarded", number=trial.stack)
    return {"heap": _heap(run), "memory": _memory(run), "stack": _stack(run, trial.stack)}


def page_faults(trial: Trial, calls: int = CALLS) -> Finding:
    """No page fault in `calls` calls after a warm-up; the best of three rounds, since the system has faults too."""
    run = trial.run("faults", number=calls)
    if not run.finished:
        return unchecked(_stopped(run))
    least = min(run.said["faults"])
    words = f"{least} page faults in {calls:,} calls after {ROWS} to warm up"
    return (failed if least else passed)(words, faults=least, calls=calls)


def _heap(run: Run) -> Finding:
    if "call" in run.said:
        return failed(f"it made system call {run.said['call'][0]}")
    if not run.finished:
        return unchecked(_stopped(run))
    if run.said["heap"][0]:
        return failed(f"{run.said['heap'][0]} heap calls were trapped")
    if run.said["locked"] != (1,):
        return unchecked("0 heap calls were trapped, but this system does not let a process lock out system calls")
    return passed(f"0 heap calls and 0 system calls in {4 * ROWS} calls")


def _memory(run: Run) -> Finding:
    for name in _AREAS:
        if name in run.said:
            at, size = run.said[name]
            return failed(f"it touched byte {at} of the {name}, which has {size}")
    if not run.finished:
        return unchecked(_stopped(run))
    faults = {
        "outside": "bytes outside were changed",
        "spoilt": "the input was changed",
        "unlike": "the answer depends on what the scratch held before",
    }
    found = [words for key, words in faults.items() if run.said[key][0]]
    if found:
        return failed("; ".join(found))
    return passed(f"{4 * ROWS} calls touched nothing else, whatever the scratch held before")


def _stack(run: Run, bound: int) -> Finding:
    if not bound:
        return unchecked("no bound is known")
    if "stack" in run.said:
        return failed(f"it went {run.said['stack'][1] - run.said['stack'][0]:,} bytes deep; {bound:,} were planned")
    if not run.finished:
        return unchecked(_stopped(run))
    deep = run.said["deepest"][0]
    return passed(f"{deep:,} bytes deep; {bound:,} were planned", measured=deep, planned=bound)


def _stopped(run: Run) -> str:
    signal = run.said.get("signal", (-run.code,))[0]
    return f"the run stopped (signal {signal}) {run.errors.strip()[-200:]}".strip()
