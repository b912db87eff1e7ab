"""Where the labels of a damaged run are wrong."""

import json
import re
from typing import Final

_ROW: Final = re.compile(rb"[0-9a-f]{32}")


def first_fault(labels: bytes) -> int:
    """The number of the first line of a `labels.tsv` that is wrong; the last one where each for itself is well."""
    head, *lines = labels.removesuffix(b"\n").split(b"\n")
    last = b""
    for number, line in enumerate(lines, 2):
        id, *cells = line.split(b"\t")
        if not _ROW.fullmatch(id) or id < last or len(cells) != head.count(b"\t") or not all(map(_is_json, cells)):
            return number
        last = id
    return 1 + len(lines)


def _is_json(text: bytes) -> bool:
    try:
        return not text or (json.loads(text), True)[1]
    except ValueError:
        return False
