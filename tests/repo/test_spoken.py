"""Where the index finds an example: what is kept in any order and amount is found again, and nothing else."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from datacc.repo import spoken
from datacc.repo.ids import in_order, matches, to_ids
from datacc.repo.spoken import TABLES, all_spoken, find_spoken, keep_spoken, spoken_beginning

# ids that are equal, that begin alike, and that are far apart
NUMBERS = some.integers(0, 12) | some.integers(0, 5).map(lambda n: n << 64) | some.integers(0, 2**128 - 1)
ID = NUMBERS.map("{:032x}".format)
COMMITS = some.lists(some.lists(ID, max_size=9), max_size=12)


def tables() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.executescript(TABLES)
    return database


def keep(database: sqlite3.Connection, commits: Sequence[Sequence[str]]) -> list[tuple[str, int, int]]:
    """Keep the segments of these commits; all that was kept."""
    told = []
    for number, examples in enumerate(commits, 1):
        places = [(number, line) for line in range(len(examples))]
        keep_spoken(database, examples, places)
        told += [(example, *place) for example, place in zip(examples, places, strict=True)]
    return told


@given(COMMITS, some.lists(ID, max_size=9), some.integers(1, 5))
@settings(deadline=None)
def test_what_is_kept_is_found(commits: list[list[str]], others: list[str], row: int) -> None:
    with closing(tables()) as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr(spoken, "_AT_ONCE", row)
        told = keep(database, commits)
        assert sorted(all_spoken(database)) == sorted(told)
        wanted = [*others, *(example for example, _, _ in told[::2])]
        assert sorted(find_spoken(database, wanted)) == sorted(one for one in told if one[0] in wanted)
        for prefix in ("0", "0000000000000001", *(one[:20] for one in wanted[-3:]), *wanted[:1]):
            expected = {example for example, _, _ in told if example.startswith(prefix)}
            assert spoken_beginning(database, prefix) == expected


def test_there_are_few_parts_whatever_the_number_of_commits() -> None:
    with closing(tables()) as database:
        dice = np.random.default_rng(5)
        for number in range(300):
            examples = [f"{n:032x}" for n in dice.integers(0, 2**60, dice.integers(1, 40))]
            keep_spoken(database, examples, [(number, line) for line in range(len(examples))])
            sizes = [size for [size] in database.execute("SELECT sum(size) FROM operations GROUP BY part ORDER BY 1")]
            assert all(larger > 2 * smaller for smaller, larger in pairwise(sizes))


def test_arrays_that_are_not_whole_are_no_answer() -> None:
    with closing(tables()) as database:
        keep(database, [["0" * 32, "1" * 32]])
        for column in ("examples", "places"):
            [(whole,)] = database.execute(f"SELECT {column} FROM operations")
            for broken in (whole[:-1], whole[8:], "no bytes", None):
                database.execute(f"UPDATE operations SET {column} = ?", [broken])
                with pytest.raises(sqlite3.DatabaseError, match="damaged"):
                    find_spoken(database, ["1" * 32])
            database.execute(f"UPDATE operations SET {column} = ?", [whole])
        assert find_spoken(database, ["1" * 32]) == [("1" * 32, 1, 1)]


@given(some.lists(NUMBERS, max_size=30), some.lists(NUMBERS, max_size=12, unique=True))
@settings(deadline=None)
@example(rows=[5, 6], asked=[6, 5])
def test_matches_are_all_equal_pairs(rows: list[int], asked: list[int]) -> None:
    """Row by row, in whatever order they are asked for."""
    ids = to_ids([f"{n:032x}" for n in rows])
    which, found = matches(ids[in_order(ids)], to_ids([f"{n:032x}" for n in asked]))
    ordered = sorted(rows)
    pairs = [(asked[key], row) for key, row in zip(which.tolist(), found.tolist(), strict=True)]
    assert pairs == [(number, row) for row, number in enumerate(ordered) if number in asked]
