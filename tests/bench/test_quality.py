"""Quality: the public labels are found by the input, and a peer that answers otherwise is not timed."""

from pathlib import Path

import numpy as np
import pytest

from bench.sides.gallery import Built
from bench.sides.latency import demand_same
from bench.sides.process import Cost
from bench.sides.quality import published, split
from datacc.repo.snapshot import JUDGE, LEARN, Snapshot

PICTURES = np.arange(4 * 6, dtype=np.uint8).reshape(4, 2, 3)
LABELS = np.array([3, 1, 4, 1])


def built(name: str, place: Path) -> Built:
    free = Cost(wall=0, cpu=0)
    return Built(name=name, root=place / name, imported=free, built=free)


def snapshot(pictures: np.ndarray, splits: list[int]) -> Snapshot:
    """A snapshot whose labels are all sealed."""
    return Snapshot(
        ids=tuple("abcd"),
        splits=np.array(splits, np.uint8),
        inputs={"picture": pictures[..., None]},
        labels={"digit": np.full(4, -1, np.int32)},
        classes={"digit": ("1", "3", "4")},
        columns={},
        sealed="",
        notes=(),
        origin="",
        digest="",
    )


def test_labels_are_found_by_the_input(tmp_path: Path) -> None:
    np.savez(tmp_path / "digits.npz", x=PICTURES, y=LABELS)
    shuffled = snapshot(PICTURES[[2, 0, 3, 1]], [LEARN, JUDGE, LEARN, JUDGE])
    inputs, labels = split(built("digits", tmp_path), shuffled, JUDGE)
    assert labels.tolist() == ["3", "1"]
    assert inputs.shape == (2, 6)
    assert inputs[0].tolist() == pytest.approx((PICTURES[0].ravel() / 255).tolist())


def test_a_table_is_read_as_the_program_reads_it(tmp_path: Path) -> None:
    (tmp_path / "tumours.csv").write_text("a,b,diagnosis\n0.1,2,benign\n1e3,-4,malignant\n")
    found = published(built("tumours", tmp_path))
    assert found[np.array([0.1, 2], np.float32).tobytes()] == "benign"
    assert len(found) == 2


def test_labels_that_disagree_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "digits.npz", x=PICTURES[[0, 0]], y=LABELS[:2])
    with pytest.raises(ValueError, match="different labels"):
        published(built("digits", tmp_path))


def test_a_peer_must_give_our_answers() -> None:
    ours = {"digit": np.array([1]), "digit_scores": np.array([[0.25, 0.75]])}
    demand_same("peer", [np.array([0.25, 0.75])], ours)
    for other in ([0.3, 0.7], [np.nan, 0.75]):
        with pytest.raises(SystemExit, match="peer answers otherwise"):
            demand_same("peer", [np.array(other)], ours)
