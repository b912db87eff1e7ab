"""A build does not depend on its suggestions."""

from pathlib import Path

import pytest

from datacc.compiler import build as module
from datacc.compiler.build import build
from datacc.errors import FitError
from datacc.sources.table import infer_program
from tests.compiler.tables import blobs


def test_a_fold_that_cannot_be_fitted_leaves_the_build_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise FitError("the loss became nan")

    monkeypatch.chdir(tmp_path)
    program = infer_program(blobs(Path("blobs.csv"), rows=200), "species")
    monkeypatch.setattr(module, "suggest", fail)
    report = build(program, tmp_path)
    assert report.verdict.holds
    assert report.suggestions is None
