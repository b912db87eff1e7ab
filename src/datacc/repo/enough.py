"""Whether there are enough examples to learn from and to judge by, of each class and in each split."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

from datacc.errors import DataError
from datacc.registry import load
from datacc.repo.coded import as_coded
from datacc.repo.example import Examples
from datacc.repo.names import folded
from datacc.repo.split import SPLITS
from datacc.repo.words import counted, listed, seen_once
from datacc.spec.program import Field


def refuse_too_few(ordered: Examples, output: Field) -> None:
    """Raise `DataError` where there is no example, or all have the same label."""
    kind = load("types", output.type)
    if not ordered:
        tries = ["datacc label ID CLASS says what an example is", "datacc import a folder or a table with labels"]
        raise DataError("there is no labelled example", tries=tries)
    present = as_coded(ordered.labels[output.name]).words
    if len(present) < 2:
        word = {"label": "class", "labels": "set of label"}.get(kind.form, kind.form)
        raise DataError(
            f"every labelled example ({len(ordered):,}) has the same {output.name}: {kind.shown(present[0])!r}; "
            f"a program needs two {word}{'es' if word == 'class' else 's'}",
            tries=[f"add examples of another {word}"],
        )


def refuse_empty_split(splits: Sequence[int], leaders: Sequence[str]) -> None:
    """Raise `DataError` where learn, tune or judge has no example; `leaders` tell which examples share a split."""
    counts = Counter(splits)
    if len(counts) == len(SPLITS):
        return
    sets, what = len(set(leaders)), f"{counted(len(splits), 'example')} are too few"
    tries = ["add examples; about 100 are a beginning", "import them with a split column"]
    if sets < len(splits):
        what += f": those of equal input or group share a split, and make {counted(sets, 'set')}"
        tries = ["add examples with other inputs or of other groups", *tries]
    shares = ", ".join(f"{name} {counts[split]:,}" for split, name in enumerate(SPLITS))
    raise DataError(f"{what}: {shares}", tries=tries[:2] if sets < len(SPLITS) else tries)


def _alike(field: str, names: Sequence[str]) -> list[str]:
    """What to tell of classes whose names differ in case, blanks or Unicode form alone: most likely they are one."""
    spelt: dict[str, list[str]] = {}
    for name in sorted(names):
        spelt.setdefault(folded("".join(name.split())), []).append(name)
    same = [_told_apart(spellings) for spellings in spelt.values() if len(spellings) > 1]
    return (
        [f"classes of {field} that differ in case, blanks or Unicode form alone: {'; '.join(same[:5])}"] if same else []
    )


def _told_apart(names: Sequence[str]) -> str:
    """Names in a row; those that look like another of them are escaped."""
    looks = [unicodedata.normalize("NFC", name) for name in names]
    return ", ".join(
        ascii(name) if looks.count(look) > 1 else listed([name]) for name, look in zip(names, looks, strict=True)
    )


def rare(ordered: Examples, outputs: Sequence[Field]) -> list[str]:
    """What to tell of classes that have one example, or almost the same name as another."""
    notes = []
    for output in outputs:
        kind, told = load("types", output.type), as_coded(ordered.labels[output.name])
        counts = Counter[str]()
        for code, count in Counter(told.codes.tolist()).items():
            counts.update(dict.fromkeys(kind.classes([told.words[code]]), count))
        notes += _alike(output.name, list(counts))
        once = [name for name in sorted(counts) if counts[name] == 1]
        if once:
            notes.append(f"{output.name} {seen_once(once)}")
    return notes
