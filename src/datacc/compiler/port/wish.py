"""What is to be ported, what that would run, and what the function is then to be asked."""

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from datacc.calls import secrets
from datacc.calls.ask import Asker, Parameter
from datacc.calls.code import code_of, digest_of
from datacc.calls.values import without_halves
from datacc.compiler.port.gather import Gathered, from_calls, from_file, from_tests
from datacc.compiler.port.record import Redact, without_secrets
from datacc.errors import DataError, RepositoryError, TrustError, UsageError
from datacc.frozen import frozen
from datacc.intake.inbox import ANSWER
from datacc.repo.find import Repository, find
from datacc.repo.trust import trust, trusted
from datacc.spec.names import identifier
from datacc.spec.program import FILE, Program
from datacc.spec.read import read_program

MASK: Final = ""  # of `redact`: ours
GROUP: Final = "group"  # the column of the recorded calls
SOURCE: Final = "function"
COVERAGE: Final = 0.9  # of the calls, where nobody says how many are to be answered

Agree = Callable[[Sequence[str]], bool]


@frozen
class Wish:
    """What is to be ported, from what (`inputs`, `tests` and `calls` may be given together), and how.

    `redact` is None, MASK or MODULE:FUNCTION. The program shall agree with the function on `agreement` of what it
    answers, and answer `coverage` of all. Two numbers agree where they are at most `within` apart; where neither that
    nor a coverage is said, `agreement` is the share of the variance that is explained, of all answers. `here` is the
    folder in which Python finds the function.
    """

    function: str
    here: Path
    inputs: Path | None = None
    tests: Path | None = None
    calls: Path | None = None
    group: str | None = None
    name: str | None = None
    redact: str | None = None
    keep_secrets: bool = False
    skip_bad: bool = False
    seconds: float = 5.0
    effects: bool = False
    agreement: float = 0.99
    coverage: float | None = None
    within: float | None = None

    @property
    def knows(self) -> bool:
        """Whether a program of numbers is to say what it does not know, since only a part need be answered."""
        return self.within is not None or self.coverage is not None

    @property
    def program(self) -> str:
        """How the program is called, and the folder that is made for it."""
        return self.name or identifier(f"ported_{self.function.rpartition(':')[2].rpartition('.')[2]}", module=True)

    @property
    def asker(self) -> Asker:
        """Who asks the function."""
        return Asker(function=self.function, root=self.here, seconds=self.seconds, effects=self.effects)


@frozen
class Home:
    """The folder `root` of the port, its repository and what its datacc.toml asks; None for what is not there yet."""

    root: Path
    repository: Repository | None
    program: Program | None

    def seen(self, wish: Wish) -> Wish:
        """The wish from the folder in which Python finds the function, as the datacc.toml says it."""
        if self.program is None:
            return wish
        return replace(wish, here=self.root / str(self.program.source.options.get("folder", ".")))


def home_of(wish: Wish) -> Home:
    """Where the port is at home. Raises `UsageError` where there is a program that is no port of this function."""
    repository = _around(wish.here) or _around(wish.here / wish.program)
    root = repository.root if repository else wish.here / wish.program
    if not (root / FILE).exists():
        return Home(root=root, repository=repository, program=None)
    program = read_program(root / FILE)
    if program.source.type != SOURCE or program.source.options.get("function") != wish.function:
        what = f"there is a {FILE} here already, and it asks for another program"
        raise UsageError(what, where=str(root / FILE), tries=["cd to another folder", "--name NAME"])
    return Home(root=root, repository=repository, program=program)


def _around(folder: Path) -> Repository | None:
    try:
        return find(folder)
    except RepositoryError:
        return None


def consent(wish: Wish, home: Home, agree: Agree) -> list[str]:
    """All that will run, one sentence each, after `agree` said yes to what this repository does not trust yet.

    Raises `TrustError` when it said no.
    """
    runs = _runs(wish)
    allowed = trusted(home.repository) if home.repository else frozenset()
    fresh = [what for what in runs if what not in allowed]
    if fresh and not agree(fresh):
        tries = ["look at the code, then: datacc port … --yes"]
        raise TrustError(f"nobody allowed to {' and to '.join(fresh)}", tries=tries)
    if home.repository and fresh:
        trust(home.repository, fresh)
    return runs


def _runs(wish: Wish) -> list[str]:
    runs = [code_of(wish.function, wish.here).running]
    if wish.tests is not None:
        files = tuple(sorted([wish.tests] if wish.tests.is_file() else wish.tests.rglob("*.py")))
        if not files:
            raise DataError("there are no tests", where=str(wish.tests), tries=["a file of pytest's, or their folder"])
        runs.append(f"run the tests {wish.tests.name} ({digest_of(files)})")
    if wish.redact:
        runs.append(code_of(wish.redact, wish.here).running)
    return runs


def gathered(wish: Wish) -> Gathered:
    """What the function is to be asked, without secrets and halves of characters; this runs it. Raises `DataError`."""
    parameters = wish.asker.parameters()
    if not any(one.is_named for one in parameters):
        what = "it takes no arguments by name, so there is nothing to learn from"
        raise DataError(what, where=wish.function, tries=["a function of your own that calls it"])
    found = without_secrets(_together(wish, parameters), _redact(wish), kept=wish.keep_secrets)
    return replace(found, inputs=[{name: without_halves(value) for name, value in one.items()} for one in found.inputs])


def _together(wish: Wish, parameters: Sequence[Parameter]) -> Gathered:
    parts = [] if wish.inputs is None else [from_file(wish.inputs, parameters, wish.group)]
    parts += [] if wish.tests is None else [from_tests(wish.tests, wish.function, wish.here)]
    parts += [] if wish.calls is None else [from_calls(wish.calls)]
    if any(ANSWER in inputs or GROUP in inputs for part in parts for inputs in part.inputs):
        what = f"a parameter is called {ANSWER!r} or {GROUP!r}, as a column beside them is"
        raise DataError(what, where=wish.function, tries=["a function of your own with other parameters"])
    asked = {name for part in parts for inputs in part.inputs for name, value in inputs.items() if value is not None}
    used = [one for one in parameters if one.name in asked]
    return Gathered(
        inputs=[{p.name: inputs.get(p.name, p.default) for p in used} for part in parts for inputs in part.inputs],
        where=[one for part in parts for one in part.where],
        groups=[one for part in parts for one in part.groups],
        notes=tuple(note for part in parts for note in part.notes),
    )


def _redact(wish: Wish) -> Redact | None:
    if wish.redact is None:
        return None
    if wish.redact == MASK:
        return secrets.masked
    module, _, path = wish.redact.partition(":")
    sys.path.insert(0, str(wish.here))
    try:
        hook: Redact = getattr(importlib.import_module(module), path)
    except (ImportError, AttributeError) as error:
        raise DataError(f"the hook cannot be found: {error}", where=wish.redact) from error
    return hook
