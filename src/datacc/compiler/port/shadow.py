"""Ask a built program and the function that it was made from the same, and keep as examples where they differ."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from datacc.compiler.port import form_in
from datacc.compiler.port.program import write_calls
from datacc.compiler.port.record import Recorded, record
from datacc.compiler.port.wish import Agree, Wish, consent, gathered, home_of
from datacc.errors import DataError, UsageError
from datacc.frozen import frozen
from datacc.intake.importing import import_examples
from datacc.intake.inbox import ANSWER
from datacc.repo.wishes import require_trusted_build
from datacc.runtime.load import Answer, Labels, Loaded, Number, load
from datacc.spec.interface import Port


@frozen
class Shadow:
    """What came of it: calls `asked`, those that the program `known`, of these `disagreed`, and new examples."""

    program: str
    root: str
    asked: int
    known: int
    disagreed: int
    imported: int
    notes: tuple[str, ...]


def shadow(wish: Wish, agree: Agree) -> Shadow:
    """Compare, and import what the program does not know or answers differently, with the function's answer.

    Raises `UsageError` where no program is built yet, and as `port` does.
    """
    home = home_of(wish)
    wish = home.seen(wish)
    place = home.root / "build" / wish.program if home.program is None else home.root / "build" / home.program.name
    if home.program is None or home.repository is None or not place.is_dir():
        raise UsageError("no program is built from it yet", where=str(place), tries=["datacc port … without --shadow"])
    consent(wish, home, agree)
    require_trusted_build(place)
    program = load(place)
    recorded = record(wish.asker, gathered(wish), form_in(home.program), skip_bad=wish.skip_bad)
    answers = [_asked(program, row) for row in recorded.rows]
    agreed = [_agrees(answer, row[ANSWER]) for answer, row in zip(answers, recorded.rows, strict=True)]
    known = [answer.known for answer in answers]
    news = [n for n, same in enumerate(agreed) if not same or not known[n]]
    imported = 0
    with tempfile.TemporaryDirectory(prefix="datacc-port-") as folder:
        table = Path(folder) / "shadow.jsonl"
        if news:
            done = import_examples(home.repository, table, write_calls(table, _only(recorded, news)))
            imported = done.examples
    return Shadow(
        program=program.interface.name,
        root=str(home.root),
        asked=len(answers),
        known=sum(known),
        disagreed=sum(is_known and not same for is_known, same in zip(known, agreed, strict=True)),
        imported=imported,
        notes=recorded.notes,
    )


def _only(recorded: Recorded, rows: list[int]) -> Recorded:
    return replace(
        recorded,
        rows=[recorded.rows[n] for n in rows],
        where=[recorded.where[n] for n in rows],
        groups=[recorded.groups[n] for n in rows],
    )


def _agrees(answer: Answer | Number | Labels, said: Any) -> bool:
    """Whether the function said the class or the labels that were answered, or a number within the interval."""
    if isinstance(answer, Labels):
        return bool(sorted(answer.labels) == said)
    return answer.low <= said <= answer.high if isinstance(answer, Number) else bool(answer.label == said)


def _asked(program: Loaded, row: Mapping[str, Any]) -> Answer | Number | Labels:
    """What the program says. Raises `DataError` where the row does not fit it."""
    cells: dict[str, Any] = {}
    for name, value in row.items():
        cells |= {f"{name}[{i}]": item for i, item in enumerate(value)} if isinstance(value, list) else {name: value}
    inputs = program.interface.inputs
    given = {port.name: _value(port, cells) for port in inputs}
    answer = program(**given) if len(inputs) > 1 else program(given[inputs[0].name])
    if not isinstance(answer, Answer | Number | Labels):
        raise DataError("it answers more than one output", where=program.interface.name)
    return answer


def _value(port: Port, cells: Mapping[str, Any]) -> Any:
    try:
        values = {column: cells[column] for column in port.columns}
    except KeyError as error:
        raise DataError(f"there is no {error} among the arguments", where=port.name) from None
    return values if port.options.get("columns") else values[port.name]
