"""Delete examples, and bring deleted ones back: edits like any other, which history keeps."""

from collections.abc import Sequence
from dataclasses import replace

from datacc.errors import DataError
from datacc.repo.change import Edit, change, drop
from datacc.repo.edit import write
from datacc.repo.find import Repository
from datacc.repo.fold import fold
from datacc.repo.working import Working, one_example, read_working


def delete(repository: Repository, id_prefixes: Sequence[str], reason: str | None = None) -> tuple[str, ...]:
    """Journal that these examples are no longer part of the repository; their ids.

    All or none. What they were stays in history (`restore`), and so do their files. Raises `DataError` for an unknown
    example and for one that is deleted already.
    """
    working = read_working(repository)
    edits: dict[str, Edit] = {}
    for example in (one_example(working.states, prefix) for prefix in id_prefixes):
        state = working.states[example]
        if not state.alive:
            raise DataError("the example is deleted already", where=example, tries=[f"datacc restore {example[:8]}"])
        edits[example] = {**drop(example, working.said_of(example)), "reason": reason}
    write(repository, working.pending, list(edits.values()))
    return tuple(edits)


def restore(repository: Repository, id_prefixes: Sequence[str]) -> tuple[str, ...]:
    """Journal that these deleted examples are part of the repository again, with the values that they had; their ids.

    All or none. One that one branch deleted and another edited is kept as it was edited. Raises `DataError` for an
    unknown example and for one that is not deleted.
    """
    working = read_working(repository)
    edits: dict[str, list[Edit]] = {}
    for example in (one_example(working.states, prefix) for prefix in id_prefixes):
        if not working.states[example].drops:
            raise DataError("the example is not deleted", where=example, tries=[f"datacc show {example[:8]}"])
        edits[example] = _restored(working, example)
    write(repository, working.pending, [edit for one in edits.values() for edit in one])
    return tuple(edits)


def _restored(working: Working, example: str) -> list[Edit]:
    """Back to what was said when it was deleted; values that were written since stay."""
    said, now = working.said_of(example), working.states[example]
    drops = {one.id for one in now.drops}
    before = fold(o for o in said if o.id not in drops)[example]
    kept = {field: register for field, register in now.fields.items() if register.live}
    return change(example, said, replace(before, fields={**before.fields, **kept}))
