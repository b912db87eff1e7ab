"""What becomes of the sums of an integer product in the same step: bytes, floats, or the sums themselves."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.frozen import frozen
from datacc.ir.graph import Graph, Node
from datacc.ir.plan import Plan, Step, lanes

RANGES: Final = {"uint8": (0, 255), "int8": (-128, 127)}

FINISH: Final = """\
/* Sums to bytes: rescaled, with the rescaled residual added and once more rescaled if there is one, limited. */
INLINE void finish_bytes(const product_walk *walk, sums sum, const int32_t *multiplier, const uint8_t *residual,
                         const int32_t *residual_multiplier, uint8_t *out)
{
    sum = sums_rescaled(sum, walk->shift, sums_load(multiplier));
    if (residual) {
        const sums other = sums_bytes(residual, walk->residual_turn);
        sum = sums_add(sum, sums_rescaled(other, walk->residual_shift, sums_load(residual_multiplier)));
        sum = sums_rescaled(sum, walk->last_shift, sums_all(walk->last_multiplier));
    }
    sums_store_bytes(out, sums_between(sum, walk->low, walk->high));
}"""


@frozen
class Finish:
    """`kind` is bytes, floats or sums; `walk` what the table says of it, `weights` the vectors (O) by their names."""

    kind: str
    walk: dict[str, int]
    weights: dict[str, NDArray[Any]]

    @staticmethod
    def of(step: Step, plan: Plan) -> "Finish":
        """What the nodes of a step after its product do."""
        nodes = [plan.graph.by_name[name] for name in step.nodes[1:]]
        channels = plan.graph.by_name[step.nodes[0]].type.shape[-1]
        if not nodes:
            return Finish(kind="sums", walk={}, weights={})
        if nodes[0].op == "cast":
            names = nodes[-1].inputs[1:] if len(nodes) == 2 else ()
            scale, offset = (_vector(plan.graph, name, channels) for name in names) if names else _plain(channels)
            return Finish(kind="floats", walk={}, weights={"scale": scale, "offset": offset})
        walk, weights = {"shift": nodes[0]["shift"]}, {"multiplier": _multiplier(plan.graph, nodes[0], channels)}
        if step.residual:
            _, other, _, last = nodes
            walk["residual_turn"] = 128 * (plan.places[step.residual].dtype == "int8")
            walk["residual_shift"], walk["last_shift"] = other["shift"], last["shift"]
            walk["last_multiplier"] = int(_value(plan.graph, last.inputs[1])[0])
            weights["residual_multiplier"] = _multiplier(plan.graph, other, channels)
        walk["low"], walk["high"] = RANGES[nodes[-1]["to"]]
        return Finish(kind="bytes", walk=walk, weights=weights)


def _value(graph: Graph, name: str) -> NDArray[Any]:
    value = graph.by_name[name].value
    assert value is not None  # arrange refused holes
    return value


def _multiplier(graph: Graph, node: Node, channels: int) -> NDArray[Any]:
    """Multipliers of all channels, 0 for the padded ones, which therefore come out as 0."""
    return _vector(graph, node.inputs[1], channels)


def _vector(graph: Graph, name: str, channels: int) -> NDArray[Any]:
    value = _value(graph, name)
    out = np.zeros(lanes(channels), value.dtype)
    out[:channels] = value.reshape(-1)
    return out


def _plain(channels: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The scale and offset of a plain cast, which change no value."""
    return np.ones(lanes(channels), np.float32), np.zeros(lanes(channels), np.float32)
