"""Label Studio's JSON: a list of tasks, each with `data` and the choices of its annotators."""

import base64
import binascii
import json
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from datacc.errors import DataError
from datacc.intake import Bad, Format, Found, Raw
from datacc.intake.jsonl import flat
from datacc.intake.sheet import Sheet, read_side, side_file
from datacc.repo.words import counted

IMAGE: Final = "image"
TASK: Final = "task"


class LabelStudio(Format):
    """Annotators who disagree are kept: each of their different answers is a row of the task, which is a conflict."""

    endings = (".json",)

    def matches(self, path: Path) -> bool:
        """Whether the name ends in .json."""
        return path.suffix.lower() == ".json" and path.is_file()

    def read(self, path: Path) -> Found:
        """One row per task and different answer. Pictures are data URIs; nothing is fetched."""
        said = read_side(path)
        rows: list[Raw] = []
        bad: list[Bad] = []
        several, known = 0, {column.name for column in said.columns} if said else set[str]()
        for number, task in enumerate(_tasks(path), 1):
            where = f"{path.name}:task {task.get('id', number) if isinstance(task, dict) else number}"
            try:
                data, answers, voices = _task(task)
                media, cells = _data(data, known)
                if not said:
                    cells[TASK] = str(task.get("id", number))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                bad.append(Bad(where=where, why=f"is no task: {error}"))
                continue
            several += voices > 1
            rows += [Raw(where=where, media=media, cells={**cells, **answer}) for answer in answers]
        told = f"{counted(several, 'task has', 'tasks have')} several annotators; who said what is not kept"
        notes = (told,) if several else ()
        if said:
            return said.found(rows, bad=tuple(bad), notes=notes)
        columns = tuple(dict.fromkeys(column for row in rows for column in row.cells))
        whole = tuple(Raw(where=r.where, media=r.media, cells={c: r.cells.get(c) for c in columns}) for r in rows)
        key = TASK if any(row.media is None for row in rows) else None
        return Found(rows=whole, columns=columns, bad=tuple(bad), notes=notes, key=key)

    def write(self, sheet: Sheet, path: Path) -> None:
        """A task per row, with the label as one annotation; pictures as data URIs."""
        columns = [column.name for column in sheet.columns if column.name != sheet.output]
        image = IMAGE if IMAGE not in columns else f"{IMAGE} file"
        tasks = []
        for number, row in enumerate(sheet.rows, 1):
            data = {column: row[column] for column in columns if row.get(column) is not None}
            if sheet.media:
                data[image] = _uri(sheet.media[number - 1])
            tasks.append({"id": number, "data": data, "annotations": _annotations(sheet, sheet.label(row), image)})
        text = json.dumps(tasks, ensure_ascii=False, indent=1, sort_keys=True)
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
        side_file(path).write_text(sheet.said(), encoding="utf-8", newline="\n")


def _annotations(sheet: Sheet, label: Any, image: str) -> list[dict[str, Any]]:
    if label is None:
        return []
    to = image if sheet.media else "data"
    kind, value = ("choices", [label]) if isinstance(label, str) else ("number", label)
    result = {"from_name": sheet.output, "to_name": to, "type": kind, "value": {kind: value}}
    return [{"result": [result]}]


def _tasks(path: Path) -> list[Any]:
    tries = ["export the project as JSON (not JSON-MIN)"]
    try:
        tasks = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"is not JSON: {error}", where=str(path), tries=tries) from error
    if not isinstance(tasks, list) or not tasks:
        raise DataError("is no list of Label Studio tasks", where=str(path), tries=tries)
    return tasks


def _task(task: Any) -> tuple[Mapping[str, Any], list[dict[str, str]], int]:
    """Its data, the different answers (an empty one when there is none), and how many annotators answered."""
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise ValueError("it has no data")
    given = task.get("annotations") or task.get("completions") or []
    said = [dict(_answer(one)) for one in given if not one.get("was_cancelled")]
    answers = [answer for i, answer in enumerate(said) if answer and answer not in said[:i]]
    return task["data"], answers or [{}], sum(map(bool, said))


def _answer(annotation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Control → choice, or number as text. Raises `ValueError` for several choices of one control."""
    seen = set()
    for result in annotation["result"]:
        if result.get("type") not in ("choices", "number"):
            continue
        name, said = result["from_name"], result["value"]
        choices = said["choices"] if "choices" in said else [str(said["number"])]
        if name in seen or len(choices) != 1 or not isinstance(choices[0], str):
            raise ValueError(f"{name!r} has several choices; a label is one class")
        seen.add(name)
        yield str(name), choices[0]


def _data(data: Mapping[str, Any], known: Container[str]) -> tuple[bytes | None, dict[str, Any]]:
    media, cells = None, dict[str, Any]()
    for name, value in data.items():
        if name in known:
            cells[name] = value
        elif isinstance(value, str) and value.startswith("data:"):
            if media is not None:
                raise ValueError("it has two files; one is read")
            media = _bytes(value)
        elif name == IMAGE and isinstance(value, str):
            raise ValueError(f"{name!r} is a place, and nothing is fetched; give data URIs")
        else:
            cells[name] = value
    return media, flat(cells)


def _uri(data: bytes) -> str:
    kinds = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpeg"), (b"GIF8", "gif"), (b"RIFF", "webp"), (b"BM", "bmp"))
    kind = next((kind for head, kind in kinds if data.startswith(head)), "x-portable-anymap")
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _bytes(uri: str) -> bytes:
    head, comma, text = uri.partition(",")
    if not comma:
        raise ValueError("it has a damaged data URI")
    try:
        return base64.b64decode(text, validate=True) if head.endswith(";base64") else unquote_to_bytes(text)
    except binascii.Error as error:
        raise ValueError("it has a damaged data URI") from error


ENTRY = LabelStudio()
