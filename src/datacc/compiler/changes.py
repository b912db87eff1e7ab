"""What a behaviour diff says: labels and answers that changed, of learn and tune by name, of judge as counts."""

from dataclasses import replace
from typing import Final, Literal

from datacc.frozen import frozen

Effect = Literal["broke", "fixed", "other"]

EFFECTS: Final[tuple[Effect, ...]] = ("broke", "fixed", "other")  # the worst first


@frozen
class Relabelled:
    """A learn or tune example whose label changed; values in words."""

    id: str
    name: str | None
    old: str
    new: str


@frozen
class Changed:
    """An example that is answered otherwise now: its present label, the old and the new answer, in words.

    `effect` is measured by the present label; "other" is wrong before and after, or near enough both times.
    """

    id: str
    name: str | None
    label: str
    old: str
    new: str
    effect: Effect


@frozen
class Answers:
    """The answers that changed in one split, among `rows` examples of both builds; `evidence` says who answered.

    `fixed`, `broke` and `other` count all; a report names only some of them in `changed`. `off`, of an output that is
    no label: how far the answers were from the labels of now in the mean, and are; or how many of several are wrong.
    """

    split: str
    evidence: str
    rows: int
    fixed: int
    broke: int
    other: int
    changed: tuple[Changed, ...]
    off: tuple[float, float] | None = None

    @property
    def differ(self) -> int:
        """All that changed."""
        return self.fixed + self.broke + self.other

    def of(self, effect: Effect) -> tuple[Changed, ...]:
        """Those of `changed` with this effect."""
        return tuple(one for one in self.changed if one.effect == effect)


@frozen
class Judged:
    """Judge, as counts alone: examples of both builds, answers that differ, and right of all in each report."""

    rows: int
    differ: int
    old: tuple[int, int] | None
    new: tuple[int, int] | None


@frozen
class Diff:
    """What a change of labels did; `added` and `removed` count examples, classes are named.

    `labels` counts what changed in learn and tune; a report names only some of them in `relabelled`.
    """

    old: str
    new: str
    labels: int
    relabelled: tuple[Relabelled, ...]
    added: int
    removed: int
    classes_added: tuple[str, ...]
    classes_removed: tuple[str, ...]
    answers: tuple[Answers, ...]
    judge: Judged

    def shortened(self, most: int) -> "Diff":
        """The same with at most so many names of each kind; the counts stay."""
        answers = (
            replace(part, changed=tuple(one for effect in EFFECTS for one in part.of(effect)[:most]))
            for part in self.answers
        )
        return replace(self, relabelled=self.relabelled[:most], answers=tuple(answers))

    def judged_right(self, new: tuple[int, int] | None) -> "Diff":
        """The same with right answers and all on judge, once the new program is judged."""
        return replace(self, judge=replace(self.judge, new=new))
