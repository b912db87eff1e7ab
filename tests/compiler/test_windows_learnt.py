"""What a fit learns of long texts: all their windows, or some that are spread over them, labelled as the text is."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from datacc.compiler.assemble import WINDOWS, with_windows
from datacc.fit import Examples
from datacc.repo.snapshot import Snapshot
from datacc.repo.split import JUDGE, LEARN, TUNE


def snapshot(splits: list[int], counts: list[int]) -> tuple[Snapshot, Examples]:
    """Texts of 2 bytes, (number of the text, number of the window), with so many further windows."""
    texts = np.array([[n, 0] for n in range(len(splits))], np.uint8).reshape(-1, 2)
    whose = np.repeat(np.arange(len(splits)), counts)
    further = np.array([[n, k + 1] for n, count in enumerate(counts) for k in range(count)], np.uint8).reshape(-1, 2)
    labels = np.arange(len(splits), dtype=np.int32)
    frozen = Snapshot(
        ids=tuple(map(str, range(len(splits)))),
        splits=np.array(splits, np.uint8),
        inputs={"text": texts},
        labels={"topic": labels},
        classes={"topic": ()},
        columns={},
        sealed="",
        notes=(),
        origin="",
        digest="",
        further={"text": (whose, further)},
    )
    everything = Examples(inputs={"text": texts}, targets=labels, augment={}, said=texts.astype(np.float32))
    return frozen, everything.rows(frozen.rows(LEARN))


@given(st.lists(st.tuples(st.sampled_from([LEARN, TUNE, JUDGE]), st.integers(0, 40)), max_size=12))
def test_windows_of_learn_and_no_others(texts: list[tuple[int, int]]) -> None:
    splits, counts = [split for split, _ in texts], [count for _, count in texts]
    frozen, learn = snapshot(splits, counts)
    found = with_windows(frozen, learn)
    np.testing.assert_array_equal(found.inputs["text"][: len(learn)], learn.inputs["text"])
    np.testing.assert_array_equal(found.targets, found.inputs["text"][:, 0])
    assert found.said is not None
    np.testing.assert_array_equal(found.said[:, 0], found.targets)
    for n, (split, count) in enumerate(texts):
        windows = found.inputs["text"][found.targets == n][:, 1].tolist()
        if split != LEARN:
            assert windows == []
            continue
        assert windows[0] == 0
        assert windows == sorted(set(windows))
        assert len(windows) - 1 == min(count, WINDOWS)
        steps = np.diff([*windows[1:], count + 1])
        assert steps.max(initial=0) - steps.min(initial=99) <= 1 or not count


def test_what_was_fitted_depends_on_the_windows_that_it_sees() -> None:
    """Those of judge are sealed with it."""
    frozen, _ = snapshot([LEARN, JUDGE], [2, 2])
    whose, rows = frozen.further["text"]
    seen = []
    for row in (0, 2):
        other = rows.copy()
        other[row] += 1
        seen.append(replace(frozen, further={"text": (whose, other)}).seen)
    assert seen[0] != frozen.seen == seen[1]
