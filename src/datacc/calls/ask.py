"""Ask a function many times, in a process of its own that is ended when a call takes too long."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from datacc.calls.apart import ASKED, INPUTS, TOLD
from datacc.calls.live import RECORD
from datacc.calls.ours import environment
from datacc.errors import DataError
from datacc.frozen import frozen

GRACE: Final = 60.0  # seconds to start and to import the module
MOST_BLOCKED: Final = 5  # calls, after which the others are not waited for either
_ERRORS: Final = "errors"
_LOOK: Final = 0.02  # seconds


@frozen
class Parameter:
    """One parameter: whether it must be given, its default, and what its annotation says.

    `type` is str, int, float, bool, choice (among `choices`) or nothing; `optional`: it may be None.
    """

    name: str
    kind: str
    needed: bool
    default: Any = None
    type: str = ""
    choices: tuple[Any, ...] = ()
    optional: bool = False

    @property
    def is_named(self) -> bool:
        """Whether it can be given by name."""
        return self.kind in ("POSITIONAL_OR_KEYWORD", "KEYWORD_ONLY")


@frozen
class Told:
    """What one call came to: an answer in its plain form after `seconds`, or why there is none.

    `effect` is what it did, or was kept from doing, to anything outside; `fault` says what else was wrong: "raised",
    "blocked", "odd" (the answer has no plain form), with `why`.
    """

    answer: Any = None
    seconds: float = 0.0
    effect: str = ""
    fault: str = ""
    why: str = ""

    @property
    def is_good(self) -> bool:
        """Whether there is an answer."""
        return not self.fault


@frozen
class Asker:
    """A function, the folder `root` that its module may lie in, and how it is called.

    A call may take `seconds`. What reaches outside (files, processes, networks) is stopped, or seen where `effects` are
    allowed.
    """

    function: str
    root: Path
    seconds: float = 5.0
    effects: bool = False

    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the function. Raises `DataError` where it cannot be imported, or cannot be asked."""
        with tempfile.TemporaryDirectory(prefix="datacc-port-") as folder:
            self._run(Path(folder), [], seed=0)
            described = _lines(Path(folder))
        if not described or "failed" in described[0]:
            failed = described[0] if described else {"failed": "the process ended before it was imported"}
            tries = failed.get("tries", ["check the name, and that Python can import it here"])
            raise DataError(failed["failed"], where=self.function, tries=tries)
        if not described[0]["function"]["plain"]:
            what = "it is a coroutine or a generator; a program answers at once"
            raise DataError(what, where=self.function, tries=["a function of your own that waits for the answer"])
        return tuple(
            Parameter(**{**one, "choices": tuple(one.get("choices", ()))})
            for one in described[0]["function"]["parameters"]
        )

    def ask(self, inputs: Sequence[Mapping[str, Any]], rows: Sequence[int], seed: int) -> dict[int, Told]:
        """What it says to the inputs of these rows, in this order; `seed` is that of Python's hashes.

        Rows are missing where too many calls blocked.
        """
        told: dict[int, Told] = {}
        with tempfile.TemporaryDirectory(prefix="datacc-port-") as place:
            folder = Path(place)
            (folder / INPUTS).write_text("\n".join(map(json.dumps, inputs)), encoding="utf-8")
            left, blocked = list(rows), 0
            while left and blocked < MOST_BLOCKED:
                why = self._run(folder, left, seed)
                told |= {one["row"]: _told(one) for one in _lines(folder) if "row" in one}
                left = [row for row in left if row not in told]
                if left:  # the process ended within a call
                    told[left[0]] = Told(fault="blocked", why=why)
                    left, blocked = left[1:], blocked + 1
        return told

    def _run(self, folder: Path, rows: list[int], seed: int) -> str:
        """Let a process do these rows; why it ended before it was through."""
        asked = {"function": self.function, "root": str(self.root.absolute()), "rows": rows, "effects": self.effects}
        (folder / ASKED).write_text(json.dumps(asked), encoding="utf-8")
        (folder / TOLD).unlink(missing_ok=True)
        ours = {**environment(), "PYTHONHASHSEED": str(seed)}
        ours.pop(RECORD, None)
        command = [sys.executable, "-P", "-X", "faulthandler", "-m", "datacc.calls.apart", str(folder)]
        nothing = subprocess.DEVNULL
        with (folder / _ERRORS).open("wb") as errors:
            process = subprocess.Popen(command, cwd=self.root, env=ours, stdin=nothing, stdout=nothing, stderr=errors)
            try:
                if self._in_time(process, folder / TOLD):
                    return f"the process ended with exit code {process.returncode}"
                process.send_signal(signal.SIGABRT)  # which leaves where it is
                process.wait(5)
                return f"no answer within {self.seconds:g} s{_place(folder / _ERRORS)}"
            finally:
                process.kill()
                process.wait()

    def _in_time(self, process: "subprocess.Popen[bytes]", told: Path) -> bool:
        """Whether the process came to an end; False when it told nothing for too long."""
        size, since = 0, time.monotonic()
        while process.poll() is None:
            now, grown = time.monotonic(), told.stat().st_size if told.exists() else 0
            if grown > size:
                size, since = grown, now
            elif now - since > (self.seconds if size else GRACE):
                return False
            time.sleep(_LOOK)
        return True


def _lines(folder: Path) -> list[dict[str, Any]]:
    """What was told, but for a line that was torn off."""
    return list(_whole(folder / TOLD))


def _whole(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else ():
        yield json.loads(line)


def _told(one: Mapping[str, Any]) -> Told:
    for fault in ("raised", "odd"):
        if fault in one:
            return Told(fault=fault, why=one[fault])
    if "answer" not in one:
        return Told(fault="effect", effect=one["effect"], why=one["effect"])
    return Told(answer=one["answer"], seconds=one["seconds"], effect=one.get("effect", ""))


def _place(errors: Path) -> str:
    """Where it was, of what faulthandler wrote."""
    lines = errors.read_text(encoding="utf-8", errors="replace").splitlines()
    return next(
        (f" ({line.strip()})" for line in lines if line.strip().startswith('File "') and "apart.py" not in line), ""
    )
