"""The C file of a fit: one function per kernel and loop, one per phase, the update, and the runner of all threads."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final

from datacc.emit.lanes import WORDS, arithmetic
from datacc.emit.piece import C_TYPES
from datacc.emit.text import comment, listing, word
from datacc.fit.compiled import depthwise, loops, moves, once, pools, products
from datacc.fit.compiled.draft import Draft
from datacc.fit.compiled.memory import Place
from datacc.fit.compiled.order import Loop, Step
from datacc.fit.compiled.phases import SUMMING
from datacc.fit.compiled.runner import RUNNER, run
from datacc.fit.compiled.table import kernel, parameters
from datacc.fit.compiled.update import chunks, helpers, update
from datacc.spec.sections import PART

_FILE: Final = """\
/* {title}: how datacc fits a program, one step after another. Not part of what it builds.
 *
 * Every sum has an order of its own that neither threads nor vectors change; multiply-adds are fused where this file
 * says so and nowhere else: the same weights on every processor that fuses.
 */
#include <stddef.h>
#include <stdint.h>

{words}

{fragments}

{runner}

/* What the parts of this file know of each other. */
#define PHASE __attribute__((noinline, visibility("hidden")))
{phases}

{bodies}
"""
PARTS: Final = 2  # that are compiled side by side: there is no machine with fewer processors that anybody waits for

_TOTAL: Final = {
    "lanes_total": """\
/* The sum of all lanes, in order of eights, then one by one. */
INLINE float lanes_total(lanes x)
{
    float total = 0;
    for (int i = 0; i < 8; i++) total += x[i];
    return total;
}""",
    "wide_total": """\
INLINE float wide_total(wide x)
{
    float total = 0;
    for (int i = 0; i < 16; i++) total += x[i];
    return total;
}""",
}


def source_text(title: str, drafts: Sequence[Draft], optimiser: str, clip: float, average: float) -> str:
    """The text of the file. The first draft is that of the step; the others only look."""
    step = drafts[0]
    phases = [(draft, number) for draft in drafts for number in range(len(draft.steps))]
    others = [_between(draft) for draft in drafts]
    others.append(update(step.weights_size, step.sums_size, optimiser=optimiser, clip=clip, average=average))
    for draft in drafts:
        others.append(run(draft, clip=clip, chunks=chunks(step.weights_size) if draft is step else 0))
    bodies = [*(_phase(*one) for one in phases), "\n\n".join(others)]
    text = "\n\n".join([helpers(step.shards), *_parted(bodies)])
    inputs = max(len(draft.graph.inputs) for draft in drafts)
    words, fragments = _used(text)
    return _FILE.format(
        title=comment(title),
        words=f"{WORDS}\n\n{words}",
        fragments=fragments,
        runner=RUNNER.format(inputs=inputs),
        phases="\n".join(f"{_phase_head(*one)};" for one in phases),
        bodies=text,
    )


def _parted(bodies: Sequence[str]) -> Iterator[str]:
    """The bodies, and before each of about equally long parts the line that begins one."""
    ends, part = list(accumulate(len(body) for body in bodies)), -1
    for body, end in zip(bodies, ends, strict=True):
        now = (end - len(body) // 2) * PARTS // ends[-1]
        if now != part:
            yield PART
        part = now
        yield body


_FRAGMENTS: Final[Mapping[str, str]] = {
    **_TOTAL,
    **loops.FRAGMENTS,
    **{f"wide_{name}": loops.FRAGMENTS[f"lanes_{name}"].replace("lanes", "wide") for name in ("gate", "nearest")},
    "root": once.ROOT,
    **products.FRAGMENTS,
    **pools.FRAGMENTS,
    **depthwise.FRAGMENTS,
    **moves.FRAGMENTS,
}


def _used(text: str) -> tuple[str, str]:
    """The arithmetic, and the fragments, that `text` needs."""
    needed = set(re.findall(r"\w+", text))
    kept = []
    for name, fragment in reversed(list(_FRAGMENTS.items())):
        if name in needed:
            kept.append(fragment)
            needed |= set(re.findall(r"\w+", fragment))
    return arithmetic(needed), "\n\n".join(kept[::-1])


def _between(draft: Draft) -> str:
    """The functions of what is computed once between phases, and of weights that are turned."""
    texts = []
    for number, lines in enumerate(draft.once_lines()):
        body = ["float *const whole = job->whole;", "(void)whole;", *lines]
        texts.append(_headed(f"{draft.name}_once{number}", ["fit_job *job", "int step"], ["(void)step;", *body]))
    if draft.carried:
        body = ["float *const whole = job->whole;", *draft.end_lines()]
        texts.append(_headed(f"{draft.name}_end", ["fit_job *job"], body))
    for i, lines in enumerate(draft.turn_lines()):
        texts.append(_headed(f"{draft.name}_turn{i}", ["float *whole"], lines))
    return "\n\n".join(texts)


def _headed(name: str, declared: Sequence[str], body: Sequence[str], note: str = "") -> str:
    return _defined(f"STEP void {name}({', '.join(declared)})", body, note)


def _defined(head: str, body: Sequence[str], note: str = "") -> str:
    noted = [f"/* {note} */"] if note else []
    return "\n".join([*noted, head, "{", *(f"    {line}" for line in body), "}"])


def _phase_head(draft: Draft, number: int) -> str:
    return f"PHASE void {draft.name}_phase{number}(const fit_job *job, int step, int shard, float *scratch)"


def _title(draft: Draft, number: int, i: int, step: Step) -> str:
    name = step.name if not isinstance(step, Loop) else (step.writes[0] if step.writes else step.sums[0].name)
    return f"{draft.name}{number}_{i}_{word(name)}"


def _touched(draft: Draft, step: Step) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(value, parameter) of what a step reads and writes, whole values aside."""
    if isinstance(step, Loop):
        rows = loops.rows_read(step, draft.scenes[0])
        reads = [(name, f"in{i}") for i, name in enumerate(rows, 1)]
        return reads, [(name, f"out{i}") for i, name in enumerate(step.writes, 1)]
    rows = [name for name in step.inputs if name not in draft.whole]
    if step.op in ("conv_weight", "sum_by", "pool_scatter"):
        rows = list(step.inputs)
    reads = list(zip(rows, parameters(step, rows), strict=True))
    return reads, [(step.name, "out")] if step.op not in SUMMING else []


