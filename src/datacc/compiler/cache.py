"""Where builds remember what they made: the cache beside `datacc.toml`, a folder for each version of datacc."""

from pathlib import Path
from typing import Final

from datacc import __version__
from datacc.store import Store

# Digests name what goes into a value; the code that makes it is named by the version.
_FOLDER: Final = Path(".datacc") / "cache" / __version__


def cache(root: Path, *, fresh: bool = False) -> Store:
    """The cache of the folder `root` of a `datacc.toml`; a `fresh` one knows nothing of earlier builds."""
    return Store(root / _FOLDER, fresh=fresh)
