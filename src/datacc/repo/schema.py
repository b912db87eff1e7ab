"""The schema: columns and classes under permanent ids, one small JSON file each, so that two branches may both add."""

import hashlib
import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, Literal

from datacc.errors import DataError, RepositoryError
from datacc.frozen import frozen
from datacc.repo.identity import canonical_json
from datacc.repo.words import repairs

Kind = Literal["input", "output", "other", "group", "split", "key", "name", "occurrence"]

_ID_BYTES: Final = 4
_FACT: Final = re.compile(
    r"schema/(?P<column>[^/]+)/(?:merged/(?P<old>[^/.]+)\.(?P<into>[^/.]+)|retired/(?P<gone>[^/.]+)|(?P<blind>blind))"
)
_PLACE: Final = re.compile(r"schema/(?:(?P<column>[^/]+)/)?order/(?P<rank>[0-9]{1,9})\.(?P<id>[^/]+)")


@frozen
class Class:
    """One class of an output. Classes are ordered by rank, then id; a rename changes only `name`."""

    id: str
    name: str
    rank: int


@frozen
class Column:
    """One column: `kind` says what it is for, `type` the value type of an input or output ("" for others).

    A `record` input has one column per number, of type "number". `classes` are in permanent order; `former` are those
    that were merged into others or retired, `merged` (old id, new id) as was said, perhaps twice or in a circle.
    `blind`: annotators vote without seeing what others say.
    """

    id: str
    kind: Kind
    name: str
    type: str
    rank: int
    classes: tuple[Class, ...] = ()
    former: tuple[Class, ...] = ()
    merged: tuple[tuple[str, str], ...] = ()
    blind: bool = False

    def class_named(self, name: str) -> Class | None:
        """The class called `name`, or the one that a class of that name was merged into, or None."""
        found = next((one for one in self.classes if one.name == name), None)
        old = (self.class_with(one.id) for one in self.former if one.name == name)
        return found or next(filter(None, old), None)

    def class_with(self, id: str) -> Class | None:
        """The class with the id, or the one that it was merged into, or None."""
        return self._by_id.get(self.current(id) if self.merged else id)

    @cached_property
    def _by_id(self) -> dict[str, Class]:
        return {one.id: one for one in reversed(self.classes)}

    def name_of(self, id: str) -> str | None:
        """What the class with the id is called or was called, or None."""
        return self._names.get(id)

    @cached_property
    def _names(self) -> dict[str, str]:
        return {one.id: one.name for one in (*reversed(self.former), *reversed(self.classes))}

    def current(self, id: str) -> str:
        """The id of the class that a class stands for now; its own when the merges contradict each other."""
        into: dict[str, set[str]] = {}
        for old, new in self.merged:
            into.setdefault(old, set()).add(new)
        seen = [id]
        while len(into.get(seen[-1], ())) == 1:
            [new] = into[seen[-1]]
            if new in seen:
                return id
            seen.append(new)
        return id if seen[-1] in into else seen[-1]


@frozen
class Schema:
    """All columns, ordered by rank, then id."""

    columns: tuple[Column, ...] = ()

    def of(self, *kinds: Kind) -> tuple[Column, ...]:
        """The columns of these kinds, in order."""
        return tuple(column for column in self.columns if column.kind in kinds)

    def find(self, kind: Kind, name: str) -> Column | None:
        """The column of that kind and name, or None."""
        return next((c for c in self.columns if c.kind == kind and c.name == name), None)

    def column(self, id: str) -> Column:
        """The column with the id. Raises `RepositoryError` when the schema lost it."""
        for column in self.columns:
            if column.id == id:
                return column
        path = f"schema/{id}/column.json"
        raise RepositoryError(f"the schema has no column {id}", where=path, tries=repairs(path))

    def output(self, id: str) -> Column | None:
        """The output with the id, or None."""
        return self._outputs.get(id)

    @cached_property
    def _outputs(self) -> dict[str, Column]:
        return {column.id: column for column in self.of("output")}

    def with_column(self, kind: Kind, name: str, type: str = "") -> "Schema":
        """This schema with the column; itself when it is there already."""
        if self.find(kind, name):
            return self
        taken = {column.id for column in self.columns}
        rank = 1 + max((column.rank for column in self.columns), default=-1)
        column = Column(id=permanent_id(kind, name, taken), kind=kind, name=name, type=type, rank=rank)
        return Schema(columns=_ordered([*self.columns, column]))

    def with_classes(self, output: Column, names: Iterable[str]) -> "Schema":
        """This schema in which `output` has the classes `names`; new ones come after the old, in the order given."""
        before = self.column(output.id)
        classes = list(before.classes)
        for name in names:
            if any(one.name == name for one in before.former) and before.class_named(name) is None:
                tries = [f"datacc schema add-class {before.name} {name} brings it back"]
                raise DataError(f"the class {name!r} of {before.name} was retired", where="schema", tries=tries)
            if name not in {one.name for one in classes} and before.class_named(name) is None:
                everything = [*classes, *before.former]
                rank = 1 + max((one.rank for one in everything), default=-1)
                taken = {one.id for one in everything}
                classes.append(Class(id=permanent_id("class", name, taken), name=name, rank=rank))
        changed = replace(self.column(output.id), classes=_ordered(classes))
        return Schema(columns=tuple(changed if c.id == output.id else c for c in self.columns))


