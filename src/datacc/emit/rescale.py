"""Rescaling by itself, and sums of two values of bytes: eight elements at a time, padded channels included."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.emit.finish import RANGES
from datacc.emit.piece import Piece, at
from datacc.emit.walk import call, walk
from datacc.ir.plan import Place, Plan, Step

_WALK: Final = """\
/* How rescaling walks: rows of pixels of channels; `turn` is 128 where a value is signed bytes. */
typedef struct {
    int rows, pixels, channels;
    int in_row, in_pixel, in_turn, in_shift;
    int other_row, other_pixel, other_turn, other_shift;
    int out_row, out_pixel, shift, multiplier, low, high;
} rescale_walk;"""

_LOOPS: Final = """\
{note}
INLINE void {name}(const rescale_walk *walk, {parameters})
{{
    for (int y = 0; y < walk->rows; y++)
        for (int x = 0; x < walk->pixels; x++)
            for (int c = 0; c < walk->channels; c += 8) {{
{body}
            }}
}}"""

_IN: Final = {
    "bytes": ("const uint8_t *in", "sums_bytes({}, walk->in_turn)"),
    # Beyond 2^30 any shift of at most 15 is limited to 16 bits; so rounding does not overflow.
    "sums": ("const int32_t *in", "sums_between(sums_load({}), -(1 << 30), 1 << 30)"),
}
_OUT: Final = {
    "bytes": ("uint8_t *out", "sums_store_bytes({}, sums_between(value, walk->low, walk->high));"),
    "sums": ("int32_t *out", "sums_store({}, value);"),
}
_INDENT: Final = " " * 16


def _rescale(source: str, out: str) -> str:
    (given, load), (taken, store) = _IN[source], _OUT[out]
    lines = (
        f"sums value = {load.format('in + y * walk->in_row + x * walk->in_pixel + c')};",
        "value = sums_rescaled(value, walk->in_shift, sums_load(multiplier + c));",
        store.format("out + y * walk->out_row + x * walk->out_pixel + c"),
    )
    return _LOOPS.format(
        note=f"/* {source.capitalize()} rescaled to {out}. */",
        name=f"kernel_rescale_{source}_{out}",
        parameters=f"{given}, const int32_t *multiplier, {taken}",
        body="\n".join(_INDENT + line for line in lines),
    )


_SUM: Final = _LOOPS.format(
    note="/* Two values of bytes, each rescaled, added, and the sum rescaled to bytes. */",
    name="kernel_sum_of_bytes",
    parameters="const uint8_t *in, const int32_t *multiplier,\n"
    + " " * len("INLINE void kernel_sum_of_bytes(")
    + "const uint8_t *other, const int32_t *other_multiplier, uint8_t *out",
    body="\n".join(
        _INDENT + line
        for line in (
            "const sums a = sums_bytes(in + y * walk->in_row + x * walk->in_pixel + c, walk->in_turn);",
            "const sums b = sums_bytes(other + y * walk->other_row + x * walk->other_pixel + c, walk->other_turn);",
            "sums value = sums_add(sums_rescaled(a, walk->in_shift, sums_load(multiplier + c)),",
            "                      sums_rescaled(b, walk->other_shift, sums_load(other_multiplier + c)));",
            "value = sums_rescaled(value, walk->shift, sums_all(walk->multiplier));",
            _OUT["bytes"][1].format("out + y * walk->out_row + x * walk->out_pixel + c"),
        )
    ),
)

_ADD: Final = """\
/* Sums of int32, which wrap around, in rows of `run`. */
INLINE void kernel_add_sums(int rows, int run, const int32_t *in1, int row1, const int32_t *in2, int row2,
                            int32_t *out, int out_row)
{
    for (int y = 0; y < rows; y++)
        for (int i = 0; i < run; i++)
            out[y * out_row + i] = (int32_t)((uint32_t)in1[y * row1 + i] + (uint32_t)in2[y * row2 + i]);
}"""

FRAGMENTS: Final[Mapping[str, str]] = {
    "rescale_walk": _WALK,
    **{f"kernel_rescale_{a}_{b}": _rescale(a, b) for a in _IN for b in _OUT},
    "kernel_sum_of_bytes": _SUM,
    "kernel_add_sums": _ADD,
}


def rescale(step: Step, plan: Plan, name: str) -> Piece:
    """The step of rescaling alone."""
    node = plan.graph.by_name[step.nodes[0]]
    source, out = plan.places[step.reads[0]], plan.places[step.out]
    table = _table(out, {"in": source}, in_shift=node["shift"], **_limits(out))
    kernel = f"kernel_rescale_{_kind(source)}_{_kind(out)}"
    arguments = "&walk", pointer("in", source), f"{name}_multiplier", pointer("out", out)
    weights = {f"{name}_multiplier": _multipliers(plan, node.name, out)}
    return Piece(table=table, body=tuple(call(kernel, *arguments)), weights=weights)


def add(step: Step, plan: Plan, name: str) -> Piece:
    """The step of a sum of two values of bytes or, without anything fused, of int32."""
    one, two, out = (plan.places[value] for value in (*step.reads, step.out))
    if len(step.nodes) == 1:
        run = out.width * out.pixel
        operands = f"{at('in1', one.first)}, {one.row}, {at('in2', two.first)}, {two.row}"
        body = f"kernel_add_sums({out.height}, {run}, {operands}, {at('out', out.first)}, {out.row});"
        return Piece(body=(body,))
    first, second, last = (plan.graph.by_name[node] for node in step.nodes[1:])
    value = plan.graph.by_name[last.inputs[1]].value
    assert value is not None  # arrange refused holes
    table = _table(
        out,
        {"in": one, "other": two},
        in_shift=first["shift"],
        other_shift=second["shift"],
        shift=last["shift"],
        multiplier=int(value[0]),
        **_limits(out),
    )
    names = [f"{name}_multiplier1", f"{name}_multiplier2"]
    arguments = pointer("in1", one), names[0], pointer("in2", two), names[1], pointer("out", out)
    weights = dict(zip(names, (_multipliers(plan, node.name, out) for node in (first, second)), strict=True))
    return Piece(table=table, body=tuple(call("kernel_sum_of_bytes", "&walk", *arguments)), weights=weights)


def _table(out: Place, sources: Mapping[str, Place], **more: int) -> tuple[str, ...]:
    distances: dict[str, int] = {}
    for which, place in sources.items():
        distances |= {f"{which}_row": place.row, f"{which}_pixel": place.pixel}
        distances |= {f"{which}_turn": 128 * (place.dtype == "int8")}
    shape = {"rows": out.height, "pixels": out.width, "channels": out.pixel}
    return walk("rescale_walk", **shape, **distances, out_row=out.row, out_pixel=out.pixel, **more)


def _limits(out: Place) -> dict[str, int]:
    return dict(zip(("low", "high"), RANGES[out.dtype], strict=True)) if out.dtype in RANGES else {}


def _kind(place: Place) -> str:
    return "sums" if place.dtype == "int32" else "bytes"


def pointer(name: str, place: Place) -> str:
    """The first pixel of a place, signed bytes as unsigned ones."""
    const = "" if name == "out" else "const "
    return at(f"({const}uint8_t *){name}" if place.dtype == "int8" else name, place.first)


def _multipliers(plan: Plan, node: str, out: Place) -> NDArray[Any]:
    """The multipliers of all channels; 0 for the padded ones, which come out as 0."""
    value = plan.graph.by_name[plan.graph.by_name[node].inputs[1]].value
    assert value is not None  # arrange refused holes
    full = np.zeros(out.pixel, np.int32)
    full[: out.channels] = value
    return full
