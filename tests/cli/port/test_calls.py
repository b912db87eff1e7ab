"""`datacc port`: what it asks a function, from where, and what it refuses to keep or to stand in for."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc import errors
from datacc.calls.ask import Parameter
from datacc.compiler.port.gather import from_file
from datacc.spec.read import read_program
from tests.cli.port.theirs import write_csv

Datacc = Callable[..., Any]


BAD = [
    ("unsteady", "does not answer the same twice", ["fix its seed"]),
    ("raises", "raises (10 calls, the first numbers.csv:2: n=0): ZeroDivisionError", ["--skip-bad"]),
    ("hangs", "gives no answer (1 call, the first numbers.csv:5: n=3): no answer within 1 s", ["--seconds"]),
    ("writes", "writes '", ["--allow-effects"]),
    ("texts", "hardly repeat: 60 different texts in 60 calls", ["classes"]),
    ("always_raises", "raises (60 calls, the first numbers.csv:2: n=0): KeyError: 0", ["inputs that it answers"]),
    (
        "long",
        "answers what is no class (60 calls, the first numbers.csv:2: n=0): a text of 20,000 char",
        ["a function of your own"],
    ),
    ("longer", "its answer can be no class (numbers.csv:9): the class 'xxx", ["a function of your own"]),
    ("many", "its answer can be no class (numbers.csv:9): the class 'yyy", ["a function of your own"]),
    ("huge", "is no class (60 calls, the first numbers.csv:2: n=0): an integer beyond", ["a function of your own"]),
    (
        "infinite",
        "is no class (1 call, the first numbers.csv:9: n=7): inf is no finite number",
        ["--skip-bad"],
    ),
]


@pytest.mark.parametrize(("name", "what", "tries"), BAD, ids=[name for name, _, _ in BAD])
def test_what_no_program_can_stand_in_for_is_told(
    name: str, what: str, tries: list[str], counted: Path, datacc: Datacc
) -> None:
    words = ["port", f"theirs:{name}", "--inputs", "numbers.csv", "--no-build", "--yes", "--seconds", "1"]
    said = datacc(*words, code=errors.DataError.exit_code)
    assert what in said["error"]["what"]
    assert said["error"]["where"] == f"theirs:{name}"
    assert all(any(word in one for one in said["error"]["tries"]) for word in tries)
    assert not (counted / f"ported_{name}").exists()
    assert not (counted / "log").exists()


def test_of_what_is_always_the_same_the_calls_are_kept_for_more(counted: Path, datacc: Datacc) -> None:
    words = ["port", "theirs:same", "--inputs", "numbers.csv", "--yes"]
    error = datacc(*words, code=errors.DataError.exit_code)["error"]
    assert "kept in ported_same, and too little: every labelled example (60) has the same answer" in error["what"]
    assert error["where"] == "ported_same"
    assert "port it once more" in error["tries"][0]
    assert (counted / "ported_same" / "datacc.toml").exists()


@pytest.mark.parametrize(("name", "left_out"), [("raises", 10), ("hangs", 1), ("unsteady", None)])
def test_single_bad_calls_can_be_left_out(name: str, left_out: int | None, counted: Path, datacc: Datacc) -> None:
    words = ["port", f"theirs:{name}", "--inputs", "numbers.csv", "--no-build", "--yes", "--seconds", "1", "--skip-bad"]
    said = datacc(*words)
    assert any(note.startswith("left out: it ") for note in said["notes"])
    assert said["left_out"] == left_out if left_out is not None else 0 < said["left_out"] <= 30
    assert said["import"]["examples"] == 60 - said["left_out"]


def test_of_calls_that_are_not_made_any_more_none_can_be_left_out(counted: Path, datacc: Datacc) -> None:
    words = ["port", "theirs:stalls", "--inputs", "numbers.csv", "--no-build", "--yes", "--seconds", "0.2"]
    for more in ([], ["--skip-bad"]):
        error = datacc(*words, *more, code=errors.DataError.exit_code)["error"]
        assert "calls were not made any more" in error["what"]
        assert any("--seconds" in one for one in error["tries"])
        assert not any("--skip-bad" in one for one in error["tries"])


def test_half_a_character_that_a_test_asks_about_is_recorded_as_its_replacement(here: Path, datacc: Datacc) -> None:
    asks = """theirs.mail(f"{chr(0xD800)}{'@' * (n % 2)} {n}")"""
    (here / "test_theirs.py").write_text(f"import theirs\n\ndef test():\n    for n in range(30):\n        {asks}\n")
    said = datacc("port", "theirs:mail", "--tests", "test_theirs.py", "--no-build", "--yes", "--keep-secrets")
    assert said["import"]["classes"] == {"mail": 15, "none": 15}
    assert everything(here / "ported_mail").count("\N{REPLACEMENT CHARACTER}".encode()) == 30


def test_effects_can_be_allowed(counted: Path, datacc: Datacc) -> None:
    words = ["port", "theirs:writes", "--inputs", "numbers.csv", "--no-build", "--yes", "--allow-effects"]
    said = datacc(*words)
    assert any("the program will not" in note for note in said["notes"])
    assert len((counted / "log").read_text()) == 120  # every call twice


def test_a_function_that_changes_its_arguments(here: Path, datacc: Datacc) -> None:
    rows = [{"values": [n % 5 - 2, n % 7, n]} for n in range(60)]
    (here / "lists.jsonl").write_text("\n".join(map(json.dumps, rows)))
    words = ["port", "theirs:sorts", "--inputs", "lists.jsonl", "--no-build", "--yes"]
    said = datacc(*words, code=errors.DataError.exit_code)
    assert "changes its argument values" in said["error"]["what"]
    assert datacc(*words, "--allow-effects")["import"]["examples"] == 60
    [field] = read_program(here / "ported_sorts" / "datacc.toml").inputs
    assert list(field.options["columns"]) == ["values[0]", "values[1]", "values[2]"]


@pytest.mark.parametrize(("cells", "kind"), [([["1", "-2"], ["3", "4"]], int), ([["1", "0.5"], ["-3.25", "2"]], float)])
def test_the_elements_of_a_list_in_a_csv_are_numbers(cells: list[list[str]], kind: type, here: Path) -> None:
    write_csv(here / "lists.csv", ["values[0]", "values[1]"], cells)
    found = from_file(
        here / "lists.csv", [Parameter(name="values", kind="POSITIONAL_OR_KEYWORD", needed=True)], None
    ).inputs
    assert [one["values"] for one in found] == [[kind(cell) for cell in row] for row in cells]
    assert all(type(value) is kind for one in found for value in one["values"])


def test_numbers_choices_truths_and_texts_together(here: Path, datacc: Datacc) -> None:
    rows = [[("new", "old")[n % 2], ("SMALL", "LARGE")[n // 2 % 2], n % 11 / 2, f"{n} {'!' * (n % 3)}", n % 5 == 0]
            for n in range(200)]  # fmt: skip
    write_csv(here / "prices.csv", ["kind", "size", "weight", "note", "gift"], rows)
    said = datacc("port", "theirs:price", "--inputs", "prices.csv", "--no-build", "--yes")
    assert said["import"]["examples"] == 200
    record, text = read_program(here / "ported_price" / "datacc.toml").inputs
    assert (text.type, list(text.options["columns"])) == ("text", ["note"])
    assert list(record.options["columns"]) == ["kind", "size", "weight", "gift"]
    assert record.options["categories"] == {"kind": ["new", "old"], "size": ["LARGE", "SMALL"]}
    assert list(record.options["booleans"]) == ["gift"]


def test_defaults_are_filled_in_and_empty_arguments_left_out(here: Path, datacc: Datacc) -> None:
    write_csv(here / "widths.csv", ["width"], [[n / 4] for n in range(40)])
    (here / "box").mkdir()
    calls = [{"inputs": {"height": n % 9 + 0.5 if n % 5 else None, "width": n + 0.5, "old": 1}} for n in range(40)]
    (here / "box" / "1.calls.jsonl").write_text("".join(json.dumps(call) + "\n" for call in calls))
    words = ["port", "theirs:shape", "--inputs", "widths.csv", "--calls", "box", "--no-build", "--yes", "--skip-bad"]
    said = datacc(*words)
    assert (said["asked"], said["left_out"], said["import"]["examples"]) == (80, 8, 72)
    assert any("left out: it raises (8 calls" in note for note in said["notes"])  # None is no number
    [field] = read_program(here / "ported_shape" / "datacc.toml").inputs
    assert list(field.options["columns"]) == ["width", "height"]
    (here / "signs.jsonl").write_text("\n".join(json.dumps({"text": "!?."[n % 3] * (n // 3 % 4)}) for n in range(36)))
    said = datacc("port", "theirs:sign", "--inputs", "signs.jsonl", "--no-build", "--yes")
    assert any("left out: a text or a list is empty (1 call" in note for note in said["notes"])


def test_secrets_are_told_masked_or_kept(here: Path, datacc: Datacc) -> None:
    rows = [[f"write to ann{n}@example.org" if n % 3 else f"secret nothing {n}"] for n in range(60)]
    write_csv(here / "mail.csv", ["text"], rows)
    words = ["port", "theirs:mail", "--inputs", "mail.csv", "--no-build", "--yes"]
    said = datacc(*words, code=errors.DataError.exit_code)
    assert "an e-mail address in text: 40 calls, the first mail.csv:3" in said["error"]["what"]
    assert not (here / "ported_mail").exists()
    masked = datacc(*words, "--redact", "--name", "masked")
    assert "redacted: 40 calls changed, 0 left out" in masked["notes"]
    assert b"ann1@" not in everything(here / "masked")
    assert b"[e-mail address]" in everything(here / "masked")
    own = datacc(*words, "--redact", "theirs:mask", "--name", "own")
    assert "redacted: 40 calls changed, 20 left out" in own["notes"]
    assert own["import"]["classes"] == {"none": 40}  # it is asked what is kept, not what was given
    kept = datacc(*words, "--keep-secrets", "--name", "kept")
    assert any("an e-mail address in text" in note for note in kept["notes"])
    assert b"ann1@" in everything(here / "kept")


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (folder / "runs").rglob("*") if path.is_file())


def test_a_parameter_that_is_a_secret(here: Path, datacc: Datacc) -> None:
    write_csv(here / "mail.csv", ["text", "password"], [[f"{'@' * (n % 2)} {n}", f"pass{n}"] for n in range(60)])
    words = ["port", "theirs:mail", "--inputs", "mail.csv", "--no-build", "--yes"]
    said = datacc(*words, code=errors.DataError.exit_code)
    assert "a parameter called password: 60 calls" in said["error"]["what"]
    datacc(*words, "--redact")
    assert b"pass1" not in everything(here / "ported_mail")


TESTS = """
import pytest, theirs
from theirs import shape as other

