"""Splits: which examples are learnt from, tuned on and judged on; equal inputs and groups never straddle two."""

import hashlib
from collections.abc import Sequence
from typing import Final

from datacc.repo.example import Example
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
    inputs imported into two splits all go to the earlier one, so that judge stays clean. When the imported splits
    name no tune (or no judge) at all, the hash takes its share from learn.
    """
    leaders = _leaders(examples)
    hashed = [_by_hash(leader) for leader in leaders]
    imported, straddling = _imported(examples)
    splits = [imported.get(e.content, natural) for e, natural in zip(examples, hashed, strict=True)]
    notes = []
    if straddling:
        notes.append(
            f"{counted(straddling, 'input')} imported into two splits; the earlier of learn, tune, judge holds"
        )
    missing = {LEARN, TUNE, JUDGE} - set(splits) if imported else set()
    for split in sorted(missing - {LEARN}):
        notes.append(f"no imported example is in {SPLITS[split]}; it takes its share of learn by hash")
    final = [
        natural if split == LEARN and natural in missing else split
        for split, natural in zip(splits, hashed, strict=True)
    ]
    return final, tuple(notes)


def _imported(examples: Sequence[Example]) -> tuple[dict[str, int], int]:
    chosen: dict[str, int] = {}
    straddling = set()
    for example in examples:
        if example.split is None:
            continue
        split = SPLITS.index(example.split)
        known = chosen.setdefault(example.content, split)
        if known != split:
            straddling.add(example.content)
            chosen[example.content] = min(known, split)
    return chosen, len(straddling)


def _leaders(examples: Sequence[Example]) -> list[str]:
    """For each example the smallest name among all groups and inputs that it is tied to."""
    parents: dict[str, str] = {}

    def find(node: str) -> str:
        while parents.setdefault(node, node) != node:
            parents[node] = node = parents[parents[node]]
        return node

    own = [f"input {e.content}" if e.group is None else f"group {e.group}" for e in examples]
    for node, example in zip(own, examples, strict=True):
        first, second = sorted((find(node), find(f"input {example.content}")))
        parents[second] = first
    return [find(node) for node in own]


def _by_hash(leader: str) -> int:
    number = int.from_bytes(hashlib.blake2b(leader.encode(), digest_size=8).digest(), "big")
    share = number / 2**64
    return LEARN if share < _LEARN_SHARE else TUNE if share < _LEARN_SHARE + _TUNE_SHARE else JUDGE
