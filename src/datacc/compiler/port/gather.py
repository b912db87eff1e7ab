"""What a function is to be asked: from a file of inputs, from its tests, or from calls that were recorded live."""

import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from datacc.calls.ask import Parameter
from datacc.calls.live import RECORD
from datacc.calls.ours import environment
from datacc.calls.plugin import WANTED
from datacc.errors import DataError, MissingExtra
from datacc.frozen import frozen
from datacc.intake import Found
from datacc.intake.importing.cell import number
from datacc.intake.importing.read import format_of
from datacc.intake.inbox import Inbox
from datacc.repo.words import counted, listed
from datacc.types.cells import is_missing

_ELEMENT: Final = re.compile(r"(.+)\[\d+\]")
_GAPS: Final = ("int", "float", "bool", "choice")  # of which an empty cell is None, where the function takes that
_TRUTHS: Final = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


@frozen
class Gathered:
    """N calls: arguments by parameter, where each came from, the group that it belongs to, and notes."""

    inputs: Sequence[Mapping[str, Any]]
    where: Sequence[str]
    groups: Sequence[str | None]
    notes: tuple[str, ...] = ()


def from_file(path: Path, parameters: Sequence[Parameter], group: str | None) -> Gathered:
    """The rows of a table, its columns called like the parameters; the only column will do for the only parameter.

    Raises `DataError` where a column is missing or a cell is not of the parameter's type.
    """
    found = format_of(path).read(path)
    if found.bad:
        raise DataError(f"it cannot be read: {found.bad[0].why}", where=found.bad[0].where, tries=["mend the file"])
    if found.is_media:
        raise _media(path)
    if group is not None and group not in found.columns:
        raise DataError(f"there is no column {group!r}", where=str(path), tries=[listed(found.columns)])
    columns = _columns(found, parameters, group, path)
    cells = {name: _cells(found, of, one, path) for name, (one, of) in columns.items()}
    where = found.where()
    return Gathered(
        inputs=[dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)],
        where=where,
        groups=[None] * len(where) if group is None else [str(cell) for cell in found.column(group)],
        notes=_unread(found, columns, group),
    )


def _columns(
    found: Found, parameters: Sequence[Parameter], group: str | None, path: Path
) -> dict[str, tuple[Parameter, tuple[str, ...]]]:
    """Parameter → itself and the columns that hold it: several where it is a list."""
    lists: dict[str, list[str]] = defaultdict(list)
    for column in found.columns:
        if matched := _ELEMENT.fullmatch(column):
            lists[matched[1]].append(column)
    named = [one for one in parameters if one.is_named]
    held = {one.name: (one, (one.name,) if one.name in found.columns else tuple(lists[one.name])) for one in named}
    rest = [column for column in found.columns if column != group]
    needed = [one for one in named if one.needed]
    if len(needed) == 1 and len(rest) == 1 and not held[needed[0].name][1]:
        return {needed[0].name: (needed[0], (rest[0],))}
    lacking = [one.name for one in needed if not held[one.name][1]]
    if lacking:
        what = f"there is no column for the parameter {lacking[0]!r}; there are: {listed(found.columns)}"
        raise DataError(what, where=str(path), tries=[f"call a column {lacking[0]!r}"])
    return {name: (one, of) for name, (one, of) in held.items() if of}


def _cells(found: Found, columns: tuple[str, ...], parameter: Parameter, path: Path) -> list[Any]:
    """The values of one parameter, of the type that its annotation, its default or all of the cells say."""
    if columns != (parameter.name,) and _ELEMENT.fullmatch(columns[0]):
        return [list(row) for row in zip(*_elements([found.column(column) for column in columns]), strict=True)]
    cells = found.column(columns[0])
    kind = parameter.type or (type(parameter.default).__name__ if parameter.default is not None else "")
    given = [cell for cell in cells if not is_missing(cell)]
    if not kind and given and all(number(cell) is not None for cell in given):
        kind = "number"
    read = []
    for where, cell in zip(found.where(), cells, strict=True):
        try:
            read.append(_cell(cell, kind, parameter))
        except ValueError:
            shown = repr(cell if len(str(cell)) <= 40 else f"{str(cell)[:39]}…")
            choices = f" among {listed([str(one) for one in parameter.choices])}" if parameter.choices else ""
            what = f"{parameter.name} is {shown}; the function takes {kind}{choices}"
            raise DataError(what, where=where, tries=["mend the cell, or leave the row out"]) from None
    return read


