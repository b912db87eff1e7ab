"""The process that runs one python check: the program and the examples in, whether it holds out, prints caught."""

import contextlib
import faulthandler
import io
import json
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.runtime.load import load

ARRAYS: Final = "inputs"
ASKED: Final = "asked.json"
EXAMPLES: Final = "examples.json"
HANGS: Final = "hangs"
TOLD: Final = "told.json"
MOST_PRINTED: Final = 2_000  # characters, the last ones
MOST_DETAIL: Final = 4_000  # of a traceback
MOST_TEXT: Final = 200


@frozen(eq=False)
class Examples:
    """The learn and tune examples of a build, N rows: what a python check gets.

    `inputs` input → (N, *shape) as the program takes them; `labels` class names, numbers, or lists of labels; `splits`
    "learn" or "tune"; `columns` name → N values, "name" being what the user calls an example; `classes` all names in
    permanent order.
    """

    ids: tuple[str, ...]
    splits: tuple[str, ...]
    inputs: Mapping[str, NDArray[Any]]
    labels: tuple[Any, ...]
    columns: Mapping[str, tuple[Any, ...]]
    classes: tuple[str, ...]


class Tail(io.TextIOBase):
    """Keeps the last characters that are printed."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        """Add to what there is, and forget what is long ago."""
        self.text = (self.text + text)[-MOST_PRINTED:]
        return len(text)


def main(folder: Path) -> None:
    """Do what `folder`/asked.json says, and leave the answer in `folder`/told.json."""
    asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    program, examples = load(asked["artifact"]), _examples(folder)
    printed = Tail()
    with (
        (folder / HANGS).open("w") as hangs,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        faulthandler.dump_traceback_later(asked["seconds"], exit=True, file=hangs)
        holds, text, detail = _answer(folder, asked, program, examples)
        faulthandler.cancel_dump_traceback_later()
    said = f"{detail}\nprinted:\n{printed.text}".strip() if printed.text else detail
    told = {"holds": holds, "text": text[:MOST_TEXT], "detail": said}
    (folder / TOLD).write_text(json.dumps(told), encoding="utf-8")


def _answer(folder: Path, asked: Mapping[str, Any], program: Any, examples: Examples) -> tuple[bool, str, str]:
    """Whether it holds, in words, and the traceback of a function that raised."""
    module = ModuleType("datacc_check")
    sys.modules[module.__name__] = module
    try:
        exec(compile((folder / asked["file"]).read_bytes(), asked["file"], "exec"), module.__dict__)
        function = getattr(module, asked["function"], None)
        if not callable(function):
            return False, f"{asked['file']} has no function {asked['function']}", ""
        return _read(function(program, examples))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever their code does, exits included, is told as a failing check
        first = traceback.format_exception_only(error)[-1].strip()
        shown = traceback.format_exception(error.with_traceback(_theirs(error, asked["file"])))
        return False, first, "".join(shown).rstrip()[-MOST_DETAIL:]


def _theirs(error: BaseException, file: str) -> Any:
    """The part of a traceback that begins in their file."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != file:
        trace = trace.tb_next
    return trace


def _read(found: Any) -> tuple[bool, str, str]:
    """What the function returned: whether it holds, or that and a text."""
    holds, text = found if isinstance(found, tuple) and len(found) == 2 else (found, "")
    if not isinstance(holds, bool | np.bool_) or not isinstance(text, str):
        return False, f"it returned {_cut(repr(found))}: a check returns True, False, or one of them and a text", ""
    return bool(holds), text, ""


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _examples(folder: Path) -> Examples:
    facts = json.loads((folder / EXAMPLES).read_text(encoding="utf-8"))
    return Examples(
        ids=tuple(facts["ids"]),
        splits=tuple(facts["splits"]),
        inputs={path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in (folder / ARRAYS).iterdir()},
        labels=tuple(facts["labels"]),
        columns={name: tuple(values) for name, values in facts["columns"].items()},
        classes=tuple(facts["classes"]),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