@pytest.mark.parametrize("n", range(40))
def test_many(n):
    assert theirs.shape(n + 0.5, height=n % 7) in ("wide", "tall")
    assert other(n) in ("wide", "tall")

def test_wrong():
    assert theirs.shape(1.0, 2.0) == "wide"
    theirs.shape(object(), 1)
"""


def test_what_tests_ask_is_recorded(here: Path, datacc: Datacc) -> None:
    (here / "checks").mkdir()
    (here / "checks" / "test_shape.py").write_text(TESTS)
    words = ["port", "theirs:shape", "--tests", "checks/test_shape.py", "--no-build"]
    refused = datacc(*words, code=errors.TrustError.exit_code)
    assert "run the tests test_shape.py (" in refused["error"]["what"]
    assert not (here / "imported").exists()
    said = datacc(*words, "--yes")
    assert said["asked"] == 81
    assert any("the tests failed" in note for note in said["notes"])
    (here / "checks" / "test_shape.py").write_text("def test_nothing():\n    pass\n")
    nothing = datacc(*words, "--yes", code=errors.DataError.exit_code)
    assert "asked theirs:shape nothing" in nothing["error"]["what"]


def test_what_was_recorded_live(here: Path, datacc: Datacc) -> None:
    code = "import theirs, datacc\nf = datacc.port(share=1.0)(theirs.shape)\n"
    code += "for n in range(80): f(n * 0.5, height=float(n % 9))\n"
    environment = {**os.environ, "DATACC_RECORD": str(here / "box")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, cwd=here)
    said = datacc("port", "theirs:shape", "--calls", "box/theirs.shape", "--no-build", "--yes")
    assert said["asked"] == said["import"]["examples"] == 80
    datacc("port", "theirs:shape", "--calls", "box", "--yes", code=errors.DataError.exit_code)


def test_too_few_calls_are_kept_and_said_in_the_words_of_a_port(counted: Path, datacc: Datacc) -> None:
    words = ["port", "theirs:shape", "--inputs", "numbers.csv", "--yes"]
    error = datacc(*words, code=errors.CertifyError.exit_code)["error"]
    assert error["where"] == "ported_shape"
    assert re.search("kept in ported_shape, and too little for the agreement .*: error ≤ 1 % cannot be", error["what"])
    assert any("port it once more with other inputs" in one for one in error["tries"])
    assert read_program(counted / "ported_shape/datacc.toml").name == "ported_shape"


@pytest.mark.parametrize(
    ("words", "error", "what"),
    [
        (["theirs:shape"], errors.UsageError, "what is it to be asked?"),
        (["theirs", "--inputs", "numbers.csv"], errors.UsageError, "is not MODULE:FUNCTION"),
        (["theirs.py:shape", "--inputs", "numbers.csv"], errors.UsageError, "its module is theirs"),
        (["nowhere:x", "--inputs", "numbers.csv"], errors.UsageError, "there is no code"),
        (["theirs:missing", "--inputs", "numbers.csv"], errors.DataError, "missing"),
        (["theirs:shape", "--inputs", "none.csv"], errors.DataError, "no such file"),
        (["theirs:sign", "--inputs", "two.csv"], errors.DataError, "no column for the parameter 'text'"),
        (["theirs:shape", "--inputs", "words.csv"], errors.DataError, "width is 'wide'; the function takes float"),
        (["theirs:nothing", "--inputs", "numbers.csv"], errors.DataError, "no arguments"),
        (["theirs:raises", "--inputs", "numbers.csv", "--agreement", "1"], errors.UsageError, "--agreement is a share"),
        (["theirs:raises", "--inputs", "numbers.csv", "--shadow"], errors.UsageError, "no program is built"),
        (["theirs:mail", "--tests", "nowhere"], errors.DataError, "there are no tests"),
    ],
)
def test_what_cannot_be_asked_for(
    words: list[str], error: type[errors.DataccError], what: str, counted: Path, datacc: Datacc
) -> None:
    write_csv(counted / "two.csv", ["a", "b"], [[1, 2]])
    write_csv(counted / "words.csv", ["width"], [["wide"]])
    said = datacc("port", *words, "--yes", code=error.exit_code)
    assert what in said["error"]["what"]
    assert {path.suffix for path in counted.iterdir()} <= {".py", ".csv", ""}
    assert not any(path.name.startswith("ported_") for path in counted.iterdir())
