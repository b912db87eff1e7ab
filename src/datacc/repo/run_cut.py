"""Runs without the rows of some examples: in memory for whoever reads, and as files that take their place."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from datacc.repo.coded import Coded
from datacc.repo.lines import Lines, lines_of
from datacc.repo.run import ID_DIGITS, Run, read_run
from datacc.repo.run_files import manifest_text
from datacc.store import digest


def without(run: Run, examples: Collection[str]) -> Run:
    """The run without the rows of some examples; what others say keeps its id."""
    out, gone = _out(run, examples)
    if not out:
        return run
    left = np.ones(len(run), np.bool_)
    left[out] = False
    return replace(
        run,
        ids=np.asfortranarray(run.ids[left]),
        values={field: Coded(codes=one.codes[left], words=one.words) for field, one in run.values.items()},
        lines=None if run.lines is None else lines_of(b"".join(_cut(run.lines, out))),
        gone=tuple(gone),
    )


def files_without(files: Mapping[str, bytes], id: str, examples: Collection[str]) -> tuple[str, dict[str, bytes]]:
    """The id and the files, by name, of the run in `files`, by name, when some examples are taken out of it."""
    run = read_run(id, files["labels.tsv"], files["manifest.json"], files["inputs.jsonl"])
    out, gone = _out(run, examples)
    head = {**json.loads(files["manifest.json"]), "gone": gone, "of": run.id, "rows": len(run) - len(out)}
    cut = {
        "inputs.jsonl": b"".join(_cut(lines_of(files["inputs.jsonl"]), out)),
        "labels.tsv": b"".join(_cut(lines_of(files["labels.tsv"]), [number + 1 for number in out])),
        "manifest.json": manifest_text(head),
    }
    return digest(*(cut[name] for name in sorted(cut)))[:ID_DIGITS], cut


def _out(run: Run, examples: Collection[str]) -> tuple[list[int], list[int]]:
    """The rows of these examples, and all rows of the import that are gone without them; both ascend."""
    out = sorted(number for _, number in run.places(examples))
    return out, sorted({*run.gone, *run.numbers[out].tolist()})


def _cut(lines: Lines, out: Sequence[int]) -> Iterator[bytes]:
    """The text of the lines without those of these numbers, which ascend."""
    text, starts, at = lines.text, lines.starts, 0
    for number in out:
        yield text[at : starts[number]].tobytes()
        at = int(lines.ends[number]) + 1
    yield text[at:].tobytes()
