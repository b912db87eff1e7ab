"""The teacher `command`: a program of any language that reads questions and writes answers, a line of JSON each."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from datacc.errors import SpecError
from datacc.repo.identity import address
from datacc.spec.program import Field, Teacher
from datacc.teachers import Answer, Question, TeacherKind
from datacc.teachers._process import converse


class CommandTeacher(TeacherKind):
    """`command = "python ask.py --model small"`, run in the folder of `datacc.toml`, without a shell."""

    def wish(self, teacher: Teacher, root: Path) -> str:
        """The command, with the digest of each file of the folder that it names."""
        words = _words(teacher)
        files = [f"{word} {address((root / word).read_bytes())}" for word in words if _is_inside(word, root)]
        return f"run the command {shlex.join(words)!a}" + (f" ({', '.join(files)})" if files else "")

    def ask(
        self, teacher: Teacher, root: Path, fields: Sequence[Field], classes: Sequence[str], questions: list[Question]
    ) -> Iterator[Answer]:
        """One process for all questions."""
        words = _words(teacher)
        return converse(
            words,
            name=f"teacher {shlex.join(words)}",
            folder=root,
            seconds=teacher.seconds,
            fields=fields,
            questions=questions,
            classes=teacher.classes or classes,
        )


def _words(teacher: Teacher) -> list[str]:
    try:
        words = shlex.split(teacher.what)
    except ValueError as error:
        raise SpecError(f"teacher.command: {error}", where="datacc.toml") from error
    if not words:
        raise SpecError("teacher.command is empty", where="datacc.toml", tries=['command = "python ask.py"'])
    return words


def _is_inside(word: str, root: Path) -> bool:
    return (root / word).is_file() and (root / word).resolve().is_relative_to(root.resolve())


ENTRY: Final = CommandTeacher()
