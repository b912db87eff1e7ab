"""What a proof says: one check after the other, how each was done and what it found, and the two certificates."""

import json
from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any, Final

from datacc.frozen import frozen

VERSION: Final = 1
PASSED: Final = "passed"
FAILED: Final = "failed"
NOT_CHECKED: Final = "not checked"

PROVEN: Final = "proven"
NOT_FULLY: Final = "not fully checked"
NOT_GIVEN: Final = "not given"


@frozen
class Finding:
    """What one detector saw: a status, the evidence in words, and figures."""

    status: str
    evidence: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@frozen
class Check:
    """One promise: whether it holds, how that was looked at, on what, and which planted faults were caught before.

    `on` is `library` (the final bytes), `same C` (compiled for this machine, where the library cannot run) or `C`.
    """

    name: str
    certificate: str
    how: str
    on: str
    finding: Finding
    controls: Mapping[str, bool] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """That of the finding; nothing is passed by a detector that missed a planted fault."""
        missed = not all(self.controls.values())
        return NOT_CHECKED if missed and self.finding.status == PASSED else self.finding.status

    @property
    def evidence(self) -> str:
        """That of the finding, and the planted faults that went unseen."""
        missed = [what for what, caught in self.controls.items() if not caught]
        tail = f"; the detector missed a planted fault: {', '.join(missed)}" if missed else ""
        return self.finding.evidence + tail


@frozen
class Proof:
    """All checks of one artifact. `tables` are those that marked ops read by the input: node → bytes."""

    name: str
    library: str
    source: str
    cpu: str
    seed: int
    rows: int
    tools: Mapping[str, str]
    tables: Mapping[str, int]
    checks: tuple[Check, ...]

    def certificate(self, kind: str) -> str:
        """`work` or `trace`: proven, failed, not fully checked, or not given (a marked op is named)."""
        if kind == "trace" and self.tables:
            return NOT_GIVEN
        ran = [check for check in self.checks if kind == "trace" or check.certificate == kind]
        found = {check.status for check in ran}
        if FAILED in found:
            return FAILED
        on_bytes = all(check.on != "same C" for check in ran)
        return PROVEN if found == {PASSED} and on_bytes else NOT_FULLY

    def to_json(self) -> str:
        """The text of `proof.json`."""
        return json.dumps(self.to_facts(), indent=1, ensure_ascii=False) + "\n"

    def to_facts(self) -> dict[str, Any]:
        """What stands in `proof.json`."""
        return {
            "version": VERSION,
            "name": self.name,
            "certificates": {kind: self.certificate(kind) for kind in ("work", "trace")},
            "library": self.library,
            "source": self.source,
            "cpu": self.cpu,
            "seed": self.seed,
            "rows": self.rows,
            "tools": dict(self.tools),
            "tables": dict(self.tables),
            "checks": [_row(check) for check in self.checks],
        }


def _row(check: Check) -> dict[str, Any]:
    finding = asdict(check.finding, dict_factory=_plain)
    return {
        "name": check.name,
        "certificate": check.certificate,
        "status": check.status,
        "how": check.how,
        "on": check.on,
        "evidence": check.evidence,
        "figures": finding["figures"],
        "controls": dict(check.controls),
    }


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: dict(value) if isinstance(value, Mapping) else value for key, value in pairs}


def passed(evidence: str, **figures: Any) -> Finding:
    """It holds."""
    return Finding(status=PASSED, evidence=evidence, figures=figures)


def failed(evidence: str, **figures: Any) -> Finding:
    """It does not hold."""
    return Finding(status=FAILED, evidence=evidence, figures=figures)


def unchecked(why: str) -> Finding:
    """Nothing was looked at."""
    return Finding(status=NOT_CHECKED, evidence=why)
