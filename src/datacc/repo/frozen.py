"""The digest of examples as they are frozen: the same ones, asked the same about, are one snapshot."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.repo.coded import NONE, Coded, as_coded
from datacc.repo.example import LABELLED_BY, Examples
from datacc.repo.identity import canonical_json
from datacc.spec.program import Program
from datacc.store import digest

_LAYOUT: Final = "snapshot 2"
_ROWS, _LABELS, _COLUMNS = range(3)  # tables of columns

IDS: Final = (_ROWS, "id")
CONTENTS: Final = (_ROWS, "content")

Told = Mapping[tuple[int, str], str]  # the digest of a column, by its table and name


def digest_of(program: Program, told: Told, classes: Mapping[str, tuple[str, ...]]) -> str:
    """The digest of examples with columns of these digests; `classes` are the names by output, in permanent order."""
    fields = [[f.name, f.type, dict(f.options)] for f in (*program.inputs, *program.outputs)]
    return digest(_LAYOUT, canonical_json(fields), canonical_json(classes), *(told[one] for one in sorted(told)))


def told_of_rows(ordered: Examples) -> Told:
    """The digests of all columns that no label changes, of examples in the order of their ids."""
    rows = {"id": ordered.ids, "content": ordered.contents, "name": ordered.names}
    return _told({_ROWS: {**rows, "group": ordered.groups, "split": ordered.splits}, _COLUMNS: ordered.columns})


def told_of_labels(ordered: Examples) -> Told:
    """The digests of the columns that labels are, of what a teacher thinks likely, and of whose labels they are."""
    by = {LABELLED_BY: ordered.labelled_by} if says_whose(ordered) else {}
    return _told({_ROWS: {"shares 2": ordered.shares} if ordered.shares else {}, _LABELS: ordered.labels, _COLUMNS: by})


def says_whose(ordered: Examples) -> bool:
    """Whether a column says whose each label is: examples may have one of their own that is called so."""
    return bool(ordered.labelled_by) and LABELLED_BY not in ordered.columns


def _told(tables: Mapping[int, Mapping[str, Sequence[Any]]]) -> Told:
    return {
        (place, name): _column_digest((place, name, cells))
        for place, table in tables.items()
        for name, cells in table.items()
    }


def _column_digest(column: tuple[int, str, Sequence[Any]]) -> str:
    """The digest of a column, however its words are numbered."""
    *place, cells = column
    words, codes = _in_order(cells)
    return digest(canonical_json([*place, words]), codes.astype("<i4").tobytes())


def _in_order(cells: Sequence[Any]) -> tuple[Sequence[Any], NDArray[np.intp]]:
    """The different words of a column, None among them, as they come first, and which of them each row has."""
    if not isinstance(cells, Coded) and set(map(type, cells)) == {str} and len(set(cells)) == len(cells):
        return list(cells), np.arange(len(cells))  # as ids are
    found = as_coded(cells)
    used, firsts, codes = np.unique(found.codes, return_index=True, return_inverse=True)
    order = np.argsort(firsts)
    return [None if code == NONE else found.words[code] for code in used[order].tolist()], np.argsort(order)[codes]
