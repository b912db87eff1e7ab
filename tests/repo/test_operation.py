"""Operations as lines: round trip, ids, damaged and unknown ones."""

import json
from typing import Any

import pytest

from datacc.errors import RepositoryError
from datacc.repo.operation import parse_line, parse_lines, to_line

EXAMPLE = "00ff" * 8
WHOLE = {
    "op": "set", "example": EXAMPLE, "field": "digit", "new": "a1", "old": "b2", "replaces": ["run:0"],
    "who": "Ann <a@b>", "when": "2026-01-02T03:04:05+00:00", "model": "conv", "confidence": 0.5, "reason": "seen",
}  # fmt: skip

WRONG: list[dict[str, Any]] = [
    *({"example": wrong} for wrong in (7, "0", EXAMPLE.upper(), EXAMPLE + "0")),
    *({"when": wrong} for wrong in ("yesterday", 5, "2026-01-02", "2026-13-01T00:00:00+00:00")),
    *({"confidence": wrong} for wrong in ("high", [], True, 1.5, float("nan"))),
    *({key: wrong} for key in ("field", "who", "model", "reason", "by") for wrong in (5, ["a"], {})),
    *({key: wrong} for key in ("replaces", "about") for wrong in ("abc", 5, [5], {"a": 1})),
]


def test_a_line_says_everything_again() -> None:
    operation = parse_line(to_line(**WHOLE), "here")
    for key, value in WHOLE.items():
        assert getattr(operation, key) == (tuple(value) if isinstance(value, list) else value)


def test_what_is_empty_is_left_out_and_the_id_is_of_the_line() -> None:
    line = to_line(op="verify", example=EXAMPLE, field="digit", about=[], who="")
    assert json.loads(line) == {"op": "verify", "example": EXAMPLE, "field": "digit"}
    assert parse_line(line, "x").id == parse_line(line, "y").id != parse_line(to_line(**WHOLE), "x").id


@pytest.mark.parametrize(
    "line",
    [
        *("", "{", "[]", '"set"', '{"op":"set"}', "[" * 100_000),
        *(json.dumps({**WHOLE, **wrong}) for wrong in WRONG),
        json.dumps({"op": "delete", "example": EXAMPLE, "field": "digit"}),
        json.dumps({"op": "set", "example": EXAMPLE, "new": "a1"}),
    ],
    ids=lambda line: line[-60:],
)
def test_a_damaged_line_is_named(line: str) -> None:
    with pytest.raises(RepositoryError) as caught:
        parse_line(line, "ops/a.jsonl:3")
    assert caught.value.where == "ops/a.jsonl:3"
    assert any("ops/a.jsonl" in attempt for attempt in caught.value.tries)


def test_an_operation_from_the_future_is_refused() -> None:
    with pytest.raises(RepositoryError, match="unknown operation 'teleport'"):
        parse_lines([to_line(op="teleport", example=EXAMPLE)], "ops/a.jsonl")


@pytest.mark.parametrize("op", ["add", "set", "unset", "delete", "verify", "flag", "resolve", "supersede"])
def test_every_operation_of_the_design_parses(op: str) -> None:
    field = None if op in ("add", "delete", "supersede") else "digit"
    assert parse_line(to_line(op=op, example=EXAMPLE, field=field, by="1"), "x").op == op
