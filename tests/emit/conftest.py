"""A second C compiler, where the machine has one."""

import pytest

from tests.tools import need


@pytest.fixture
def host_compiler() -> str:
    """gcc, to compare with."""
    return need("gcc")
