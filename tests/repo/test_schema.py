"""The schema: ids that two branches agree on, an order that never changes, names that never become paths."""

import json
import re
from dataclasses import replace

import pytest

from datacc.errors import RepositoryError
from datacc.repo.schema import Schema, permanent_id, read_schema, schema_files

HOSTILE = ["../../etc/passwd", 'a"b', "*/", "c:\\d", "con", "a/b", "x" * 150, "ü", "日本"]


def schema(*classes: str) -> Schema:
    made = Schema().with_column("output", "digit", "label")
    return made.with_classes(made.columns[0], classes)


def test_two_branches_that_add_the_same_class_write_the_same_file() -> None:
    ours, theirs = schema_files(schema("cat", "dog", "owl")), schema_files(schema("cat", "dog", "owl"))
    assert ours == theirs
    assert permanent_id("class", "owl") == permanent_id("class", "owl") != permanent_id("output", "owl")


def test_a_taken_id_is_salted() -> None:
    plain = permanent_id("class", "owl")
    salted = permanent_id("class", "owl", {plain})
    assert salted != plain
    assert permanent_id("class", "owl", {plain, salted}) not in {plain, salted}


def test_new_classes_come_after_the_old_ones() -> None:
    before = schema("dog", "ant")
    after = before.with_classes(before.columns[0], ["bee", "dog", "cat"])
    assert [one.name for one in after.columns[0].classes] == ["dog", "ant", "bee", "cat"]


def test_two_branches_that_add_different_classes_merge_and_old_ones_keep_their_place() -> None:
    base = schema("dog", "ant")
    ours = schema_files(base.with_classes(base.columns[0], ["bee"]))
    theirs = schema_files(base.with_classes(base.columns[0], ["cow"]))
    merged = read_schema({**ours, **theirs}).columns[0].classes
    assert [one.name for one in merged[:2]] == ["dog", "ant"]
    assert {one.name for one in merged[2:]} == {"bee", "cow"}
    assert merged == read_schema({**theirs, **ours}).columns[0].classes


def test_a_rename_keeps_id_and_place() -> None:
    before = schema("dog", "ant", "bee")
    files = schema_files(before)
    id = before.columns[0].classes[1].id
    path = f"schema/{before.columns[0].id}/{id}.json"
    files[path] = json.dumps({**json.loads(files[path]), "name": "emmet"}).encode()
    after = read_schema(files).columns[0].classes
    assert [(one.id, one.rank) for one in after] == [(one.id, one.rank) for one in before.columns[0].classes]
    assert after[1] == replace(before.columns[0].classes[1], name="emmet")


def test_files_say_everything_again() -> None:
    made = schema(*HOSTILE).with_column("input", "a/../b", "number").with_column("other", "*/")
    assert read_schema(schema_files(made)) == made
    assert read_schema(dict(reversed(schema_files(made).items()))) == made


def test_no_name_becomes_a_path() -> None:
    for path in schema_files(schema(*HOSTILE)):
        assert re.fullmatch(
            r"schema/(\w{8}/(column\.json|[0-9a-f]{8}\.json|order/\d{6}\.[0-9a-f]{8})|order/\d{6}\.[0-9a-f]{8})", path
        )


def test_the_same_class_at_two_places_is_written_in_one_way() -> None:
    base = schema("ant")
    ours = schema_files(base.with_classes(base.columns[0], ["bee", "cow"]))
    theirs = schema_files(base.with_classes(base.columns[0], ["cow", "dog"]))
    assert all(ours[path] == theirs[path] for path in ours.keys() & theirs.keys())
    merged = read_schema({**ours, **theirs}).columns[0].classes
    assert [one.name for one in merged if one.name in ("ant", "dog")] == ["ant", "dog"]
    assert {one.name for one in merged} == {"ant", "bee", "cow", "dog"}
    assert merged == read_schema({**theirs, **ours}).columns[0].classes


def test_a_schema_of_before_places_is_read() -> None:
    before = schema("ant", "bee")
    files = {path: text for path, text in schema_files(before).items() if path.endswith(".json")}
    ranks = {one.id: one.rank for column in before.columns for one in (column, *column.classes)}
    old = {
        path: json.dumps({**json.loads(text), "rank": ranks[json.loads(text)["id"]]}).encode()
        for path, text in files.items()
    }
    assert read_schema(old) == before
    assert read_schema({**old, **schema_files(before)}) == before
    assert read_schema({**schema_files(before), **old}) == before
    with pytest.raises(RepositoryError, match="no place in the order"):
        read_schema(files)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"id": "x"}', b'{"id": "x", "name": "y", "rank": 0, "new": 1}'])
def test_a_damaged_file_is_named(text: bytes) -> None:
    with pytest.raises(RepositoryError) as caught:
        read_schema({"schema/00000000/11111111.json": text, **schema_files(schema("a"))})
    assert caught.value.where == "schema/00000000/11111111.json"