def _elements(columns: list[Sequence[Any]]) -> list[Sequence[Any]]:
    """The columns of a list's elements: numbers where all of them are, whole ones where all are whole."""
    read = [[None if is_missing(cell) else number(cell) for cell in column] for column in columns]
    pairs = [pair for cells, values in zip(columns, read, strict=True) for pair in zip(cells, values, strict=True)]
    if any(value is None and not is_missing(cell) for cell, value in pairs):
        return columns
    whole = all(value is None or value.is_integer() for _, value in pairs)
    return [[int(value) if whole and value is not None else value for value in values] for values in read]


def _cell(cell: Any, kind: str, parameter: Parameter) -> Any:
    """Raises `ValueError` for a cell that is not of this kind."""
    if is_missing(cell) and (kind == "number" or (parameter.optional and kind in _GAPS)):
        return None
    if kind == "choice":
        return _one_of({str(one): one for one in parameter.choices}, str(cell))
    if kind == "bool":
        return cell if isinstance(cell, bool) else _one_of(_TRUTHS, str(cell).strip().casefold())
    if kind in ("int", "float", "number"):
        value = number(cell)
        if value is None or (kind == "int" and not value.is_integer()):
            raise ValueError
        return int(value) if kind == "int" or (kind == "number" and value.is_integer()) else value
    if kind == "str":
        return "" if cell is None else str(cell)
    return None if is_missing(cell) else cell


def _one_of(values: Mapping[str, Any], name: str) -> Any:
    if name not in values:
        raise ValueError
    return values[name]


def from_calls(path: Path) -> Gathered:
    """Calls that a decorator or a wheel kept. Raises `DataError` where there are none."""
    inbox = Inbox()
    if not inbox.matches(path):
        tries = ["DATACC_RECORD=FOLDER python …, with @datacc.port on the function, and then FOLDER/MODULE.FUNCTION"]
        raise DataError("there are no recorded calls in it", where=str(path), tries=tries)
    found = inbox.read(path)
    if found.is_media:
        raise _media(path)
    names = [name for name in found.columns if found.kinds[name] == "input"]
    rows = [{name: row.cells[name] for name in names if name in row.cells} for row in found.rows]
    none = counted(len(found.bad), "line is no call", "lines are no calls")
    notes = (f"{none}, the first {found.bad[0].where}",) if found.bad else ()
    return Gathered(inputs=[_lists(row) for row in rows], where=found.where(), groups=[None] * len(rows), notes=notes)


def _media(path: Path) -> DataError:
    tries = ["datacc import takes them into a repository"]
    return DataError("these are files; a function is asked texts and numbers", where=str(path), tries=tries)


def _lists(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments whose elements these cells are."""
    inputs: dict[str, Any] = {}
    for name, cell in cells.items():
        matched = _ELEMENT.fullmatch(name)
        if matched:
            inputs.setdefault(matched[1], []).append(cell)
        else:
            inputs[name] = cell
    return inputs


def from_tests(path: Path, function: str, root: Path) -> Gathered:
    """What the tests at `path` ask the function: they are run by pytest, from the folder `root`.

    Raises `DataError` where pytest cannot run them, `MissingExtra` where there is no pytest.
    """
    with tempfile.TemporaryDirectory(prefix="datacc-port-") as folder:
        file = Path(folder) / "calls"
        file.touch()
        wanted = json.dumps({"function": function, "root": str(root.absolute()), "file": str(file)})
        ours = {**environment(), WANTED: wanted}
        ours.pop(RECORD, None)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "datacc.calls.plugin", "-p", "no:cacheprovider",
                   str(path.absolute())]  # fmt: skip
        done = subprocess.run(command, cwd=root, env=ours, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        calls = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    if "No module named pytest" in done.stderr:
        raise MissingExtra("there is no pytest to run the tests with", tries=["pip install pytest"])
    if not calls:
        last = [line for line in (*done.stdout.splitlines(), *done.stderr.splitlines()) if line.strip()][-1:]
        what = f"these tests asked {function} nothing that can be recorded ({' '.join(last)})"
        raise DataError(what, where=str(path), tries=["--inputs FILE gives inputs instead"])
    notes = (
        (f"the tests failed (pytest's exit code {done.returncode}); what they asked counts",) if done.returncode else ()
    )
    places = [f"{path.name}, call {n}" for n in range(1, len(calls) + 1)]
    return Gathered(inputs=calls, where=places, groups=[None] * len(calls), notes=notes)


def _unread(
    found: Found, columns: Mapping[str, tuple[Parameter, tuple[str, ...]]], group: str | None
) -> tuple[str, ...]:
    read = {group, *(column for _, of in columns.values() for column in of)}
    rest = [column for column in found.columns if column not in read]
    return (f"not asked about: {listed(rest)} (no parameters)",) if rest else ()
