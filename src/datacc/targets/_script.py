"""The JavaScript module of an npm package and its TypeScript types; names of classes and columns are inert text."""

import json
from math import prod
from typing import Any, Final

from datacc.runtime.bound import row_type
from datacc.spec.interface import Interface, Port
from datacc.spec.names import check_name
from datacc.targets._cells import cells_of
from datacc.targets._parameters import arguments_of, known_of, label_of, output_of, shares, windowed

_LABEL: Final = """\
export const CLASSES = {classes};

const ANSWER = (row) => ({{
  label: CLASSES[row[{label}][0]],
  confidence: row[{confidence}][0],
  scores: Object.fromEntries(CLASSES.map((name, i) => [name, row[{scores}][i]])),
{known}}});
"""
_NUMBER: Final = """\
const ANSWER = (row) => ({{
  value: row[{value}][0],
  low: row[{low}][0],
  high: row[{high}][0],
{known}}});
"""
_LABELS: Final = """\
export const LABELS = {classes};

const ANSWER = (row) => ({{
  labels: LABELS.filter((_, i) => row[{given}][i] === 1),
  scores: Object.fromEntries(LABELS.map((name, i) => [name, row[{scores}][i]])),
{known}}});
"""
_ARRAYS: Final = """\
const ANSWER = (row) => ({{ {fields} }});
"""
_SCRIPT: Final = """\
// {name}: a program built by datacc. Free for any use: 0BSD.
import {{ Program, compiled, together }} from "./program.js";

const PROGRAM = new Program(await compiled(new URL("./{name}.wasm", import.meta.url)), "{name}", {layout});

{answer}{widths}
/** The answer to one input: {parameters}. */
export const predict = ({parameters}{options}) => ANSWER({one});

/** The answers to many inputs, in order: {lists}. */
export const predictBatch = ({parameters}{options}) => {many}.map(ANSWER);
{stream}"""
_STREAM: Final = """
/** A function like `predict` whose calls go on with one stream; each call of `predict` begins one of its own. */
export const stream = () => {{
  const KEPT = {{ stream: PROGRAM.stream() }};
  return ({parameters}) => ANSWER(PROGRAM.run([[{parameters}]], KEPT)[0]);
}};
"""
_TYPES: Final = """\
/** {name}: a program built by datacc. Free for any use: 0BSD. */

/** Numbers as a typed array, or in nested lists. */
export type Numbers = ArrayLike<number> | ArrayBuffer | readonly Numbers[];

{answer}{widths}
/** The answer to one input. Throws a TypeError or RangeError when it is not what the program takes. */
export function predict({one}{options}): Answer;

/** The answers to many inputs, in order. */
export function predictBatch({many}{options}): Answer[];
{stream}"""
_WIDTH_TYPES: Final = """
/** A share of its channels at which the program answers: fewer are faster, and a little less often right. */
export type Width = {union};

export declare const WIDTHS: readonly Width[];

/** The width, 1 where it is left out. */
export interface Options {{
  width?: Width;
}}
"""
_STREAM_TYPES: Final = """
/** A function like `predict` whose calls go on with one stream; each call of `predict` begins one of its own. */
export function stream(): ({one}) => Answer;
"""
_LABEL_TYPES: Final = """\
/** A class, in the order of the scores. */
export type Label = {union};

export declare const CLASSES: readonly Label[];

/** The class, its score, and the scores of all classes, which sum to 1. */
export interface Answer {{
  label: Label;
  confidence: number;
  scores: Record<Label, number>;
{known}}}
"""
_NUMBER_TYPES: Final = """\
/** The number, and the interval around it. */
export interface Answer {{
  value: number;
  low: number;
  high: number;
{known}}}
"""
_LABELS_TYPES: Final = """\
/** A label, in the order of the scores. */
export type Label = {union};

export declare const LABELS: readonly Label[];

/** The labels that are given, and the probability of each. */
export interface Answer {{
  labels: Label[];
  scores: Record<Label, number>;
{known}}}
"""
_ARRAY_TYPES: Final = """\
/** What the program computes, by name. */
export interface Answer {{
{fields}
}}
"""
_ARRAY: Final = {"float32": "Float32", "uint8": "Uint8", "int8": "Int8", "int16": "Int16", "int32": "Int32"}


def script(interface: Interface) -> str:
    """The text of index.js. Raises `SpecError` for a program whose name JavaScript cannot carry."""
    check_name(interface.name, module=True)
    arguments = ", ".join(arguments_of(interface))
    layout = {
        "inputs": _layout(interface.inputs),
        "inputBytes": row_type(interface.inputs).itemsize,
        "answers": _layout(interface.answers),
        "answerBytes": row_type(interface.answers).itemsize,
        "stateBytes": row_type(interface.states).itemsize,
        **({"widths": interface.widths} if interface.widths else {}),
    }
    return _SCRIPT.format(
        name=interface.name,
        layout=_text(layout),
        answer=_answer(interface),
        parameters=arguments,
        **_asked(interface, arguments),
        options=", { width } = {}" if interface.widths else "",
        widths=f"\nexport const WIDTHS = [{', '.join(shares(interface))}];\n" if interface.widths else "",
        lists=f"lists of {arguments}" if len(interface.inputs) > 1 else "a list of them",
        stream=_STREAM.format(parameters=arguments) if interface.states else "",
    )


