"""C text for loops and for the constant tables of distances that kernels take."""

from collections.abc import Iterable


def walk(kind: str, /, **distances: int) -> str:
    """A constant table named `walk`; the compiler folds it into the inlined kernel."""
    members = ", ".join(f".{name} = {value}" for name, value in distances.items() if value)
    return f"static const {kind} walk = {{{members or '0'}}};"


def loop(variable: str, first: int, end: int, step: int, body: Iterable[str]) -> list[str]:
    """`body` in a loop; just `body` when it runs once, so it must not name the variable then."""
    lines = list(body)
    if end - first <= step:
        return lines
    advance = f"{variable}++" if step == 1 else f"{variable} += {step}"
    one = len(lines) == 1 or _is_one_loop(lines)
    head = f"for (int {variable} = {first}; {variable} < {end}; {advance})"
    return [head if one else f"{head} {{", *(f"    {line}" for line in lines), *([] if one else ["}"])]


def _is_one_loop(lines: list[str]) -> bool:
    """Whether the lines are a single statement: a loop head, and everything else inside it."""
    return (
        lines[0].startswith("for ")
        and all(line.startswith(" ") for line in lines[1:-1])
        and (lines[-1] == "}" if lines[0].endswith("{") else lines[-1].startswith(" "))
    )
