"""The files in a TAR archive, read as a stream, each checked before it is read."""

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from tarfile import HeaderError, ReadError
from typing import IO, Any, Final

from datacc.intake.hostile import Budget, checked_name, refusal

_OPENERS: Final = {
    **{".tar.gz": gzip.open, ".tgz": gzip.open, ".tar.bz2": bz2.open, ".tbz2": bz2.open},
    **{".tar.xz": lzma.open, ".txz": lzma.open, ".tar": open},
}
TAR_ENDINGS: Final = tuple(_OPENERS)


def read_tar(path: Path) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Parts of the name and bytes of every file. Raises `DataError` for anything else and for damage."""
    opener: Any = next(opener for ending, opener in _OPENERS.items() if path.name.lower().endswith(ending))
    budget = Budget(path)
    try:
        with opener(path, "rb") as raw:
            counted: Any = _Counted(raw, budget)
            with tarfile.open(fileobj=counted, mode="r|", tarinfo=_Strict) as archive:
                for one in archive:
                    parts = checked_name(one.name, path) if one.name.strip("./") or not one.isdir() else ()
                    if not (one.isreg() or one.isdir()) or one.issparse() or one.size < 0:
                        raise refusal(path, "is a link, a device or sparse, not a plain file", one.name)
                    budget.member(one.name, one.size)
                    if one.isreg():
                        yield parts, _data(archive, one, path)
            while counted.read(1 << 20):  # the check sum stands at the end
                pass
    except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, OverflowError) as error:
        raise refusal(path, f"is damaged, or no TAR archive: {error}") from error
    except MemoryError as error:
        raise refusal(path, "needs more memory than there is") from error


class _Strict(tarfile.TarInfo):
    """A header that is cut or damaged is an error; `tarfile` would take it for the end of the archive."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> "_Strict":
        """The next header; only a block of zeros ends the archive."""
        try:
            return super().fromtarfile(tarfile)
        except HeaderError as error:
            if type(error).__name__ == "EOFHeaderError":
                raise
            raise ReadError(str(error)) from error


class _Counted:
    """A stream that stops once more came out of it than the archive may unpack to, headers and padding included."""

    def __init__(self, raw: IO[bytes], budget: Budget) -> None:
        self._raw, self._budget, self._total = raw, budget, 0

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`."""
        data = self._raw.read(size)
        self._total += len(data)
        self._budget.unpacked(self._total)
        return data


def _data(archive: tarfile.TarFile, one: tarfile.TarInfo, path: Path) -> bytes:
    stream = archive.extractfile(one)
    data = stream.read() if stream else b""
    if len(data) != one.size:
        raise refusal(path, "is cut short", one.name)
    return data
