"""The class of a machine: its platform, and the highest level of processor whose programs run there."""

import pytest

from datacc.runtime import machine
from datacc.spec.cpus import CPUS


@pytest.mark.parametrize(
    ("architecture", "features", "level"),
    [
        ("x86_64", frozenset[str](), "x86-64"),
        ("x86_64", CPUS["x86-64-v3"].needs | {"avx512f"}, "x86-64-v3"),
        ("x86_64", CPUS["x86-64-v4"].needs | {"vmx"}, "x86-64-v4"),
        ("x86_64", CPUS["x86-64-v4-vnni"].needs, "x86-64-v4-vnni"),
        ("aarch64", frozenset({"asimd"}), "aarch64"),
    ],
)
def test_a_class_is_a_platform_and_the_highest_level_that_fits(
    monkeypatch: pytest.MonkeyPatch, architecture: str, features: frozenset[str], level: str
) -> None:
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(machine.platform, "machine", lambda: architecture)
    monkeypatch.setattr(machine, "features", lambda: features)
    assert machine.machine_class() == f"linux-{architecture.replace('_', '-')}, {level}"
