"""The C file: header comment, kernels that are used, one function per step, the program, then the weights."""

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from numpy.typing import NDArray

from datacc.emit import sums
from datacc.emit.columns import column_constants
from datacc.emit.function import function, title
from datacc.emit.header import class_constants, count, members
from datacc.emit.lanes import NAMES, WORDS, arithmetic
from datacc.emit.piece import C_TYPES, at
from datacc.emit.processor import runs_here
from datacc.emit.shared import Call, share
from datacc.emit.strips import strips
from datacc.emit.table import FRAGMENTS, KERNELS, has_kernel
from datacc.emit.text import numbers
from datacc.errors import GraphError
from datacc.ir.cost import weight_bytes, work
from datacc.ir.exact import is_exact
from datacc.ir.plan import Plan, Step
from datacc.spec.cpus import CPUS, FLAGS, march, trusting
from datacc.spec.interface import Interface
from datacc.spec.sections import STEPS, WEIGHTS, WORD

_INSIDE: Final = re.compile(r"width\d+|step\d+[a-z]*_\w*|(?:lanes?|wide|sums|wide_sums|kernel)_\w*")

# Whether the portable form gives the same bits, and why.
_BITS: Final = {
    False: ("last bits may differ", "Sums of products are fused where the processor can"),
    True: ("the same bits", "Products are of integers: the same bits on every processor"),
}

_CLANG: Final = (
    " *           clang also {flag}, for this file alone: what registers cannot hold lies in one cache line\n"
)

_FILE: Final = """\
/* {name}: a program built by datacc.
 *
 * Free for any use: BSD Zero Clause License (0BSD). THE SOFTWARE IS PROVIDED "AS IS", WITHOUT ANY WARRANTY.
 *
 * compile   cc {flags} (no libc needed)
{clang} *           cc -std=c99 -DDATACC_PORTABLE (any C99 compiler, plain loops; {bits})
 *           {products}; never compile with -ffast-math.
 * work      {work:,} multiply-adds for every input
 * memory    {arena:,} bytes of scratch, {weights:,} bytes of weights
 * graph     {digest}
 */
#include "{name}.h"

/* ---- Arithmetic: eight or sixteen floats at a time, as GNU vectors or, under -DDATACC_PORTABLE, as plain C99. ---- */

{words}

{kernels}

{steps_here}

{declarations}

{steps}

/* ---- The program: inputs and answers lie in the caller's structs, everything between in the scratch. ---- */

ENTRY {program}

ENTRY {batch}
{widths}
{runs_here}

{constants}

{weights_here}

{weights_text}
"""


def source_text(plan: Plan, interface: Interface, narrower: Sequence[Plan] = ()) -> str:
    """The text of NAME.c; `narrower` are the plans of the widths below 1."""
    texts, nodes, weights = dict[str, str](), dict[str, str](), dict[str, NDArray[Any]]()
    plans = [plan, *narrower]
    for first, one in zip(_firsts(plans), plans, strict=True):
        _check(one, interface)
        for i, step in enumerate(one.steps, first):
            name = title(str(i), step)
            texts[name], more = _step(one, str(i), step)
            nodes[name] = " + ".join(step.nodes)
            weights |= more
    kept, calls = share(texts, nodes, weights)
    steps = "\n\n".join(kept)
    name = interface.name
    bits, products = _BITS[is_exact(plan.graph)]
    return _FILE.format(
        name=name,
        bits=bits,
        products=products,
        flags=" ".join((*FLAGS, *march(CPUS[plan.cpu]))),
        clang="".join(_CLANG.format(flag=flag) for flag in trusting(CPUS[plan.cpu])),
        work=work(plan.graph),
        arena=max(one.arena for one in plans),
        weights=sum(weight_bytes(one.graph) for one in plans),
        digest=plan.graph.digest,
        words=WORDS,
        kernels="\n\n".join(_used(steps)),
        declarations="\n".join(f"{_constant(key, values)};" for key, values in weights.items()),
        steps_here=STEPS,
        steps=steps,
        program=_program(plan, interface, calls, 1, name),
        batch=_batch(interface),
        widths=_widths(plans, interface, calls) if narrower else "",
        runs_here=runs_here(name, plan.cpu),
        constants=_constants(interface),
        weights_here=WEIGHTS,
        weights_text="\n\n".join(
            f"{_constant(key, values)} = {{\n{numbers(values)}\n}};" for key, values in weights.items()
        ),
    )


