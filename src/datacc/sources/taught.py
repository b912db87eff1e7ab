"""What teachers have answered, kept beside `datacc.toml` to be committed: nothing is answered, or paid for, twice."""

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from datacc.errors import DataError
from datacc.store import canonical, digest
from datacc.teachers import Answer, is_shares

FOLDER: Final = "taught"


def folder_of(root: Path, teacher: str) -> Path:
    """Where the answers of the teacher with this digest lie."""
    return root / FOLDER / teacher


def state_of(folder: Path) -> str:
    """The digest of all that was answered so far."""
    return digest("taught 1", *(part for path in _files(folder) for part in (path.name, path.read_bytes())))


def recall(folder: Path) -> dict[str, Answer]:
    """Every answer, by the question's id; of two to the same question the first in the order of the files' names.

    What failed stands there too, where nothing answered it since. A last line that was cut off by a crash is as if it
    were never written. Raises `DataError` for nonsense.
    """
    answers: dict[str, Answer] = {}
    for path in _files(folder):
        for answer in _read(path):
            if answer.id not in answers or answers[answer.id].failed:
                answers[answer.id] = answer
    return answers


def keep(folder: Path, answers: Iterable[Answer], known: Mapping[str, Answer]) -> Iterator[Answer]:
    """The same answers, each written down before it is given; one file for this call, whose name is nobody else's.

    What is `known` already, a question that failed as it did before, is not written again. They are on disk when the
    iteration ends, whichever way.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(6)}.jsonl"
    with path.open("xb") as file:
        try:
            for answer in answers:
                if known.get(answer.id) != answer:
                    file.write(canonical(_line(answer)).encode() + b"\n")
                    file.flush()
                yield answer
        finally:
            os.fsync(file.fileno())
            if not file.tell():
                path.unlink()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl")) if folder.is_dir() else []


def _line(answer: Answer) -> dict[str, Any]:
    told = {"id": answer.id, "label": answer.label, "why": answer.why or None, "cost": answer.cost}
    told["probabilities"] = None if answer.probabilities is None else dict(answer.probabilities)
    told["failed"] = answer.failed or None
    return {key: value for key, value in told.items() if value is not None}


def _read(path: Path) -> Iterator[Answer]:
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            said = json.loads(line)
            yield _answer(said)
        except (ValueError, TypeError, KeyError, AttributeError):
            where = f"{FOLDER}/{path.parent.name}/{path.name}:{number}"
            tries = ["git checkout -- the file", "delete the line: the teacher is asked again"]
            raise DataError("this is no answer of a teacher", where=where, tries=tries) from None


def _answer(said: Mapping[str, Any]) -> Answer:
    label, cost, likely = said.get("label"), said.get("cost"), said.get("probabilities")
    if not isinstance(said["id"], str) or not isinstance(cost, int | float | None):
        raise TypeError
    if likely is not None and not is_shares(likely.values()):
        raise ValueError
    why, failed = str(said.get("why", "")), said.get("failed") is True
    return Answer(id=said["id"], label=label, why=why, failed=failed, cost=cost, probabilities=likely)
