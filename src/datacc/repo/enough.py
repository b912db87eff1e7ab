"""What examples must have to be frozen: something to tell apart, in every split; and what is worth a note."""

from collections import Counter
from collections.abc import Sequence

from datacc.errors import DataError
from datacc.registry import load
from datacc.repo.example import Example
from datacc.repo.identity import canonical_json
from datacc.repo.split import LEARN, SPLITS
from datacc.repo.words import listed, seen_once
from datacc.spec.program import Field


def refuse_too_few(ordered: Sequence[Example], output: Field) -> None:
    """Raise `DataError` where there is no example, or nothing to tell apart."""
    kind = load("types", output.type)
    present = {canonical_json(example.labels[output.name]) for example in ordered}
    if not ordered:
        raise DataError(
            "there is no labelled example", tries=["datacc import a folder, CSV, JSONL or .npz with labels"]
        )
    if len(present) < 2:
        word = {"label": "class", "labels": "set of label"}.get(kind.form, kind.form)
        raise DataError(
            f"every example has the same {output.name}: {kind.shown(ordered[0].labels[output.name])!r}; "
            f"a program needs two {word}{'es' if word == 'class' else 's'}",
            tries=[f"import examples of another {word}"],
        )


def refuse_empty_split(splits: Sequence[int]) -> None:
    """Raise `DataError` where a split has no example."""
    counts = Counter(splits)
    if len(counts) < len(SPLITS):
        shares = ", ".join(f"{name} {counts[split]}" for split, name in enumerate(SPLITS))
        raise DataError(
            f"{len(splits)} examples are too few, or their groups too large: {shares}",
            tries=["add examples; about 100 are a beginning", "import them with a split column"],
        )


def rare(ordered: Sequence[Example], splits: Sequence[int], outputs: Sequence[Field]) -> list[str]:
    """Notes on what occurs once, or in no learn example."""
    notes = []
    for output in outputs:
        kind = load("types", output.type)
        seen = [kind.classes([example.labels[output.name]]) for example in ordered]
        learnt = {name for names, split in zip(seen, splits, strict=True) if split == LEARN for name in names}
        counts = Counter(name for names in seen for name in names)
        once = [name for name in sorted(counts) if counts[name] == 1]
        elsewhere = [name for name in sorted(counts) if counts[name] > 1 and name not in learnt]
        if once:
            notes.append(f"{output.name} {seen_once(once)}")
        if elsewhere:
            notes.append(f"no learn example has {output.name} {listed(elsewhere)}: tune and judge took them all")
    return notes
