"""Trials of commits: each is fitted in one and the same form, read by the demand, and told as a step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from datacc.compiler.bisect.demand import Demand, Reading, SliceGoal, truth_of
from datacc.compiler.build import LOCK
from datacc.compiler.likeness import likeness_of
from datacc.compiler.past import Announce, Fits, chosen_form, examples_at, past_of, program_at
from datacc.errors import DataError, FitError, GraphError, RepositoryError, SpecError, UsageError
from datacc.frozen import frozen
from datacc.goals import Figure
from datacc.repo.halving import History
from datacc.repo.log import log
from datacc.spec.lock import Lock, read_lock
from datacc.store import Store

State = Literal["good", "bad", "skipped"]

UNBUILDABLE: Final = (DataError, SpecError, FitError, GraphError, RepositoryError)  # by the commit, not the machine


@frozen
class Step:
    """One commit that was looked at: what it labelled, what was seen, and the `fits` made beyond the cache.

    `merged` counts the commits that a merge brought. `told` is the reading in words, or why it was skipped.
    """

    commit: str
    author: str
    when: str
    subject: str
    imported: int
    edits: int
    merged: int
    state: State
    told: str
    figure: Figure | None
    fits: int


@frozen
class Ask:
    """What is searched: between which revisions, for which demand, and how answers are had.

    `truth` is a revision whose labels measure every step; None: each step's own. `into_merges` goes on inside a merge.
    """

    good: str
    bad: str = "HEAD"
    demand: Demand
    truth: str | None = None
    out_of_fold: bool = False
    into_merges: bool = True


@dataclass(kw_only=True)
class Trials:
    """The steps so far, by commit in the order in which they were looked at, and the demand that they were read by."""

    ask: Ask
    good: str
    bad: str
    root: Path
    history: History
    store: Store
    announce: Announce
    tell: Callable[[Step], None]

    def __post_init__(self) -> None:
        self.steps: dict[str, Step] = {}
        self._form: Lock | None = None
        self.demand = self.ask.demand
        if self.ask.truth is not None and isinstance(self.demand, SliceGoal):
            commit = self.history.repository.git.commit_of(self.ask.truth)
            with _blaming(f"--truth {self.ask.truth}"):
                program, _ = program_at(self.root, commit)
                examples = examples_at(program, self.root, commit, self.store)
                truth = truth_of(likeness_of(program, examples, program.outputs[0].name))
            self.demand = replace(self.demand, truth=truth)

    def begin(self) -> None:
        """See that good is good and bad is bad. Raises `UsageError` when not, and why one cannot be built.

        The form of all fits is that of the lock at the bad commit, else of the one in the folder, else what a search
        chooses for the good commit.
        """
        with _blaming(f"--bad {self.ask.bad}"):
            program, lock = program_at(self.root, self.bad)
        self.demand = self.demand.of(program.outputs[0])
        self._form = lock or read_lock(self.root / LOCK)
        reading = self._end("good", self.ask.good, self.good)
        self.demand = self.demand.after(reading)
        if not reading.holds:
            raise _refusal("good", self.ask.good, reading, self.demand, "a good commit before it")
        reading = self._end("bad", self.ask.bad, self.bad)
        if reading.holds:
            raise _refusal("bad", self.ask.bad, reading, self.demand, "a bad commit after it")

    def look(self, commit: str) -> Step:
        """Try a commit; one that cannot be built is skipped."""
        fits = Fits(announce=self.announce)
        try:
            reading = self._read(commit, fits)
        except UNBUILDABLE as error:
            return self._keep(commit, fits, "skipped", error.what, None)
        return self._seen(commit, fits, reading)

    def _end(self, word: str, said: str, commit: str) -> Reading:
        fits = Fits(announce=self.announce)
        with _blaming(f"--{word} {said}"):
            reading = self._read(commit, fits)
        self._seen(commit, fits, reading)
        return reading

    def _read(self, commit: str, fits: Fits) -> Reading:
        program, _ = program_at(self.root, commit)
        snapshot = examples_at(program, self.root, commit, self.store)
        if self._form is None:
            self._form = chosen_form(program, snapshot, self.store, fits)
        past = past_of(program, snapshot, self._form, self.store, fits)
        return self.demand.read(replace(past, out_of_fold=past.out_of_fold or self.ask.out_of_fold))

    def _seen(self, commit: str, fits: Fits, reading: Reading) -> Step:
        return self._keep(commit, fits, "good" if reading.holds else "bad", reading.told, reading.figure)

    def _keep(self, commit: str, fits: Fits, state: State, told: str, figure: Figure | None) -> Step:
        repository = self.history.repository
        words = repository.git.run("log", "--max-count=1", "--format=%an%x00%aI%x00%s", commit)
        author, when, subject = words.decode(errors="replace").rstrip("\n").split("\0")
        entry = next((entry for entry in log(repository, 1, commit) if entry.commit == commit), None)
        step = Step(
            commit=commit,
            author=author,
            when=when,
            subject=subject,
            imported=entry.imported if entry else 0,
            edits=entry.edits if entry else 0,
            merged=self.history.merged(commit),
            state=state,
            told=told,
            figure=figure,
            fits=fits.count,
        )
        self.steps[commit] = step
        self.tell(step)
        return step


def _refusal(word: str, said: str, reading: Reading, demand: Demand, other: str) -> UsageError:
    tries = [f"--{word} {other}", "another goal"]
    return UsageError(f"{word} is not {word}; asked: {demand.told}; seen: {reading.told}", where=said, tries=tries)


@contextmanager
def _blaming(option: str) -> Iterator[None]:
    """Let an error of the examples name the option that chose them."""
    try:
        yield
    except UNBUILDABLE as error:
        where = f"{option}, {error.where}" if error.where else option
        raise type(error)(error.what, where=where, tries=error.tries) from error
