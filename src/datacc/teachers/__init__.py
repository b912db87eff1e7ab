"""Teachers: who labels what people left unlabelled, one kind per file, named by its key in `[teacher]`."""

import base64
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datacc.spec.program import Field, Teacher


@dataclass(frozen=True, kw_only=True)
class Question:
    """An example without a label: the digest that equal inputs share, and the raw value of every input field."""

    id: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a teacher says of the question `id`: the name of a class, or why there is none; its cost, where told."""

    id: str
    label: str | None = None
    why: str = ""
    cost: float | None = None


class TeacherKind(ABC):
    """A kind of teacher. Members are stateless; what `[teacher]` says comes with every call."""

    @abstractmethod
    def wish(self, teacher: Teacher, root: Path) -> str:
        """What asking it means, in the sentence that is trusted: the digest of all that would run is part of it.

        Raises `SpecError` when there is no such thing in the folder `root` of `datacc.toml`.
        """

    @abstractmethod
    def ask(
        self, teacher: Teacher, root: Path, fields: Sequence[Field], classes: Sequence[str], questions: list[Question]
    ) -> Iterator[Answer]:
        """Answers, each as soon as it is there, in any order. `fields` are the inputs, `classes` those of the output.

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
