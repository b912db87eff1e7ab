"""How much memory a fit takes, and the least of all limits on it."""

from pathlib import Path

import pytest

from datacc.errors import ResourceError
from datacc.fit import _memory
from datacc.fit._memory import demand, limit, step_bytes
from tests.fit.sets import picture_graph, pictures


def test_a_step_takes_more_with_more_rows_and_at_least_its_values() -> None:
    graph = picture_graph(pictures())
    values = sum(node.type.nbytes for node in graph.nodes if node.op in ("conv", "normalise", "relu", "maxpool"))
    assert step_bytes(graph, 64) - step_bytes(graph, 32) >= 32 * values


def test_the_least_limit_of_the_groups_around_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "own").write_text("1:name=x:/y\n0::/a/b\n")
    (tmp_path / "a" / "b" / "memory.max").write_text("max\n")
    (tmp_path / "a" / "memory.max").write_text("12345\n")
    (tmp_path / "memory.max").write_text("99999\n")
    monkeypatch.setattr(_memory, "OWN", tmp_path / "own")
    monkeypatch.setattr(_memory, "GROUPS", tmp_path)
    assert limit() == 12345


def test_without_groups_it_is_what_the_machine_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_memory, "OWN", tmp_path / "none")
    monkeypatch.setattr(_memory.os, "sysconf", lambda name: {"SC_PHYS_PAGES": 3, "SC_PAGE_SIZE": 4096}[name])
    assert limit() == 3 * 4096

    def unknown(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(_memory.os, "sysconf", unknown)
    assert limit() is None


def test_it_says_how_much_is_needed() -> None:
    demand(10**9, None)
    demand(2**30, 2**30)
    with pytest.raises(ResourceError, match=r"fitting needs about 2\.5 GiB of memory; there are 512 MiB") as caught:
        demand(5 * 2**29, 2**29)
    assert "batch" in caught.value.tries[0]
