"""The state of every example, as the fold of all operations gives it, found one by one or for all at once.

Most of a million examples were imported once and never spoken of again: what their rows say is their state, and arrays
hold it. Only the others are folded.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.repo.coded import NONE, Coded, together
from datacc.repo.contents import Contents
from datacc.repo.fold import State, fold
from datacc.repo.ids import DIGITS, Ids, beginning, in_order, is_first, joined, places, to_text, to_texts
from datacc.repo.merged import current, value_now
from datacc.repo.operation import Operation
from datacc.repo.run import Run
from datacc.repo.schema import Schema

_HEX: Final = frozenset("0123456789abcdef")


@frozen(eq=False)
class Table:
    """Every example that some run brings, N of them, sorted by `ids`.

    `values`: output column id → what the rows say. Where `is_plain` (N,) holds, that is the whole state; for the others
    it counts what `States.edited` says.
    """

    ids: Ids
    values: Mapping[str, Coded]
    is_plain: NDArray[np.bool_]


class States(Mapping[str, State]):
    """Example id → state, of what `contents` and the operations `pending` say together."""

    def __init__(self, contents: Contents, pending: Sequence[Operation] = ()) -> None:
        self._contents = contents
        self._pending: dict[str, list[Operation]] = {}
        for operation in pending:
            self._pending.setdefault(operation.example, []).append(operation)
        self._found: dict[str, State] = {}

    def __getitem__(self, example: str) -> State:
        if example not in self._found:
            self._found |= self.of([example])
        return self._found[example]

    def __iter__(self) -> Iterator[str]:
        yield from to_texts(self.table.ids)
        yield from self._dangling

    def __len__(self) -> int:
        return len(self.table.ids) + len(self._dangling)

    def of(self, examples: Collection[str]) -> dict[str, State]:
        """The states of these examples, without those of which nothing is said."""
        wanted = [one for one in examples if _is_id(one)]
        said = self._contents.said_of(wanted)
        told = current(self._contents.schema, (operation for one in wanted for _, operation in said[one]))
        return fold([*told, *(operation for one in wanted for operation in self._pending.get(one, ()))])

    def beginning(self, prefix: str) -> list[str]:
        """The ids that begin so, of examples that exist, in order; about 1,000 at most."""
        if not set(prefix) <= _HEX or len(prefix) > DIGITS:
            return []
        found: set[str] = set()
        for run in self._contents.runs:
            found.update(to_text(one) for one in run.ids[beginning(run.ids, prefix)][:1000])
        spoken_of = {*self._contents.index.beginning(prefix), *filter(lambda id: id.startswith(prefix), self._pending)}
        brought = [id for id, state in self.of(sorted(spoken_of - found)).items() if state.exists]
        return sorted({*found, *brought})

    def plain_with(self, field: str, values: Collection[Any]) -> list[str]:
        """The examples of which nothing was said but that one of these is their value."""
        table, column = self.table, self.table.values.get(field)
        if column is None:
            return []
        codes = [code for code, word in enumerate(column.words) if word in values]
        return to_texts(table.ids[table.is_plain & np.isin(column.codes, codes)])

    @cached_property
    def edited(self) -> Mapping[str, State]:
        """The states that the rows alone do not tell: of examples that were edited, or imported with two values."""
        said = [*self._contents.edits(), *(o for one in self._pending.values() for o in one)]
        spoken_of = {operation.example for operation in said}
        wanted = spoken_of | set(to_texts(self._rows.ids[self._rows.is_torn]))
        for run in self._contents.runs:
            said += current(self._contents.schema, run.operations(wanted))
        return fold(said)

    @cached_property
    def table(self) -> Table:
        """All of them as arrays."""
        rows = self._rows
        is_plain = np.ones(len(rows.ids), np.bool_)
        is_plain[[row for _, row in places(rows.ids, list(self.edited))]] = False
        return Table(ids=rows.ids, values=rows.values, is_plain=is_plain)

    @cached_property
    def _rows(self) -> "_Rows":
        return _all_rows(self._contents.runs, self._contents.schema)

    @cached_property
    def _dangling(self) -> list[str]:
        """Those of which something is said, and that no run brings."""
        known = {example for example, _ in places(self.table.ids, list(self.edited))}
        return sorted(self.edited.keys() - known)


@frozen(eq=False)
class _Rows:
    """Examples sorted by id, what their rows say, and where these disagree."""

    ids: Ids
    values: Mapping[str, Coded]
    is_torn: NDArray[np.bool_]


def _all_rows(runs: Sequence[Run], schema: Schema) -> _Rows:
    ids = joined([run.ids for run in runs])
    fields = dict.fromkeys(field for run in runs for field in run.values)
    values = {field: _joined(runs, field, value_now(schema, field)) for field in fields}
    if len(runs) > 1:
        order = in_order(ids)
        ids = ids[order]
        values = {field: Coded(codes=c.codes[order], words=c.words) for field, c in values.items()}
    starts = np.flatnonzero(is_first(ids))
    is_torn = np.zeros(len(starts), np.bool_)
    if len(starts) == len(ids):
        return _Rows(ids=ids, values=values, is_torn=is_torn)
    agreed = {}
    for field, column in values.items():
        largest = np.maximum.reduceat(column.codes, starts)
        smallest = np.minimum.reduceat(np.where(column.codes == NONE, len(column.words), column.codes), starts)
        is_torn |= (largest != NONE) & (smallest != largest)
        agreed[field] = Coded(codes=largest, words=column.words)
    return _Rows(ids=ids[starts], values=agreed, is_torn=is_torn)


def _joined(runs: Sequence[Run], field: str, now: Callable[[Any], Any]) -> Coded:
    """The column of all rows of all runs, with the values that theirs stand for now."""
    parts = list[Coded]()
    for run in runs:
        column = run.values.get(field)
        words = tuple(map(now, column.words)) if column else ()
        parts.append(Coded(codes=column.codes if column else np.full(len(run), NONE, np.int32), words=words))
    return together(parts)


def _is_id(text: str) -> bool:
    return len(text) == DIGITS and set(text) <= _HEX
