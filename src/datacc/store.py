"""The cache of the path: every value under the digest of what made it, checked when read, written all or nothing."""

import errno
import glob
import hashlib
import json
import logging
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from datacc.errors import ResourceError

DIGEST_BYTES: Final = 16
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_ROOM: Final = 1 << 16  # bytes freed beyond what is needed, since files take whole blocks
_log: Final = logging.getLogger("datacc")


def digest(*parts: bytes | str | memoryview) -> str:
    """The 128-bit BLAKE2b of `parts` as 32 hex digits; parts are length-prefixed, so boundaries count.

    A `memoryview` is one of bytes.
    """
    if len(parts) == 1 and isinstance(parts[0], str):  # by the thousand: the lines of segments
        text = parts[0].encode()
        return hashlib.blake2b(len(text).to_bytes(8, "little") + text, digest_size=DIGEST_BYTES).hexdigest()
    state = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()


def canonical(value: Any) -> str:
    """`value` as JSON with sorted keys and no blanks: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def write_atomically(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never a part.

    `lasting`: that holds when the machine loses its power, too, which takes a wait for the disk: not for what can be
    made again.
    Raises `ResourceError` when the disk is full; the old file then stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_half(path))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in _FULL:
            raise ResourceError("the disk is full", where=str(path), tries=["free some space and run again"]) from error
        raise


def halves(path: Path) -> list[Path]:
    """What writers of `path` that were killed left beside it."""
    return list(path.parent.glob(f"{glob.escape(_half(path))}*"))


def _half(path: Path) -> str:
    """How the name begins of what is to become `path`."""
    return f".{path.name[:40]}."


class Store:
    """A folder of cached values: `get(key)` gives what `put(key, data)` left, or None.

    A damaged entry reads as absent and is removed. Losing the folder costs time, never data. Where its disk is full,
    what was not used here goes, the oldest first; what still cannot be written stays in memory. Each of these is
    logged, once. A `fresh` one knows only what was put by itself.
    """

    def __init__(self, root: Path, *, fresh: bool = False) -> None:
        self.root = root
        self._known: set[str] | None = set() if fresh else None
        self._used = set[str]()
        self._unwritten = dict[str, bytes]()
        self._said = set[str]()

    def get(self, key: str) -> bytes | None:
        """The bytes under `key`, or None when there are none or their checksum is wrong."""
        if self._known is not None and key not in self._known:
            return None
        if key in self._unwritten:
            return self._unwritten[key]
        path = self._path(key)
        try:
            with path.open("rb", buffering=0) as file:
                head, data = file.read(DIGEST_BYTES), file.readall()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if _checksum(data) != head:
            path.unlink(missing_ok=True)
            self._say(f"the cache {self.root} held damaged entries, which are removed and made anew")
            return None
        self._used.add(key)
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`; whatever was there is replaced."""
        self._used.add(key)
        self._unwritten.pop(key, None)
        try:
            self._write(key, _checksum(data) + data)
        except (ResourceError, OSError) as error:
            self._unwritten[key] = data
            why = error.what if isinstance(error, ResourceError) else error.strerror
            self._say(f"the cache {self.root} cannot be written ({why}): what is made now must be made again next time")
        if self._known is not None:
            self._known.add(key)

    def drop(self, key: str) -> None:
        """Forget what is under `key`, if anything is."""
        self._unwritten.pop(key, None)
        with suppress(FileNotFoundError, NotADirectoryError):
            self._path(key).unlink()

    @staticmethod
    def is_whole(raw: bytes) -> bool:
        """Whether the bytes of an entry's file fit its checksum."""
        return _checksum(raw[DIGEST_BYTES:]) == raw[:DIGEST_BYTES]

    def _write(self, key: str, raw: bytes) -> None:
        path = self._path(key)
        try:
            write_atomically(path, raw, lasting=False)  # what is damaged reads as absent
        except (ResourceError, OSError) as error:
            is_full = isinstance(error, ResourceError) or error.errno in _FULL
            if not (is_full and self._evict(len(raw))):
                raise
            write_atomically(path, raw, lasting=False)

    def _evict(self, need: int) -> bool:
        """Remove what was not used here, the oldest first, until `need` bytes have become free; whether they have."""
        mine = {self._path(key) for key in self._used}
        others = [path for path in self.root.glob("*/*") if path not in mine]
        freed = 0
        for path in sorted(others, key=lambda path: path.stat().st_mtime):
            freed += path.stat().st_size
            path.unlink(missing_ok=True)
            if freed >= need + _ROOM:
                break
        if freed:
            self._say(f"the disk of the cache {self.root} is full: its oldest entries are removed")
        return freed >= need

    def _say(self, what: str) -> None:
        if what not in self._said:
            self._said.add(what)
            _log.warning(what)

    def _path(self, key: str) -> Path:
        return self.root / key[:2] / key[2:]


def _checksum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()
