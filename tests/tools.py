"""Programs that some tests compare with: without one the test is skipped and says why; in CI it fails instead."""

import os
import shutil

import pytest


def need(program: str) -> str:
    """The path of `program`."""
    found = shutil.which(program)
    if found is None:
        lacking(f"there is no {program} on this machine")
    return str(found)


def lacking(what: str) -> None:
    """Skip the test that lacks something, unless this is CI, which must have everything."""
    said = f"{what}\n  try: make deps"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)
