"""Typed rows: every cell read as what its column is, bad ones named."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datacc.intake import Bad, Found, Raw
from datacc.intake.importing.cell import as_number, as_text, fault, number, plain
from datacc.intake.importing.roles import Roles
from datacc.repo.names import check_name
from datacc.repo.split import split_named


@dataclass(frozen=True, kw_only=True)
class Row:
    """One example, typed. `numbers`: input column → finite float; `others`: column → JSON value.

    `name` is what the user calls it; `occurrence` tells equal rows apart where an export told it.
    """

    where: str
    media: Path | bytes | None
    numbers: Mapping[str, float]
    label: str | None
    split: str | None
    group: str | None
    key: str | None
    name: str
    occurrence: int | None
    others: Mapping[str, Any]

    def read(self) -> bytes:
        """The bytes of the media."""
        assert self.media is not None
        return self.media if isinstance(self.media, bytes) else self.media.read_bytes()


def typed(found: Found, roles: Roles) -> tuple[list[Row], list[Bad]]:
    """The rows whose cells are all good, and what is wrong with the others.

    Raises `DataError` for a class name that cannot be one.
    """
    rows, bad = [], list(found.bad)
    for raw in found.rows:
        faults = _faults(raw, roles)
        bad += [Bad(where=raw.where, why=why) for why in faults]
        if not faults:
            rows.append(_row(raw, roles))
    for name, where in {row.label: row.where for row in reversed(rows) if row.label is not None}.items():
        check_name(name, "class", where)
    return rows, bad


def _faults(raw: Raw, roles: Roles) -> list[str]:
    faults = [f"column {c!r} {why}" for c in roles.inputs if (why := fault(raw.cells.get(c)))]
    word = as_text(raw.cells.get(roles.split)) if roles.split else None
    if word and not split_named(word):
        faults.append(f"column {roles.split!r} holds {word!r}; none of learn (train), tune (validation), judge (test)")
    if roles.key and as_text(raw.cells.get(roles.key)) is None:
        faults.append(f"column {roles.key!r} is missing, and it is the key")
    return faults


def _row(raw: Raw, roles: Roles) -> Row:
    cells = raw.cells
    word = as_text(cells.get(roles.split)) if roles.split else None
    return Row(
        where=raw.where,
        media=raw.media,
        numbers={column: number(cells[column]) or 0.0 for column in roles.inputs},
        label=as_text(cells.get(roles.label)) if roles.label else as_text(raw.label),
        split=split_named(word) if word else raw.split,
        group=as_text(cells.get(roles.group)) if roles.group else None,
        key=as_text(cells.get(roles.key)) if roles.key else None,
        name=(as_text(cells.get(roles.name)) if roles.name else None) or raw.where,
        occurrence=int(number(cells.get(roles.occurrence)) or 0) if roles.occurrence else None,
        others={c: as_number(cells.get(c)) if c in roles.numeric else plain(cells.get(c)) for c in roles.others},
    )
