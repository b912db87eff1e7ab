"""The command's frame: help, versions, errors as text and as JSON, exit codes, interrupts, full disks, closed pipes."""

import argparse
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from datacc import errors
from datacc.cli import app
from datacc.cli.interrupt import INTERRUPTED
from datacc.cli.outcome import Outcome, columns, visible


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A stand-in for the verb `status`: what its `run` does is the test's."""
    module = ModuleType("datacc.cli.status", "A stand-in.")
    module.EXAMPLE = "datacc status"  # type: ignore[attr-defined]
    module.arguments = lambda parser: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datacc.cli.status", module)
    return module


def fails_with(error: BaseException) -> Any:
    def run(options: argparse.Namespace) -> Outcome:
        raise error

    return run


def test_help_names_every_verb_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for verb in app.VERBS:
        [line] = [line for line in lines if line.split()[:1] == [verb]]
        assert len(line.split()) > 3


@pytest.mark.parametrize("verb", app.VERBS)
def test_every_verb_explains_itself_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        app.call([verb, "--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert f"usage: datacc {verb}" in shown
    assert f"example:\n  datacc {verb}" in shown
    assert "--json" in shown


def test_help_begins_with_what_to_begin_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["help"]) == 0
    text = capsys.readouterr().out
    assert text.index("begin: datacc build") < text.index("programs:") < text.index("labels:")
    assert all(f"\n{title}:\n  {verbs[0]} " in text for title, verbs in app.GROUPS)


def test_help_of_a_verb_is_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["help", "slim"], ["slim", "--help"]):
        with pytest.raises(SystemExit):
            app.call(words)
    first, second = capsys.readouterr().out.split("usage: ")[1:]
    assert first == second
    assert app.call(["help", "slimm", "--json"]) == errors.UsageError.exit_code
    assert json.loads(capsys.readouterr().out)["error"]["tries"] == ["datacc slim"]


def test_no_verb_at_all_is_a_call_for_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call([]) == 0
    assert "usage: datacc" in capsys.readouterr().out


def test_a_misspelt_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["biuld"]) == errors.UsageError.exit_code
    assert capsys.readouterr().err == "error: there is no verb 'biuld'\n  try: datacc build\n"


