"""Labels for what people left unlabelled: from a teacher, for learn alone wherever people labelled the other splits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from datacc.errors import RepositoryError, TeacherError
from datacc.registry import load
from datacc.repo.example import Example
from datacc.repo.find import find
from datacc.repo.split import LEARN, SPLITS, assign
from datacc.repo.trust import require_trust
from datacc.repo.words import counted
from datacc.sources.taught import folder_of, keep, recall, state_of
from datacc.spec.program import Program, Teacher
from datacc.store import digest
from datacc.teachers import Answer, Question, TeacherKind

COLUMN: Final = "labelled_by"  # for slices: where = { labelled_by = "people" }
PEOPLE: Final = "people"
MOST_SHOWN: Final = 5  # reasons why examples stay without a label


@dataclass(frozen=True, kw_only=True)
class Taught:
    """Labelled examples, people's and the teacher's, what to tell of them, and whether nothing was left to ask."""

    examples: Sequence[Example]
    notes: tuple[str, ...]
    complete: bool


def state(program: Program, root: Path) -> str:
    """What a snapshot of `program` depends on beside its examples: the teacher, and what it answered so far."""
    if program.teacher is None:
        return ""
    teacher = _digest(program.teacher, root)
    return digest("teaching 1", teacher, str(program.teacher.most), state_of(folder_of(root, teacher)))


def teach(
    program: Program, root: Path, labelled: Sequence[Example], open_: Sequence[Example], classes: Sequence[str]
) -> Taught:
    """`labelled` as they are, and those of the `open_` that the teacher of `program` labels.

    Tune and judge stay people's where people labelled any of them; else the teacher's answers stand there too, and
    goals speak of agreement with it. Without `classes`, every answer is a class. Raises `TrustError` unless somebody
    allowed to ask, `TeacherError` when it fails; what it answered before that is kept.
    """
    teacher = program.teacher
    if teacher is None:
        raise ValueError(f"{program.name} has no teacher")
    wanted = _wanted(labelled, open_)
    folder = folder_of(root, _digest(teacher, root))
    known = recall(folder)
    asked, left = _asked(teacher, wanted, known)
    fresh = _ask(teacher, root, program, classes, asked, folder) if asked else []
    answers = {**known, **{answer.id: answer for answer in fresh}}
    names, (output,) = set(classes), program.outputs
    labels = [(example, answers[example.content].label) for example in wanted if example.content in answers]
    taught = [
        _marked(replace(example, labels={output.name: label}), teacher.what)
        for example, label in labels
        if label is not None and (not names or label in names)
    ]
    people = [_marked(example, PEOPLE) for example in labelled]
    notes = _notes(teacher, people, taught, fresh, Counter(_refused(answers, names, wanted)), left)
    return Taught(examples=(*people, *taught), notes=tuple(notes), complete=not left)


def _digest(teacher: Teacher, root: Path) -> str:
    kind: TeacherKind = load("teachers", teacher.kind)
    return digest("teacher 1", teacher.kind, kind.wish(teacher, root), teacher.what, *teacher.classes)


def _wanted(labelled: Sequence[Example], open_: Sequence[Example]) -> list[Example]:
    """Of learn all, of another split those of one that no person labelled, in the order of their ids."""
    everything = sorted((*labelled, *open_), key=lambda example: example.id)
    splits, _ = assign(everything)
    peoples = {split for example, split in zip(everything, splits, strict=True) if example.labels}
    return [
        example
        for example, split in zip(everything, splits, strict=True)
        if not example.labels and (split == LEARN or split not in peoples)
    ]


def _asked(teacher: Teacher, wanted: Sequence[Example], known: Mapping[str, Answer]) -> tuple[list[Question], int]:
    """What is to be asked now, equal inputs once, and how many more are left for later builds."""
    questions = {e.content: Question(id=e.content, inputs=e.inputs) for e in wanted if e.content not in known}
    most = len(questions) if teacher.most is None else teacher.most
    return list(questions.values())[:most], max(len(questions) - most, 0)


def _ask(
    teacher: Teacher, root: Path, program: Program, classes: Sequence[str], questions: list[Question], folder: Path
) -> list[Answer]:
    kind: TeacherKind = load("teachers", teacher.kind)
    try:
        require_trust(find(root), kind.wish(teacher, root))
    except RepositoryError as error:
        what = f"a teacher needs a label repository, which remembers what is trusted: {error.what}"
        raise RepositoryError(what, where=error.where, tries=error.tries) from error
    fresh = list[Answer]()
    try:
        for answer in keep(folder, kind.ask(teacher, root, program.inputs, classes, questions)):
            fresh.append(answer)
    except TeacherError as error:
        so_far = f"{len(fresh):,} of {counted(len(questions), 'question')} were answered, and are kept"
        raise TeacherError(f"{so_far}, then {error.what}", where=error.where, tries=error.tries) from error
    return fresh


def _marked(example: Example, by: str) -> Example:
    return replace(example, columns={COLUMN: by, **example.columns})


def _refused(answers: Mapping[str, Answer], names: set[str], wanted: Sequence[Example]) -> list[str]:
    """Why each example that was answered stays without a label."""
    found = [answers[example.content] for example in wanted if example.content in answers]
    silent = [f"the teacher gave none ({answer.why})" for answer in found if answer.label is None]
    unknown = [answer.label for answer in found if answer.label is not None and names and answer.label not in names]
    return silent + [f"the teacher said {label!r}, which is no class" for label in unknown]


def _notes(
    teacher: Teacher,
    people: Sequence[Example],
    taught: Sequence[Example],
    fresh: Sequence[Answer],
    refused: "Counter[str]",
    left: int,
) -> list[str]:
    ordered = sorted((*people, *taught), key=lambda example: example.id)
    splits, _ = assign(ordered)
    by = Counter((split, example.columns[COLUMN] == PEOPLE) for split, example in zip(splits, ordered, strict=True))
    each = [f"{name} {by[split, True]:,} + {by[split, False]:,}" for split, name in enumerate(SPLITS)]
    notes = [f"labelled by people + by the teacher {teacher.what}: {', '.join(each)}"]
    if by[SPLITS.index("judge"), False]:
        notes.append("judge has the teacher's answers: goals speak of agreement with it, not of what is right")
    if fresh:
        cost = sum(teacher.price if answer.cost is None else answer.cost for answer in fresh)
        paid = f" for {cost:.6g} {teacher.currency}".rstrip() if cost else ""
        notes.append(f"the teacher answered {counted(len(fresh), 'new question')}{paid}; git add taught keeps them")
    shown = refused.most_common(MOST_SHOWN)
    notes += [f"{counted(count, 'example')} without a label left out: {why}" for why, count in shown]
    more = sum(refused.values()) - sum(count for _, count in shown)
    notes += [f"{counted(more, 'more example')} without a label left out"] if more else []
    notes += [f"{counted(left, 'question')} left for the next builds: most = {teacher.most:,}"] if left else []
    return notes
