"""The tune examples that a report shows: pictures as data addresses, records as their most unusual columns."""

import base64
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.evidence import Evidence
from datacc.compiler.legible import Named, cell_of, text_of
from datacc.compiler.report.png import png
from datacc.compiler.shown import label_command, percent, shown
from datacc.frozen import frozen
from datacc.types.pictures import pillow

PER_CELL: Final = 40
MOST_BYTES: Final = 6_000_000  # of all pictures together, as text
LARGEST_SIDE: Final = 160
COLUMNS: Final = 4
LONGEST: Final = 300  # characters of a text

Columns = dict[str, Named]


@frozen
class Cards:
    """The HTML of the cards, how many examples have one, and how many of all had to be left out."""

    html: str
    count: int
    left_out: int


def cards(evidence: Evidence, columns: Columns, *, commands: bool) -> Cards:
    """One card per example: errors first, the most confident before; then right answers, the least sure before.

    `columns` names the columns of record inputs; `commands` adds the command that relabels an example. At most 40
    a cell of the confusion matrix and 6 MB of pictures.
    """
    parts: list[str] = []
    per_cell: Counter[tuple[int, int]] = Counter()
    used = 0
    unusual = far_from_usual(evidence.inputs)
    for row in _order(evidence):
        cell = (int(evidence.truth[row]), int(evidence.answer[row]))
        if per_cell[cell] >= PER_CELL or used >= MOST_BYTES:
            continue
        part = _card(evidence, row, columns, unusual, commands)
        per_cell[cell] += 1
        used += len(part)
        parts.append(part)
    return Cards(html="\n".join(parts), count=len(parts), left_out=len(evidence.ids) - len(parts))


def _order(evidence: Evidence) -> Iterator[int]:
    wrong = evidence.truth != evidence.answer
    sure = np.where(wrong, -evidence.confidence, evidence.confidence)
    yield from (int(row) for row in np.lexsort((np.arange(len(wrong)), sure, ~wrong)))


def _card(
    evidence: Evidence, row: int, columns: Columns, unusual: dict[str, NDArray[np.float64]], commands: bool
) -> str:
    truth, answer = int(evidence.truth[row]), int(evidence.answer[row])
    name, example = evidence.names[row], evidence.ids[row]
    wrong = truth != answer
    said = f'<b class="{"wrong" if wrong else "right"}">{bdi(evidence.classes[answer])}</b>'
    label = f'<span class="was">label {bdi(evidence.classes[truth])}</span>' if wrong else ""
    if evidence.known is not None and not evidence.known[row]:
        label += '<span class="was">not known</span>'
    inputs = "".join(input_html(one[row], columns.get(n), unusual.get(n), row) for n, one in evidence.inputs.items())
    relabel = _relabel(example, evidence.classes[answer]) if commands and wrong else ""
    return (
        f'<li class="card" data-cell="{truth}-{answer}"{" data-wrong" if wrong else " hidden"}>{inputs}'
        f'<p class="says">{said} <span class="sure">{percent(float(evidence.confidence[row]))}</span>{label}</p>'
        f"{who(name, example)}"
        f"{relabel}</li>"
    )


def _relabel(example: str, answer: str) -> str:
    """The command that gives the example this label, to copy."""
    command = label_command(example, answer)
    short = command.replace(example, f"{example[:8]}…", 1)
    return f'<button class="copy" data-copy="{escape(command)}">{escape(shown(short, 100))}</button>'


def who(name: str | None, example: str) -> str:
    """What the user calls an example, and its id."""
    title = f'<span class="name" title="{escape(shown(name, 200))}">{bdi(name, 40)}</span>' if name else ""
    return f'<p class="who">{title}<code>{escape(shown(example[:12]))}</code></p>'


def input_html(value: NDArray[Any], columns: Named | None, unusual: NDArray[Any] | None, row: int) -> str:
    """One input of the example in this row: a picture, a text, or the columns that are farthest from usual."""
    if value.dtype == np.uint8 and value.ndim == 3 and value.shape[2] in (1, 3):
        return picture(value)
    if value.dtype == np.uint8 and value.ndim == 1:
        return f'<p class="values">{bdi(text_of(value), LONGEST)}</p>'
    if columns and unusual is not None:
        return _record(value, columns, unusual[row])
    numbers = ", ".join(f"{item:.4g}" for item in value.reshape(-1)[:8])
    return f'<p class="values">{escape(numbers)}{" …" if value.size > 8 else ""}</p>'


def picture(pixels: NDArray[np.uint8]) -> str:
    """An `img` of uint8 (H, W, 1 or 3) with its pixels as they are, shrunk only when a side is above 160."""
    if max(pixels.shape[:2]) > LARGEST_SIDE:
        pixels = pillow().shrunk(pixels, LARGEST_SIDE)
    height, width = pixels.shape[:2]
    address = base64.b64encode(png(pixels)).decode()
    return f'<img alt="" width="{width}" height="{height}" src="data:image/png;base64,{address}">'


def _record(value: NDArray[Any], columns: Named, unusual: NDArray[Any]) -> str:
    names = list(columns)
    amounts = np.where([columns[name].is_amount for name in names], unusual, 0)
    rows = []
    for i in map(int, np.argsort(-np.abs(amounts), kind="stable")[:COLUMNS]):
        meaning = columns[names[i]]
        far = f"{amounts[i]:+.1f} σ" if meaning.is_amount and not math.isnan(value[i]) else ""
        said = cell_of(float(value[i]), meaning)
        rows.append(f'<tr><th>{bdi(names[i], 24)}<td>{bdi(said, 24)}<td class="far">{far}')
    rest = len(columns) - len(rows)
    more = f'<p class="more">and {rest:,} columns nearer to usual</p>' if rest > 0 else ""
    return f'<table class="record">{"".join(rows)}</table>{more}'


def far_from_usual(inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
    """For inputs that are N rows of numbers: how many deviations each value lies from their mean (N, F)."""
    found = {}
    for name, array in inputs.items():
        if array.ndim == 2 and array.dtype == np.float32 and len(array):
            rows = array.astype(np.float64)
            known = np.ma.masked_invalid(rows)  # what is missing is not unusual
            deviation = known.std(axis=0).filled(0)
            found[name] = ((known - known.mean(axis=0)) / np.where(deviation > 0, deviation, np.inf)).filled(0)
    return found


def bdi(words: str, most: int = 60) -> str:
    """`words` as inert HTML that cannot turn the direction of what follows."""
    return f"<bdi>{escape(shown(words, most))}</bdi>"