def _function(draft: Draft, number: int, i: int, step: Step) -> str:
    reads, writes = _touched(draft, step)
    scene = draft.scenes[number]
    ctype = {name: C_TYPES[scene.places[name].dtype] for name, _ in reads}
    declared = ["int rows", "const float *restrict whole"]
    declared += [f"const {ctype[name]} *restrict {parameter}" for name, parameter in reads]
    declared += [f"float *restrict {parameter}" for _, parameter in writes]
    declared += ["float *restrict sums"]
    if isinstance(step, Loop):
        body = loops.loop_lines(step, scene, dict([*reads, *writes]))
        what = ", ".join(dict.fromkeys(node.op for node in (*step.nodes, *step.sums)))
    else:
        body, what = kernel(step, scene), step.op
    shapes = ", ".join(listing(draft.graph.by_name[name].type.shape) for name, _ in reads)
    out = ", ".join(listing(draft.graph.by_name[name].type.shape) for name, _ in writes) or "sums"
    return _headed(
        _title(draft, number, i, step),
        declared,
        ["(void)whole, (void)sums;", *body],
        comment(f"{what}: {shapes} to {out}", 110),
    )


def _phase(draft: Draft, number: int) -> str:
    """The functions of a phase: of its steps, and of one shard, whose blocks of a few examples go through all steps."""
    functions = [_function(draft, number, i, step) for i, step in enumerate(draft.steps[number], 1)]
    return "\n\n".join([*functions, _shard(draft, number)])


def _shard(draft: Draft, number: int) -> str:
    scene, block, scratch = draft.scenes[number], draft.blocks[number], draft.scratch_starts[number]
    lines = [
        f"const int begin = (int)((int64_t)job->rows * shard / {draft.shards});",
        f"const int end = (int)((int64_t)job->rows * (shard + 1) / {draft.shards});",
        f"float *const sums = job->sums + (size_t)shard * {draft.sums_size};",
        "const float *const whole = job->whole;",
    ]
    for part in draft.cleared(number):
        lines.append(f"for (int i = 0; i < {part.size}; i++) sums[{part.offset} + i] = 0;")
    lines += [
        f"for (int first = begin; first < end; first += {block}) {{",
        f"    const int rows = end - first < {block} ? end - first : {block};",
    ]
    before = sum(len(phase) for phase in draft.steps[:number])
    for i, step in enumerate(draft.steps[number], 1):
        if not draft.gradients:
            lines.append(f"    if (job->until < {before + i}) continue;")
        reads, writes = _touched(draft, step)
        pointers = [_pointer(scene.places[name], block, scratch) for name, _ in (*reads, *writes)]
        lines.append(f"    {_title(draft, number, i, step)}({', '.join(['rows', 'whole', *pointers, 'sums'])});")
    lines.append("}")
    unused = ["(void)scratch, (void)whole, (void)sums, (void)step;"]
    return _defined(_phase_head(draft, number), [*lines, *unused])


def _pointer(place: Place, block: int, scratch: int) -> str:
    size = place.layout.step
    if place.home == "input":
        batch = f"input(job, {place.offset}, step, {size} * sizeof({C_TYPES[place.dtype]}))"
        return f"(const {C_TYPES[place.dtype]} *){batch} + (size_t)first * {size}"
    if place.home == "kept":
        return f"job->kept + (size_t)first * {size} + {place.offset}"
    return f"scratch + {scratch + place.offset * block}"
