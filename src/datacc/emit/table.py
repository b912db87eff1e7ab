"""Which module prints which op, and all fragments of C in an order in which each comes after what it uses."""

from collections.abc import Callable, Mapping
from typing import Final

from datacc.emit import affine, concat, conv, copy, dense, elementwise, lanes, normalise, pool, rank
from datacc.emit.piece import Piece
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
    "softmax": rank.rank,
    "argmax": rank.rank,
    "maximum": rank.rank,
    "concat": concat.concat,
    "copy": copy.copy,
}

# These write whole vectors, so padded channels come out as zeros by themselves.
WRITES_LANES: Final = frozenset({"dense", "conv", "normalise", "relu", "add", "maxpool", "meanpool"})

FRAGMENTS: Final[Mapping[str, str]] = {
    **lanes.FRAGMENTS,
    **copy.FRAGMENTS,
    **affine.FRAGMENTS,
    **conv.FRAGMENTS,
    **dense.FRAGMENTS,
    **normalise.FRAGMENTS,
    **elementwise.FRAGMENTS,
    **pool.FRAGMENTS,
    **rank.FRAGMENTS,
}