def _constant(name: str, values: NDArray[Any]) -> str:
    return f"{WORD} {C_TYPES[values.dtype.name]} {name}[{len(values)}]"


def _step(plan: Plan, number: str, step: Step) -> tuple[str, Mapping[str, NDArray[Any]]]:
    """The functions of a step and the weights they name."""
    if step.parts:
        return strips(plan, number, step)
    piece = KERNELS[step.op](step, plan, f"step{number}")
    return function(plan, number, step, piece), piece.weights


def _check(plan: Plan, interface: Interface) -> None:
    """There must be kernels; the interface must be that of the Graph: same members, same types; its name free."""
    for step in (kernel for whole in plan.steps for kernel in whole.simple):
        if not has_kernel(step, plan):
            dtypes = ", ".join(plan.places[value].dtype for value in (*step.values, step.out))
            raise GraphError(f"{step.op} on {dtypes} is not emitted yet", where=f"node {step.nodes[0]!r}")
    if interface.name in {*FRAGMENTS, *NAMES, *sums.NAMES} or _INSIDE.fullmatch(interface.name):
        raise GraphError(
            f"emitted code uses the name {interface.name!r} itself", tries=[f'name = "my_{interface.name}"']
        )
    graph = plan.graph
    for ports, nodes in (
        (interface.inputs, {node.name: node for node in graph.given}),
        (interface.states, {given: graph.by_name[given] for given, _ in graph.states}),
        (interface.answers, {field: graph.by_name[name] for field, name in graph.outputs}),
    ):
        if {port.name for port in ports} != set(nodes):
            raise GraphError(f"the interface has {[p.name for p in ports]}, the Graph {sorted(nodes)}")
        for port in ports:
            node = nodes[port.name]
            if port.dtype != node.type.dtype or count(port) != node.type.count:
                raise GraphError(f"{port.name!r} is {port.dtype} {port.shape}, the Graph gives {node.type}")


def _used(text: str) -> list[str]:
    """Arithmetic and kernels that `text` needs, and those that they need, in order."""
    needed = set(re.findall(r"\w+", text))
    kept = []
    for name, fragment in reversed(list(FRAGMENTS.items())):
        if name in needed:
            kept.append(fragment)
            needed |= set(re.findall(r"\w+", fragment))
    words = arithmetic(needed | {"lanes"} if NAMES & needed else needed), sums.arithmetic(needed)
    return [*filter(None, words), *kept[::-1]]


def _firsts(plans: Sequence[Plan]) -> list[int]:
    """The number of the first step of each plan: no two steps have one number."""
    return [1, *(1 + total for total in accumulate(len(plan.steps) for plan in plans[:-1]))]


