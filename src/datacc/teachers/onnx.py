"""The teacher `onnx`: a larger model, run by onnxruntime."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import MissingExtra, SpecError, TeacherError
from datacc.registry import load
from datacc.repo.identity import address
from datacc.repo.words import counted
from datacc.spec.program import Field, Teacher
from datacc.teachers import Answer, Question, TeacherKind

WHOLE: Final = 1e-3  # by which the sum of probabilities may miss 1
ROWS: Final = 64  # of a call, where the model takes several
_TYPES: Final = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


class OnnxTeacher(TeacherKind):
    """`onnx = "big.onnx"`: it takes the inputs as this program does, in the same order, with or without a batch axis.

    Channels may come first. Its first output is the number of a class, or a score for each; scores that are
    probabilities are learnt as such, of others the largest counts. Of a program that answers a number it is that.
    """

    forms = ("label", "number")

    def wish(self, teacher: Teacher, root: Path) -> str:
        """The file with its digest."""
        path = root / teacher.what
        if not path.is_file():
            raise SpecError(f"there is no {teacher.what}", where="datacc.toml", tries=["write it where onnx = … says"])
        return f"load {teacher.what!a} ({address(path.read_bytes())})"

    def ask(
        self, teacher: Teacher, root: Path, fields: Sequence[Field], classes: Sequence[str], questions: list[Question]
    ) -> Iterator[Answer]:
        """Batch by batch."""
        names = tuple(teacher.classes or classes)
        session = _session(root / teacher.what, teacher.what)
        rows = ROWS if _is_batched(session, fields) else 1
        for start in range(0, len(questions), rows):
            part = questions[start : start + rows]
            for question, found in zip(part, _found(session, teacher, fields, part), strict=True):
                yield _answer(question, found, names, teacher) if names else _number(question, found, teacher)


def _answer(question: Question, found: NDArray[Any], names: tuple[str, ...], teacher: Teacher) -> Answer:
    """What an output (S,) says: the number of a class, or scores."""
    if np.isnan(found).any():
        return Answer(id=question.id, why="a score of it is not a number")
    is_number = found.dtype.kind in "iu" and len(found) == 1
    number = int(found[0]) if is_number else int(found.argmax())
    if not 0 <= number < len(names):
        what = f"it answers class {number}, of {len(names)}"
        raise TeacherError(what, where=teacher.what, tries=["classes = […] under [teacher]"])
    is_soft = len(found) == len(names) > 1 and found.min() >= 0 and abs(found.sum() - 1) <= WHOLE
    shares = dict(zip(names, found.astype(np.float64).round(6).tolist(), strict=True)) if is_soft else None
    return Answer(id=question.id, label=names[number], probabilities=shares)


def _number(question: Question, found: NDArray[Any], teacher: Teacher) -> Answer:
    if len(found) != 1:
        raise TeacherError(f"it answers {len(found)} numbers, where one is asked for", where=teacher.what)
    if not np.isfinite(found[0]):
        return Answer(id=question.id, why=f"its number is {found[0]}")
    return Answer(id=question.id, label=float(found[0]))


def _session(path: Path, name: str) -> Any:
    try:
        onnxruntime = import_module("onnxruntime")
    except ImportError as missing:
        raise MissingExtra("a teacher in ONNX needs onnxruntime", tries=["pip install 'datacc[teacher]'"]) from missing
    try:
        return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common class
        raise TeacherError(f"onnxruntime cannot load it: {error}", where=name) from error


def _is_batched(session: Any, fields: Sequence[Field]) -> bool:
    """Whether it takes several rows in a call."""
    first, kind = session.get_inputs()[0], load("types", fields[0].type)
    shape = kind.array(kind.options(**fields[0].options)).shape
    return len(first.shape) == len(shape) + 1 and not isinstance(first.shape[0], int)


def _found(session: Any, teacher: Teacher, fields: Sequence[Field], part: Sequence[Question]) -> NDArray[Any]:
    """The first output for each question, (N, S)."""
    wanted = session.get_inputs()
    if len(wanted) != len(fields):
        raise TeacherError(f"it takes {len(wanted)} inputs, the program {len(fields)}", where=teacher.what)
    fed = {one.name: _fed(one, field, part) for one, field in zip(wanted, fields, strict=True)}
    try:
        found = session.run(None, fed)[0]
    except Exception as error:
        raise TeacherError(f"onnxruntime cannot run it: {error}", where=teacher.what) from error
    return _rows(found, len(part), teacher.what)


def _rows(found: Any, count: int, name: str) -> NDArray[Any]:
    """What a call answers as a row of numbers for each of its `count` examples, (N, S)."""
    is_numbers = isinstance(found, np.ndarray) and found.dtype.kind in "biuf" and found.size > 0
    if not is_numbers or (count > 1 and found.shape[:1] != (count,)):
        of = f"{found.dtype} {found.shape}" if isinstance(found, np.ndarray) else type(found).__name__
        what = f"its first output for {counted(count, 'example')} is {of}"
        tries = ["a model that answers the number of a class, or a score for each, or a number, in its first output"]
        raise TeacherError(what, where=name, tries=tries)
    rows: NDArray[Any] = found.reshape(count, -1)
    return rows


def _fed(wanted: Any, field: Field, part: Sequence[Question]) -> NDArray[Any]:
    kind = load("types", field.type)
    array = kind.encode([question.inputs[field.name] for question in part], kind.options(**field.options))
    fixed = wanted.shape[-(array.ndim - 1) :]
    if array.ndim == 4 and array.shape[-1] != fixed[-1] and array.shape[-1] == fixed[0]:
        array = np.moveaxis(array, -1, 1)
    array = array if len(wanted.shape) == array.ndim else array[0]
    return np.ascontiguousarray(array.astype(_TYPES.get(wanted.type, np.float32)))


ENTRY: Final = OnnxTeacher()
