"""A million labelled texts, and edits of them: the same for every side of the repository's bench."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CLASSES = ("billing", "delivery", "praise", "refund", "spam", "bug", "account", "question", "thanks", "other")
SYLLABLES = ("ka", "lo", "mi", "ren", "tas", "vu", "sel", "dor", "pin", "qua", "zet", "ho", "bri", "fal", "ge", "nu")


@dataclass(frozen=True)
class Texts:
    """`texts` of about 40 bytes and the class of each."""

    texts: Sequence[str]
    labels: Sequence[str]

    def write(self, path: Path) -> None:
        """As a CSV file."""
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["text", "topic"])
            rows.writerows(zip(self.texts, self.labels, strict=True))

    def relabelled(self, edits: dict[int, str]) -> "Texts":
        """With other labels in some rows."""
        labels = list(self.labels)
        for row, label in edits.items():
            labels[row] = label
        return Texts(self.texts, labels)


def make_texts(count: int, seed: int = 0) -> Texts:
    """Texts of words that nobody wrote, and labels."""
    random = np.random.default_rng(seed)
    parts = random.integers(0, len(SYLLABLES), (count, 16))
    words = np.array(SYLLABLES)[parts]
    texts = [f"{''.join(w[:4])} {''.join(w[4:9])} {''.join(w[9:13])} {''.join(w[13:])}" for w in words.tolist()]
    labels = [CLASSES[k] for k in random.integers(0, len(CLASSES), count)]
    return Texts(texts, labels)


def edits(texts: Texts, count: int, block: int) -> dict[int, str]:
    """Row → another class than it has, for `count` rows from all over; no two blocks of up to 1,000 share a row."""
    order = np.random.default_rng(1).permutation(len(texts.texts))
    rows = order[1000 * block : 1000 * block + count].tolist()
    return {row: CLASSES[(CLASSES.index(texts.labels[row]) + 1 + row % 9) % 10] for row in rows}
