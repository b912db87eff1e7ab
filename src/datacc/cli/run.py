"""Ask a built program: a picture, a table of rows, a record as JSON, or a text as it is.

A program with several inputs takes a table or a record that has the columns of all, or each as NAME=INPUT, a text as
it is, and gives one answer.
"""

import argparse
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from datacc.cli.outcome import Outcome, columns
from datacc.compiler.shown import percent, shown
from datacc.errors import DataError, UsageError
from datacc.intake import Format, Raw
from datacc.intake.importing.refuse import refuse
from datacc.registry import load as member
from datacc.registry import names
from datacc.repo.wishes import require_trusted_build
from datacc.repo.words import listed
from datacc.runtime.load import Answer, Labels, Loaded, Number, load
from datacc.spec.interface import Port

EXAMPLE: Final = "datacc run build/digits seven.png"
TOP: Final = 2  # runners-up shown
_log: Final = logging.getLogger("datacc")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The artifact and what to ask it."""
    parser.add_argument("artifact", type=Path, help="the folder that a build left")
    parser.add_argument("inputs", metavar="INPUT", nargs="+", help="a file, JSON such as '{\"width\": 2.5}', or a text")
    parser.add_argument("--width", type=float, metavar="SHARE", help="at one of its widths, such as 0.5 (the whole)")


def run(options: argparse.Namespace) -> Outcome:
    """Every answer, with its confidence and the runners-up."""
    require_trusted_build(options.artifact)
    program = load(options.artifact)
    program = program if options.width is None else program.at(options.width)
    ports = program.interface.inputs
    asked = _named(options.inputs, ports) if _names_one(options.inputs, ports) else _rows_of(options.inputs, ports)
    try:
        answers = [(where, _ask(program, where, values)) for where, values in asked]
    except DataError as error:
        return Outcome(facts={"program": program.interface.name, "answers": []}, error=error)
    facts = [{"input": where, **_facts(answer)} for where, answer in answers]
    return Outcome(
        facts={"program": program.interface.name, "answers": facts},
        text=columns((f"{where}:", *_told(answer)) for where, answer in answers),
    )


def _ask(program: Loaded, where: str, values: Mapping[str, Any]) -> Any:
    try:
        return program(**values)
    except DataError as error:
        raise DataError(error.what, where=where, tries=error.tries) from error


def _values_of(words: Sequence[str], *, is_text: bool) -> Iterator[tuple[str, Any]]:
    """The same; for an input that is text, a word that names no file is the text itself."""
    for word in words:
        if is_text and not _is_file(word):
            yield shown(word, 40) or '""', word
        else:
            yield from _values([word])


def _is_json(word: str) -> bool:
    return word.lstrip()[:1] in ("{", "[")  # it may be longer than a file name can be


def _is_file(word: str) -> bool:
    try:
        return bool(word) and Path(word).exists()
    except (OSError, ValueError):  # longer than a file name can be, or with a zero in it
        return False


def _values(words: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """What each word of the command line holds: one value, or one per row of a table."""
    for word in words:
        if not word:
            raise UsageError("an input is empty", tries=["a file, or a value as JSON"])
        if _is_json(word):
            yield "input", _json(word, "input")
            continue
        path = Path(word)
        form = _format(path)
        if form is not None:
            yield from ((raw.where, _raw(raw)) for raw in _rows(form, path))
        elif path.suffix.lower() == ".json":
            yield word, _json(_bytes(path).decode(errors="replace"), word)
        else:
            yield word, _bytes(path)


def _rows(form: Format, path: Path) -> Sequence[Raw]:
    """The rows of a table; those that cannot be read are told. Raises `DataError` where none is left."""
    found = form.read(path)
    for note in refuse(found.bad, str(path), skip_bad=bool(found.rows), good=len(found.rows)):
        _log.warning(note)
    if not found.rows:
        raise DataError("there is no row to answer", where=str(path), tries=["give a file with rows below its header"])
    return found.rows


def _rows_of(words: Sequence[str], ports: Sequence[Port]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The inputs of each answer, by name: what a word holds is the one input, or a row that has the columns of all."""
    is_one = len(ports) == 1
    if not is_one and not all(_is_json(word) or _is_file(word) for word in words):
        raise _several(ports)
    for where, value in _values_of(words, is_text=is_one and ports[0].type == "text"):
        if isinstance(value, dict):
            yield where, {port.name: _part(value, port, where, is_one=is_one) for port in ports}
        elif is_one:
            yield where, {ports[0].name: value}
        else:
            raise _several(ports)