def types(interface: Interface) -> str:
    """The text of index.d.ts."""
    names = arguments_of(interface)
    kinds = dict(zip(names, map(_kind, interface.inputs), strict=True))
    one = ", ".join(f"{name}: {kind}" for name, kind in kinds.items())
    return _TYPES.format(
        name=interface.name,
        answer=_answer_types(interface),
        widths=_WIDTH_TYPES.format(union=" | ".join(shares(interface))) if interface.widths else "",
        options=", options?: Options" if interface.widths else "",
        one=one,
        stream=_STREAM_TYPES.format(one=one) if interface.states else "",
        many=", ".join(f"{name}: readonly ({kind})[]" for name, kind in kinds.items()),
    )


def _asked(interface: Interface, arguments: str) -> dict[str, str]:
    """The expressions of the row that answers one input, and of those that answer many."""
    label = label_of(interface)
    if windowed(interface) and label is not None:
        at = {port.name: i for i, port in enumerate(interface.answers)}
        places = f"{at[label.name]}, {at[f'{label.name}_confidence']}, {at[f'{label.name}_scores']}"
        many = f"Array.from({arguments}, (text) => PROGRAM.ofWindows(text, {places}))"
        return {"one": f"PROGRAM.ofWindows({arguments}, {places})", "many": many}
    given = ", { width }" if interface.widths else ""
    return {
        "one": f"PROGRAM.run([[{arguments}]]{given})[0]",
        "many": f"PROGRAM.run(together([{arguments}]){given})",
    }


def _answer(interface: Interface) -> str:
    label = output_of(interface)
    at = {port.name: i for i, port in enumerate(interface.answers)}
    if label is None:
        return _ARRAYS.format(fields=", ".join(f"{_text(name)}: row[{i}]" for name, i in at.items()))
    known = known_of(interface, label)
    said = f"  known: row[{at[known.name]}][0] === 1,\n" if known else ""
    if label.form == "number":
        ends = {end: at[f"{label.name}_{end}"] for end in ("low", "high")}
        return _NUMBER.format(value=at[label.name], known=said, **ends)
    if label.form == "labels":
        places = {"given": at[label.name], "scores": at[f"{label.name}_scores"]}
        return _LABELS.format(classes=_text(list(label.classes)), known=said, **places)
    parts = {part: at[f"{label.name}_{part}"] for part in ("confidence", "scores")}
    return _LABEL.format(classes=_text(list(label.classes)), label=at[label.name], known=said, **parts)


def _answer_types(interface: Interface) -> str:
    label = output_of(interface)
    if label is None:
        fields = "\n".join(f"  {_text(port.name)}: {_ARRAY[port.dtype]}Array;" for port in interface.answers)
        return _ARRAY_TYPES.format(fields=fields)
    known = "  /** False: too unsure to be relied on. */\n  known: boolean;\n" if known_of(interface, label) else ""
    types = {"label": _LABEL_TYPES, "labels": _LABELS_TYPES, "number": _NUMBER_TYPES}[label.form]
    return types.format(union=" | ".join(map(_text, label.classes)), known=known)


def _kind(port: Port) -> str:
    if port.type == "text":
        return "string | Uint8Array"
    if not _columns(port):
        return "Numbers"
    if cells := cells_of(port):
        named = zip(_columns(port), cells, strict=True)
        fields = "; ".join(f"{_text(column)}: {_cell(*cell)}" for column, cell in named)
        return f"Float32Array | readonly (number | string | boolean | Date | null)[] | {{ {fields} }}"
    return f"Numbers | {{ {'; '.join(f'{_text(column)}: number' for column in _columns(port))} }}"


def _cell(kind: str, values: tuple[str, ...], gaps: bool) -> str:
    """The type of a cell of a record."""
    nothing = " | null" if gaps or kind in ("category", "order") else ""
    read = {"number": "number | string", "boolean": "boolean | number | string", "date": "Date | string"}
    return read.get(kind, "string | number | boolean") + nothing


def _columns(port: Port) -> list[str]:
    return list(port.options["columns"]) if port.type == "record" else []


def _layout(ports: tuple[Port, ...]) -> list[dict[str, Any]]:
    fields: Any = row_type(ports).fields
    return [
        {
            "name": port.name,
            "dtype": port.dtype,
            "count": prod(port.shape),
            "offset": fields[port.name][1],
            **({"columns": _columns(port)} if _columns(port) else {}),
            **({"cells": cells_of(port)} if cells_of(port) else {}),
            **({"longer": port.options.get("longer", "cut")} if port.type == "text" else {}),
        }
        for port in ports
    ]


def _text(value: Any) -> str:
    """A JSON text that is safe in JavaScript and in HTML: plain ASCII, and no sequence that ends a script."""
    return json.dumps(value).replace("<", "\\u003c")
