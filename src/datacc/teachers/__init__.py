"""Teachers: who labels what people left unlabelled, one kind per file, named by its key in `[teacher]`."""

import base64
import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from datacc.frozen import frozen
from datacc.spec.program import Field, Teacher


@frozen
class Question:
    """An example without a label: the digest that equal inputs share, and the raw value of every input field."""

    id: str
    inputs: Mapping[str, Any]


@frozen
class Answer:
    """What a teacher says of the question `id`: a class, labels or a number, or why there is none.

    `failed` says that it gave no answer at all, so that the next build asks again. `cost` is what it cost, where that
    is told. `probabilities` are those of the classes, at least 0 and not all 0, where it said how likely each of them
    is.
    """

    id: str
    label: Any = None
    why: str = ""
    failed: bool = False
    cost: float | None = None
    probabilities: Mapping[str, float] | None = None


def is_shares(likely: Collection[float]) -> bool:
    """Whether these may be the shares of classes, which sum to 1 when they are divided by their sum."""
    return bool(likely) and min(likely) >= 0 and 0 < sum(likely) < math.inf


class TeacherKind(ABC):
    """A kind of teacher, of outputs of these `forms`. Members are stateless; `[teacher]` comes with every call."""

    forms: tuple[str, ...] = ("label", "labels", "number")

    @abstractmethod
    def wish(self, teacher: Teacher, root: Path) -> str:
        """What asking it means, in the sentence that is trusted: the digest of all that would run is part of it.

        Raises `SpecError` when there is no such thing in the folder `root` of `datacc.toml`.
        """

    @abstractmethod
    def ask(
        self, teacher: Teacher, root: Path, fields: Sequence[Field], classes: Sequence[str], questions: list[Question]
    ) -> Iterator[Answer]:
        """Answers, each as soon as it is there, in any order. `fields` are the inputs, `classes` those of the output,
        none of a number.

        Raises `TeacherError` when no more will come; what came before stays good.
        """


def told(field: Field, raw: Any) -> Any:
    """A raw value as people think of it, in JSON: a text, columns with values; bytes as {"base64": …}."""
    if isinstance(raw, bytes | bytearray):
        return {"base64": base64.b64encode(raw).decode()}
    if not isinstance(raw, list | tuple):
        return raw
    if field.type == "text":
        return "\n".join(str(one) for one in raw)
    return dict(zip(field.columns, raw, strict=True)) if len(field.columns) == len(raw) else list(raw)
