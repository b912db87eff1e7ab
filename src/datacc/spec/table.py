"""Typed reading of TOML tables in which every complaint names the file, the line and what to write instead."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from datacc.errors import DataccError, SpecError
from datacc.frozen import frozen
from datacc.spec.lines import Keys, line_of

LARGEST_FILE: Final = 64_000
LONGEST_NAME: Final = 80
_WORDS: Final = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a table",
    list: "a list",
}

T = TypeVar("T", str, int, float, bool)


@frozen
class Table:
    """One table of the file at `path`: its values, and the keys that lead to it."""

    path: Path
    text: str
    values: Mapping[str, Any]
    keys: Keys = ()

    def known(self, names: Iterable[str]) -> "Table":
        """This table, with a `SpecError` for the first key that is not among `names`."""
        names = list(names)
        for key in self.values:
            if key not in names:
                raise self.error(f"{self._name(key)} is not a key that datacc knows", key, _nearest(key, names))
        return self

    def find(self, key: str, kind: type[T]) -> T | None:
        """The value of `key`, which must be of `kind`; None when it is not there."""
        return self._of_kind(key, kind) if key in self.values else None

    def get(self, key: str, kind: type[T], default: T) -> T:
        """The value of `key`, which must be of `kind`; `default` when it is not there."""
        return self._of_kind(key, kind) if key in self.values else default

    def need(self, key: str, kind: type[T], example: str) -> T:
        """The value of `key`, which must be there and of `kind`."""
        if key not in self.values:
            raise self.error(f"{self._name(key)} is missing", tries=[example])
        return self._of_kind(key, kind)

    def share(self, key: str, usual: str = "0.9") -> float:
        """A number above 0 and at most 1, which must be there; `usual` is what to write else."""
        share = self.need(key, float, example=f"{key} = {usual}")
        if not 0 < share <= 1:
            tries = [f"{key} = {share / 100:g}"] if 1 < share <= 100 else [f"{key} = {usual}"]
            raise self.error(f"{key} is a share, above 0 and at most 1; {share:g} is not", key, tries)
        return share

    def flag(self, key: str) -> bool:
        """True or false; false when it is not there."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"{self._name(key)} must be true or false, not {_word(value)}", key)
        return value

    def texts(self, key: str, default: Sequence[str]) -> tuple[str, ...]:
        """A list of texts; `default` when it is not there."""
        values = self.values.get(key, list(default))
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.error(f"{self._name(key)} must be a list of texts", key)
        return tuple(values)

    def table(self, key: str) -> "Table":
        """The table under `key`, empty when it is not there."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.error(f"{self._name(key)} must be a table", key)
        return self._under(value, key)

    def tables(self, key: str) -> list["Table"]:
        """The array of tables `[[key]]`, empty when it is not there."""
        values = self.values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.error(f"{key} must be written as [[{key}]]", key)
        return [self._under(value, key, index) for index, value in enumerate(values)]

    def line(self, key: str | None = None) -> int | None:
        """The line of `key`, or of the table itself; None for the whole file."""
        keys = self.keys if key is None else (*self.keys, key)
        return line_of(self.text, keys) if keys else None

    def error(self, what: str, key: str | None = None, tries: Iterable[str] = ()) -> SpecError:
        """A `SpecError` that names the line of `key`, or of the table."""
        line = self.line(key)
        return SpecError(what, where=self.path.name if line is None else f"{self.path.name}:{line}", tries=tries)

    @contextmanager
    def blaming(self, key: str) -> Iterator[None]:
        """Gives a `DataccError` raised inside the line of `key`."""
        try:
            yield
        except DataccError as error:
            raise self.error(f"{self._name(key)}: {error.what}", key, error.tries) from error

    def _under(self, values: Mapping[str, Any], *keys: str | int) -> "Table":
        return Table(path=self.path, text=self.text, values=values, keys=(*self.keys, *keys))

    def _of_kind(self, key: str, kind: type[T]) -> T:
        value = self.values[key]
        accepted = (int, float) if kind is float else (kind,)
        if not isinstance(value, accepted) or isinstance(value, bool) is not (kind is bool):
            tries = [f"{key} = {meant}"] if (meant := _meant(value, kind)) else []
            raise self.error(f"{self._name(key)} must be {_WORDS[kind]}, not {_word(value)}", key, tries)
        return kind(value)

    def _name(self, key: str) -> str:
        name = ".".join(part for part in (*self.keys, key) if isinstance(part, str))
        return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def read_table(path: Path, missing: str, damaged: Sequence[str] = ()) -> Table:
    """The whole file at `path` as a `Table`; `missing` is what to try when there is none, `damaged` when it is no TOML.

    Raises `SpecError`.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise SpecError("there is no such file", where=str(path), tries=[missing]) from None
    except OSError as error:
        raise SpecError(f"it cannot be read: {error.strerror}", where=str(path)) from error
    if len(raw) > LARGEST_FILE:
        raise SpecError(f"it has {len(raw):,} bytes; {LARGEST_FILE:,} are allowed", where=path.name)
    try:
        text = raw.decode("utf-8-sig")
        return Table(path=path, text=text, values=tomllib.loads(text))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SpecError("it is not UTF-8 text", where=f"{path.name}:{line}", tries=damaged) from error
    except tomllib.TOMLDecodeError as error:
        raise _syntax(error, path, text, damaged) from error


def _syntax(error: tomllib.TOMLDecodeError, path: Path, text: str, tries: Sequence[str]) -> SpecError:
    found = re.search(r"\s*\(at (?:line (\d+), column \d+|end of document)\)", str(error))
    line = int(found[1]) if found and found[1] else text.count("\n") + 1
    what = str(error)[: found.start()] if found else str(error)
    return SpecError(f"this is not TOML: {what[:1].lower()}{what[1:]}", where=f"{path.name}:{line}", tries=tries)


def _nearest(key: str, known: Sequence[str]) -> list[str]:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return [close[0]] if close else ["one of " + ", ".join(known)]


def _meant(value: Any, kind: type) -> str:
    """The value with quotes, or without, where that is of this kind; nothing for anything else."""
    if kind is str and type(value) in (int, float):
        return f'"{value}"'
    try:
        found = tomllib.loads(f"x = {value.strip()}")["x"] if isinstance(value, str) else None
    except tomllib.TOMLDecodeError:
        return ""
    return value.strip() if type(found) is kind or (kind is float and type(found) is int) else ""


def _word(value: Any) -> str:
    return _WORDS.get(type(value), "a date or time")
