"""The teacher `function`: a Python function of the folder or of an installed package, called in its own process."""

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from datacc.calls.ours import environment
from datacc.errors import SpecError
from datacc.repo.identity import address
from datacc.spec.program import Field, Teacher
from datacc.store import canonical
from datacc.teachers import Answer, Question, TeacherKind
from datacc.teachers._process import converse

_FORM: Final = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)", re.ASCII)


class FunctionTeacher(TeacherKind):
    """`function = "module:function"`: a file beside `datacc.toml` goes before an installed module.

    It is called with the value of the one input, or with every input by name: a str for a text, a dict for a record,
    an array (H, W, C) of uint8 for a picture. It returns a class, labels or a number, None when it does not know,
    probabilities in the order of the classes, or a dict as a line of the teacher `command`. Of the folder, only the
    file itself can be imported.
    """

    def wish(self, teacher: Teacher, root: Path) -> str:
        """The file with its digest, or the installed module."""
        module, _ = _parts(teacher)
        file = _file(module, root)
        return f"run {file.relative_to(root).as_posix()} ({address(file.read_bytes())})" if file else f"run {module}"

    def ask(
        self, teacher: Teacher, root: Path, fields: Sequence[Field], classes: Sequence[str], questions: list[Question]
    ) -> Iterator[Answer]:
        """One process for all questions; a file runs as a copy of the very bytes that are trusted."""
        module, function = _parts(teacher)
        file = _file(module, root)
        with tempfile.TemporaryDirectory(prefix="datacc-teacher-") as apart:
            if file is not None:
                place = Path(apart) / file.relative_to(root)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.read_bytes())
            plain = [[field.name, field.type, dict(field.options)] for field in fields]
            own = [sys.executable, "-P", "-m", "datacc.teachers._call", module, function, canonical(plain)]
            yield from converse(
                own,
                name=f"teacher {teacher.what}",
                folder=Path(apart),
                seconds=teacher.seconds,
                fields=fields,
                questions=questions,
                classes=teacher.classes or classes,
                environment=environment(apart),
            )


def _parts(teacher: Teacher) -> tuple[str, str]:
    found = _FORM.fullmatch(teacher.what)
    if found is None:
        what = f"teacher.function: {teacher.what!r} is no module and a function in it"
        raise SpecError(what, where="datacc.toml", tries=['function = "module:function"'])
    return found[1], found[2]


def _file(module: str, root: Path) -> Path | None:
    """The file of a module of the folder; None for an installed one. Raises `SpecError` when there is neither."""
    path = root.joinpath(*module.split(".")).with_suffix(".py")
    if path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(root.resolve()):
        return path
    if find_spec(module.split(".")[0]) is None:  # of the package alone: looking deeper would run it
        what = f"there is no {path.relative_to(root).as_posix()} here, and no module {module} is installed"
        raise SpecError(what, where="datacc.toml", tries=["write it", f"pip install {module.split('.')[0]}"])
    return None


ENTRY: Final = FunctionTeacher()
