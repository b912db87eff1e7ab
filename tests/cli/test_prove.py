"""`datacc prove`: what it writes, what it says, and the exit codes of proven, failed and not fully checked."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from datacc import errors
from datacc.cli import app
from datacc.runtime import prove as proving
from datacc.runtime.prove import traced as tracing
from datacc.runtime.prove.controls import PLANTED
from tests.emit.nets import record
from tests.runtime.artifacts import artifact
from tests.tools import need

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="runs a harness of Linux's system calls")


@pytest.fixture(autouse=True)
def caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """tests/runtime/test_prove.py looks at the controls."""
    need("valgrind")
    need("gcc")
    seen = {check: dict.fromkeys(faults, True) for check, faults in PLANTED.items()}
    monkeypatch.setattr(proving, "controls", lambda *_: seen)


def test_a_proof_is_written_and_told(tmp_path: Path, told: Callable[..., str]) -> None:
    said = told("prove", artifact(record(), tmp_path), "--seed", "5")
    assert "work: proven" in said
    assert "trace: proven" in said
    proof = json.loads((tmp_path / "proof.json").read_text(encoding="utf-8"))
    assert proof["seed"] == 5
    assert proof["certificates"] == {"work": "proven", "trace": "proven"}


def test_a_broken_program_has_an_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def kept(c: str) -> str:
        at = c.index("\n}", c.index("ENTRY void program("))
        return f"{c[:at]}\n    static volatile int calls; calls++;{c[at:]}"

    folder = artifact(record(), tmp_path, change=kept)
    assert app.call(["prove", str(folder), "--json"]) == errors.ProofFailed.exit_code
    said = json.loads(capsys.readouterr().out)
    assert "constant" in said["error"]["what"]
    assert said["proof"]["certificates"]["work"] == "failed"


def test_what_was_not_checked_has_one_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "valgrind", str)
    assert app.call(["prove", str(artifact(record(), tmp_path))]) == errors.ProofIncomplete.exit_code
    out, err = capsys.readouterr()
    assert "branches: not checked: there is no valgrind" in out
    assert "passed" not in next(line for line in out.splitlines() if line.startswith("branches"))
    assert "not everything of program was checked" in err
