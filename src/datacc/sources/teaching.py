"""Labels for what people left unlabelled, from a teacher: never for judge where people labelled any of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from datacc.errors import DataError, RepositoryError, TeacherError
from datacc.frozen import frozen
from datacc.registry import load
from datacc.repo.example import Example
from datacc.repo.find import find
from datacc.repo.split import JUDGE, SPLITS, TUNE, assign
from datacc.repo.trust import require_trust
from datacc.repo.words import counted
from datacc.sources.taught import folder_of, keep, recall, state_of
from datacc.spec.program import Field, Program, Teacher
from datacc.store import digest
from datacc.teachers import Answer, Question, TeacherKind
from datacc.types import OutputType

PEOPLE: Final = "people"
ENOUGH: Final = 200  # rows of tune by people; fewer hardly tell candidates apart, and the teacher's stand beside them
MOST_SHOWN: Final = 5  # reasons why examples stay without a label


@frozen
class Taught:
    """Labelled examples, people's and the teacher's, what to tell of them, and whether nothing was left to ask.

    Where there is a teacher they stand in the order of their ids, whoever labelled them.
    """

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

    Judge stays people's where people labelled any of it; else the teacher's answers stand there too, and goals speak
    of agreement with it. Tune stays people's, too, but where it only chooses and they labelled less than `ENOUGH` of
    it. Without `classes`, every answer is a
    class. Raises `TrustError` unless somebody allowed to ask, `TeacherError` when it fails; what it answered before
    that is kept.
    """
    teacher = program.teacher
    if teacher is None:
        raise ValueError(f"{program.name} has no teacher")
    wanted = _wanted(program, labelled, open_)
    known = recall(folder_of(root, _digest(teacher, root)))
    asked, left = _asked(teacher, wanted, known)
    fresh = _ask(teacher, root, program, classes, asked, known) if asked else []
    answers = {**known, **{answer.id: answer for answer in fresh}}
    (output,) = program.outputs
    said = [(example, _meant(output, answers[example.content])) for example in wanted if example.content in answers]
    taught = [
        replace(_labelled(example, output, answer), labelled_by=teacher.what)
        for example, answer in said
        if answer.label is not None and _is_value(output, answer.label, classes)
    ]
    people = [replace(example, labelled_by=PEOPLE) for example in labelled]
    examples = sorted((*people, *taught), key=lambda example: example.id)
    refused = Counter(_refused(output, [answer for _, answer in said], classes))
    notes = _notes(teacher, examples, fresh, refused, left)
    complete = not left and not any(answer.failed for _, answer in said)
    return Taught(examples=examples, notes=tuple(notes), complete=complete)


def _digest(teacher: Teacher, root: Path) -> str:
    kind: TeacherKind = load("teachers", teacher.kind)
    return digest("teacher 1", teacher.kind, kind.wish(teacher, root), teacher.what, *teacher.classes)


def _wanted(program: Program, labelled: Sequence[Example], open_: Sequence[Example]) -> list[Example]:
    """Those of learn, and of another split that people labelled too little of, in the order of their ids."""
    everything = sorted((*labelled, *open_), key=lambda example: example.id)
    splits, _ = assign(everything)
    peoples = Counter(split for example, split in zip(everything, splits, strict=True) if example.labels)
    shut = {
        split
        for split, enough in ((TUNE, ENOUGH if _only_chooses(program) else 1), (JUDGE, 1))
        if peoples[split] >= enough
    }
    return [
        example for example, split in zip(everything, splits, strict=True) if not example.labels and split not in shut
    ]


def _only_chooses(program: Program) -> bool:
    """Whether tune but ranks candidates: no goal asks how likely judge is to grant it, no interval is measured."""
    return not program.goals and program.outputs[0].form == "label"


def _asked(teacher: Teacher, wanted: Sequence[Example], known: Mapping[str, Answer]) -> tuple[list[Question], int]:
    """What is to be asked now, equal inputs once, and how many more are left for later builds.

    What failed before waits until the others were asked.
    """
    open_ = [e for e in wanted if e.content not in known or known[e.content].failed]
    questions = {e.content: Question(id=e.content, inputs=e.inputs) for e in open_}
    most = len(questions) if teacher.most is None else teacher.most
    return sorted(questions.values(), key=lambda one: one.id in known)[:most], max(len(questions) - most, 0)


