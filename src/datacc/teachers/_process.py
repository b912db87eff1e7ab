"""Questions and answers as JSON lines, to and from a process, which may answer in any order."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Final

from datacc.errors import TeacherError
from datacc.spec.program import Field
from datacc.teachers import Answer, Question, is_shares, told

MOST_LINE: Final = 1_000_000  # characters of an answer
MOST_SHOWN: Final = 2_000  # of what a process printed before it died
PATIENCE: Final = 5  # seconds, in which one that answered all may see to what it keeps, and go
_END: Final = ""


def converse(
    command: Sequence[str],
    *,
    name: str,
    folder: Path,
    seconds: int,
    fields: Sequence[Field],
    questions: Sequence[Question],
    classes: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> Iterator[Answer]:
    """Ask a process, started in `folder`, and give its answers as they come; it is ended afterwards, whatever happens.

    `classes` are what a list of probabilities is about.

    Raises `TeacherError` (in it `name`) when it cannot be started, ends early, says nonsense, or says nothing for
    `seconds`.
    """
    waiting = {question.id for question in questions}
    with tempfile.TemporaryFile() as errors:
        process = _start(command, name, folder, errors, environment)
        lines: Queue[str] = Queue()
        threads = [
            threading.Thread(target=_write, args=(process, fields, questions), daemon=True),
            threading.Thread(target=_read, args=(process, lines), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            while waiting:
                try:
                    line = _next(lines, name, seconds, process, errors)
                    yield _expected(line, name, classes, waiting)
                except TeacherError:
                    _stop(process)
                    yield from _rest(lines, waiting, name, classes)
                    raise
        finally:
            _end(process, threads, patience=0 if waiting else PATIENCE)


def _start(
    command: Sequence[str], name: str, folder: Path, errors: Any, environment: Mapping[str, str] | None
) -> "subprocess.Popen[bytes]":
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=pipe,
            stdout=pipe,
            stderr=errors,
            process_group=0,  # with what it starts, to be stopped together; does nothing on Windows
        )
    except OSError as error:
        tries = ["command = … under [teacher] begins with a program that is there"]
        raise TeacherError(f"it cannot be started: {error.strerror}", where=name, tries=tries) from error


def _write(process: "subprocess.Popen[bytes]", fields: Sequence[Field], questions: Sequence[Question]) -> None:
    """Tell all questions, then the end; one that died hears nothing, which its silence tells the reader."""
    assert process.stdin is not None
    try:
        for question in questions:
            inputs = {field.name: told(field, question.inputs[field.name]) for field in fields}
            process.stdin.write(json.dumps({"id": question.id, "inputs": inputs}).encode() + b"\n")
        process.stdin.close()
    except (OSError, ValueError):
        pass


def _read(process: "subprocess.Popen[bytes]", lines: "Queue[str]") -> None:
    assert process.stdout is not None
    try:
        while line := process.stdout.readline(MOST_LINE):
            if line.strip():
                lines.put(line.decode("utf-8", "replace"))
    except (OSError, ValueError):
        pass
    lines.put(_END)


def _next(lines: "Queue[str]", name: str, seconds: int, process: "subprocess.Popen[bytes]", errors: Any) -> str:
    try:
        line = lines.get(timeout=seconds)
    except Empty:
        tries = ["seconds = … under [teacher]", "run again: answers that came are kept"]
        raise TeacherError(f"no answer within {seconds} seconds", where=name, tries=tries) from None
    if line is _END:
        lines.put(_END)
        ended = f"it {_ended(process)} before every answer was there"
        errors.seek(0)
        said = errors.read()[-MOST_SHOWN:].decode("utf-8", "replace").strip()
        tries = ["mend it and run again: answers that came are kept"]
        raise TeacherError("\n".join([ended, *([said] if said else [])]), where=name, tries=tries)
    return line


def _rest(lines: "Queue[str]", waiting: set[str], name: str, classes: Sequence[str]) -> Iterator[Answer]:
    """The answers that are good among what one had said beyond where it failed: they may be paid."""
    with suppress(Empty):
        while (line := lines.get(timeout=1)) is not _END:
            with suppress(TeacherError):
                yield _expected(line, name, classes, waiting)


def _ended(process: "subprocess.Popen[bytes]") -> str:
    """How one ended that says no more."""
    try:
        return f"ended with exit code {process.wait(1)}"
    except subprocess.TimeoutExpired:
        return "closed its standard output"


def _expected(line: str, name: str, classes: Sequence[str], waiting: set[str]) -> Answer:
    """The answer of a line, to one of the questions that are `waiting`, which does so no more."""
    answer = _answer(line, name, classes)
    if answer.id not in waiting:
        raise TeacherError(f"it answered {answer.id!r}, which was not asked or answered before", where=name)
    waiting.remove(answer.id)
    return answer


def _answer(line: str, name: str, classes: Sequence[str]) -> Answer:
    """A line: `id`, and `label` (null: not known), `probabilities` or `error`; and `cost`, if it has one.

    An error is a failure unless it cost something: nothing is paid twice.
    """
    wanted = ['{"id": …, "label": "a class"} on a line of its own, and nothing else on standard output']
    if len(classes) > 1:
        wanted.append(f"a list of probabilities has {len(classes)} of them, as classes = […] under [teacher] says")
    nonsense = TeacherError(f"this is no answer: {line.strip()[:200]}", where=name, tries=wanted)
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise nonsense from None
    if not isinstance(said, dict) or not isinstance(said.get("id"), str):
        raise nonsense
    cost, label, error = said.get("cost"), said.get("label"), said.get("error")
    likely = _likely(said.get("probabilities"), classes)
    if label is None and likely:
        label = max(sorted(likely), key=lambda one: likely[one])
    if cost is not None and not (_is_number(cost) and cost >= 0):
        raise nonsense
    is_unknown = label is None and "label" in said and "probabilities" not in said
    if not (is_unknown or _is_label(label) if error is None else label is None and isinstance(error, str)):
        raise nonsense
    soft = likely if is_shares(likely.values()) else None
    why = error or ("it does not know" if is_unknown else "")
    failed = error is not None and not cost
    return Answer(id=said["id"], label=label, why=why, failed=failed, cost=cost, probabilities=soft)


def _likely(told: Any, classes: Sequence[str]) -> dict[str, float]:
    """Class → how likely it is, of an object, or of a list in the order of the classes; nothing for anything else."""
    if isinstance(told, list) and len(told) == len(classes):
        told = dict(zip(classes, told, strict=True))
    is_whole = isinstance(told, dict) and told and all(_is_number(one) for one in told.values())
    return told if is_whole else {}


def _is_label(value: Any) -> bool:
    """Whether it may be a class, a number or several labels; the output's type says later whether it is one."""
    return (
        isinstance(value, str | bool)
        or _is_number(value)
        or (isinstance(value, list) and all(isinstance(one, str) for one in value))
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _end(process: "subprocess.Popen[bytes]", threads: Sequence[threading.Thread], *, patience: int) -> None:
    """One that answered all may go by itself; one that stays is stopped, and with it whatever it started."""
    try:
        _wait(process, patience)
    finally:
        if process.returncode is None or any(map(_stays, threads)):
            _stop(process)
        if not any(map(_stays, threads)):  # what left its group may hold the pipes still
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _wait(process: "subprocess.Popen[bytes]", seconds: int) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def _stays(thread: threading.Thread) -> bool:
    """Whether a thread goes on though its pipe should have ended: something else holds that open."""
    thread.join(1)
    return thread.is_alive()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if os.name == "nt":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):  # the group is empty, or has but those that ended
            os.killpg(process.pid, signal.SIGKILL)
    _wait(process, PATIENCE)
