"""Whether an answer is known, as nodes of its Graph: how sure it is, held against a limit, without a branch."""

from typing import Final

import numpy as np

from datacc.ir.build import Builder

STEEP: Final = -(2.0**120)  # times any difference that is not 0 it is beyond 1, unless both are smaller than 1e-28


def known(b: Builder, name: str, surety: str, *, least: float = 0.0) -> str:
    """1 where `surety` (1,) is at least the calibrated limit, else 0: limit − surety has an exact sign.

    The limit is `least` until it is calibrated, which nothing is below. `surety` must be an answer, or made of answers
    alone: then the linked program and its reference cannot differ about a limit that lies between the two.
    """
    minus, steeply, one = (
        b.weight(f"{name}.known.{word}", (1,), role="fixed", value=np.array([value]))
        for word, value in (("minus", -1.0), ("steep", STEEP), ("one", 1.0))
    )
    limit = b.weight(f"{name}.limit", (1,), role="calibrated", value=np.array([least]))
    lacking = b.op("affine", f"{name}.known.lacking", surety, minus, limit)
    sign = b.op("clip", f"{name}.known.sign", lacking, low=-1.0, high=1.0)  # so that nothing overflows
    beyond = b.op("affine", f"{name}.known.beyond", sign, steeply, one)
    step = b.op("clip", f"{name}.known.step", beyond, low=0.0, high=1.0)
    return b.op("cast", f"{name}.known", step, to="int32")


def minus(b: Builder, name: str, x: str) -> str:
    """Minus x, of the answer `name`."""
    scale, zero = (f"{name}.minus.{word}" for word in ("one", "zero"))
    if scale not in b.nodes:
        b.weight(scale, (1,), role="fixed", value=-np.ones(1))
        b.weight(zero, (1,), role="fixed", value=np.zeros(1))
    return b.op("affine", f"{x}.minus", x, scale, zero)
