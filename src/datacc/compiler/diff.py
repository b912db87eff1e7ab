"""The behaviour diff of two builds: who answers for each, and what came to be between them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc.compiler.ask import Answering
from datacc.compiler.changes import Answers, Changed, Diff, Effect, Judged, Relabelled
from datacc.compiler.learnt import Unlearnt
from datacc.compiler.likeness import Likeness
from datacc.compiler.whole import ask_whole
from datacc.frozen import frozen
from datacc.repo.snapshot import JUDGE, LEARN, TUNE, Snapshot
from datacc.spec.lock import ALL
from datacc.spec.program import Field, Program


@frozen(eq=False)
class Side:
    """One program that was fitted: from where, what it was asked for, the examples it saw, and what answers.

    `origin` names its examples in words; `right` holds the right answers on judge, and all, where a report tells them;
    `evidence` says what answers for it on tune.
    """

    origin: str
    program: Program
    snapshot: Snapshot
    native: Answering
    right: tuple[int, int] | None = None
    evidence: str = "the two programs, on the same tune examples"

    @property
    def learnt_tune(self) -> bool:
        """Whether its program learnt all that judge does not hold: then no row of `snapshot` is tune."""
        return not len(self.snapshot.rows(TUNE))

    @property
    def output(self) -> Field:
        """What is answered."""
        return self.program.outputs[0]

    @cached_property
    def likeness(self) -> Likeness:
        """How its answers are read."""
        return Likeness(output=self.output, snapshot=self.snapshot)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the output, in permanent order."""
        return self.likeness.classes

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Example id → its row."""
        return {example: row for row, example in enumerate(self.snapshot.ids)}

    @cached_property
    def labels(self) -> Sequence[Any]:
        """The label of every row, None on judge's."""
        return self.decoded(self.snapshot.labels[self.output.name])

    def named(self, example: str) -> str | None:
        """What the user calls an example."""
        names = self.snapshot.columns.get("name")
        return None if names is None else names[self.places[example]]

    def same(self, one: Any, other: Any) -> bool:
        """Whether two values count as the same."""
        return self.likeness.same(one, other)

    def decoded(self, frozen: NDArray[Any]) -> list[Any]:
        """The values of labels or answers."""
        return self.likeness.decoded(frozen)

    def shown(self, value: Any) -> str:
        """A value in words."""
        return self.likeness.type.shown(value)


def effect_of(side: Side, label: Any, old: Any, new: Any) -> Effect:
    """What a changed answer means, measured by the present label as `side` compares values."""
    was, now = side.same(old, label), side.same(new, label)
    return "other" if was == now else "fixed" if now else "broke"


def diff(old: Side, new: Side, learn: tuple[Unlearnt, Unlearnt] | None = None) -> Diff:
    """The behaviour diff of two builds of one program.

    Tune: both answer the examples that are in tune of both, each as its own build encoded them; left out where one side
    learnt tune too. Learn: `learn` holds the out-of-fold answers of both, None to leave learn out. Judge: counts alone,
    no label is opened.
    Answers are compared by class name, so classes may come and go; numbers by the tolerance of the new build.
    """
    before, after = old.places.keys(), new.places.keys()
    relabelled = _relabelled(old, new)
    parts = [] if old.learnt_tune or new.learnt_tune else [_tune(old, new)]
    if learn is not None:
        parts.append(_learn(old, new, *learn))
    return Diff(
        old=old.origin,
        new=new.origin,
        labels=len(relabelled),
        relabelled=relabelled,
        added=len(after - before),
        removed=len(before - after),
        classes_added=tuple(name for name in new.classes if name not in old.classes),
        classes_removed=tuple(name for name in old.classes if name not in new.classes),
        answers=tuple(parts),
        judge=_judged(old, new),
    )


def _relabelled(old: Side, new: Side) -> tuple[Relabelled, ...]:
    known = ((example, new.labels[row], old.places.get(example)) for example, row in new.places.items())
    both = ((example, label, old.labels[row]) for example, label, row in known if row is not None)
    return tuple(
        Relabelled(id=example, name=new.named(example), old=old.shown(was), new=new.shown(label))
        for example, label, was in both
        if was is not None and label is not None and was != label
    )


def _tune(old: Side, new: Side) -> Answers:
    both = shared(old.snapshot, new.snapshot, TUNE)
    return _compared("tune", new.evidence, new, both, said(old, both), said(new, both))


def _learn(old: Side, new: Side, before: Unlearnt, after: Unlearnt) -> Answers:
    both = shared(old.snapshot, new.snapshot, LEARN)
    told = "models of the same form, fitted without the example they answer"
    split = ALL if old.learnt_tune and new.learnt_tune else "learn"
    return _compared(split, told, new, both, _named(old, before, both), _named(new, after, both))


def _named(side: Side, unlearnt: Unlearnt, ids: Sequence[str]) -> list[Any]:
    said = side.decoded(unlearnt.answers[side.output.name])
    by_row = dict(zip(unlearnt.rows.tolist(), said, strict=True))
    return [by_row[side.places[example]] for example in ids]


def _compared(
    split: str, evidence: str, new: Side, ids: Sequence[str], before: Sequence[Any], after: Sequence[Any]
) -> Answers:
    labels = [new.labels[new.places[example]] for example in ids]
    changed = tuple(
        Changed(
            id=example,
            name=new.named(example),
            label=new.shown(label),
            old=new.shown(was),
            new=new.shown(now),
            effect=effect_of(new, label, was, now),
        )
        for example, label, was, now in zip(ids, labels, before, after, strict=True)
        if not new.same(was, now)
    )
    count = Counter(one.effect for one in changed)
    return Answers(
        split=split,
        evidence=evidence,
        rows=len(ids),
        fixed=count["fixed"],
        broke=count["broke"],
        other=count["other"],
        changed=changed,
        off=_off(new, labels, before, after),
    )


def _off(side: Side, labels: Sequence[Any], *answers: Sequence[Any]) -> tuple[float, float] | None:
    """The mean distance of each side's answers from the labels; None of one label, whose counts say it."""
    if side.output.form == "label" or not labels:
        return None
    distance = side.likeness.type.distance
    was, now = (fmean(distance(*pair) for pair in zip(said, labels, strict=True)) for said in answers)
    return was, now


def _judged(old: Side, new: Side) -> Judged:
    both = shared(old.snapshot, new.snapshot, JUDGE)
    differ = sum(not new.same(was, now) for was, now in zip(said(old, both), said(new, both), strict=True))
    return Judged(rows=len(both), differ=differ, old=old.right, new=new.right)


def shared(old: Snapshot, new: Snapshot, split: int) -> list[str]:
    """The ids that are in this split of both, in order."""
    before = {old.ids[row] for row in old.rows(split)}
    return [new.ids[row] for row in new.rows(split) if new.ids[row] in before]


def said(side: Side, ids: Sequence[str]) -> list[Any]:
    """The values that the library of `side` answers."""
    rows = np.array([side.places[example] for example in ids], np.intp)
    return side.decoded(ask_whole(side.native, side.snapshot, rows)[side.output.name])
