"""The command `datacc`: finds the verb, hands it its options, prints its outcome, turns failures into exit codes."""

import argparse
import ast
import atexit
import difflib
import errno
import gc
import os
import signal
import sys
from _thread import interrupt_main
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from threading import Timer
from types import ModuleType
from typing import Final, NoReturn

from datacc.cli.interrupt import interrupted, is_interrupt
from datacc.cli.notes import notes
from datacc.cli.outcome import Outcome, visible
from datacc.errors import DataccError, ResourceError, UsageError

# What verbs are for, and these in the order in which one meets them.
GROUPS: Final = (
    ("programs", ("build", "run", "inspect", "judge", "prove", "diff", "suggest", "bisect")),
    ("programs of what is there already", ("port", "grow", "slim", "compile")),
    ("examples in a label repository", ("new", "import", "export", "status", "log", "show", "blame")),
    ("labels", ("label", "delete", "restore", "undo", "commit", "revert", "schema", "votes", "agreement", "gold")),
    ("branches", ("branch", "switch", "merge", "resolve", "check")),
    ("other copies, and upkeep", ("push", "pull", "fetch", "remote", "trust", "gc", "compact", "forget", "fsck")),
)
VERBS: Final = tuple(verb for _, verbs in GROUPS for verb in verbs)
PIPE_CLOSED: Final = 141
DROPPED: Final = 0.02  # seconds, after which a destructor that dropped Ctrl-C is over
SEEN_FOR_CYCLES: Final = 50_000  # values made before a collection: we make many, and hardly any in cycles
WIDTH: Final = 120  # of tables that are not shown on a terminal


def main() -> NoReturn:
    """Run the command line of this process, and end it: what is to be done at its end is, but no module taken apart."""
    ended = list[int]()
    atexit.register(_leave, ended)  # registered first, called last
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")
    sys.unraisablehook = _interrupt_again
    ended.append(call(sys.argv[1:]))
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is told, and what may still wait is threads
    sys.exit(ended[0])


def _interrupt_again(lost: "sys.UnraisableHookArgs") -> None:
    """Raise Ctrl-C once more where it came within a destructor or a callback: there Python drops it."""
    if lost.exc_type is KeyboardInterrupt:
        Timer(DROPPED, interrupt_main if os.name == "nt" else _interrupt).start()
    else:
        sys.__unraisablehook__(lost)


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)  # which ends a wait of the main thread, too


def _leave(ended: Sequence[int]) -> None:
    """End a process whose command came to its end: 30 ms sooner than Python, which frees whatever it imported."""
    if ended:
        os._exit(ended[0])


def call(arguments: Sequence[str]) -> int:
    """Carry out `arguments`, print what comes of it, and return the exit code. Bugs keep their traceback."""
    as_json = "--json" in arguments
    try:
        with notes(events=as_json):
            outcome = _outcome(arguments)
    except (KeyboardInterrupt, Exception) as error:
        if is_interrupt(error):
            return interrupted()
        outcome = Outcome(error=_told(error))
    return _print(outcome, as_json)


def _outcome(arguments: Sequence[str]) -> Outcome:
    if arguments[:1] == ["help"] and arguments[1:2] and arguments[1] != "--json":
        return _outcome([arguments[1], "--help"])
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        return Outcome(facts={"verbs": {verb: _summary(verb) for verb in VERBS}}, text=_help())
    if arguments[0] in ("-V", "--version"):
        version = import_module("datacc").__version__
        return Outcome(facts={"version": version}, text=f"datacc {version}")
    verb = arguments[0]
    if verb not in VERBS:
        close = difflib.get_close_matches(verb, VERBS, n=1)
        raise UsageError(f"there is no verb {verb!r}", tries=[f"datacc {close[0] if close else '--help'}"])
    module = _imported(verb)
    options = _parser(verb, module).parse_args(arguments[1:])
    outcome: Outcome = module.run(options)
    return outcome


def _imported(verb: str) -> ModuleType:
    """The module of a verb. What is imported stays, so that no collection need look at it, meanwhile or later."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's threads wait more than they work on products like ours
    gc.disable()
    try:
        return import_module(f"datacc.cli.{_stem(verb)}")
    finally:
        gc.freeze()
        gc.set_threshold(SEEN_FOR_CYCLES)
        gc.enable()


class _Parser(argparse.ArgumentParser):
    """Reports wrong arguments as every other user error is reported."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, where=self.prog, tries=[f"{self.prog} --help"])


def _parser(verb: str, module: ModuleType) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=f"datacc {verb}",
        description=module.__doc__,
        epilog=f"example:\n  {module.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    return parser


def _help() -> str:
    lines = list[str]()
    for title, verbs in GROUPS:
        lines += [f"{title}:", *(f"  {verb:<10} {_summary(verb)}" for verb in verbs), ""]
    return "\n".join(
        [
            "datacc: labelled examples in, a small native program that meets its goal out.",
            "",
            "usage: datacc VERB …        datacc VERB --help tells more, with an example",
            "begin: datacc build messages.csv --label topic        makes a program of a table alone",
            "",
            *lines,
            "Every verb takes --json. datacc --version prints the version.",
        ]
    )


def _summary(verb: str) -> str:
    """The first sentence of a verb's docstring, read without importing what the verb needs."""
    source = Path(__file__).with_name(f"{_stem(verb)}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").split("\n")[0]


def _stem(verb: str) -> str:
    return "import_" if verb == "import" else verb


def _told(error: BaseException) -> DataccError:
    """`error`, or what it means where the machine is at its limits. Raises it where it is a bug."""
    if isinstance(error, DataccError):
        return error
    if isinstance(error, MemoryError):
        return ResourceError("the memory is full", tries=["close other programs, or work on fewer examples"])
    if not isinstance(error, OSError):
        raise error
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ResourceError(
            "the disk is full", where=str(error.filename or ""), tries=["free some space and run again"]
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ResourceError(
            f"{error.strerror}", where=str(error.filename or ""), tries=["check who may read and write there"]
        )
    if error.errno in (errno.ENOTDIR, errno.EISDIR):
        tries = ["move away what stands there in the place of a folder, or of a file"]
        return ResourceError(f"{error.strerror}", where=str(error.filename or ""), tries=tries)
    if error.errno == errno.EIO:
        return ResourceError("the disk failed", where=str(error.filename or ""), tries=["look at the disk, and again"])
    raise error


def _print(outcome: Outcome, as_json: bool) -> int:
    try:
        if as_json:
            print(outcome.as_json(), flush=True)
        else:
            _show(outcome)
        print(end="", flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    if outcome.error and not as_json:
        print(visible(f"error: {outcome.error}"), file=sys.stderr)
    return outcome.exit_code


def _show(outcome: Outcome) -> None:
    if outcome.picture is not None:
        width = None if sys.stdout.isatty() else WIDTH
        import_module("rich.console").Console(width=width, emoji=False).print(outcome.picture)
    if outcome.text:
        print(visible(outcome.text), flush=True)
