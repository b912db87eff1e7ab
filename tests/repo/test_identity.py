"""Ids: canonical JSON against RFC 8785's own samples, addresses against coreutils."""

import json
import math
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.repo.identity import address, canonical_json, canonical_number, content, example_id, file_address
from tests.tools import need

SAMPLES = {  # RFC 8785, appendix B
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(("bits", "text"), SAMPLES.items())
def test_numbers_are_printed_as_the_standard_says(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_number(number) == text


@given(VALUES)
def test_canonical_json_says_the_same(value: object) -> None:
    assert json.loads(canonical_json(value), parse_int=float) == value


def test_keys_are_sorted_by_utf16_units() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]  # RFC 8785, section 3.2.3
    assert list(json.loads(canonical_json(dict.fromkeys(keys)))) == [
        "\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [math.nan, math.inf, b"bytes", {1, 2}])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="no JSON form"):
        canonical_json(value)


def test_an_address_is_what_b2sum_prints() -> None:
    told = subprocess.run([need("b2sum"), "-l", "128"], input=b"a picture", capture_output=True, check=True).stdout
    assert told.split()[0].decode() == address(b"a picture")


@pytest.mark.parametrize("size", [0, 1, 1_000_003])
def test_the_address_of_a_file_is_what_b2sum_prints(tmp_path: Path, size: int) -> None:
    file = tmp_path / "a file"
    file.write_bytes(bytes(n * 7919 % 251 for n in range(size)))
    told = subprocess.run([need("b2sum"), "-l", "128", file], capture_output=True, check=True).stdout
    assert told.split()[0].decode() == file_address(file) == address(file.read_bytes())


def test_an_id_changes_with_input_key_and_occurrence_alone() -> None:
    one, other = (address(canonical_json({"a": a, "b": b}).encode()) for a, b in ((1.0, 2.0), (2.0, 1.0)))
    told = [(one,), (other,), (one, "x"), (one, "y"), (one, None, 1), (one, None, 2), (one, "1")]
    assert len({example_id(*words) for words in told}) == len(told)
    assert example_id(one, None, 0) == one == address(canonical_json({"b": 2, "a": 1}).encode())


def test_content_knows_neither_columns_nor_keys() -> None:
    assert content([1.0, 2.0]) == content([1, 2]) != content([2, 1])
    assert content([{"media": address(b"x")}]) == address(b"x")