def _program(plan: Plan, interface: Interface, calls: Mapping[str, Call], first: int, function: str) -> str:
    """The function that calls the steps of a plan in order; they are numbered from `first`."""
    ports = {"input": interface.inputs, "answer": interface.answers, "state": interface.states}
    names = {home: members(mine) for home, mine in ports.items()}
    single = {(home, port.name) for home, mine in ports.items() for port in mine if count(port) == 1}

    def pointer(value: str) -> str:
        place = plan.places[value]
        if place.home == "arena":
            start = at("scratch->floats", plan.offsets[place.buffer] // 4)
            return start if place.dtype == "float32" else f"({C_TYPES[place.dtype]} *)({start})"
        address = "&" if (place.home, place.buffer) in single else ""
        return f"{address}{place.home}->{names[place.home][place.buffer]}"

    lines = []
    for i, step in enumerate(plan.steps, first):
        call = calls[title(str(i), step)]
        arguments = [*(pointer(value) for value in step.touched), *call.weights]
        remark = f" /* {call.remark} */" if call.remark else ""
        lines.append(f"    {call.name}({', '.join(arguments)});{remark}")
    name = interface.name
    state = f", {name}_state *state" if interface.states else ""
    head = f"void {function}(const {name}_input *input, {name}_answer *answer{state}, {name}_scratch *scratch)"
    unused = [] if any("scratch->" in line for line in lines) else ["    (void)scratch;"]
    return "\n".join([head, "{", *unused, *lines, "}"])


def _widths(plans: Sequence[Plan], interface: Interface, calls: Mapping[str, Call]) -> str:
    """A function for each width below 1, and those that choose among them: the number of a width is no data."""
    name, whole = interface.name, len(interface.widths) - 1
    numbered = list(zip(_firsts(plans), plans, strict=True))[1:]
    bodies = []
    for k, (first, plan) in enumerate(numbered):
        note = f"/* At {interface.widths[k]:g} of the channels: {work(plan.graph):,} multiply-adds. */"
        bodies.append(f"{note}\nINLINE {_program(plan, interface, calls, first, f'width{k}')}")
    width, x, y, scratch = (f"{word}_" if word == name else word for word in ("width", "input", "answer", "scratch"))
    cases = [f"    case {k}: width{k}({x}, {y}, {scratch}); break;" for k in range(whole)]
    chosen = "\n".join([f"    switch ({width}) {{", *cases, f"    default: {name}({x}, {y}, {scratch});", "    }"])
    ports = f"const {name}_input *{x}, {name}_answer *{y}, {name}_scratch *{scratch}"
    at = f"ENTRY void {name}_at(int {width}, {ports})\n{{\n{chosen}\n}}"
    xs, ys, count, i = (f"{word}_" if word == name else word for word in ("inputs", "answers", "count", "i"))
    ports = f"const {name}_input *{xs}, {name}_answer *{ys}, size_t {count},\n    {name}_scratch *{scratch}"
    loop = f"for (size_t {i} = 0; {i} < {count}; {i}++) {name}_at({width}, {xs} + {i}, {ys} + {i}, {scratch});"
    batch = f"ENTRY void {name}_at_batch(int {width}, {ports})\n{{\n    {loop}\n}}"
    numbers = ", ".join(f"{width!r}f" for width in interface.widths)
    shares = f"EXPORT const float {name}_widths[{whole + 1}] = {{{numbers}}};"
    return "\n" + "\n\n".join([*bodies, at, batch, shares]) + "\n"


def _batch(interface: Interface) -> str:
    """The loop over inputs; its own words give way to a program that is called like one of them."""
    name, words = interface.name, ("inputs", "answers", "count", "state", "scratch", "i")
    inputs, answers, count, state, scratch, i = (f"{word}_" if word == name else word for word in words)
    kept = [f"{name}_state *{state}"] if interface.states else []
    head = ", ".join(
        (f"const {name}_input *{inputs}", f"{name}_answer *{answers}", f"size_t {count}", *kept,
         f"{name}_scratch *{scratch}")
    )  # fmt: skip
    arguments = ", ".join((f"{inputs} + {i}", f"{answers} + {i}", *([state] if kept else []), scratch))
    loop = f"for (size_t {i} = 0; {i} < {count}; {i}++) {name}({arguments});"
    return f"void {name}_batch({head})\n{{\n    {loop}\n}}"


def _constants(interface: Interface) -> str:
    name = interface.name
    size = f"EXPORT const size_t {name}_scratch_bytes = sizeof({name}_scratch);"
    kept = f"EXPORT const size_t {name}_state_bytes = sizeof({name}_state);" if interface.states else ""
    return "\n".join(filter(None, [size, kept, class_constants(interface), column_constants(interface)]))
