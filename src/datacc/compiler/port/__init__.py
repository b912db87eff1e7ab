"""Port a function: record what it answers in a label repository, and ask there for a program that agrees with it."""

import tempfile
from pathlib import Path
from typing import Any, Final, get_args

from datacc.calls.code import Code, code_of
from datacc.calls.values import Form
from datacc.compiler.port.program import program_of, write_calls
from datacc.compiler.port.record import Announce, Recorded, record
from datacc.compiler.port.wish import Agree, Wish, consent, gathered, home_of
from datacc.errors import DataError
from datacc.frozen import frozen
from datacc.intake.importing import ImportReport, import_examples
from datacc.repo.create import create
from datacc.repo.find import Repository
from datacc.repo.trust import trust
from datacc.spec.program import FILE, Program
from datacc.spec.read import read_program
from datacc.spec.write import program_toml
from datacc.store import write_atomically

_ALL_NUMBERS: Final = (
    "its answers are numbers: agreement is the share of their variance that is explained, and the program answers all; "
    "--within 0.5 says how near is near enough, and --coverage 0.9 that the rest need not be answered"
)


@frozen
class Ported:
    """The program that is asked for now, in the folder `root`, what was recorded and what came into the repository.

    `notes` say what else there is to know.
    """

    program: Program
    root: Path
    recorded: Recorded
    imported: ImportReport
    notes: tuple[str, ...]


def port(wish: Wish, agree: Agree, announce: Announce = lambda what: None) -> Ported:
    """Record the function, in the repository around its folder or in a new one below it; nothing is built yet.

    Nothing runs before `agree`, told in sentences what would, says yes, unless this repository trusts it already.
    Raises `TrustError` when it says no, `UsageError` where the repository has another program, and what `record`
    raises: then no new repository is left.
    """
    home = home_of(wish)
    wish = home.seen(wish)
    code = code_of(wish.function, wish.here)
    runs = consent(wish, home, agree)
    asked, form = gathered(wish), form_in(home.program)
    if home.program is None and wish.within is not None:
        form = "number"
    recorded = record(wish.asker, asked, form, skip_bad=wish.skip_bad, announce=announce)
    with tempfile.TemporaryDirectory(prefix="datacc-port-") as folder:
        table = Path(folder) / "calls.jsonl"
        options = write_calls(table, recorded)
        program = home.program or program_of(wish, recorded, table, options, home.root)
        repository = home.repository or create(home.root, program.name).repository
        trust(repository, runs)
        _ask_for(repository, program)
        imported = import_examples(repository, table, options)
    program = read_program(home.root / FILE)
    return Ported(
        program=program,
        root=home.root,
        recorded=recorded,
        imported=imported,
        notes=_notes(program, code, is_new=home.program is None),
    )


def form_in(program: Program | None) -> Any:
    """How the labels of a port are answers; None where that is still open."""
    if program is None:
        return None
    form = program.source.options.get("answers", "text")
    if form not in get_args(Form):
        raise DataError(f"source.answers is {form!r}", where=FILE, tries=['answers = "json"', "leave it out"])
    return form


def _ask_for(repository: Repository, program: Program) -> None:
    """Commit the datacc.toml that asks for the program, unless there is one."""
    path = repository.root / FILE
    if not path.exists():
        write_atomically(path, program_toml(program).encode())
        what = program.source.options["function"]
        repository.git.commit([FILE], f"ask for a program that agrees with {what}")


def _notes(program: Program, code: Code, *, is_new: bool) -> tuple[str, ...]:
    if is_new and not program.outputs[0].abstains:
        return (_ALL_NUMBERS,)
    if program.source.options.get("code", code.digest) == code.digest:
        return ()
    return (f"the code of {code.function} is not that which {FILE} names: answers that changed are in conflict now",)
