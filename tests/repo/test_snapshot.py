"""Freezing: judge labels are put away, order and cache make no difference, unusable examples are refused."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc.errors import DataError, RepositoryError
from datacc.registry import load
from datacc.repo.example import Example
from datacc.repo.identity import content
from datacc.repo.sealed import open_labels
from datacc.repo.snapshot import JUDGE, Snapshot, freeze, recall
from datacc.spec.program import Field, Program
from datacc.store import Store

PROGRAM = Program(
    name="shapes",
    inputs=(Field(name="record", type="record", options={"columns": ["width", "height"]}),),
    outputs=(Field(name="shape", type="label"),),
)
CLASSES = {"shape": ("wide", "tall")}


def examples(count: int = 200) -> list[Example]:
    made = []
    for n in range(count):
        values = [float(n), float(n * 7 % count)]
        shape = "wide" if values[0] > values[1] else "tall"
        columns = {"source": "phone" if n % 3 else "web"}
        made.append(
            Example(
                id=f"{n * 7919 % 65536:032x}",
                content=content(values),
                inputs={"record": values},
                labels={"shape": shape},
                columns=columns,
                name=f"{shape}/{n}",
            )
        )
    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


def test_rows_are_the_examples_in_the_order_of_their_ids(store: Store) -> None:
    given = {one.id: one for one in examples()}
    snapshot = freeze(store, PROGRAM, given.values(), CLASSES, "table t 0")
    assert snapshot.ids == tuple(sorted(given))
    for row, id in enumerate(snapshot.ids):
        assert snapshot.inputs["record"][row].tolist() == given[id].inputs["record"]
        assert snapshot.columns["source"][row] == given[id].columns["source"]


def test_judge_labels_are_sealed_and_no_name_tells_them(store: Store) -> None:
    given = {one.id: one for one in examples()}
    snapshot = freeze(store, PROGRAM, given.values(), CLASSES, "table t 0")
    opened = open_labels(store, snapshot)["shape"]
    for row, id in enumerate(snapshot.ids):
        truth = CLASSES["shape"].index(given[id].labels["shape"])
        judged = snapshot.splits[row] == JUDGE
        assert snapshot.labels["shape"][row] == (-1 if judged else truth)
        assert opened[row] == (truth if judged else -1)
        assert snapshot.columns["name"][row] == (None if judged else given[id].name)
    assert 0 < len(snapshot.rows(JUDGE)) < len(given)


def test_order_makes_no_difference_and_the_cache_neither(store: Store, tmp_path: Path) -> None:
    first = freeze(store, PROGRAM, examples(), CLASSES, "table t 0", ["one note"])
    again = freeze(store, PROGRAM, reversed(examples()), CLASSES, "commit 1")
    fresh = freeze(Store(tmp_path / "other"), PROGRAM, examples(), CLASSES, "commit 1")
    assert first.digest == again.digest == fresh.digest
    assert (first.notes, first.origin, again.notes, again.origin) == (("one note",), "table t 0", (), "commit 1")
    for other in (again, fresh):
        assert other.ids == first.ids
        assert other.columns == first.columns
        assert other.classes == first.classes
        np.testing.assert_array_equal(other.inputs["record"], first.inputs["record"])
        np.testing.assert_array_equal(other.labels["shape"], first.labels["shape"])
        assert other.inputs["record"].dtype == first.inputs["record"].dtype


def test_every_change_changes_the_digest(store: Store) -> None:
    given = examples()
    snapshot = freeze(store, PROGRAM, given, CLASSES, "table t 0")
    judged = snapshot.ids[int(snapshot.rows(JUDGE)[0])]
    flip = {"wide": "tall", "tall": "wide"}
    relabelled = [replace(e, labels={"shape": flip[e.labels["shape"]]}) if e.id == judged else e for e in given]
    changed = freeze(store, PROGRAM, relabelled, CLASSES, "table t 0")
    assert changed.digest != snapshot.digest
    assert changed.sealed != snapshot.sealed
    assert freeze(store, PROGRAM, given[1:], CLASSES, "table t 0").digest != snapshot.digest


def test_a_label_that_changes_encodes_no_input_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    given = examples()
    first = freeze(store, PROGRAM, given, CLASSES, "table t 0")
    kind = type(load("types", PROGRAM.inputs[0].type))
    monkeypatch.setattr(kind, "encode", lambda *_: pytest.fail("an input was encoded again"))
    other = {"shape": next(name for name in CLASSES["shape"] if name != given[0].labels["shape"])}
    second = freeze(store, PROGRAM, [replace(given[0], labels=other), *given[1:]], CLASSES, "table t 0")
    assert second.digest != first.digest
    for name, array in first.inputs.items():
        np.testing.assert_array_equal(second.inputs[name], array)


def test_lost_judge_labels_are_an_error_and_come_back_with_the_snapshot(store: Store, tmp_path: Path) -> None:
    snapshot = freeze(store, PROGRAM, examples(), CLASSES, "table t 0")
    (tmp_path / "cache" / snapshot.sealed[:2] / snapshot.sealed[2:]).unlink()
    with pytest.raises(RepositoryError, match="no longer in the cache"):
        open_labels(store, snapshot)
    again = freeze(store, PROGRAM, examples(), CLASSES, "table t 0")
    assert (open_labels(store, again)["shape"] >= 0).sum() == len(snapshot.rows(JUDGE))


def test_no_example_is_refused(store: Store) -> None:
    with pytest.raises(DataError, match="no labelled example"):
        freeze(store, PROGRAM, [], CLASSES, "table t 0")


def test_one_class_only_is_refused(store: Store) -> None:
    same = [replace(one, labels={"shape": "wide"}) for one in examples()]
    with pytest.raises(DataError, match=r"every labelled example \(\d+\) has the same shape: 'wide'"):
        freeze(store, PROGRAM, same, CLASSES, "table t 0")


def test_too_few_examples_for_three_splits_are_refused(store: Store) -> None:
    with pytest.raises(DataError, match=r"^2 examples are too few: learn"):
        freeze(store, PROGRAM, [examples()[199], examples()[2]], CLASSES, "table t 0")


def test_a_class_seen_once_is_noted(store: Store) -> None:
    given = examples()
    odd = replace(given[5], labels={"shape": "round"})
    snapshot = freeze(store, PROGRAM, [*given[:5], odd, *given[6:]], {"shape": ("wide", "tall", "round")}, "table t 0")
    assert any("'round' is seen once" in note for note in snapshot.notes)


def test_classes_that_are_spelt_almost_alike_are_told(store: Store) -> None:
    given = [
        replace(one, labels={"shape": ("wide", "Wide", "long", "lo ng", "odd")[n % 5]})
        for n, one in enumerate(examples())
    ]
    names = {"shape": ["wide", "Wide", "long", "lo ng", "odd"]}
    told = [note for note in freeze(store, PROGRAM, given, names, "table t 0").notes if "alone" in note]
    assert told == [
        "classes of shape that differ in case, blanks or Unicode form alone: 'Wide', 'wide'; 'lo ng', 'long'"
    ]


def test_classes_that_look_the_same_are_told_with_what_they_are_made_of(store: Store) -> None:
    composed, apart = "caf\u00e9", "cafe\u0301"
    given = [replace(one, labels={"shape": (composed, apart, "tea")[n % 3]}) for n, one in enumerate(examples())]
    told = [
        note
        for note in freeze(store, PROGRAM, given, {"shape": [composed, apart, "tea"]}, "table t 0").notes
        if "alone" in note
    ]
    assert told[0].endswith(r"alone: 'cafe\u0301', 'caf\xe9'")


def test_many_rare_classes_are_one_note(store: Store) -> None:
    given = [replace(one, labels={"shape": f"kind {n}"}) for n, one in enumerate(examples())]
    snapshot = freeze(store, PROGRAM, given, {"shape": [one.labels["shape"] for one in given]}, "table t 0")
    assert len(snapshot.notes) <= 2
    assert any(f"and {len(given) - 8} more are seen once each" in note for note in snapshot.notes)


def test_an_input_that_its_type_refuses_is_named(store: Store) -> None:
    given = examples()
    given[17] = replace(given[17], inputs={"record": [1.0, 1e300]}, name="t.csv:19")
    with pytest.raises(DataError) as caught:
        freeze(store, PROGRAM, given, CLASSES, "table t 0")
    assert caught.value.where == "t.csv:19"
    assert "height" in caught.value.what


def _relabelled(given: list[Example]) -> list[Example]:
    """The same examples, every tenth with the other class."""
    other = {"wide": "tall", "tall": "wide"}
    return [
        replace(one, labels={"shape": other[one.labels["shape"]]}) if n % 10 == 0 else one
        for n, one in enumerate(given)
    ]


def test_relabelled_examples_are_what_they_are_without_a_cache(store: Store, tmp_path: Path) -> None:
    freeze(store, PROGRAM, examples(), CLASSES, "table t 0")
    known = freeze(store, PROGRAM, _relabelled(examples()), CLASSES, "table t 1", ["one note"])
    fresh = freeze(Store(tmp_path / "other"), PROGRAM, _relabelled(examples()), CLASSES, "table t 1", ["one note"])
    assert _all_of(known) == _all_of(fresh)
    assert open_labels(store, known)["shape"].tolist() == open_labels(store, fresh)["shape"].tolist()


def test_a_snapshot_is_recalled_whole_alone_and_beside_one_of_other_labels(store: Store) -> None:
    first = freeze(store, PROGRAM, examples(), CLASSES, "")
    other = freeze(store, PROGRAM, _relabelled(examples()), CLASSES, "")
    for like in (None, first, other):
        found = recall(store, first.digest, like)
        assert found is not None
        assert _all_of(found) == _all_of(first)


def test_whose_a_label_is_belongs_to_the_labels(store: Store, tmp_path: Path) -> None:
    """Who labels what somebody else had labelled makes no new outline; the column is there all the same, by any way."""
    mine = [replace(one, labelled_by="people" if n % 3 else "it") for n, one in enumerate(examples())]
    other = [replace(one, labelled_by="people") if n % 2 else one for n, one in enumerate(mine)]
    plain, *both = (freeze(store, PROGRAM, given, CLASSES, "") for given in (examples(), mine, other))
    assert len({one.digest for one in (plain, *both)}) == 3
    assert {one.outline for one in both} == {plain.outline}
    assert "labelled_by" not in plain.columns
    for given, frozen in zip((mine, other), both, strict=True):
        by = {one.id: one.labelled_by for one in given}
        assert frozen.columns["labelled_by"] == tuple(map(by.__getitem__, frozen.ids))
        fresh = freeze(Store(tmp_path / "other"), PROGRAM, given, CLASSES, "")
        assert _all_of(fresh) == _all_of(frozen)
    for frozen in (plain, *both):
        for like in (None, plain, *both):
            found = recall(store, frozen.digest, like)
            assert found is not None
            assert _all_of(found) == _all_of(frozen)


def test_a_column_of_ones_own_that_is_called_so_wins(store: Store) -> None:
    own = [replace(one, columns={"labelled_by": f"c{n % 4}"}) for n, one in enumerate(examples())]
    taught = [replace(one, labelled_by="people" if n % 3 else "it") for n, one in enumerate(own)]
    plain, frozen = (freeze(store, PROGRAM, given, CLASSES, "") for given in (own, taught))
    assert _all_of(frozen) == _all_of(plain)
    found = recall(store, frozen.digest, plain)
    assert found is not None
    assert set(found.columns["labelled_by"]) == {"c0", "c1", "c2", "c3"}


def test_the_digest_is_what_it_was_when_whose_a_label_is_stood_among_the_columns(store: Store, tmp_path: Path) -> None:
    by = ["people" if n % 3 else "it" for n in range(200)]
    then = [replace(e, columns={**e.columns, "labelled_by": w}) for e, w in zip(examples(), by, strict=True)]
    now = [replace(one, labelled_by=who) for one, who in zip(examples(), by, strict=True)]
    old = freeze(store, PROGRAM, then, CLASSES, "")
    assert freeze(Store(tmp_path / "other"), PROGRAM, now, CLASSES, "").digest == old.digest


@pytest.mark.parametrize("lost", ["outline", "encoded", "sealed"])
def test_what_the_cache_lost_of_a_snapshot_is_made_again(store: Store, lost: str) -> None:
    first = freeze(store, PROGRAM, examples(), CLASSES, "table t 0")
    store.drop(getattr(first, lost))
    assert recall(store, first.digest) is None
    assert _all_of(freeze(store, PROGRAM, examples(), CLASSES, "table t 0")) == _all_of(first)


@pytest.mark.parametrize("change", [{"name": "renamed"}, {"group": "one"}, {"split": "judge"}, {"columns": {}}])
def test_rows_are_worked_out_anew_when_anything_beside_labels_changes(
    store: Store, tmp_path: Path, change: dict[str, Any]
) -> None:
    freeze(store, PROGRAM, examples(), CLASSES, "")
    changed = [replace(one, **change) if n % 7 == 0 else one for n, one in enumerate(examples())]
    known, fresh = (freeze(one, PROGRAM, changed, CLASSES, "") for one in (store, Store(tmp_path / "other")))
    assert _all_of(known) == _all_of(fresh)


def _all_of(snapshot: Snapshot) -> dict[str, object]:
    """Every field of a snapshot, as values that can be compared."""

    def plain(value: object) -> object:
        if isinstance(value, np.ndarray):
            return value.dtype.name, value.tolist()
        return {name: plain(one) for name, one in value.items()} if isinstance(value, dict) else value

    return {one.name: plain(getattr(snapshot, one.name)) for one in fields(snapshot)}


def test_what_a_fit_sees_is_told_by_the_bytes_of_learn_and_tune(store: Store) -> None:
    first = freeze(store, PROGRAM, examples(), CLASSES, "")
    judged = first.splits == JUDGE
    for row in (int(np.flatnonzero(judged)[0]), int(np.flatnonzero(~judged)[0])):
        inputs = {"record": first.inputs["record"].copy()}
        inputs["record"][row, 0] += 1
        other = {"record": np.asfortranarray(first.inputs["record"])}  # the same rows, laid out otherwise
        assert (replace(first, inputs=inputs).seen == first.seen) == bool(judged[row])
        assert replace(first, inputs=other).seen == first.seen
