"""The files in a ZIP archive, each checked before it is read."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from datacc.intake.hostile import Budget, checked_name, refusal

_ENCRYPTED: Final = 0x1 | 0x40  # flag bits: encrypted, strongly encrypted
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
_LOCAL_HEADER: Final = 30  # bytes, before name and data


def read_zip(path: Path) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Parts of the name and bytes of every file. Raises `DataError` for anything else and for damage."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _refuse_overlaps(members, path)
            budget = Budget(path)
            named = [(one, checked_name(one.orig_filename, path)) for one in members]
            for one, _ in named:
                _refuse_kind(one, path)
                budget.member(one.filename, one.file_size, one.compress_size)
            for one, parts in named:
                if not one.is_dir():
                    yield parts, _data(archive, one, path)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise refusal(path, f"is damaged, or no ZIP archive: {error}") from error
    except MemoryError as error:
        raise refusal(path, "needs more memory than there is") from error


def _data(archive: zipfile.ZipFile, one: zipfile.ZipInfo, path: Path) -> bytes:
    """The bytes of a member, never more than it claims."""
    with archive.open(one) as stream:
        data = stream.read(one.file_size + 1)
    if len(data) != one.file_size:
        raise refusal(path, "is not as long as it claims", one.filename)
    return data


def _refuse_kind(one: zipfile.ZipInfo, path: Path) -> None:
    mode = one.external_attr >> 16
    if one.flag_bits & _ENCRYPTED:
        raise refusal(path, "is encrypted", one.filename)
    if stat.S_IFMT(mode) and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise refusal(path, "is a link or a device, not a plain file", one.filename)
    if one.compress_type not in _METHODS:
        raise refusal(path, f"is compressed by method {one.compress_type}, which is not read", one.filename)
    if one.is_dir() and one.file_size:
        raise refusal(path, "is a folder that holds bytes", one.filename)


def _refuse_overlaps(members: list[zipfile.ZipInfo], path: Path) -> None:
    """A bomb may let many members share the same packed bytes."""
    end = 0
    for one in sorted(members, key=lambda member: member.header_offset):
        if one.header_offset < end:
            raise refusal(path, "shares its bytes with another member (a decompression bomb)", one.filename)
        end = one.header_offset + _LOCAL_HEADER + one.compress_size
