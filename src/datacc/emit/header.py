"""The header file: what goes in, what comes out, the scratch memory, the functions, the names of the classes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from datacc.emit.columns import column_lines, name_array
from datacc.emit.piece import C_TYPES
from datacc.emit.text import comment, listing, words
from datacc.ir.plan import Plan
from datacc.spec.interface import KNOWN, Interface, Port

_HEADER: Final = """\
/* {name}: {summary}. Made by datacc; 0BSD, use it for anything. */
#ifndef {guard}
#define {guard}

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

/* One input. */
typedef struct {{
{inputs}
}} {name}_input;

/* One answer. */
typedef struct {{
{answers}
}} {name}_answer;
{state}
/* Memory that a call works in: one for each thread, contents without meaning before and after.
 * It may lie anywhere; at a multiple of 64 bytes it is fastest. */
typedef struct {{
    float floats[{floats}];
}} {name}_scratch;

/* Answers one input. Re-entrant: it allocates nothing, keeps nothing, and does the same work for every input. */
void {name}(const {name}_input *input, {name}_answer *answer{kept}, {name}_scratch *scratch);

/* Answers `count` inputs that lie one after the other, one by one. */
void {name}_batch(const {name}_input *inputs, {name}_answer *answers, size_t count{kept}, {name}_scratch *scratch);

/* Whether this processor has what the code uses; where it may be an older one, ask before the first call. */
int {name}_runs_here(void);

/* sizeof({name}_scratch), for callers that do not read C. */
extern const size_t {name}_scratch_bytes;
{state_bytes}{widths}{classes}
#ifdef __cplusplus
}}
#endif

#endif
"""

_STATE: Final = """
/* What a call leaves to the next one of the same stream, changed in place. Before the first, all of it is zero. */
typedef struct {{
{states}
}} {name}_state;
"""

_STATE_BYTES: Final = """
/* sizeof({name}_state), likewise. */
extern const size_t {name}_state_bytes;
"""


_WIDTHS: Final = """
/* The same program at a part of its channels: faster, and right a little less often. `width` counts in {name}_widths,
 * the last of which is the whole; so is any other number. */
void {name}_at(int width, const {name}_input *input, {name}_answer *answer, {name}_scratch *scratch);
void {name}_at_batch(int width, const {name}_input *inputs, {name}_answer *answers, size_t count,
    {name}_scratch *scratch);
extern const float {name}_widths[{count}];
"""


def header(plans: Sequence[Plan], interface: Interface) -> str:
    """The text of NAME.h, of a program that is all of these plans."""
    name = interface.name
    return _HEADER.format(
        name=name,
        guard=f"{name.upper()}_H",
        summary=f"{_listed(interface.inputs)} in, {_listed(interface.answers)} out",
        inputs="\n".join(_members(interface.inputs)),
        answers="\n".join(_members(interface.answers)),
        state=_state(interface),
        kept=f", {name}_state *state" if interface.states else "",
        state_bytes=_STATE_BYTES.format(name=name) if interface.states else "",
        floats=max(64, *(plan.arena for plan in plans)) // 4,
        widths=_WIDTHS.format(name=name, count=len(interface.widths)) if interface.widths else "",
        classes="".join([*_class_lines(interface), *column_lines(interface)]),
    )


def _state(interface: Interface) -> str:
    states = "\n".join(_members(interface.states))
    return _STATE.format(name=interface.name, states=states) if interface.states else ""


def members(ports: tuple[Port, ...]) -> Mapping[str, str]:
    """The C name of each port."""
    return words([port.name for port in ports])


def count(port: Port) -> int:
    """The number of elements of a member."""
    total = 1
    for n in port.shape:
        total *= n
    return total


def class_names(interface: Interface) -> Mapping[str, str]:
    """The C name of the array of class names, by answer port."""
    names = members(interface.answers)
    return {port.name: f"{interface.name}_{names[port.name]}_names" for port in interface.answers if port.classes}


def class_constants(interface: Interface) -> str:
    """The arrays of class names, as they stand in NAME.c."""
    return "\n".join(
        line
        for port in interface.answers
        if port.classes
        for line in name_array(class_names(interface)[port.name], port.classes)
    )


def _class_lines(interface: Interface) -> Iterator[str]:
    for port in interface.answers:
        if port.classes:
            name = class_names(interface)[port.name]
            yield f"\n/* The class that each {comment(port.name)} stands for, in UTF-8. */\n"
            yield f"extern const char *const {name}[{len(port.classes)}];\n"


def _members(ports: tuple[Port, ...]) -> Iterator[str]:
    known = {
        f"{port.name}_{KNOWN}": {"number": "a number", "labels": "labels"}.get(port.form, "a class")
        for port in ports
        if port.form
    }
    for port in ports:
        size = "" if count(port) == 1 else f"[{count(port)}]"
        what = known.get(port.name)
        meaning = f" /* 1, or 0 for {what} too unsure to rely on */" if what else _meaning(port)
        yield f"    {C_TYPES[port.dtype]} {members(ports)[port.name]}{size};{meaning}"


def _meaning(port: Port) -> str:
    if port.classes:
        return f" /* the class, 0 to {len(port.classes) - 1} */"
    return f" /* {listing(port.shape)} */" if len(port.shape) > 1 else ""


def _listed(ports: tuple[Port, ...]) -> str:
    return comment(", ".join(port.name for port in ports))
