"""`datacc port`: a function of the user's own becomes a program that agrees with it; what cannot be ported is told."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacc import errors
from datacc.cli import app
from datacc.runtime.load import load
from datacc.spec.read import read_program

Datacc = Callable[..., Any]

MODULE = """
import enum, itertools, os, time
from pathlib import Path
from typing import Literal

Size = enum.Enum("Size", "SMALL LARGE")

HERE = Path(__file__).parent
(HERE / "imported").touch()

def shape(width: float, height: float = 1.0) -> str:
    (HERE / "called").exists()
    return "wide" if width > height else "tall"

def price(kind: Literal["new", "old"], size: Size, weight: float, note: str, gift: bool = False) -> int:
    return (kind == "new") + (size is Size.LARGE) + (weight > 5) + ("!" in note) - gift

def sign(text: str, loud: bool = False):
    return None if "?" in text else "!" in text

def mail(text: str, password: str = "") -> str:
    return "mail" if "@" in text else "none"

count = itertools.count()
def unsteady(n: int) -> int:
    return next(count) % 3 if n % 2 else 0

def raises(n: int) -> int:
    return 12 // (n % 6)

def hangs(n: int) -> int:
    while n == 3:
        time.sleep(0.01)
    return n % 2

def writes(n: int) -> int:
    (HERE / "log").open("a").write("x")
    return n % 2

def sorts(values) -> bool:
    values.sort()
    return values[0] > 0

def numbers(n: int) -> float:
    return n / 7

def nothing():
    return 1

def mask(inputs):
    return None if "secret" in inputs["text"] else {**inputs, "text": inputs["text"].replace("@", "(at)")}
