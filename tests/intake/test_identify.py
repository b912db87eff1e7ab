"""Ids as an import gives them, column by column, are those that the format defines, row by row."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from datacc.intake.importing.identify import identify
from datacc.intake.importing.rows import Rows
from datacc.repo.identity import address, canonical_json, example_id

NUMBERS = some.sampled_from([0.0, -0.0, 1.0, 2.5, 1e-7, 1e21, -3.0])
TEXTS = some.sampled_from(["a", "b", 'quote "', "tab\t", "ü", "\u2028", "\x7f", "\ud7ff", "😀", "\\"])


def rows(numbers: list[float], texts: list[str], keys: list[str | None]) -> Rows:
    nothing: list[None] = [None] * len(numbers)
    where = [str(n) for n in range(len(numbers))]
    return Rows(where=where, media=None, cells={"x": numbers, "t": texts}, label=nothing, split=nothing,
                group=nothing, key=keys, name=where, occurrence=None, others={})  # fmt: skip


@given(some.lists(some.tuples(NUMBERS, TEXTS, some.none() | some.sampled_from(["k", "l"])), min_size=1, max_size=12))
@settings(deadline=None)
def test_ids_are_those_of_the_format(given: list[tuple[float, str, str | None]]) -> None:
    numbers, texts, keys = ([row[k] for row in given] for k in range(3))
    found = identify(rows(numbers, texts, keys), {"x": "bbbb0000", "t": "aaaa0000"})  # type: ignore[arg-type]
    seen: Counter[tuple[float, str]] = Counter()
    for id, number, text, key in zip(found.ids, numbers, texts, keys, strict=True):
        plain = address(canonical_json({"bbbb0000": number, "aaaa0000": text}).encode())
        assert id == example_id(plain, key, seen[number, text] if key is None else 0)  # type: ignore[index, arg-type]
        seen[number, text] += key is None  # type: ignore[index]


@pytest.mark.parametrize("text", ["plain", 'a "b" \\ c', "é\t\n😀", "\u2028\x7f\x00"])
def test_the_json_of_texts_is_canonical(text: str) -> None:
    found = identify(rows([1.0], [text], [None]), {"t": "aaaa0000"})
    written = json.dumps({"aaaa0000": text}, ensure_ascii=False, separators=(",", ":"))
    assert found.ids == [address(written.encode())] == [address(canonical_json({"aaaa0000": text}).encode())]
