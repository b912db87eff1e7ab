"""From what is asked and what is frozen to what is fitted: the Graph with holes, the examples, the interface."""

from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.halves import selecting
from datacc.errors import SpecError
from datacc.fit import Examples
from datacc.ir.graph import Graph
from datacc.registry import load, names
from datacc.repo.snapshot import LEARN, Snapshot
from datacc.skeletons import Sizes, Skeleton
from datacc.spec.interface import Interface, Port
from datacc.spec.lock import shape_digest
from datacc.spec.program import Program
from datacc.store import digest
from datacc.types import OutputType, options_of

WINDOWS: Final = 8  # of a long text, beside its first, that are learnt


def skeleton_graph(program: Program, snapshot: Snapshot, skeleton: str, sizes: Sizes) -> Graph:
    """The Graph to fit: fronts, body and answer joined, `data` holes filled from learn, learnt holes open."""
    chosen: Skeleton = load("skeletons", skeleton)
    graph = chosen.graph(_fronts(program), _answer(program, snapshot), sizes)
    learn = snapshot.rows(LEARN)
    for field in program.inputs:
        kind = load("types", field.type)
        graph = graph.fill(kind.data(field.name, snapshot.inputs[field.name][learn], kind.options(**field.options)))
    return graph.fill(
        _of_output(program).data(program.outputs[0].name, snapshot.labels[program.outputs[0].name][learn])
    )


def ladders(program: Program) -> tuple[tuple[str, Sizes], ...]:
    """Every (skeleton, sizes) to consider, in no order: those of the skeleton asked for, or of all that fit.

    A skeleton made for the inputs (`general` false) goes before one that takes anything, and some have to
    be asked for. Raises `SpecError` when the
    one asked for does not fit.
    """
    features = [front.by_name[name].type for front in _fronts(program) for _, name in front.outputs]
    asked = [program.skeleton] if program.skeleton is not None else list(names("skeletons"))
    known: dict[str, Skeleton] = {name: load("skeletons", name) for name in asked}
    fitting = {name: skeleton for name, skeleton in known.items() if skeleton.fits(features)}
    fitting = {name: one for name, one in fitting.items() if name == program.skeleton or not one.by_name}
    if not fitting:
        shapes = ", ".join(str(feature.shape) for feature in features)
        raise SpecError(f"{program.skeleton} does not fit inputs of shape {shapes}", tries=["leave skeleton out"])
    special = {name: skeleton for name, skeleton in fitting.items() if not skeleton.general} or fitting
    return tuple((name, sizes) for name, skeleton in special.items() for sizes in skeleton.ladder(features))


def fit_digest(program: Program) -> str:
    """The digest of what a fit depends on, but for its form, its recipe and the examples."""
    levels = [level for field in program.outputs for level in load("types", field.type).levels(options_of(field))]
    shape = shape_digest(program)
    return digest("levels", shape, *map(str, levels)) if levels else shape


def examples(program: Program, snapshot: Snapshot) -> tuple[Examples, Examples]:
    """The labelled rows of learn, and those of tune that select."""
    (output,) = program.outputs
    augment = {}
    for field in program.inputs:
        kind = load("types", field.type)
        augment[field.name] = partial(kind.augment, options=kind.options(**field.options))
    labels, learn = snapshot.labels[output.name], snapshot.rows(LEARN)
    targets = _of_output(program).targets(labels, labels[learn])
    soft = snapshot.soft.get(output.name)
    levels = _of_output(program).levels(options_of(output))
    everything = Examples(
        inputs=snapshot.inputs, targets=targets, augment=augment, form=output.form, soft=soft, levels=levels
    )
    return everything.rows(learn), everything.rows(selecting(program, snapshot))


def with_windows(snapshot: Snapshot, learn: Examples) -> Examples:
    """The learn rows, and behind them further windows of those that are long, labelled as their texts are.

    Of a text at most `WINDOWS`, spread over all of it, so that none counts for more than a few.
    """
    for name, (whose, further) in snapshot.further.items():
        place = np.full(len(snapshot.ids), -1)
        place[snapshot.rows(LEARN)] = np.arange(len(learn))
        kept = (place[whose] >= 0) & _spread(whose)
        rows = learn.rows(np.concatenate([np.arange(len(learn)), place[whose[kept]]]))
        windows = np.concatenate([learn.inputs[name], further[kept]])
        learn = replace(rows, inputs={**rows.inputs, name: windows})
    return learn


def _spread(whose: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which of M rows, whose owners ascend, are kept: of each owner at most `WINDOWS`, evenly."""
    _, firsts, which, counts = np.unique(whose, return_index=True, return_inverse=True, return_counts=True)
    step = (np.arange(len(whose)) - firsts[which]) * WINDOWS
    return np.asarray(step // counts[which] > (step - WINDOWS) // counts[which])


def interface(program: Program, snapshot: Snapshot, graph: Graph) -> Interface:
    """What a caller of the program sees: one port per input and per output of the Graph."""
    fields = {field.name: field for field in program.inputs}
    forms = {field.name: field.form for field in program.outputs if field.form != "label"}
    inputs = tuple(
        Port(
            name=node.name,
            dtype=node.type.dtype,
            shape=node.type.shape,
            type=fields[node.name].type,
            options=fields[node.name].options,
        )
        for node in graph.inputs
    )
    answers = tuple(
        Port(
            name=field,
            dtype=graph.by_name[name].type.dtype,
            shape=graph.by_name[name].type.shape,
            type=forms.get(field, ""),
            classes=snapshot.classes.get(field, ()),
        )
        for field, name in graph.outputs
    )
    return Interface(name=program.name, cpu=program.target.cpu, inputs=inputs, answers=answers, widths=program.widths)


def _fronts(program: Program) -> list[Graph]:
    fronts = []
    for field in program.inputs:
        kind = load("types", field.type)
        fronts.append(kind.front(field.name, kind.options(**field.options)))
    return fronts


def _of_output(program: Program) -> OutputType:
    (output,) = program.outputs
    kind: OutputType = load("types", output.type)
    return kind


def _answer(program: Program, snapshot: Snapshot) -> Graph:
    (output,) = program.outputs
    kind = load("types", output.type)
    answer: Graph = kind.answer(output.name, snapshot.classes[output.name], kind.options(**output.options))
    return answer
