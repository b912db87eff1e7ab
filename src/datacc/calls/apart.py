"""The process that calls somebody's function: what it is, what it answers, and what it tries to do besides."""

import enum
import importlib
import inspect
import json
import os
import sys
import time
import traceback
import types
import typing
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from datacc.calls.values import NotPlain, answered, plain

ASKED: Final = "asked.json"  # what to do
INPUTS: Final = "inputs.jsonl"  # an object of arguments a line
TOLD: Final = "told.jsonl"  # what came of it: first of the function, then of each call
_ACTS: Final = {
    "os.remove": "removes a file", "os.rename": "renames a file", "os.mkdir": "makes a folder",
    "os.rmdir": "removes a folder",
    "os.truncate": "cuts a file", "os.link": "links a file", "os.symlink": "links a file",
    "os.chmod": "changes rights of a file",
    "os.chown": "gives a file away", "os.putenv": "changes the environment", "os.unsetenv": "changes the environment",
    "os.system": "starts a process", "os.exec": "starts a process", "os.posix_spawn": "starts a process",
    "os.fork": "starts a process", "os.forkpty": "starts a process", "subprocess.Popen": "starts a process",
    "socket.connect": "connects to a network", "socket.bind": "opens a port", "socket.sendto": "sends over a network",
    "socket.getaddrinfo": "asks a name server", "sqlite3.connect": "opens a database", "os.kill": "signals a process",
    "shutil.rmtree": "removes a folder", "tempfile.mkstemp": "makes a file", "tempfile.mkdtemp": "makes a folder",
}  # fmt: skip
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MOST_SHOWN: Final = 300  # characters


class Effect(BaseException):
    """What the function was kept from doing; no `except Exception` of its own catches it."""


class Watch:
    """Sees what a call does to the world outside; a hook of the interpreter, for as long as the process lives."""

    def __init__(self, *, allowed: bool) -> None:
        self.on, self._allowed = False, allowed
        self.seen = ""

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Raises `Effect` for what is not allowed."""
        if not self.on:
            return
        act = _ACTS.get(event) or (_opened(arguments) if event == "open" else "")
        if act:
            self.seen = self.seen or act
            if not self._allowed:
                raise Effect(act)


def _opened(arguments: tuple[Any, ...]) -> str:
    path, mode, flags = (*arguments, None, None, None)[:3]
    writes = any(c in mode for c in "wax+") if isinstance(mode, str) else bool((flags or 0) & _WRITES)
    return f"writes {str(path)[:60]!r}" if writes and path != os.devnull else ""


def main(folder: Path) -> None:
    """Do what `folder`/asked.json says, and write what comes of it, a line each, as soon as it does."""
    asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    sys.path.insert(0, asked["root"])
    sys.dont_write_bytecode = True
    _leave_no_core()
    with (folder / TOLD).open("a", encoding="utf-8") as told:

        def tell(what: Mapping[str, Any]) -> None:
            told.write(json.dumps(what) + "\n")
            told.flush()

        function = _function(asked["function"], tell)
        if function is None or not asked["rows"]:
            return
        lines = (folder / INPUTS).read_text(encoding="utf-8").split("\n")
        kinds = _enums(function)
        watch = Watch(allowed=asked["effects"])
        sys.addaudithook(watch)
        for row in asked["rows"]:
            tell({"row": row, **_call(function, json.loads(lines[row]), kinds, watch)})


def _leave_no_core() -> None:
    """A process that is ended for hanging leaves no image of its memory in the user's folder."""
    with suppress(ImportError):  # only Unix has this
        resource: Any = importlib.import_module("resource")
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _function(name: str, tell: Any) -> Any:
    """The function, described in the first line that is told; None where there is none that can be called."""
    module, _, path = name.partition(":")
    try:
        owner: Any = None
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            owner, found = found, getattr(found, part)
    except BaseException as error:  # whatever their module does, exits included
        tell({"failed": _shown(error)})
        return None
    if not callable(found):
        tell({"failed": f"{path} is of type {type(found).__name__}, which cannot be called"})
        return None
    if _is_method(owner, part):
        what = f"it is a method: its first argument is an object of {owner.__name__}, and a program takes none"
        tell({"failed": what, "tries": _instead(module, owner.__name__, part)})
        return None
    try:
        tell({"function": _described(found)})
    except (TypeError, ValueError):
        tell({"failed": "it does not say which arguments it takes"})
        return None
    return found


