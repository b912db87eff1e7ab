"""The inputs of a snapshot as arrays, encoded by their types only once: a label that changes costs nothing here."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import DataError
from datacc.ir.container import pack, unpack
from datacc.registry import load
from datacc.repo.example import Examples
from datacc.repo.frozen import CONTENTS, IDS, Told
from datacc.repo.identity import canonical_json
from datacc.spec.program import Field, Program
from datacc.store import Store, digest

ENCODED: Final = b"DATACCE\n"  # first bytes of the inputs in the cache
_OWNERS: Final = "owners of "  # before the name of an input
_FURTHER: Final = "further rows of "


def encoded_inputs(store: Store, key: str, program: Program, ordered: Examples) -> dict[str, NDArray[Any]]:
    """Every input, encoded only once: a label that changes costs nothing here. `key` is that of `inputs_key`."""
    raw = store.get(key)
    if raw is not None:
        return dict(unpack(ENCODED, raw)[1])
    found = {field.name: _encoded(field, ordered) for field in program.inputs}
    for one in program.inputs:
        kind = load("types", one.type)
        owners, rows = kind.further(ordered.inputs[one.name], kind.options(**one.options))
        found |= {_OWNERS + one.name: owners, _FURTHER + one.name: rows} if len(owners) else {}
    store.put(key, pack(ENCODED, {}, found))
    return found


def parted(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """The inputs, and what of long values they do not hold, as the fields of a snapshot."""
    owned = [name for name in arrays if _OWNERS + name in arrays]
    further = {name: (arrays[_OWNERS + name], arrays[_FURTHER + name]) for name in owned}
    apart = {before + name for name in owned for before in (_OWNERS, _FURTHER)}
    return {"inputs": {name: array for name, array in arrays.items() if name not in apart}, "further": further}


def inputs_key(program: Program, told: Told) -> str:
    """The digest of all that the inputs are made of; `told` are the digests of the columns of examples."""
    fields = [[field.name, field.type, dict(field.options)] for field in program.inputs]
    return digest("inputs 2", canonical_json(fields), told[IDS], told[CONTENTS])


def _encoded(field: Field, ordered: Examples) -> NDArray[Any]:
    kind = load("types", field.type)
    options = kind.options(**field.options)
    values = ordered.inputs[field.name]
    try:
        return np.asarray(kind.encode(values, options))
    except DataError:
        for n, value in enumerate(values):  # again one by one, to name the example
            try:
                kind.encode([value], options)
            except DataError as error:
                where = ordered.names[n] or f"example {ordered.ids[n][:12]}"
                raise DataError(error.what, where=where, tries=error.tries) from error
        raise