def permanent_id(kind: str, name: str, taken: Container[str] = ()) -> str:
    """The id, 8 hex digits, of a new column or class: the same on every branch that adds it; salted when taken."""
    salt = 0
    while True:
        seed = canonical_json([kind, name, salt] if salt else [kind, name])
        id = hashlib.blake2b(seed.encode(), digest_size=_ID_BYTES).hexdigest()
        if id not in taken:
            return id
        salt += 1


def schema_files(schema: Schema) -> dict[str, bytes]:
    """Every file of the schema: path → text. The place in an order is an empty file of its own, which its name tells.

    So two branches that add the same column or class at different places touch no common file in different ways.
    """
    files = {}
    for column in schema.columns:
        head = {"id": column.id, "kind": column.kind, "name": column.name, "type": column.type}
        files[f"schema/{column.id}/column.json"] = _text(head)
        files[f"schema/order/{column.rank:06}.{column.id}"] = b""
        for one in (*column.classes, *column.former):
            files[f"schema/{column.id}/{one.id}.json"] = _text({"id": one.id, "name": one.name})
            files[f"schema/{column.id}/order/{one.rank:06}.{one.id}"] = b""
    return files


def merged_path(column: str, old: str, into: str) -> str:
    """The empty file that says that a class was merged into another."""
    return f"schema/{column}/merged/{old}.{into}"


def retired_path(column: str, id: str) -> str:
    """The empty file that says that a class is no longer given."""
    return f"schema/{column}/retired/{id}"


def blind_path(column: str) -> str:
    """The empty file that says that annotators do not see each other's votes."""
    return f"schema/{column}/blind"


def is_place(path: str) -> bool:
    """Whether a file of the schema tells a place in an order by its name alone."""
    return _PLACE.fullmatch(path) is not None


def read_schema(files: Mapping[str, bytes]) -> Schema:
    """The schema in `files`, path → text. Raises `RepositoryError` that names a damaged file.

    Of several places the first counts. Schemas of before 2026-11-27 have a `rank` in each entry instead.
    """
    places: dict[tuple[str, str], int] = {}
    for found in filter(None, map(_PLACE.fullmatch, files)):
        key = found["column"] or "", found["id"]
        places[key] = min(places.get(key, int(found["rank"])), int(found["rank"]))
    columns, classes = [], dict[str, list[Class]]()
    for path, text in files.items():
        parts = path.split("/")
        if len(parts) != 3 or parts[0] != "schema" or not path.endswith(".json"):
            continue
        if parts[2] == "column.json":
            columns.append(_parse(path, text, Column, places.get(("", parts[1]))))
        else:
            place = places.get((parts[1], parts[2].removesuffix(".json")))
            classes.setdefault(parts[1], []).append(_parse(path, text, Class, place))
    facts = [found for found in map(_FACT.fullmatch, files) if found]
    return Schema(columns=_ordered(_with_facts(c, _ordered(classes.get(c.id, [])), facts) for c in columns))


def _with_facts(column: Column, classes: Iterable[Class], facts: Iterable[re.Match[str]]) -> Column:
    mine = [found for found in facts if found["column"] == column.id]
    gone = {found["old"] or found["gone"] for found in mine}
    return replace(
        column,
        classes=tuple(one for one in classes if one.id not in gone),
        former=tuple(one for one in classes if one.id in gone),
        merged=tuple(sorted((found["old"], found["into"]) for found in mine if found["old"])),
        blind=any(found["blind"] for found in mine),
    )


def _ordered(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(items, key=lambda item: (item.rank, item.id)))


def _text(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _parse(path: str, text: bytes, kind: Any, place: int | None) -> Any:
    try:
        entry = json.loads(text)
        ranks = [rank for rank in (entry.pop("rank", None), place) if rank is not None]
        if not ranks:
            raise ValueError("it has no place in the order: a file is missing beside it, in order/")
        return kind(**entry, rank=min(ranks))
    except (ValueError, TypeError, AttributeError) as error:
        raise RepositoryError(f"this is no schema entry: {error}", where=path, tries=repairs(path)) from error
