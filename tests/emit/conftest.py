"""A second C compiler, where the machine has one."""

import shutil

import pytest


@pytest.fixture
def host_compiler() -> str:
    """gcc; tests that compare with it are skipped where there is none."""
    found = shutil.which("gcc")
    if found is None:
        pytest.skip("there is no gcc on this machine")
    return found
