"""The card: the verdict on one page of Markdown, where no name is markup."""

from datacc.compiler.report.card import card
from tests.compiler.made import evidence_of, report_of


def test_it_says_what_it_is_and_what_it_misses() -> None:
    text = card(report_of(evidence_of()))
    assert text.startswith("# points\n")
    assert "misses what was asked" in text
    assert "| ✗ | size | ≤ 1,000 B | 2,000 B | 1,000 B less |" in text
    assert "`" + "d" * 32 + "`" in text


def test_hostile_names_are_text() -> None:
    text = card(report_of(evidence_of(("<img src=x>", "a|b\n# c", "[x](javascript:1)")), notes=("<script>", "# x")))
    assert "<img" not in text
    assert "<script" not in text
    assert "\n# c" not in text
    assert "[x](" not in text
    assert "a\\|b" in text