"""


def write_csv(path: Path, columns: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the module `theirs`, the current one."""
    (tmp_path / "theirs.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def counted(here: Path) -> Path:
    write_csv(here / "numbers.csv", ["n"], [[n] for n in range(60)])
    return here


def write_sizes(path: Path, rows: int, seed: int = 0) -> None:
    random = np.random.default_rng(seed)
    write_csv(path, ["width", "height"], random.uniform(0, 10, (rows, 2)).round(3).tolist())


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a function was ported."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "theirs.py").write_text(MODULE)
    write_sizes(folder / "sizes.csv", 4000)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["--agreement", "0.97", "--coverage", "0.8", "--name", "shape_port", "--yes"]
        assert app.call(["port", "theirs:shape", "--inputs", "sizes.csv", *words]) == 0
    return folder


def test_the_program_agrees_with_the_function(once: Path) -> None:
    program = read_program(once / "shape_port" / "datacc.toml")
    assert program.source.type == "function"
    assert program.source.options["function"] == "theirs:shape"
    assert {goal.metric: goal.limit for goal in program.goals} == {"error": 0.03, "coverage": 0.8}
    built = load(once / "shape_port" / "build" / "shape_port")
    random = np.random.default_rng(9)
    answers = [(built([w, h]), "wide" if w > h else "tall") for w, h in random.uniform(0, 10, (500, 2))]
    known = [answer.label == truth for answer, truth in answers if answer.known]
    assert len(known) > 350
    assert np.mean(known) > 0.95


def test_the_wheel_stands_in_its_place(once: Path, tmp_path: Path) -> None:
    """In a process without datacc: what it does not know it asks the function, and keeps."""
    [wheel] = (once / "shape_port" / "build" / "shape_port").rglob("*.whl")
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    code = f"""
import sys
sys.path[:0] = [{str(site)!r}, {str(once)!r}]
import json, random, shape_port, theirs
ask = shape_port.wrap(fallback=theirs.shape, shadow=0.2, inbox={str(tmp_path / "box")!r})
random.seed(0)
pairs = [(random.uniform(0, 10), random.uniform(0, 10)) for _ in range(2000)]
same = sum(ask(*pair) == theirs.shape(*pair) for pair in pairs)
same += sum(ask(a) == theirs.shape(a) for a, _ in pairs)  # the default of the function is that of the program
print(json.dumps([same, ask.counts, "datacc" in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    same, counts, ours = json.loads(done.stdout)
    assert same > 3800
    assert counts["compared"] >= counts["unknown"] > 0
    assert ours is False
    lines = [json.loads(line) for file in (tmp_path / "box").iterdir() for line in file.read_text().splitlines()]
    assert len(lines) == counts["unknown"] + counts["disagreed"]


def test_the_inbox_becomes_examples(
    once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    box = tmp_path / "box"
    box.mkdir()
    calls = [
        {"at": 1, "why": "unknown", "inputs": {"width": 90.5, "height": 1.0}, "said": "tall", "answer": "wide"},
        {"at": 2, "why": "disagreed", "inputs": {"width": 1.0, "height": 80.5}, "said": "wide", "answer": "tall"},
        {"at": 3, "why": "unknown", "inputs": {"width": 70.25, "height": 70.5}, "said": "wide"},
    ]
    (box / "000000000001-1-aa.calls.jsonl").write_text("".join(json.dumps(call) + "\n" for call in calls) + '{"torn')
    subprocess.run(["git", "clone", "-q", str(once / "shape_port"), str(tmp_path / "clone")], check=True)
    monkeypatch.chdir(tmp_path / "clone")
    before = datacc("status")
    said = datacc("import", "--inbox", box)
    assert (said["examples"], said["unlabelled"], said["classes"]) == (3, 1, {"tall": 1, "wide": 1})
    assert datacc("status")["examples"] == before["examples"] + 3
    assert datacc("log", "--where", "why=disagreed")["commits"]
    again = datacc("import", "--inbox", box)
    assert (again["examples"], again["already"]) == (0, 3)
    (tmp_path / "empty").mkdir()
    datacc("import", "--inbox", tmp_path / "empty", code=errors.DataError.exit_code)
    datacc("import", "x.csv", "--inbox", box, code=errors.UsageError.exit_code)


def test_shadow_keeps_where_they_differ(once: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc) -> None:
    monkeypatch.chdir(once)
    write_sizes(once / "more.csv", 900, seed=5)
    built = load(once / "shape_port" / "build" / "shape_port")
    with (once / "more.csv").open() as file:
        rows = [(float(one["width"]), float(one["height"])) for one in csv.DictReader(file)]
    answers = [(built([w, h]), "wide" if w > h else "tall") for w, h in rows]
    words = ["port", "theirs:shape", "--name", "shape_port", "--inputs", "more.csv", "--shadow"]
    said = datacc(*words)  # the code is trusted in that repository
    assert (said["asked"], said["known"]) == (900, sum(answer.known for answer, _ in answers))
    assert said["disagreed"] == sum(answer.known and answer.label != truth for answer, truth in answers)
    assert said["imported"] == sum(not answer.known or answer.label != truth for answer, truth in answers) > 0
    assert datacc(*words)["imported"] == 0


def test_nothing_runs_before_somebody_says_yes(counted: Path, datacc: Datacc) -> None:
    words = ["port", "theirs:hangs", "--inputs", "numbers.csv", "--no-build"]
    said = datacc(*words, code=errors.TrustError.exit_code)
    assert "call theirs:hangs (" in said["error"]["what"]
    assert sorted(path.name for path in counted.iterdir()) == ["numbers.csv", "theirs.py"]


def test_what_was_allowed_is_remembered_until_the_code_changes(
    here: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc
) -> None:
    write_sizes(here / "sizes.csv", 200)
    words = ["port", "theirs:shape", "--inputs", "sizes.csv", "--no-build"]
    first = datacc(*words, "--yes")
    assert (first["asked"], first["left_out"], first["import"]["examples"]) == (200, 0, 200)
    again = datacc(*words)
    assert again["import"]["examples"] == 0
    with (here / "theirs.py").open("a") as file:
        file.write("\n# changed\n")
    datacc(*words, code=errors.TrustError.exit_code)
    monkeypatch.chdir(here / "ported_shape")
    wanted = datacc("trust", code=errors.TrustError.exit_code)["wanted"]
    assert [one.split(" (")[0] for one in wanted] == ["call theirs:shape"]
    datacc("trust", "--yes")
    monkeypatch.chdir(here)
    assert any("is not that which datacc.toml names" in note for note in datacc(*words)["notes"])
    monkeypatch.chdir(here / "ported_shape")
    datacc("trust", "--revoke")
    monkeypatch.chdir(here)
    datacc(*words, code=errors.TrustError.exit_code)


def test_another_function_in_the_same_repository_is_refused(here: Path, datacc: Datacc) -> None:
    write_sizes(here / "sizes.csv", 200)
    datacc("port", "theirs:shape", "--inputs", "sizes.csv", "--no-build", "--yes", "--name", "one")
    write_csv(here / "numbers.csv", ["n"], [[n] for n in range(60)])
    words = ["port", "theirs:raises", "--inputs", "numbers.csv", "--no-build", "--yes", "--name", "one"]
    said = datacc(*words, code=errors.UsageError.exit_code)
    assert "asks for another program" in said["error"]["what"]


def test_answers_of_any_kind_name_classes(here: Path, datacc: Datacc) -> None:
    texts = [f"{word} {n}{end}" for n in range(20) for word, end in (("so", "!"), ("what", "?"), ("well", "."))]
    write_csv(here / "texts.csv", ["sentence"], [[text] for text in texts])
    said = datacc("port", "theirs:sign", "--inputs", "texts.csv", "--no-build", "--yes")
    assert said["answers"] == "json"
    assert said["import"]["classes"] == {"false": 20, "null": 20, "true": 20}
    program = read_program(here / "ported_sign" / "datacc.toml")
    assert program.source.options["answers"] == "json"
    [field] = program.inputs
    assert (field.name, field.type, field.options["augment"]) == ("text", "text", "none")


BAD = [
    ("unsteady", "does not answer the same twice", ["fix its seed"]),
    ("raises", "raises (10 calls, the first numbers.csv:2: n=0): ZeroDivisionError", ["--skip-bad"]),
    ("hangs", "gives no answer (1 call, the first numbers.csv:5: n=3): no answer within 1 s", ["--seconds"]),
    ("writes", "writes '", ["--allow-effects"]),
    ("numbers", "hardly repeat: 60 different numbers in 60 calls", ["classes"]),
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


@pytest.mark.parametrize(("name", "left_out"), [("raises", 10), ("hangs", 1), ("unsteady", None)])
def test_single_bad_calls_can_be_left_out(name: str, left_out: int | None, counted: Path, datacc: Datacc) -> None:
    words = ["port", f"theirs:{name}", "--inputs", "numbers.csv", "--no-build", "--yes", "--seconds", "1", "--skip-bad"]
    said = datacc(*words)
    assert any(note.startswith("left out: it ") for note in said["notes"])
    assert said["left_out"] == left_out if left_out is not None else 0 < said["left_out"] <= 30
    assert said["import"]["examples"] == 60 - said["left_out"]


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
    assert any("left out: an argument is empty (1 call" in note for note in said["notes"])


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


@pytest.mark.parametrize(
    ("words", "error", "what"),
    [
        (["theirs:shape"], errors.UsageError, "what is it to be asked?"),
        (["theirs", "--inputs", "numbers.csv"], errors.UsageError, "is not MODULE:FUNCTION"),
        (["nowhere:x", "--inputs", "numbers.csv"], errors.UsageError, "there is no code"),
        (["theirs:missing", "--inputs", "numbers.csv"], errors.DataError, "missing"),
        (["theirs:shape", "--inputs", "none.csv"], errors.DataError, "no such file"),
        (["theirs:sign", "--inputs", "two.csv"], errors.DataError, "no column for the parameter 'text'"),
        (["theirs:shape", "--inputs", "words.csv"], errors.DataError, "width is 'wide'; the function takes a float"),
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
