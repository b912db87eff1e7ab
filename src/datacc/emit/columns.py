"""The columns of records in the header: their places as constants, and what the codes of categories stand for."""

from collections.abc import Iterator, Mapping
from typing import Final

from datacc.emit.text import LONGEST_STRING, characters, comment, string, words
from datacc.spec.interface import Interface, Port
from datacc.types.record import RecordOptions

_MEANING: Final = {
    "number": "a number",
    "boolean": "1 or 0",
    "date": "days since 2000-01-01, UTC",
    "category": "a place in {values}, -1 for any other value",
    "order": "a place in {values}, NAN for any other value",
}


def column_lines(interface: Interface) -> Iterator[str]:
    """What the header says of every record."""
    for port, options, named in _records(interface):
        lines = [
            f"    {constant} = {place}, /* {comment(column)}: {_meaning(options, column, constant)} */"
            for place, (column, constant) in enumerate(named.items())
        ]
        yield f"\n/* The columns of {comment(port.name)}, and the values that codes stand for, in UTF-8. */\n"
        yield "\n".join(["enum {", *lines, "};", ""])
        for column, values in {**options.categories, **options.ordered}.items():
            yield f"extern const char *const {_values(named[column])}[{len(values)}];\n"


def column_constants(interface: Interface) -> str:
    """The values of categories as they stand in NAME.c."""
    return "\n".join(
        line
        for _, options, named in _records(interface)
        for column, values in {**options.categories, **options.ordered}.items()
        for line in name_array(_values(named[column]), values)
    )


def name_array(name: str, texts: tuple[str, ...]) -> Iterator[str]:
    """The lines of an array of texts that others may read."""
    words = []
    for i, text in enumerate(texts):
        if len(string(text)) > LONGEST_STRING:
            yield f"static const char {name}_{i}[] = {{\n{characters(text)}\n}};"
            words.append(f"{name}_{i}")
        else:
            words.append(string(text))
    yield f"EXPORT const char *const {name}[{len(texts)}] = {{\n    " + ",\n    ".join(words) + ",\n};"


def _records(interface: Interface) -> Iterator[tuple[Port, RecordOptions, Mapping[str, str]]]:
    """Every record, with the constant of each of its columns: upper case, as no function or type of a program is."""
    records = [(port, RecordOptions(**port.options)) for port in interface.inputs if port.type == "record"]
    taken = set[str]()
    for port, options in records:
        named = {}
        for column, own in words(options.columns).items():
            constant = f"{interface.name}_{port.name}_{own}".upper()
            while constant in taken:
                constant += "_"
            taken.add(constant)
            named[column] = constant
        yield port, options, named


def _values(constant: str) -> str:
    return f"{constant.lower()}_values"


def _meaning(options: RecordOptions, column: str, constant: str) -> str:
    kind = options.kind(column)
    gap = "; NAN where it is missing" if column in options.missing and kind != "category" else ""
    return _MEANING[kind].format(values=_values(constant)) + gap
