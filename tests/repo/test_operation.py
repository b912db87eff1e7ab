"""Operations as lines: round trip, ids, damaged and unknown ones."""

import json

import pytest

from datacc.errors import RepositoryError
from datacc.repo.operation import parse_line, parse_lines, to_line

WHOLE = {
    "op": "set", "example": "00ff", "field": "digit", "new": "a1", "old": "b2", "replaces": ["run:0"],
    "who": "Ann <a@b>", "when": "2026-01-02T03:04:05+00:00", "model": "conv", "confidence": 0.5, "reason": "seen",
}  # fmt: skip


def test_a_line_says_everything_again() -> None:
    operation = parse_line(to_line(**WHOLE), "here")
    for key, value in WHOLE.items():
        assert getattr(operation, key) == (tuple(value) if isinstance(value, list) else value)


def test_what_is_empty_is_left_out_and_the_id_is_of_the_line() -> None:
    line = to_line(op="verify", example="00", field="digit", about=[], who="")
    assert json.loads(line) == {"op": "verify", "example": "00", "field": "digit"}
    assert parse_line(line, "x").id == parse_line(line, "y").id != parse_line(to_line(**WHOLE), "x").id


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", '"set"', '{"op":"set"}', '{"op":"set","example":7}', '{"op":"set","example":"0","field":[]}'],
)
def test_a_damaged_line_is_named(line: str) -> None:
    with pytest.raises(RepositoryError) as caught:
        parse_line(line, "ops/a.jsonl:3")
    assert caught.value.where == "ops/a.jsonl:3"


def test_an_operation_from_the_future_is_refused() -> None:
    with pytest.raises(RepositoryError, match="unknown operation 'teleport'"):
        parse_lines([to_line(op="teleport", example="0")], "ops/a.jsonl")


@pytest.mark.parametrize("op", ["add", "set", "unset", "delete", "verify", "flag", "resolve", "supersede"])
def test_every_operation_of_the_design_parses(op: str) -> None:
    assert parse_line(to_line(op=op, example="0", by="1"), "x").op == op
