"""Splits: which examples are learnt from, tuned on and judged on; equal inputs and groups never straddle two."""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np

from datacc.repo.example import Example, Examples, columnar
from datacc.repo.words import counted

LEARN: Final = 0
TUNE: Final = 1
JUDGE: Final = 2
SPLITS: Final = ("learn", "tune", "judge")

_LEARN_SHARE: Final = 0.70
_TUNE_SHARE: Final = 0.10
_ALIASES: Final = {
    "learn": "learn", "train": "learn", "training": "learn",
    "tune": "tune", "val": "tune", "valid": "tune", "validation": "tune", "dev": "tune",
    "judge": "judge", "test": "judge", "testing": "judge", "holdout": "judge",
}  # fmt: skip


def split_named(word: str) -> str | None:
    """The split that `word` means ("train" → "learn", "test" → "judge"), or None."""
    return _ALIASES.get(word.strip().casefold())


def assign(examples: Sequence[Example]) -> tuple[list[int], tuple[str, ...]]:
    """The split of each example (LEARN, TUNE or JUDGE) and notes on what was decided.

    An imported split wins; otherwise 70/10/20 by a hash of the group, or of the input where there is none. Equal
    inputs imported into two splits all go to the earlier one, so that judge stays clean. A split that would stay
    empty takes its share of learn: by the hash when splits were imported, otherwise the largest hashes.
    """
    examples = columnar(examples)
    leaders = leaders_of(examples)
    shares = _shares(set(leaders))
    imported, straddling = _imported(examples)
    shared = {leader: _by_hash(share) for leader, share in shares.items()}
    splits = [imported.get(content, shared[one]) for content, one in zip(examples.contents, leaders, strict=True)]
    notes = []
    if straddling:
        notes.append(
            f"{counted(straddling, 'input')} imported into two splits; the earlier of learn, tune, judge holds"
        )
    for split in sorted({TUNE, JUDGE} - set(splits), reverse=True):
        chosen = {leader for leader, share in shares.items() if _by_hash(share) == split} if imported else set()
        chosen = chosen or _largest(split, splits, leaders, shares)
        moved = [one in chosen and old == LEARN for one, old in zip(leaders, splits, strict=True)]
        if any(moved):
            splits = [split if move else old for move, old in zip(moved, splits, strict=True)]
            notes.append(f"{SPLITS[split]} was empty; it took {counted(sum(moved), 'example')} from learn")
    return splits, tuple(notes)


def _largest(split: int, splits: Sequence[int], leaders: Sequence[str], shares: Mapping[str, float]) -> set[str]:
    """Learn's leaders with the largest hashes, enough of them to make up the share of `split`; one stays."""
    sizes = Counter(leader for leader, old in zip(leaders, splits, strict=True) if old == LEARN)
    wanted = len(splits) * (_TUNE_SHARE if split == TUNE else 1 - _LEARN_SHARE - _TUNE_SHARE)
    chosen: set[str] = set()
    for leader in sorted(sizes, key=lambda one: (shares[one], one), reverse=True)[:-1]:
        if sum(sizes[one] for one in chosen) >= wanted:
            break
        chosen.add(leader)
    return chosen


def _imported(examples: Examples) -> tuple[dict[str, int], int]:
    chosen: dict[str, int] = {}
    straddling = set()
    for content, name in zip(examples.contents, examples.splits, strict=True):
        if name is None:
            continue
        split = SPLITS.index(name)
        known = chosen.setdefault(content, split)
        if known != split:
            straddling.add(content)
            chosen[content] = min(known, split)
    return chosen, len(straddling)


def leaders_of(examples: Examples) -> list[str]:
    """For each example the smallest name among all groups and inputs that it is tied to."""
    inputs = list(map("input {}".format, examples.contents))
    if all(group is None for group in examples.groups):
        return inputs
    parents: dict[str, str] = {}

    def find(node: str) -> str:
        while parents.setdefault(node, node) != node:
            parents[node] = node = parents[parents[node]]
        return node

    groups = zip(inputs, examples.groups, strict=True)
    own = [same if group is None else f"group {group}" for same, group in groups]
    for node, same in zip(own, inputs, strict=True):
        first, second = sorted((find(node), find(same)))
        parents[second] = first
    return [find(node) for node in own]


def _shares(leaders: Collection[str]) -> dict[str, float]:
    """Where each lies between 0 and 1, by its hash."""
    hashes = b"".join([hashlib.blake2b(leader.encode(), digest_size=8).digest() for leader in leaders])
    return dict(zip(leaders, (np.frombuffer(hashes, ">u8") / 2.0**64).tolist(), strict=True))


def _by_hash(share: float) -> int:
    return LEARN if share < _LEARN_SHARE else TUNE if share < _LEARN_SHARE + _TUNE_SHARE else JUDGE
