"""The confusion matrix of tune as HTML: a table whose cells are buttons, or a list when there are many classes."""

from html import escape

from datacc.compiler.report import Tune
from datacc.compiler.report.cards import bdi
from datacc.compiler.shown import part, shown

MOST_CLASSES = 24
MOST_PAIRS = 60


def matrix(tune: Tune) -> str:
    """A table of K × K counts with the share found of each class and the share right of each answer."""
    if len(tune.classes) > MOST_CLASSES:
        return _list(tune)
    counts = {(truth, answer): count for truth, answer, count in tune.pairs}
    highest = max((count for (truth, answer), count in counts.items() if truth != answer), default=1)
    head = "".join(f'<th scope="col">{bdi(name, 12)}' for name in tune.classes)
    rows = [_row(tune, truth, counts, highest) for truth in range(len(tune.classes))]
    foot = "".join(
        f"<td>{_percents(both, answered)}" for _, answered, both in map(tune.of_class, range(len(tune.classes)))
    )
    return (
        '<table class="matrix" aria-label="confusion matrix of tune: rows are labels, columns are answers">'
        f'<thead><tr><td class="axes">label ↓ answer →{head}<th scope="col" class="margin">found %</thead>'
        f"<tbody>{''.join(rows)}</tbody>"
        f'<tfoot><tr><th scope="row" class="margin">right %{foot}<td></tfoot></table>'
    )


def _row(tune: Tune, truth: int, counts: dict[tuple[int, int], int], highest: int) -> str:
    labelled, _, both = tune.of_class(truth)
    cells = "".join(
        _cell(tune, truth, answer, counts.get((truth, answer), 0), labelled, highest)
        for answer in range(len(tune.classes))
    )
    return f'<tr><th scope="row">{bdi(tune.classes[truth], 18)}{cells}<td class="margin">{_percents(both, labelled)}'


def _percents(both: int, whole: int) -> str:
    return part(both, whole).removesuffix(" %")


def _cell(tune: Tune, truth: int, answer: int, count: int, labelled: int, highest: int) -> str:
    if not count:
        return "<td>"
    right = truth == answer
    heat = count / labelled if right else count / highest
    return (
        f'<td class="{"diagonal" if right else "off"}" style="--heat:{heat:.2f}">{_button(tune, truth, answer, count)}'
    )


def _button(tune: Tune, truth: int, answer: int, count: int) -> str:
    told = escape(said(tune, truth, answer, count))
    place = f'data-row="{truth}" data-column="{answer}"'
    return f'<button data-pick="{truth}-{answer}" {place} aria-label="{told}" title="{told}">{count:,}</button>'


def said(tune: Tune, truth: int, answer: int, count: int) -> str:
    """One cell in words: "label 4, answer 9: 3 examples"."""
    some = "1 example" if count == 1 else f"{count:,} examples"
    return f"label {shown(tune.classes[truth], 40)}, answer {shown(tune.classes[answer], 40)}: {some}"


def _list(tune: Tune) -> str:
    """The commonest confusions, then the classes found least often."""
    wrong = tune.confused
    rows = [
        f"<tr><td>{bdi(tune.classes[t])}<td>{bdi(tune.classes[a])}<td>{_button(tune, t, a, n)}"
        for t, a, n in wrong[:MOST_PAIRS]
    ]
    cut = f"<p>and {len(wrong) - MOST_PAIRS:,} rarer.</p>" if len(wrong) > MOST_PAIRS else ""
    table = f'<table class="pairs"><thead><tr><th>label<th>answer<th>examples</thead>{"".join(rows)}</table>'
    return f"{table}{cut}{_weakest(tune)}"


def _weakest(tune: Tune) -> str:
    rows = [
        f"<tr><td>{bdi(n)}<td>{lab:,}<td>{part(b, lab)}<td>{part(b, ans)}"
        for n, lab, ans, b in tune.weakest(MOST_CLASSES)
    ]
    head = "<thead><tr><th>least found<th>examples<th>found<th>right</thead>"
    return f'<table class="pairs">{head}{"".join(rows)}</table>'
