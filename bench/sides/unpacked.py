"""A wheel as an installer leaves it, imported."""

import sys
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any


def unpacked(wheel: Path, name: str, folder: Path) -> Any:
    """The module `name` of the wheel, unpacked into `folder`."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    sys.path.insert(0, str(folder))
    try:
        return import_module(name)
    finally:
        sys.path.remove(str(folder))
