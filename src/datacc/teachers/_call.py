"""The process of a function that teaches: a question per line in, an answer per line out, prints kept apart."""

import base64
import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import reduce
from importlib import import_module
from traceback import StackSummary, TracebackException
from typing import Any

from datacc.registry import load


def main(module: str, function: str, plain: str) -> None:
    """Answer what comes on standard input; what the function prints goes to standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    fields: list[tuple[str, str, Mapping[str, Any]]] = json.loads(plain)
    call = _found(module, function)
    for line in sys.stdin:
        asked = json.loads(line)
        values = {name: _value(kind, options, asked["inputs"][name]) for name, kind, options in fields}
        print(json.dumps({"id": asked["id"], **_said(call, values)}), file=out, flush=True)


def _found(module: str, function: str) -> Any:
    """The function. What its module raises is told without the frames that are not the user's; then this ends."""
    try:
        return reduce(getattr, function.split("."), import_module(module))
    except Exception as error:
        told = TracebackException.from_exception(error)
        ours = (__file__, import_module.__code__.co_filename)
        frames = [one for one in told.stack if one.filename not in ours and not one.filename.startswith("<frozen")]
        told.stack = StackSummary.from_list(frames)
        sys.stderr.write("".join(told.format(chain=False)))
        sys.exit(1)


def _value(kind: str, options: Mapping[str, Any], told: Any) -> Any:
    if not (isinstance(told, dict) and set(told) == {"base64"}):
        return told
    member = load("types", kind)
    return member.encode([base64.b64decode(told["base64"])], member.options(**options))[0]


def _said(call: Callable[..., Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What it returns, as an answer; one example that it fails on does not stop the others."""
    try:
        found = call(*values.values()) if len(values) == 1 else call(**values)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:200]}
    if isinstance(found, Mapping):
        return {key: _plain(value) for key, value in found.items()}
    plain = _plain(found)
    is_shares = isinstance(plain, list) and plain and all(isinstance(one, int | float) for one in plain)
    return {"probabilities" if is_shares else "label": plain}


def _plain(value: Any) -> Any:
    """In JSON: arrays as lists, numbers and texts as they are, anything else in words."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return value if value is None or type(value) in (bool, int, float, str) else str(value)


if __name__ == "__main__":
    main(*sys.argv[1:])
