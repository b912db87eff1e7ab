"""The HTML report: one file, nothing fetched, every text inert, every cell of the matrix with its examples."""

import base64
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from datacc.compiler.changes import Answers, Changed, Diff, Judged, Relabelled
from datacc.compiler.legible import columns_of
from datacc.compiler.report import cards as report_cards
from datacc.compiler.report.cards import PER_CELL, cards, picture
from datacc.compiler.report.html import report_html
from datacc.compiler.report.matrix import MOST_CLASSES
from datacc.compiler.suggest import Need, Suggestions, Suspect
from datacc.ir.cost import NodeCost
from datacc.spec.lock import ALL
from tests.compiler.made import evidence_of, report_of

HOSTILE = (
    "</script><script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "\u202egnp.exe\u202c & <b>",
)


class Reader(HTMLParser):
    """Collects tags with their attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        (self.scripts if self._inside == "script" else self.words).append(data)

    def having(self, attribute: str) -> list[dict[str, str | None]]:
        return [attrs for _, attrs in self.tags if attribute in attrs]


def changed(words: Sequence[str]) -> Diff:
    """A diff in which everything that somebody may have named is one of `words`."""
    first, second, third = words[:3]
    one = Changed(id=first, name=second, label=third, old=first, new=second, effect="broke")
    return Diff(
        old=first,
        new=second,
        labels=1,
        relabelled=(Relabelled(id=first, name=second, old=third, new=first),),
        added=0,
        removed=0,
        classes_added=(first,),
        classes_removed=(second,),
        answers=(Answers(split="tune", evidence="", rows=2, fixed=0, broke=1, other=0, changed=(one,)),),
        judge=Judged(rows=1, differ=0, old=None, new=None),
    )


def suggested(words: Sequence[str]) -> Suggestions:
    """The same of suggestions."""
    first, second, third = words[:3]
    one = Suspect(id=first, name=second, label=third, label_share=0.1, instead=first, share=0.9, text=second)
    need = Need(name=first, rows=20, before=0.5, found=0.6, more=20, then=0.7)
    return Suggestions(field=third, rows=9, total=1, suspects=(one,), needs=(need,), rare=((second, 1),), edits=1)


def test_hostile_names_are_inert() -> None:
    evidence = evidence_of(HOSTILE, names=[HOSTILE[n % 3] for n in range(6)], ids=[HOSTILE[n % 3] for n in range(6)])
    report = replace(report_of(evidence, notes=HOSTILE), since=changed(HOSTILE), unlike=HOSTILE[0])
    report = replace(report, suggestions=suggested(HOSTILE))
    page = Reader(report_html(report, [evidence]))
    assert "Since the build before" in page.words
    assert "What could be done about the examples" in page.words
    assert len(page.scripts) == 1
    assert "alert" not in page.scripts[0]
    assert not page.having("onerror")
    assert {attrs["src"] for attrs in page.having("src")} == set()
    text = "".join(page.words)
    assert "\u202e" not in text
    assert "\\u202e" in text
    assert "</script>" in text  # shown, as text
    assert all("\u202e" not in (value or "") for _, attrs in page.tags for value in attrs.values())


def test_it_needs_nothing_from_elsewhere_and_runs_only_its_own_script() -> None:
    evidence = evidence_of(pictures=True)
    text = report_html(report_of(evidence), [evidence])
    page = Reader(text)
    for _, attrs in page.tags:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert (attrs.get(name) or "data:").startswith("data:")
    assert "url(" not in text
    assert "@import" not in text
    (policy,) = [attrs["content"] for attrs in page.having("http-equiv")]
    hashed = base64.b64encode(hashlib.sha256(page.scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{hashed}'" in (policy or "")
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_every_cell_has_its_examples_and_errors_come_first() -> None:
    evidence = evidence_of(pictures=True)
    page = Reader(report_html(report_of(evidence), [evidence]))
    picks = {attrs["data-pick"] for attrs in page.having("data-pick")}
    shown = [attrs["data-cell"] for attrs in page.having("data-cell")]
    assert picks == set(shown) == {"0-0", "1-1", "2-2", "1-2", "0-1"}
    assert shown[:2] == ["0-1", "1-2"]  # the last row is the most confident of the two errors
    assert [("data-wrong" in attrs) != ("hidden" in attrs) for attrs in page.having("data-cell")] == [True] * 6
    commands = [attrs["data-copy"] for attrs in page.having("data-copy")]
    assert commands == [f"datacc label {evidence.ids[5]} high", f"datacc label {evidence.ids[3]} far"]


def test_a_table_gets_no_label_command() -> None:
    evidence = evidence_of()
    assert "data-copy" not in cards(evidence, {}, commands=False).html


def test_cells_and_bytes_are_bounded_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = evidence_of(truth=[0] * 100, answer=[1] * 100, pictures=True)
    made = cards(evidence, {}, commands=False)
    assert (made.count, made.left_out) == (PER_CELL, 100 - PER_CELL)
    assert "60 of 100 examples are not in this file" in report_html(report_of(evidence), [evidence])
    monkeypatch.setattr(report_cards, "MOST_BYTES", 2_000)
    fewer = cards(evidence, {}, commands=False)
    assert fewer.count < 10
    assert len(fewer.html) < 2_000 + 2 * len(made.html) / PER_CELL


@pytest.mark.parametrize(("shape", "mode"), [((4, 5, 1), "L"), ((4, 5, 3), "RGB"), ((400, 300, 3), "RGB")])
def test_a_picture_keeps_its_pixels(shape: tuple[int, ...], mode: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    found = re.search(r'base64,([^"]+)"', picture(pixels))
    assert found is not None
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
        assert image.mode == mode
        assert max(image.size) <= 160
        if shape[0] < 160:
            np.testing.assert_array_equal(np.asarray(image).reshape(shape), pixels)


def test_a_record_shows_its_most_unusual_columns() -> None:
    evidence = evidence_of()
    evidence.inputs["point"][5] = (0.0, 99.0)
    found = re.search(
        r'<table class="record"><tr><th><bdi>(\w+)</bdi><td><bdi>([^<]*)', report_html(report_of(evidence), [evidence])
    )
    assert found is not None
    assert found.groups() == ("y", "99")


def test_only_what_is_an_amount_is_so_far_from_usual() -> None:
    """Neither the code of a category nor what is missing."""
    columns = columns_of({"columns": ["size", "where", "gap"], "categories": {"where": ["north", "south"]}})
    value = np.array([9.0, 1.0, np.nan], np.float32)
    page = report_cards.input_html(value, columns, np.array([[1.5, -7.0, 0.0]]), 0)
    cells = re.findall(r'<bdi>(\w+)</bdi><td>(?:<bdi>)?(\w+)(?:</bdi>)?<td class="far">([^<]*)', page)
    assert cells == [("size", "9", "+1.5 σ"), ("where", "south", ""), ("gap", "missing", "")]


def test_many_classes_become_a_list() -> None:
    count = MOST_CLASSES + 5
    names = tuple(f"class {k}" for k in range(count))
    evidence = evidence_of(names, truth=range(count), answer=[(k + k % 2) % count for k in range(count)])
    page = Reader(report_html(report_of(evidence), [evidence]))
    assert len(page.having("data-pick")) == sum(k % 2 for k in range(count))
    assert not [attrs for attrs in page.having("class") if attrs["class"] == "matrix"]


def test_what_is_missed_stands_beside_what_would_close_it() -> None:
    evidence = evidence_of()
    text = "".join(Reader(report_html(report_of(evidence), [evidence])).words)
    assert "misses 2 of 6 demands" in text
    assert "1,000 B less" in text


def test_what_tune_was_for_is_said() -> None:
    report, evidence = report_of(evidence_of()), evidence_of()
    learn, tune, judge = (report.data.rows[split] for split in ("learn", "tune", "judge"))
    assert f"{learn} to learn from, {tune} to tune on, {judge} to judge by" in report_html(report, [evidence])
    few = replace(report, provenance=replace(report.provenance, learnt=ALL))
    assert f"{learn + tune} to learn from, {judge} to judge by" in report_html(few, [evidence])


def test_steps_that_cost_little_are_told_together_and_nothing_is_lost() -> None:
    step = NodeCost(name="small", op="affine", kind="other", work=3, weights=1, result=4)
    ops = (
        *(replace(step, name=f"small{n}") for n in range(30)),
        replace(step, name="busy", work=9_000),
        replace(step, name="heavy", weights=900),
        replace(step, name="choosy", work=0, comparisons=2_000),
    )
    report, evidence = report_of(evidence_of()), evidence_of()
    text = report_html(replace(report, ops=ops), [evidence])
    table = text.split("Where the work goes")[1].split("</table>")[0]
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in table.split("<tr>")[2:]]
    assert [row[0] for row in rows] == ["busy", "heavy", "choosy", "30"]
    assert rows[-1][1:4] == ["more,", "each", "under"]
    numbers = [
        [int(cell.replace(",", "")) for cell in re.findall(r'<td class="n">([\d,]+)', row)]
        for row in table.split("<tr>")[2:]
    ]
    work, comparisons, weights, _ = (sum(column) for column in zip(*numbers, strict=True))
    assert (work, comparisons, weights) == (9_000 + 93, 2_000, 900 + 32)