def _is_method(owner: Any, name: str) -> bool:
    """Whether what `owner` calls `name` takes an object of it first: static and class methods do not."""
    kept = inspect.getattr_static(owner, name, None)
    return inspect.isclass(owner) and kept is getattr(owner, name) and hasattr(type(kept), "__get__")


def _instead(module: str, owner: str, name: str) -> list[str]:
    """What to port in the place of a method."""
    return [
        f"a function of {module} that makes the object: def {name}(text): return {owner}(…).{name}(text)",
        f"{module}:OBJECT.{name}, where OBJECT is a {owner} that the module has made",
    ]


def _described(function: Any) -> dict[str, Any]:
    unwrapped = inspect.unwrap(function)
    hints = _hints(unwrapped)
    parameters = [
        {
            "name": one.name,
            "kind": one.kind.name,
            "needed": one.default is one.empty,
            "default": _default(one.default),
            **_meant(hints.get(one.name)),
            "optional": one.default is None or type(None) in typing.get_args(hints.get(one.name)),
        }
        for one in inspect.signature(function).parameters.values()
    ]
    is_plain = not (inspect.iscoroutinefunction(unwrapped) or inspect.isgeneratorfunction(unwrapped)
                    or inspect.isasyncgenfunction(unwrapped))  # fmt: skip
    return {"parameters": parameters, "plain": is_plain}


def _hints(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:  # an annotation may be anything
        return {}


def _default(value: Any) -> Any:
    try:
        return plain(value) if value is not inspect.Parameter.empty else None
    except NotPlain:
        return None


def _meant(hint: Any) -> dict[str, Any]:
    """What an annotation says: the type, and the choices of an enumeration or a Literal. `X | None` is X."""
    inner = [one for one in typing.get_args(hint) if one is not type(None)]
    if typing.get_origin(hint) in (typing.Union, types.UnionType) and len(inner) == 1:
        return _meant(inner[0])
    if typing.get_origin(hint) is typing.Literal:
        return {"type": "choice", "choices": [plain(one) for one in typing.get_args(hint)]}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"type": "choice", "choices": list(hint.__members__)}
    return {"type": hint.__name__ if hint in (str, int, float, bool) else ""}


def _enums(function: Any) -> dict[str, Any]:
    """Parameter → the enumeration that its values are members of."""
    hints = _hints(inspect.unwrap(function))
    plainly = {
        name: [one for one in (hint, *typing.get_args(hint)) if isinstance(one, type)] for name, hint in hints.items()
    }
    return {name: one for name, kinds in plainly.items() for one in kinds if issubclass(one, enum.Enum)}


def _call(function: Any, inputs: dict[str, Any], kinds: Mapping[str, Any], watch: Watch) -> dict[str, Any]:
    before = json.dumps(inputs)
    try:
        given = {name: kinds[name][value] if name in kinds else value for name, value in inputs.items()}
    except KeyError as error:
        return {"raised": f"there is no choice {error}"}
    watch.seen, watch.on = "", True
    start = time.perf_counter()
    try:
        answer = function(**given)
    except (Effect, KeyboardInterrupt, SystemExit, Exception) as error:
        watch.on = False
        return {"effect": str(error)} if isinstance(error, Effect) else {"raised": _shown(error)}
    took = time.perf_counter() - start
    watch.on = False
    changed = [
        name
        for name, value in inputs.items()
        if json.dumps(json.loads(before)[name]) != json.dumps(value, default=repr)
    ]
    effect = watch.seen or (f"changes its argument {changed[0]}" if changed else "")
    try:
        return {"answer": answered(answer), "seconds": took, **({"effect": effect} if effect else {})}
    except NotPlain as error:
        return {"odd": str(error)}


def _shown(error: BaseException) -> str:
    return traceback.format_exception_only(error)[-1].strip()[:_MOST_SHOWN]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
