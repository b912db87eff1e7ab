"""Canonical JSON (RFC 8785) and what follows from it: the address of media, the id and the content of an example."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from json.encoder import encode_basestring  # json.dumps(text, ensure_ascii=False) makes an encoder at each call
from pathlib import Path
from typing import Any, Final

from datacc.repo.coded import Coded
from datacc.store import digest

ADDRESS_BYTES: Final = 16
_PLAIN_INTEGER: Final = 10**15


def canonical_json(value: Any) -> str:
    """`value` as RFC 8785 JSON: sorted keys, no blanks, numbers as ECMAScript prints a double.

    Raises `ValueError` for NaN, infinity and anything that JSON cannot hold.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, int | float):
        return canonical_number(value)
    if isinstance(value, list | tuple):
        if all(type(v) is str for v in value):  # by the thousand
            return "[" + ",".join(map(encode_basestring, value)) + "]"
        return "[" + ",".join([canonical_json(v) for v in value]) + "]"
    if isinstance(value, dict | Mapping):  # dict first: asking an abstract class is slow
        pairs = sorted(value.items(), key=_name) if len(value) > 1 else value.items()
        return "{" + ",".join([f"{canonical_json(str(k))}:{canonical_json(v)}" for k, v in pairs]) + "}"
    raise ValueError(f"{type(value).__name__} has no JSON form")


def _name(pair: tuple[Any, Any]) -> bytes:
    """What the names of an object are sorted by."""
    return str(pair[0]).encode("utf-16-be")


def canonical_number(number: float) -> str:
    """A finite double as ECMAScript's `Number.prototype.toString` prints it."""
    double = float(number)
    if not math.isfinite(double):
        raise ValueError(f"{double} has no JSON form")
    if double.is_integer() and abs(double) < _PLAIN_INTEGER:
        return str(int(double))
    shortest = repr(double)
    return shortest if "e" not in shortest and not shortest.endswith(".0") else _from_digits(shortest)


def _from_digits(shortest: str) -> str:
    sign, figures, exponent = Decimal(shortest).normalize().as_tuple()
    digits, point = "".join(map(str, figures)), len(figures) + int(exponent)
    if len(digits) <= point <= 21:
        text = digits + "0" * (point - len(digits))
    elif 0 < point <= 21:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        text = f"{digits[0]}{fraction}e{point - 1:+d}"
    return f"-{text}" if sign else text


def address(data: bytes) -> str:
    """The 128-bit BLAKE2b of `data` as 32 hex digits: what `b2sum -l 128` prints."""
    return hashlib.blake2b(data, digest_size=ADDRESS_BYTES).hexdigest()


def file_address(path: Path) -> str:
    """The `address` of a file's bytes, which are read piece by piece: a large file takes no memory."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, partial(hashlib.blake2b, digest_size=ADDRESS_BYTES)).hexdigest()


def example_id(plain: str, key: str | None = None, occurrence: int = 0) -> str:
    """The id of an example, 32 hex digits. `plain`: the address of its only file, or of its inputs as canonical JSON.

    The inputs are an object, permanent column id → value. A key, or an occurrence number after the first, is mixed in.
    """
    if key is not None:
        return digest(plain, canonical_json({"key": key}))
    return digest(plain, canonical_json({"occurrence": occurrence})) if occurrence else plain


def content(values: Iterable[Any]) -> str:
    """The address of input values in the order of their columns' ranks: equal inputs, and only they, share it.

    Unlike the id it depends neither on column ids nor on a key, so that it decides the split.
    """
    listed = list(values)
    plain = _media(listed[0]) if len(listed) == 1 else None
    return plain or address(canonical_json(listed).encode())


def contents_of(columns: Sequence[Coded], missing: str = "") -> list[str]:
    """What `content` says of the N rows of these columns; `missing` is the text of a cell that is not there."""
    if any(_media(word) for column in columns for word in column.words):
        return [content(cell for cell in row if cell is not None) for row in zip(*columns, strict=True)]
    texts = [
        map([*map(canonical_json, one.words), missing].__getitem__, one.codes.tolist())  # NONE is the last
        for one in columns
    ]
    return [address(f"[{','.join(filter(None, row))}]".encode()) for row in zip(*texts, strict=True)]


def _media(value: Any) -> str | None:
    return value["media"] if isinstance(value, dict | Mapping) and set(value) == {"media"} else None
