"""What reports make of checks: old ones are read, whatever a check says is text, and what broke is no measure."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from datacc.compiler import artifact
from datacc.compiler.report import Report, read_report
from datacc.compiler.report.card import card
from datacc.compiler.report.html import report_html
from datacc.compiler.report.text import report_text
from datacc.compiler.verdict import Line
from tests.compiler.made import evidence_of, report_of

HOSTILE = "</pre><script>alert(1)</script>\x1b[2J | \u202e"


def report(*lines: Line) -> Report:
    made = report_of(evidence_of())
    return replace(made, verdict=replace(made.verdict, lines=(*made.verdict.lines, *lines)))


def missed(**changes: object) -> Line:
    line = Line(kind="check", what="checks/a.py:f", wanted="holds", reached="no", holds=False, check="python")
    return replace(line, **changes)  # type: ignore[arg-type]


def test_a_report_from_before_there_were_kinds_is_read(tmp_path: Path) -> None:
    made = report(missed(detail="x"))
    plain = json.loads(made.to_json())
    for line in plain["verdict"]["lines"]:
        del line["check"], line["detail"]
    del plain["provenance"]["checks"]
    (tmp_path / "report.json").write_text(json.dumps(plain))
    again = read_report(tmp_path / "report.json")
    assert [line.what for line in again.verdict.lines] == [line.what for line in made.verdict.lines]
    assert {line.check for line in again.verdict.lines} == {""}
    (tmp_path / "report.json").write_text(made.to_json())
    assert read_report(tmp_path / "report.json") == made


def test_what_a_check_says_is_text_everywhere() -> None:
    made = report(missed(reached=HOSTILE, detail=f"first\n{HOSTILE}"))
    page = report_html(made, [evidence_of()])
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("</pre><script>") == 0
    shown = io.StringIO()
    Console(file=shown, width=200, color_system=None).print(report_text(made))
    assert "first\n" in shown.getvalue()
    for text in (page, shown.getvalue(), card(made)):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "<script>" not in card(made)


def test_a_limit_of_nothing_that_is_kept_is_an_empty_bar() -> None:
    kept = missed(check="broken", holds=True, limit=0.0, value=0.0)
    over = missed(check="broken", limit=0.0, value=3.0)
    first, second = (report_html(report(line), [evidence_of()]).split("checks/a.py:f")[1] for line in (kept, over))
    assert 'style="width:0.0%"' in first.split("</table>")[0]
    assert 'style="width:100.0%"' in second.split("</table>")[0]


@pytest.mark.parametrize(
    ("line", "measure"),
    [
        (missed(check="broken", limit=0.0, value=3.0), False),
        (missed(check="broken", limit=3.0, value=3.0, holds=True), True),
        (missed(check="broken"), True),  # it could not be compared
        (missed(check="metric", limit=0.9, value=0.8), True),
    ],
)
def test_an_artifact_that_broke_too_much_is_no_measure(tmp_path: Path, line: Line, measure: bool) -> None:
    folder, fresh = tmp_path / "a", tmp_path / "b"
    for place, graph in ((folder, b"old"), (folder / "previous", b"older"), (fresh, b"new")):
        place.mkdir(parents=True)
        (place / "graph.dcc").write_bytes(graph)
        (place / "report.json").write_text(report(line).to_json())
    assert artifact.replaced(folder, fresh, "other") == (folder if measure else folder / "previous")
