"""Splits: shares, groups, equal inputs, imported splits."""

import subprocess
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.repo.example import Example
from datacc.repo.split import JUDGE, LEARN, TUNE, assign, split_named
from tests.tools import need


def example(number: int, *, content: str = "", group: str | None = None, split: str | None = None) -> Example:
    name = content or f"input {number}"
    return Example(id=f"{number:032x}", content=name, inputs={}, labels={}, group=group, split=split)


EXAMPLES = st.lists(
    st.tuples(
        st.integers(0, 9), st.none() | st.integers(0, 5), st.none() | st.sampled_from(["learn", "tune", "judge"])
    ),
    max_size=40,
)


def test_shares_are_70_10_20() -> None:
    splits, notes = assign([example(n) for n in range(20_000)])
    counts = Counter(splits)
    assert notes == ()
    for split, share in ((LEARN, 0.7), (TUNE, 0.1), (JUDGE, 0.2)):
        assert abs(counts[split] / 20_000 - share) < 0.012


def test_the_hash_of_an_input_decides() -> None:
    splits, _ = assign([example(n) for n in range(40)])
    for n, split in enumerate(splits):
        number = int(
            subprocess.check_output([need("b2sum"), "-l", "64"], input=f"input input {n}".encode()).split()[0], 16
        )
        assert split == (LEARN if number < 0.7 * 2**64 else TUNE if number < 0.8 * 2**64 else JUDGE)


@given(st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 5)), max_size=40))
def test_neither_a_group_nor_equal_inputs_straddle(drawn: list[tuple[int, int | None]]) -> None:
    examples = [example(n, content=f"c{c}", group=None if g is None else str(g)) for n, (c, g) in enumerate(drawn)]
    seen = defaultdict(set)
    for one, split in zip(examples, assign(examples)[0], strict=True):
        seen["content", one.content].add(split)
        if one.group is not None:
            seen["group", one.group].add(split)
    assert all(len(splits) == 1 for splits in seen.values())


@given(EXAMPLES)
def test_equal_inputs_share_a_split_whatever_was_imported(drawn: list[tuple[int, int | None, str | None]]) -> None:
    examples = [example(n, content=f"c{c}", split=split) for n, (c, _, split) in enumerate(drawn)]
    seen = defaultdict(set)
    for one, split in zip(examples, assign(examples)[0], strict=True):
        seen[one.content].add(split)
    assert all(len(splits) == 1 for splits in seen.values())


def test_a_split_does_not_depend_on_the_others() -> None:
    examples = [example(n) for n in range(500)]
    assert assign(examples)[0][::7] == assign(examples[::7])[0]


def test_an_imported_split_wins() -> None:
    words = ["learn", "tune", "judge"]
    splits, notes = assign([example(n, split=words[n % 3]) for n in range(300)])
    assert splits == [n % 3 for n in range(300)]
    assert notes == ()


def test_an_input_in_two_splits_stays_out_of_judge() -> None:
    pair = [example(1, content="same", split="judge"), example(2, content="same", split="learn")]
    splits, notes = assign([*pair, *(example(n) for n in range(3, 90))])
    assert splits[:2] == [LEARN, LEARN]
    assert "1 input imported into two splits" in notes[0]


def test_a_tune_split_is_taken_from_learn_when_only_train_and_test_were_imported() -> None:
    examples = [example(n, split="learn" if n % 4 else "judge") for n in range(2000)]
    splits, notes = assign(examples)
    assert [split == JUDGE for split in splits] == [n % 4 == 0 for n in range(2000)]
    assert 100 < splits.count(TUNE) < 200
    assert notes == (f"tune was empty; it took {splits.count(TUNE):,} examples from learn",)


@pytest.mark.parametrize("groups", [3, 5, 11])
def test_a_few_large_groups_still_fill_every_split(groups: int) -> None:
    examples = [example(n, group=f"s{n % groups}") for n in range(groups * 10)]
    splits, notes = assign(examples)
    assert {split: splits.count(split) > 0 for split in (LEARN, TUNE, JUDGE)} == {LEARN: True, TUNE: True, JUDGE: True}
    assert splits.count(LEARN) >= splits.count(TUNE)
    assert len({(e.group, split) for e, split in zip(examples, splits, strict=True)}) == groups
    assert all("was empty; it took" in note for note in notes)


def test_two_groups_cannot_fill_three_splits() -> None:
    assert len(set(assign([example(n, group=f"s{n % 2}") for n in range(40)])[0])) < 3


def test_words_for_splits() -> None:
    assert [split_named(word) for word in ("Train", " test ", "val", "dev", "cats")] == [
        "learn", "judge", "tune", "tune", None,
    ]  # fmt: skip
