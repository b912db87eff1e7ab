"""What is asked: the frozen `Program` that `datacc.toml` describes, in bytes, seconds and multiply-adds."""

from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Final

from datacc.frozen import frozen
from datacc.registry import load

FILE: Final = "datacc.toml"
SECONDS: Final = 60  # that a teacher may take for its next answer


@frozen
class Field:
    """One input or output: its name, the name of its value type, and that type's options as written."""

    name: str
    type: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def form(self) -> str:
        """What an output is measured as: "label", "labels" or "number"."""
        return str(load("types", self.type).form)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table that an input reads: those that it names, else the one that is called like it."""
        return tuple(self.options.get("columns", ())) or (self.name,)

    @property
    def abstains(self) -> bool:
        """Whether this output also says when it does not know."""
        return self.options.get("abstain") is True

    @property
    def widest(self) -> float | None:
        """How wide the interval of a number that is known may be, None where goals say it."""
        return self.options.get("widest")


@frozen
class Origin:
    """Where the examples come from: the name of a source and its options."""

    type: str = "repository"
    options: Mapping[str, Any] = field(default_factory=dict)


@frozen
class Goal:
    """A metric whose one-sided 95 % bound on the judge split must reach `limit`, from the side that the metric says."""

    metric: str
    limit: float


@frozen
class Check:
    """What must hold beside the goals; `kind` is a member of the open set `checks`: a metric, unless told otherwise.

    `where` (column → value) is the slice that it is about, `at_least` what its 95 % bound must reach, 0 where it is no
    share. `options` are the keys of its kind alone, as written. `line` is that of its table in `datacc.toml`.
    """

    kind: str = "metric"
    metric: str = ""
    at_least: float = 0.0
    of_class: str | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = field(default=None, compare=False)


@frozen
class Budget:
    """What must not be exceeded; None means no limit. Seconds, bytes, bytes (arena and stack), multiply-adds."""

    latency: float | None = None
    size: int | None = None
    memory: int | None = None
    work: int | None = None


@frozen
class Target:
    """What to make, for which processor and which platforms; none named means this machine's.

    Of several `arithmetics` a search chooses one.
    """

    cpu: str = "x86-64-v3"
    arithmetics: tuple[str, ...] = ("float",)
    make: tuple[str, ...] = ("c", "library")
    platforms: tuple[str, ...] = ()

    @property
    def arithmetic(self) -> str:
        """The one that is computed in, once it is settled."""
        (only,) = self.arithmetics
        return only


@frozen
class Teacher:
    """Who labels what people left unlabelled: a member of the open set `teachers`, and what it is told.

    `what` is a function, a file or a command, as the kind says. An answer costs `price` (in `currency`, as written)
    unless the teacher tells its cost; a build asks at most `most` questions, and waits `seconds` for the next answer.
    `classes` are the names of what an ONNX model numbers; none: those of the output, in permanent order.
    """

    kind: str
    what: str
    price: float = 0.0
    currency: str = ""
    most: int | None = None
    seconds: int = SECONDS
    classes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """The table as a person would have written it."""
        price = f"{self.price:.12g} {self.currency}".strip() if self.price else None
        seconds = None if self.seconds == SECONDS else self.seconds
        told = {"price": price, "most": self.most, "seconds": seconds, "classes": list(self.classes) or None}
        return {self.kind: self.what, **{key: value for key, value in told.items() if value is not None}}


@frozen
class Program:
    """Everything that is asked of a build. `goals` empty means that datacc chooses one (zero configuration).

    `skeleton` None means that datacc chooses among those that fit the types, `backend` None that it chooses what fits
    it. `widths` are shares of the channels at which one artifact answers, ascending up to 1; none: only the whole.
    `keep_answers`: a rebuild after label edits is to break few of the answers that were right. `teacher` labels what
    people did not. `path` is the file it was read from; it is not part of what is asked.
    """

    name: str
    source: Origin = Origin()
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    skeleton: str | None = None
    goals: tuple[Goal, ...] = ()
    checks: tuple[Check, ...] = ()
    budget: Budget = Budget()
    target: Target = Target()
    backend: str | None = None
    keep_answers: bool = False
    teacher: Teacher | None = None
    seed: int = 0
    widths: tuple[float, ...] = ()
    path: Path | None = field(default=None, compare=False)

    @property
    def file(self) -> str:
        """What messages call the file that it was read from."""
        return self.path.name if self.path is not None else FILE

    def computed_in(self, arithmetic: str) -> "Program":
        """The same in one arithmetic of those that it allows."""
        return replace(self, target=replace(self.target, arithmetics=(arithmetic,)))
