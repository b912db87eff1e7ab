"""The digest of examples as they are frozen: the same ones, asked the same about, are one snapshot."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.repo.coded import NONE, Coded, as_coded
from datacc.repo.example import Examples
from datacc.repo.identity import canonical_json
from datacc.spec.program import Program
from datacc.store import digest

_LAYOUT: Final = "snapshot 2"


def digest_of(program: Program, ordered: Examples, classes: Mapping[str, tuple[str, ...]]) -> str:
    """The digest of examples in the order of their ids; `classes` are the names by output, in permanent order."""
    fields = [[f.name, f.type, dict(f.options)] for f in (*program.inputs, *program.outputs)]
    told = {"content": ordered.contents, "name": ordered.names, "group": ordered.groups, "split": ordered.splits}
    soft = {"shares 2": ordered.shares} if ordered.shares else {}
    tables = ({"id": ordered.ids, **told, **soft}, ordered.labels, ordered.columns)
    columns = [(place, name, table[name]) for place, table in enumerate(tables) for name in sorted(table)]
    return digest(_LAYOUT, canonical_json(fields), canonical_json(classes), *map(_column_digest, columns))


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
