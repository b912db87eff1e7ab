"""A report as the outcome of a verb: the table, the facts, and the error that names what is missed."""

import json
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.compiler.report import Report
from datacc.compiler.report.text import report_text
from datacc.errors import GoalMissed

SEARCH: Final = "datacc build --search, which looks at more than what datacc.lock says"


def verdict(report: Report, folder: Path) -> Outcome:
    """The outcome that shows `report`, of the artifact in `folder`."""
    facts = {"folder": str(folder), "holds": report.verdict.holds, "report": json.loads(report.to_json())}
    return Outcome(facts=facts, picture=report_text(report), error=missed(report))


def missed(report: Report) -> GoalMissed | None:
    """The error that names every demand that does not hold and what would close it; None when all hold."""
    if report.verdict.holds:
        return None
    lines = report.verdict.missed
    what = f"{report.name} misses {', '.join(line.what for line in lines)}"
    tries = [f"{line.what}: {line.closes}" for line in lines if line.closes]
    return GoalMissed(what, tries=tries if len(report.tried) > 1 else [*tries, SEARCH])