def _part(row: Mapping[str, Any], port: Port, where: str, *, is_one: bool) -> Any:
    """The input of a row: all of it where the input reads columns, else what is called like it."""
    if port.options.get("columns") or (is_one and port.name not in row):
        return row
    if port.name not in row:
        raise DataError(f"it lacks {port.name!r}", where=where, tries=[f"it has {listed(list(row))}"])
    return row[port.name]


def _names_one(words: Sequence[str], ports: Sequence[Port]) -> bool:
    """Whether the words name the inputs, of which there are several."""
    return len(ports) > 1 and any(word.partition("=")[0] in [port.name for port in ports] for word in words)


def _named(words: Sequence[str], ports: Sequence[Port]) -> list[tuple[str, dict[str, Any]]]:
    """The inputs of one answer, from NAME=INPUT words."""
    pairs, is_text = [word.partition("=") for word in words], {port.name: port.type == "text" for port in ports}
    if sorted(name for name, _, _ in pairs) != sorted(is_text):
        raise _several(ports)
    values = {name: [value for _, value in _values_of([word], is_text=is_text[name])] for name, _, word in pairs}
    if any(len(found) != 1 for found in values.values()):
        raise _several(ports, "each of several inputs that are named must be one value, not a table")
    return [("input", {name: found[0] for name, found in values.items()})]


def _several(ports: Sequence[Port], what: str | None = None) -> UsageError:
    tries = [" ".join(f"{port.name}=INPUT" for port in ports), "a table, or JSON, that has the columns of all"]
    return UsageError(what or f"this program has {len(ports)} inputs", tries=tries)


def _format(path: Path) -> Format | None:
    forms: list[Format] = [member("intake", name) for name in names("intake")]
    return next((form for form in forms if form.matches(path)), None)


def _raw(raw: Raw) -> Any:
    return raw.read() if raw.media is not None else raw.cells


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError("it is not JSON", where=where, tries=['{"width": 2.5, "height": 3}']) from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"it cannot be read: {error.strerror}", where=str(path), tries=["check the name"]) from error


def _facts(answer: Any) -> dict[str, Any]:
    if isinstance(answer, Answer | Number | Labels):
        return asdict(answer)
    if isinstance(answer, dict):
        return {name: _facts(one) for name, one in answer.items()}
    return {"value": answer.tolist() if isinstance(answer, np.ndarray) else answer}


def _told(answer: Any) -> tuple[str, ...]:
    if isinstance(answer, Number):
        value = f"{answer.value:.6g}"
        return value if answer.known else f"not known ({value}?)", f"from {answer.low:.6g} to {answer.high:.6g}"
    if isinstance(answer, Labels):
        given = ", ".join(f"{name} {percent(answer.scores[name], 1)}" for name in answer.labels) or "none of its labels"
        return (given if answer.known else f"not known ({given}?)",)
    if not isinstance(answer, Answer):
        return (str(answer),)
    others = sorted(((score, name) for name, score in answer.scores.items() if name != answer.label), reverse=True)
    runners_up = ", ".join(f"{name} {percent(score, 1)}" for score, name in others[:TOP])
    label = answer.label if answer.known else f"not known ({answer.label}?)"
    return label, percent(answer.confidence, 1), f"then {runners_up}" if others else ""
