"""C text for calls, loops, and the constant tables of distances that kernels take."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from datacc.emit.text import number
from datacc.ir.plan import Place

ONE_LINE: Final = 70
LINE: Final = 100


def walk(kind: str, name: str = "walk", /, **distances: int | str) -> tuple[str, ...]:
    """The lines of a constant table, zeros left out; the compiler folds it into the inlined kernel."""
    members = ", ".join(f".{name} = {value}" for name, value in distances.items() if value) or "0"
    if len(members) <= ONE_LINE:
        return (f"static const {kind} {name} = {{{members}}};",)
    lines = re.findall(rf".{{1,{LINE}}}(?:,(?= )|$)", members)
    return (f"static const {kind} {name} = {{", *(f"    {line.strip()}" for line in lines), "};")


def at_most(limit: float) -> str:
    """An upper limit as a walk holds it; nothing where there is none."""
    return number(np.float32(limit)) if limit else ""


def distances(source: Place, out: Place, rows: int, pixels: int) -> dict[str, int]:
    """How far rows and pixels lie apart on both sides, as a walk names it; 0 where there is but one."""
    return {
        "in_row": source.row if rows > 1 else 0,
        "in_pixel": source.pixel if pixels > 1 else 0,
        "out_row": out.row if rows > 1 else 0,
        "out_pixel": out.pixel if pixels > 1 else 0,
    }


def call(function: str, *arguments: str) -> list[str]:
    """A call, on as few lines as it needs."""
    return wrapped(function, arguments, ");")


def wrapped(name: str, arguments: Sequence[str], end: str) -> list[str]:
    """A list of arguments, or parameters, behind a name: on one line; on two; on as many as it needs."""
    line = f"{name}({', '.join(arguments)}{end}"
    if len(line) <= LINE:
        return [line]
    indent = " " * (len(name) + 1)
    half = len(arguments) - 2  # where to is read best on a line of its own
    two = [f"{name}({', '.join(arguments[:half])},", f"{indent}{', '.join(arguments[half:])}{end}"]
    if max(map(len, two)) <= LINE:
        return two
    lines = [f"{name}({arguments[0]}"]
    for argument in arguments[1:]:
        if len(lines[-1]) + len(argument) + 3 <= LINE:
            lines[-1] += f", {argument}"
        else:
            lines[-1] += ","
            lines.append(f"{indent}{argument}")
    return [*lines[:-1], lines[-1] + end]


def loop(variable: str, first: int, end: int, step: int, body: Iterable[str]) -> list[str]:
    """`body` in a loop; just `body` when it runs once, so it must not name the variable then."""
    lines = list(body)
    if end - first <= step:
        return lines
    advance = f"{variable}++" if step == 1 else f"{variable} += {step}"
    head = f"for (int {variable} = {first}; {variable} < {end}; {advance})"
    inner = [f"    {line}" for line in lines]
    return [head, *inner] if _is_one_statement(lines) else [f"{head} {{", *inner, "}"]


def _is_one_statement(lines: list[str]) -> bool:
    """Whether everything after the first line is indented, that is, part of it."""
    rest = lines[1:-1] if lines[0].endswith("{") and lines[-1] == "}" else lines[1:]
    return all(line.startswith(" ") for line in rest)
