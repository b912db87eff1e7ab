"""Few labels: what is learnt and what judges never meet, whatever the seed; a peer may be left out."""

from collections import Counter

import numpy as np
import pytest

from bench.sides import pools, sentences

COUNTS = {"a": 40, "b": 17, "c": 9}
LABELS = np.array([name for name, count in COUNTS.items() for _ in range(count)])


def pool() -> pools.Pool:
    """Rows of three classes."""
    return pools.Pool(name="letters", inputs=np.arange(len(LABELS)), labels=LABELS, peers=pools.text_peers)


def test_no_row_judges_that_another_seed_learns() -> None:
    parts = [pool().part(4, seed) for seed in range(5)]
    assert len({tuple(learn) for learn, _ in parts}) > 1
    [judged] = {tuple(judge) for _, judge in parts}
    for learn, _ in parts:
        assert Counter(LABELS[learn]) == {"a": 4, "b": 4, "c": 4}
        assert not set(learn) & set(judged)


def test_a_class_with_too_few_rows_is_left_out_on_both_sides() -> None:
    learn, judge = pool().part(8, 0)
    assert Counter(LABELS[learn]) == {"a": 8, "b": 8}
    assert set(LABELS[judge]) == {"a", "b"}
    assert not len(pool().part(21, 0)[0])


def test_a_teacher_sees_all_that_nobody_learns_and_nothing_that_judges() -> None:
    texts = np.array([f"text {row if row % 5 else 0}" for row in range(len(LABELS))], object)
    some = pools.Pool(name="letters", inputs=texts, labels=LABELS, peers=pools.text_peers)
    learn, judge = some.part(4, 1)
    rest = some.rest(learn, judge)
    assert not set(texts[rest]) & set(texts[judge])
    assert not set(rest) & set(learn)
    left = set(range(len(LABELS))) - set(learn) - set(rest)
    assert {texts[row] for row in left} == set(texts[judge])


@pytest.mark.parametrize("there", [True, False])
def test_sentences_are_a_peer_where_they_are_there(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "there", lambda: there)
    assert ("sentence vectors" in pools.text_peers()) is there
