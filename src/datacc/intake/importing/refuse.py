"""One error for many bad rows or files: the first ten by name, then a count."""

from collections.abc import Sequence
from typing import Final

from datacc.errors import DataError
from datacc.intake import Bad
from datacc.repo.words import counted, printable

_SHOWN: Final = 10


def refuse(bad: Sequence[Bad], path: str, skip_bad: bool, good: int) -> tuple[str, ...]:
    """Notes on the `bad` ones when they may be skipped. Raises `DataError` that names them when not.

    `good`: how many can be read.
    """
    if not bad:
        return ()
    if skip_bad:
        return (f"{_count(bad)} left out: {_named(bad[:3])}{', …' if len(bad) > 3 else ''}",)
    lines = [f"{printable(one.where)}: {printable(one.why)}" for one in bad[:_SHOWN]]
    more = [f"and {len(bad) - _SHOWN:,} more"] if len(bad) > _SHOWN else []
    raise DataError(
        f"{_count(bad)} cannot be read\n  " + "\n  ".join([*lines, *more]),
        where=path,
        tries=["mend or remove them", *([f"--skip-bad takes the other {good:,}"] if good else [])],
    )


def _count(bad: Sequence[Bad]) -> str:
    return counted(len({one.where for one in bad}), "example")


def _named(bad: Sequence[Bad]) -> str:
    return ", ".join(f"{printable(one.where)} {printable(one.why)}" for one in bad)
