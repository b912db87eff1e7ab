"""A folder of calls that stays small, young and private. Free for any use: 0BSD."""

from __future__ import annotations

import json
import os
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

PIECES = 8  # files that a full folder has
SHORTEST = 64  # bytes of the line of a call that holds next to nothing
DAY = 86_400.0  # seconds
LONGEST = 65_536  # characters of a text that can be an example

Redact = Callable[[dict[str, Any]], "dict[str, Any] | None"]


class Spool:
    """Appends calls to JSON Lines files in `folder`, which is made when the first one comes.

    All files together take at most `most_bytes`, and none is older than `most_days`: the oldest go first. (Each process
    has a file of its own; several at once may exceed it by an eighth each.) `redact` gets the inputs and returns what
    may be kept of them, or None for nothing. A call of which no example can be made, since one of its `texts` (inputs,
    by name) is empty or too long, is not kept. Nothing is ever raised: what cannot be kept is counted in `dropped`.
    """

    def __init__(
        self, folder: str | Path, *, most_bytes: int = 10_000_000, most_days: float = 30.0,
        redact: Redact | None = None, texts: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.folder, self.kept, self.dropped = Path(folder), 0, 0
        self._piece, self._most, self._days, self._redact = max(1, most_bytes // PIECES), most_bytes, most_days, redact
        self._texts, self._lock = tuple(texts), threading.Lock()
        self._path, self._size, self._since, self._owner = Path(), 0, 0.0, 0
        self._stamp = 0  # of the file that was begun last, microseconds since 1970

    def put(self, inputs: Mapping[str, Any], why: str, **more: Any) -> bool:
        """Keep one call: what it was asked, why it is kept, and `more` about it; whether it was kept."""
        try:
            allowed = dict(inputs) if self._redact is None else self._redact(dict(inputs))
            if allowed is None:
                return False
            kept = {name: _plain(value) for name, value in allowed.items()}
            if not all(_is_text(kept.get(name)) for name in self._texts):
                raise ValueError("no text that can be an example")
            call = {"at": int(time.time()), "why": why, "inputs": kept, **more}
            line = json.dumps(call, allow_nan=False).encode() + b"\n"
            with self._lock:
                self._append(line)
                self.kept += 1
            return True
        except Exception:  # whoever asked the program wants its answer, whatever happens here
            self.dropped += 1
            return False

    def _append(self, line: bytes) -> None:
        if len(line) > self._piece:
            raise ValueError("longer than a file may be")
        now = time.time()
        fresh = self._owner == os.getpid() and now - self._since < min(DAY, self._days * DAY)
        if not fresh or self._size + len(line) > self._piece:
            self._begin(now)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)
        self._size += len(line)

    def _begin(self, now: float) -> None:
        """Another file, after making room for it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = sorted(self.folder.glob("*.calls.jsonl"))
        sizes = {path: _size(path) for path in files}
        room = self._most - self._piece
        for path in files:
            if sum(sizes.values()) > room or now - _begun(path, now) >= self._days * DAY:
                path.unlink(missing_ok=True)
                del sizes[path]
        self._stamp = max(int(now * 1e6), self._stamp + 1)  # a clock may stand still
        seconds, rest = divmod(self._stamp, 1_000_000)
        name = f"{seconds:012d}-{rest:06d}-{os.getpid()}-{os.urandom(4).hex()}.calls.jsonl"
        self._path, self._size, self._since, self._owner = self.folder / name, 0, now, os.getpid()


def _begun(path: Path, now: float) -> float:
    """When the file was begun, which its name says."""
    first = path.name.partition("-")[0]
    return float(first) if first.isdecimal() else now


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # another process removed it
        return 0


def _is_text(value: Any) -> bool:
    """Whether an example can be made of it; a number is read as it is written."""
    return value is not None and 0 < len(str(value)) <= LONGEST


def _plain(value: Any) -> Any:
    """The value as JSON has it; pixels as the file of a picture.

    Raises `TypeError` for what is neither text, number, truth, a list of numbers nor pixels.
    """
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    if isinstance(value, (list, tuple)) and all(type(item) in (int, float) for item in value):
        return list(value)
    if isinstance(value, (str, int, float)) or value is None:  # truths are integers
        return value
    return {"media": b64encode(picture(value)).decode()}


def picture(pixels: Any) -> bytes:
    """A PGM or PPM file of a buffer of bytes, H × W, H × W × 1 or H × W × 3. Raises `TypeError` for any other value."""
    view = memoryview(pixels)
    height, width, channels = (*(view.shape or ()), 1)[:3] if view.ndim in (2, 3) else (0, 0, 0)
    if view.format != "B" or channels not in (1, 3):
        raise TypeError(f"{type(pixels).__name__} is not kept")
    return header(height, width, channels) + view.tobytes()


def header(height: int, width: int, channels: int) -> bytes:
    """What the pixels of a PGM file, of 1 channel, or of a PPM file, of 3, follow."""
    return f"P{5 if channels == 1 else 6}\n{width} {height}\n255\n".encode()