def test_a_wrong_option(verb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.call(["status", "--colour"]) == errors.UsageError.exit_code
    assert "try: datacc status --help" in capsys.readouterr().err


def all_errors() -> list[type[errors.DataccError]]:
    return errors.DataccError.__subclasses__()


@pytest.mark.parametrize("kind", all_errors())
def test_an_error_is_one_object_with_json(
    kind: type[errors.DataccError], verb: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    verb.run = fails_with(kind("it broke", where="a.csv:3", tries=["mend it"]))  # type: ignore[attr-defined]
    assert app.call(["status", "--json"]) == kind.exit_code
    out, err = capsys.readouterr()
    expected = {"what": "it broke", "where": "a.csv:3", "tries": ["mend it"], "exit_code": kind.exit_code}
    assert json.loads(out) == {"error": {"class": kind.__name__, **expected}}
    assert err == ""


def test_an_error_is_text_on_standard_error(verb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    verb.run = fails_with(errors.DataError("it \x1b[31mbroke", where="a", tries=["b", "c"]))  # type: ignore[attr-defined]
    assert app.call(["status"]) == errors.DataError.exit_code
    out, err = capsys.readouterr()
    assert (out, err) == ("", "error: a: it \\x1b[31mbroke\n  try: b\n  try: c\n")


def test_a_word_between_colons_stays_a_word(verb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    verb.run = lambda options: Outcome(picture="2 of class :smile:")  # type: ignore[attr-defined]
    assert app.call(["status"]) == 0
    assert capsys.readouterr().out == "2 of class :smile:\n"


def test_every_class_of_error_has_an_exit_code_of_its_own() -> None:
    codes = [kind.exit_code for kind in all_errors()]
    assert len(set(codes)) == len(codes)
    assert not set(codes) & {0, 1, INTERRUPTED, app.PIPE_CLOSED}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.ENOTDIR])
def test_the_machine_s_limits_are_errors(number: int, verb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    verb.run = fails_with(OSError(number, os.strerror(number), "big.bin"))  # type: ignore[attr-defined]
    assert app.call(["status"]) == errors.ResourceError.exit_code
    assert capsys.readouterr().err.startswith("error: big.bin: ")


def test_memory_is_a_limit_too(verb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    verb.run = fails_with(MemoryError())  # type: ignore[attr-defined]
    assert app.call(["status"]) == errors.ResourceError.exit_code
    assert "memory is full" in capsys.readouterr().err


@pytest.mark.parametrize("bug", [ZeroDivisionError(), FileNotFoundError(errno.ENOENT, "no", "x")])
def test_a_bug_keeps_its_traceback(bug: Exception, verb: ModuleType) -> None:
    verb.run = fails_with(bug)  # type: ignore[attr-defined]
    with pytest.raises(type(bug)):
        app.call(["status"])


def in_the_place_of(interrupt: KeyboardInterrupt, error: Exception) -> Exception:
    """What Python 3.11 raises where Ctrl-C comes while a class is made, or what a library makes of it."""
    error.__cause__ = ValueError("of it")
    error.__cause__.__context__ = interrupt
    return error


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        in_the_place_of(KeyboardInterrupt(), RuntimeError("Error calling __set_name__")),
        in_the_place_of(KeyboardInterrupt(), errors.DataError("damaged")),
    ],
)
def test_an_interrupt(error: BaseException, verb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    verb.run = fails_with(error)  # type: ignore[attr-defined]
    assert app.call(["status"]) == 130
    assert "left as it was" in capsys.readouterr().err


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "datacc", "--help"]
    ran = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, cwd=tmp_path)
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (app.PIPE_CLOSED, b"")


def test_a_terminal_that_knows_few_letters(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "datacc", "数字"]
    ran = subprocess.run(command, capture_output=True, cwd=tmp_path, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert ran.returncode == errors.UsageError.exit_code
    assert b"\\u6570\\u5b57" in ran.stderr


def test_hidden_characters_are_shown() -> None:
    assert visible("a\tb\x1b[2J\u202ec\nü") == "a\\tb\\x1b[2J\\u202ec\nü"


def test_columns_are_aligned_and_one_line_each() -> None:
    assert columns([("a", 10), ("bcd\n", "x")], indent="  ") == "  a      10\n  bcd\\n  x"
    assert columns([]) == ""


def test_every_verb_and_exit_code_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "command.md").read_text(encoding="utf-8")
    listed = {tuple(cell.strip(" `") for cell in line.split("|")[1:3]) for line in page.splitlines() if "|" in line}
    for kind in all_errors():
        assert (str(kind.exit_code), kind.__name__) in listed
    assert {str(code) for code in (0, INTERRUPTED, app.PIPE_CLOSED)} <= {code for code, _ in listed}
    first_words = {cell.split()[0] for cell, _ in listed if cell[:1].isalpha()}
    assert first_words == {*app.VERBS, "verb", "code"}


def test_an_interrupt_within_a_destructor_is_not_lost() -> None:
    """There Python drops what is raised, and the command would go on to its end."""
    code = """
import os, signal, sys, time
from datacc.cli import app

class Ends:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)

def work(arguments):
    ends = Ends()
    del ends
    time.sleep(60)

app._outcome = work
app.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50)
    assert done.returncode == INTERRUPTED
    assert done.stderr.startswith("\ninterrupted;")


def test_an_interrupt_while_the_command_is_read() -> None:
    code = """
import os, signal, sys
from datacc.__main__ import main

class Interrupts:
    def find_spec(self, name, *_):
        if name == "argparse":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stdout) == (INTERRUPTED, "")
    assert done.stderr.startswith("\ninterrupted;")
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupt_when_all_is_told_ends_it_without_a_word() -> None:
    code = """
import threading, time
from datacc.cli import app
from datacc.cli.outcome import Outcome

def work(arguments):
    threading.Thread(target=time.sleep, args=(60,)).start()
    return Outcome(text="done")

app._outcome = work
app.main()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"done\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == -signal.SIGINT
        assert process.stderr.read() == b""
