"""File names that every file system takes: Windows' reserved names, letter case and Unicode forms included."""

import re
import unicodedata
from typing import Final

_LONGEST: Final = 100  # bytes of UTF-8, room for what makes it unique
_REFUSED: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]')
_ENDS: Final = re.compile(r"\A\s+|[\s.]+\Z")  # blanks of every width, which nobody sees there
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
_CLUTTER: Final = frozenset({"thumbs.db", "desktop.ini", "__macosx"})  # left out when a folder is imported


class FileNames:
    """Gives names of one folder; no two of them differ only in case or Unicode form."""

    def __init__(self, *taken: str) -> None:
        self._taken = {folded(name) for name in taken}

    def new(self, wanted: str) -> str:
        """A safe name like `wanted` that was not given before."""
        stem, dot, ending = safe(wanted).rpartition(".")
        if not dot or not stem:
            stem, dot, ending = safe(wanted), "", ""
        name, number = f"{stem}{dot}{ending}", 2
        while folded(name) in self._taken:
            name, number = f"{stem}~{number}{dot}{ending}", number + 1
        self._taken.add(folded(name))
        return name


def folded(name: str) -> str:
    """What two names share that some file system takes for the same."""
    once = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFC", once)


def safe(name: str) -> str:
    """`name` with what any file system refuses replaced by an underscore; never empty, hidden or reserved."""
    text = _REFUSED.sub("_", unicodedata.normalize("NFC", name))
    cut = text.encode()[:_LONGEST].decode(errors="ignore") if len(text.encode()) > _LONGEST else text
    plain = _ENDS.sub("", cut)
    hidden = not plain or plain.startswith(".") or plain.casefold() in _CLUTTER
    return f"_{plain}" if hidden or _RESERVED.match(plain) else plain