def _ask(
    teacher: Teacher,
    root: Path,
    program: Program,
    classes: Sequence[str],
    questions: list[Question],
    known: Mapping[str, Answer],
) -> list[Answer]:
    kind: TeacherKind = load("teachers", teacher.kind)
    try:
        require_trust(find(root), kind.wish(teacher, root))
    except RepositoryError as error:
        what = f"a teacher needs a label repository, which remembers what is trusted: {error.what}"
        raise RepositoryError(what, where=error.where, tries=error.tries) from error
    fresh, folder = list[Answer](), folder_of(root, _digest(teacher, root))
    try:
        for answer in keep(folder, kind.ask(teacher, root, program.inputs, classes, questions), known):
            fresh.append(answer)
    except TeacherError as error:
        asked, answered = counted(len(questions), "question"), len(_answered(fresh))
        one, many = f"of {asked} was answered, and is kept, then", f"of {asked} were answered, and are kept, then"
        kept = counted(answered, one, many) if answered else f"none of {asked} was answered:"
        raise TeacherError(f"{kept} {error.what}", where=error.where, tries=error.tries) from error
    return fresh


def _answered(answers: Sequence[Answer]) -> list[Answer]:
    return [answer for answer in answers if not answer.failed]


def _meant(output: Field, answer: Answer) -> Answer:
    """The answer with a label as the output's type has it, whatever it was written as."""
    label = answer.label
    if output.form == "label" and label is not None:
        label = str(label)
    elif isinstance(label, str):
        with suppress(DataError):
            label = load("types", output.type).read(label)
    return replace(answer, label=label)


def _is_value(output: Field, label: Any, classes: Sequence[str]) -> bool:
    """Whether it is a value of the output; without `classes`, every name is one of them."""
    kind: OutputType = load("types", output.type)
    try:
        kind.encode([label], classes or kind.classes([label]))
    except (DataError, TypeError):
        return False
    return True


def _labelled(example: Example, output: Field, answer: Answer) -> Example:
    soft = {output.name: answer.probabilities} if output.form == "label" and answer.probabilities else {}
    return replace(example, labels={output.name: answer.label}, shares=soft)


def _refused(output: Field, answers: Sequence[Answer], classes: Sequence[str]) -> list[str]:
    """Why each example that was answered stays without a label."""
    silent = [
        f"the teacher failed ({answer.why}); the next build asks again"
        if answer.failed
        else f"the teacher gave none ({answer.why})"
        for answer in answers
        if answer.label is None
    ]
    unknown = [one.label for one in answers if one.label is not None and not _is_value(output, one.label, classes)]
    word = {"label": "class", "labels": "list of labels", "number": "number"}[output.form]
    return silent + [f"the teacher said {label!r}, which is no {word}" for label in unknown]


def _notes(
    teacher: Teacher,
    ordered: Sequence[Example],
    fresh: Sequence[Answer],
    refused: "Counter[str]",
    left: int,
) -> list[str]:
    splits, _ = assign(ordered)
    by = Counter((split, example.labelled_by == PEOPLE) for split, example in zip(splits, ordered, strict=True))
    soft = sum(bool(example.shares) for example in ordered)
    each = [f"{name} {by[split, True]:,} + {by[split, False]:,}" for split, name in enumerate(SPLITS)]
    notes = [f"labelled by people + by the teacher {teacher.what}: {', '.join(each)}"]
    shares = counted(soft, "label of the teacher is probabilities", "labels of the teacher are probabilities")
    notes += [f"{shares}, learnt as such"] if soft else []
    if by[TUNE, False]:
        notes.append("tune has answers of the teacher: what is told of it is agreement with them, too")
    if by[JUDGE, False]:
        notes.append("judge has the teacher's answers: goals speak of agreement with it, not of what is right")
    if answered := _answered(fresh):
        cost = sum(teacher.price if answer.cost is None else answer.cost for answer in answered)
        paid = f" for {cost:.6g} {teacher.currency}".rstrip() if cost else ""
        notes.append(f"the teacher answered {counted(len(answered), 'new question')}{paid}; git add taught keeps them")
    shown = refused.most_common(MOST_SHOWN)
    notes += [f"{counted(count, 'example')} without a label left out: {why}" for why, count in shown]
    more = sum(refused.values()) - sum(count for _, count in shown)
    notes += [f"{counted(more, 'more example')} without a label left out"] if more else []
    notes += [f"{counted(left, 'question')} left for the next builds: most = {teacher.most:,}"] if left else []
    return notes
