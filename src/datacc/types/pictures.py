"""Pictures that have to be decoded, checked or shrunk: the first of them imports Pillow, which takes 10 ms."""

from importlib import import_module
from typing import Any


def pillow() -> Any:
    """The module `_pillow`: a build of pictures that the cache knows needs none of it."""
    return import_module("datacc.types._pillow")
