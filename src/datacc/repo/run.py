"""A run: the rows of one import, immutable and sorted, as `labels.tsv`, `inputs.jsonl` and `manifest.json`.

In memory it is columns, not rows: a million examples are a few arrays.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import RepositoryError
from datacc.frozen import frozen
from datacc.repo.coded import NONE, Coded, as_coded, code_texts, together
from datacc.repo.ids import DIGITS, Ids, are_sorted, parse_ids, places, to_text, to_texts
from datacc.repo.lines import Lines, lines_of
from datacc.repo.operation import Operation
from datacc.repo.run_fault import first_fault
from datacc.repo.words import repairs

ID_DIGITS: Final = 16  # of a run
ITSELF: Final = {"media": "="}  # the address of the media is the example's id
_TAB: Final = 9
_AT_ONCE: Final = 1 << 14  # rows


@frozen
class RunRow:
    """One imported row. `values`: output column id → JSON value; `cells`: other column id → JSON value.

    Media cells are `{"media": address}`.
    """

    id: str
    values: Mapping[str, Any]
    cells: Mapping[str, Any]


@frozen(eq=False)
class Run:
    """One import: its id, the name it came from, and N rows, sorted by `ids`.

    `values`: output column id → what the rows say, in the order of the file; `columns` the ids of the other columns,
    whose values stand in `lines`, one line per row; None where they were not read. `gone`: the rows of the import that
    are left out, ascending; where the files lack them, `folder` has another name than the import.
    """

    id: str
    folder: str
    origin: str
    columns: tuple[str, ...]
    ids: Ids
    values: Mapping[str, Coded]
    lines: Lines | None
    gone: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def rows(self) -> tuple[RunRow, ...]:
        """Every row; where only some are needed, `row` is quicker."""
        return tuple(self.row(number) for number in range(len(self)))

    def row(self, number: int) -> RunRow:
        """One row, counted from 0. Raises `RepositoryError` when its line is damaged."""
        id = to_text(self.ids[number])
        values = {field: value for field in self.values if (value := self.values[field][number]) is not None}
        return RunRow(id=id, values=values, cells=self._cells(number, id))

    def cells(self, numbers: Sequence[int], column: str) -> list[Any]:
        """What rows have in a column that is no output; None where nothing. Raises as `row` does."""
        if self.lines is None or column not in self.columns:
            return [None] * len(numbers)
        place = self.columns.index(column)
        return [row[place] for row in self._parsed(numbers)]

    def coded(self, numbers: Sequence[int]) -> dict[str, Coded]:
        """What rows have in each column that is no output, in the order of `numbers`. Raises as `row` does."""
        parts = [numbers[at : at + _AT_ONCE] for at in range(0, len(numbers), _AT_ONCE)] if self.lines else []
        columns: list[list[Coded]] = [[] for _ in self.columns]
        for part in parts:
            for column, cells in zip(columns, zip(*self._parsed(part), strict=True), strict=True):
                column.append(as_coded(cells))
        return {id: together(column) for id, column in zip(self.columns, columns, strict=True) if column}

    def _parsed(self, numbers: Sequence[int]) -> list[Any]:
        """The lists that stand in the lines of these rows."""
        assert self.lines is not None
        try:
            rows: list[Any] = json.loads(b"[%b]" % b",".join(self.lines.some(numbers)))
            width = len(self.columns)
            if len(rows) == len(numbers) and all(len(row) == width and ITSELF not in row for row in rows):
                return rows
        except (ValueError, TypeError):
            pass  # one by one, so that the damaged row is named
        cells = [self._cells(number, to_text(self.ids[number])) for number in numbers]
        return [[row.get(column) for column in self.columns] for row in cells]

    @cached_property
    def numbers(self) -> NDArray[np.intp]:
        """Which row of the import each row is, (N,)."""
        return np.delete(np.arange(len(self) + len(self.gone)), np.array(self.gone, np.intp))

    def operation_ids(self, numbers: Sequence[int]) -> list[str]:
        """The ids of what these rows say."""
        of_import = self.numbers[list(numbers)].tolist() if self.gone else numbers
        return [f"{self.id}:{number}" for number in of_import]

    def places(self, examples: Collection[str]) -> Iterator[tuple[str, int]]:
        """(example, row) for each row of one of these examples."""
        return places(self.ids, list(examples))

    def operations(self, examples: Collection[str] | None = None) -> Iterator[Operation]:
        """What its rows stand for, or those of some examples: an `add`, and a `set` for each value.

        Row n of the import has the id `<run>:<n>`.
        """
        found = zip(to_texts(self.ids), range(len(self)), strict=True) if examples is None else self.places(examples)
        while some := list(islice(found, _AT_ONCE)):
            rows = np.array([number for _, number in some], np.intp)
            columns = [(field, column.codes[rows].tolist(), column.words) for field, column in self.values.items()]
            numbers = self.numbers[rows].tolist() if self.gone else rows.tolist()
            for at, (example, _) in enumerate(some):
                id = f"{self.id}:{numbers[at]}"
                yield Operation(id, "add", example)
                for field, codes, words in columns:
                    if (code := codes[at]) != NONE:
                        yield Operation(id, "set", example, field, words[code])

    def _cells(self, number: int, id: str) -> dict[str, Any]:
        if self.lines is None:
            return {}
        try:
            pairs = zip(self.columns, json.loads(self.lines[number]), strict=True)
            return {c: {"media": id} if cell == ITSELF else cell for c, cell in pairs if cell is not None}
        except (ValueError, TypeError) as error:
            raise damaged(f"runs/{self.folder}/inputs.jsonl:{number + 1}", error) from error


def read_run(id: str, labels: bytes, manifest: bytes | None, inputs: bytes | None) -> Run:
    """The run in its files; without `inputs` the cells are empty, without `manifest` its origin and columns as well.

    Raises `RepositoryError` for damaged files.
    """
    where = f"runs/{id}"
    try:
        head: dict[str, Any] = json.loads(manifest) if manifest is not None else {}
        origin, columns = str(head.get("origin", "")), tuple(str(c) for c in head.get("columns", ()))
        rows, gone = (None, ()) if manifest is None else (int(head["rows"]), _gone(head))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(f"{where}/manifest.json", error) from error
    try:
        first, end, _ = labels.partition(b"\n")
        if not end:
            raise ValueError("there is no header")
        fields = first.decode().split("\t")[1:]
        table = lines_of(np.frombuffer(labels, np.uint8)[len(first) + 1 :])
        if rows is not None and len(table) != rows:
            raise ValueError(f"{rows} rows are announced")
        ids, values = _read_labels(table, fields)
    except ValueError as error:
        raise damaged(f"{where}/labels.tsv:{first_fault(labels)}", error) from error
    was = str(head.get("of", id))
    run = Run(id=was, folder=id, origin=origin, columns=columns, ids=ids, values=values, lines=None, gone=gone)
    return run if inputs is None else with_cells(run, inputs)


def with_cells(run: Run, inputs: bytes) -> Run:
    """The run with the cells that stand in the text of its `inputs.jsonl`."""
    try:
        lines = lines_of(inputs)
        if len(lines) != len(run):
            raise ValueError(f"{len(run)} rows are announced")
    except ValueError as error:
        line = min(inputs.count(b"\n"), len(run)) + 1
        raise damaged(f"runs/{run.folder}/inputs.jsonl:{line}", error) from error
    return replace(run, lines=lines)


def damaged(where: str, error: Exception | str) -> RepositoryError:
    """The error that a file of a run is not as it was; `where` may end in the number of a line."""
    return RepositoryError(f"the run is damaged: {error}", where=where, tries=repairs(where.split(":")[0]))


def _gone(head: Mapping[str, Any]) -> tuple[int, ...]:
    """The rows that the manifest of a run says were taken out."""
    gone = tuple(map(int, head.get("gone", ())))
    if list(gone) != sorted(set(gone)) or (gone and (gone[0] < 0 or gone[-1] >= head["rows"] + len(gone))):
        raise ValueError("the rows that are gone are not in order")
    return gone


def _read_labels(table: Lines, fields: Sequence[str]) -> tuple[Ids, dict[str, Coded]]:
    starts, ends, text = table.starts, table.ends, table.text
    if np.any(ends - starts < DIGITS):
        raise ValueError("a row has no id")
    ids = parse_ids(text[starts[:, None] + np.arange(DIGITS)])
    if not are_sorted(ids):
        raise ValueError("the rows are not in the order of their ids")
    tabs = np.flatnonzero(text == _TAB)
    if len(tabs) != len(table) * len(fields):
        raise ValueError(f"a row has other columns than {fields}")
    bounds = np.column_stack([tabs.reshape(len(table), len(fields)), ends])
    if np.any(bounds[:, 0] != starts + DIGITS) or np.any(bounds > ends[:, None]):
        raise ValueError(f"a row has other columns than {fields}")
    columns = (code_texts(text, bounds[:, n] + 1, bounds[:, n + 1]) for n in range(len(fields)))
    return ids, dict(zip(fields, columns, strict=True))
