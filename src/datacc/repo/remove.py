"""Delete examples, and bring deleted ones back: edits like any other, which history keeps."""

from collections.abc import Sequence
from dataclasses import replace

from datacc.errors import DataError
from datacc.repo.change import Edit, change, drop
from datacc.repo.edit import write
from datacc.repo.find import Repository
from datacc.repo.fold import State, fold
from datacc.repo.operation import Operation
from datacc.repo.working import Working, one_example, read_working


def delete(
    repository: Repository, id_prefixes: Sequence[str], reason: str | None = None, *, working: Working | None = None
) -> tuple[str, ...]:
    """Journal that these examples are no longer part of the repository; their ids.

    All or none. What they were stays in history (`restore`), and so do their files. `working`: what the repository says
    now, for who has read it already. Raises `DataError` for an unknown example and for one that is deleted already.
    """
    working = working or read_working(repository)
    examples = _all_of(working, id_prefixes)
    for example in examples:
        if not working.states[example].alive:
            raise DataError("the example is deleted already", where=example, tries=[f"datacc restore {example[:8]}"])
    said = working.said_of(examples)
    write(repository, working.pending, [{**drop(one, said[one]), "reason": reason} for one in examples])
    return examples


def restore(repository: Repository, id_prefixes: Sequence[str], *, working: Working | None = None) -> tuple[str, ...]:
    """Journal that these deleted examples are part of the repository again, with the values that they had; their ids.

    All or none. One that one branch deleted and another edited is kept as it was edited. `working` as for `delete`.
    Raises `DataError` for an unknown example and for one that is not deleted.
    """
    working = working or read_working(repository)
    examples = _all_of(working, id_prefixes)
    for example in examples:
        if not working.states[example].drops:
            raise DataError("the example is not deleted", where=example, tries=[f"datacc show {example[:8]}"])
    said = working.said_of(examples)
    edits = [edit for one in examples for edit in _restored(one, said[one], working.states[one])]
    write(repository, working.pending, edits)
    return examples


def _all_of(working: Working, id_prefixes: Sequence[str]) -> tuple[str, ...]:
    """The ids that begin so, each once."""
    return tuple(dict.fromkeys(one_example(working.states, prefix) for prefix in id_prefixes))


def _restored(example: str, said: Sequence[Operation], now: State) -> list[Edit]:
    """Back to what was said when it was deleted; values that were written since stay."""
    drops = {one.id for one in now.drops}
    before = fold(o for o in said if o.id not in drops)[example]
    kept = {field: register for field, register in now.fields.items() if register.live}
    return change(example, said, replace(before, fields={**before.fields, **kept}))
