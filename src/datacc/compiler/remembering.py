"""What a linked program answered, remembered by the digests of its library and of the inputs."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Answering, Arrays
from datacc.frozen import frozen
from datacc.ir.container import pack, unpack
from datacc.store import Store, canonical, digest

MAGIC: Final = b"DATACCA\n"


@frozen
class Remembering:
    """The linked program of digest `library`, which answers out of the cache what it answered before.

    With `again` it believes nothing but what itself has been answered, which is kept: so does the judge.
    """

    native: Answering
    library: str
    store: Store
    again: bool = False
    _heard: set[str] = field(default_factory=set, init=False)

    def batch(self, inputs: Arrays) -> Arrays:
        """The answers by field, each (B, *shape), to inputs (B, *shape)."""
        key = digest("answers 1", self.library, *_plain(inputs))
        known = self.store.get(key) if key in self._heard or not self.again else None
        if known is not None:
            return unpack(MAGIC, known)[1]
        found: Mapping[str, NDArray[Any]] = self.native.batch(inputs)
        self.store.put(key, pack(MAGIC, {}, found))
        self._heard.add(key)
        return found


def _plain(inputs: Arrays) -> list[bytes | str]:
    """What inputs are: names, types, shapes and bytes."""
    said = [[name, array.dtype.name, list(array.shape)] for name, array in sorted(inputs.items())]
    return [canonical(said), *(np.ascontiguousarray(inputs[name]).tobytes() for name in sorted(inputs))]
