"""The report: the same after a round trip, refused when damaged, silent about judge examples."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from datacc.compiler.report import Report, read_report, tune_of
from datacc.compiler.report.card import card
from datacc.compiler.report.html import report_html
from datacc.compiler.report.text import report_text
from datacc.compiler.verdict import Openings
from datacc.errors import DataError, UsageError
from tests.compiler.made import evidence_of, report_of


@pytest.fixture
def report() -> Report:
    return report_of(evidence_of())


def test_json_gives_the_same_report_back(tmp_path: Path, report: Report) -> None:
    path = tmp_path / "report.json"
    path.write_text(report.to_json())
    again = read_report(path)
    assert again == report
    assert json.loads(again.to_json()) == json.loads(report.to_json())
    assert [line.holds for line in again.verdict.lines] == [True, False, True, False, True, True]


def test_a_report_from_before_outputs_abstained_is_read(tmp_path: Path, report: Report) -> None:
    path = tmp_path / "report.json"
    old = json.loads(report.to_json())
    del old["known"], old["verdict"]["opened"]
    for line in old["verdict"]["lines"]:
        if line["figure"]:
            del line["figure"]["at_most"]
    path.write_text(json.dumps(old))
    assert read_report(path) == report


def test_what_openings_of_judge_cost_is_told_in_every_form(report: Report) -> None:
    opened = replace(report, verdict=replace(report.verdict, opened=Openings(times=31, programs=7)))
    shown = StringIO()
    Console(file=shown, width=400).print(report_text(opened))
    for text in (shown.getvalue(), report_html(opened, (), ()), card(opened)):
        assert "judge was opened 31 times, for 7 programs" in text
    assert json.loads(opened.to_json())["verdict"]["opened"] == {"times": 31, "programs": 7}


def test_a_newer_version_is_named_as_such(tmp_path: Path, report: Report) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"version": 2, "something": "else"}))
    with pytest.raises(DataError, match="version 2 is newer"):
        read_report(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', '{"version": "x"}', "\udcff not JSON", "nul\0l"])
def test_a_damaged_report_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DataError, match="not a report") as caught:
        read_report(path)
    assert caught.value.where == str(path)


def test_a_missing_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no built program"):
        read_report(tmp_path / "report.json")


def test_tune_figures_are_those_of_scikit_learn() -> None:
    evidence = evidence_of(truth=(0, 0, 1, 1, 1, 2, 2, 0), answer=(0, 1, 1, 1, 2, 2, 0, 0))
    tune = tune_of(evidence)
    wanted = confusion_matrix(evidence.truth, evidence.answer)
    assert {(t, a): n for t, a, n in tune.pairs} == {(t, a): n for (t, a), n in _cells(wanted) if n}
    for k in range(3):
        labelled, answered, both = tune.of_class(k)
        assert both / labelled == pytest.approx(recall_score(evidence.truth, evidence.answer, average=None)[k])
        assert both / answered == pytest.approx(precision_score(evidence.truth, evidence.answer, average=None)[k])
    assert (tune.right, tune.total) == (5, 8)


def _cells(matrix: object) -> list[tuple[tuple[int, int], int]]:
    return [((t, a), int(n)) for t, row in enumerate(matrix) for a, n in enumerate(row)]  # type: ignore[var-annotated, arg-type]
