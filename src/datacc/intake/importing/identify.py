"""Give each row its id: what it is made of decides, never its label."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datacc.intake.importing.rows import Row
from datacc.repo.identity import address, content, example_id


@dataclass(frozen=True, kw_only=True)
class Identified:
    """A row with its id, its content digest, its occurrence number, and its inputs: column id → value."""

    row: Row
    id: str
    content: str
    occurrence: int
    inputs: Mapping[str, Any]


def identify(rows: Sequence[Row], inputs: Mapping[str, str]) -> list[Identified]:
    """`inputs`: input column name → permanent id in rank order; for media a single column.

    Equal media are one example. Equal rows of numbers without a key are several, told apart by their occurrence.
    """
    seen: Counter[str] = Counter()
    done = []
    for row in rows:
        if row.media is not None:
            values: dict[str, Any] = {id: {"media": address(row.read())} for id in inputs.values()}
        else:
            values = {id: row.numbers[name] for name, id in inputs.items()}
        same = content(values.values())
        counted = row.media is None and row.key is None
        occurrence = row.occurrence if row.occurrence is not None else seen[same] if counted else 0
        seen[same] += counted
        id = example_id(values, key=row.key, occurrence=occurrence)
        done.append(Identified(row=row, id=id, content=same, occurrence=occurrence, inputs=values))
    return done
