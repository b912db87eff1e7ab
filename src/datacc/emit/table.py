"""Which module prints which op, and all kernels in C, each after those it uses."""

from collections.abc import Callable, Mapping
from typing import Final

from datacc.emit import affine, argmax, concat, conv, copy, dense, elementwise, largest, normalise, pool, softmax
from datacc.emit.piece import Piece
from datacc.emit.pixelwise import pixelwise
from datacc.ir.plan import Plan, Step

Kernel = Callable[[Step, Plan, str], Piece]

KERNELS: Final[Mapping[str, Kernel]] = {
    "cast": affine.affine,
    "affine": affine.affine,
    "dense": dense.dense,
    "conv": conv.conv,
    "normalise": normalise.normalise,
    "relu": elementwise.relu,
    "add": elementwise.add,
    "maxpool": pool.pool,
    "meanpool": pool.pool,
    "softmax": pixelwise,
    "argmax": pixelwise,
    "maximum": pixelwise,
    "concat": concat.concat,
    "copy": copy.copy,
}

# The bytes of scratch that a step's kernel works in, for ops that want any; the steps are placed already.
SCRATCH: Final[Mapping[str, Callable[[Step, Plan], int]]] = {}

# These write whole vectors, so padded channels come out as zeros by themselves.
WRITES_LANES: Final = frozenset({"dense", "conv", "normalise", "relu", "add", "maxpool", "meanpool"})

FRAGMENTS: Final[Mapping[str, str]] = {
    **copy.FRAGMENTS,
    **affine.FRAGMENTS,
    **conv.FRAGMENTS,
    **dense.FRAGMENTS,
    **normalise.FRAGMENTS,
    **elementwise.FRAGMENTS,
    **pool.FRAGMENTS,
    **largest.FRAGMENTS,
    **softmax.FRAGMENTS,
    **argmax.FRAGMENTS,
}
