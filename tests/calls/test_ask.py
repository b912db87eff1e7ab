"""A function is asked apart: its answers, what it tries to do besides, and calls that raise, hang, crash or change."""

import sys
from pathlib import Path
from typing import Any

import pytest

from datacc.calls.ask import Asker, Parameter, Told
from datacc.calls.code import code_of
from datacc.errors import DataError, UsageError

MODULE = """
import enum, functools, os, random, socket, subprocess, sys, time
from typing import Literal

class Colour(enum.Enum):
    RED = 1
    BLUE = 2

print("imported")

def described(text: str, n: int, x: float, yes: bool, c: Colour, size: Literal["S", "L"], open_,
              more: int | None = 3, *rest):
    return text

def shout(text: str) -> str:
    print("noise", file=sys.stdout)
    return text.upper()

def colour(c: Colour) -> Colour:
    return Colour.BLUE if c is Colour.RED else c

def of_list(values):
    return sum(values) > 3

def sorts(values):
    values.sort()
    return values[0] > 1

def raises(n):
    return 1 // n

def exits(n):
    sys.exit(n)

def hangs(n):
    while n == 2:
        time.sleep(0.01)
    return n

def dies(n):
    if n == 2:
        os._exit(7)
    return n

def odd(n):
    return {"n": n}

def writes(n):
    try:
        open("left.txt", "w").write("x")
    except Exception:
        pass
    return n

def reads(n):
    return len(open(__file__).read()) > n

def starts(n):
    subprocess.run(["true"])
    return n

def connects(n):
    try:
        socket.create_connection(("127.0.0.1", 9), 0.1)
    except OSError:
        pass
    return n

async def later(n):
    return n

def many(n):
    yield n

def hashes(text):
    return hash(text) % 2 == 0

VALUE = 3

class Base:
    def inherited(self, text):
        return text

class Kind(Base):
    def __init__(self, end="!"):
        self.end = end
    def method(self, text):
        return text + self.end
    @functools.lru_cache
    def cached(self, text):
        return text
    @classmethod
    def of_class(cls, text):
        return cls().method(text)
    @staticmethod
    def static(text):
        return text + "?"
    class Inner:
        def __init__(self, text):
            pass
    alias = method

KIND = Kind("#")
"""


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    (tmp_path / "theirs.py").write_text(MODULE)

    def call(name: str, *inputs: dict[str, Any], **more: Any) -> list[Told | None]:
        asker = Asker(function=f"theirs:{name}", root=tmp_path, **{"seconds": 1.5, **more})
        told = asker.ask(inputs, range(len(inputs)), seed=0)
        return [told.get(n) for n in range(len(inputs))]

    return call


def test_what_a_function_says_of_itself(ask: Any, tmp_path: Path) -> None:
    found = Asker(function="theirs:described", root=tmp_path).parameters()
    assert [(one.name, one.type, one.needed) for one in found] == [
        ("text", "str", True), ("n", "int", True), ("x", "float", True), ("yes", "bool", True), ("c", "choice", True),
        ("size", "choice", True), ("open_", "", True), ("more", "int", False), ("rest", "", True),
    ]  # fmt: skip
    assert found[4].choices == ("RED", "BLUE")
    assert found[5].choices == ("S", "L")
    assert found[7] == Parameter(
        name="more", kind="POSITIONAL_OR_KEYWORD", needed=False, default=3, type="int", optional=True
    )
    assert [one.is_named for one in found] == [True] * 8 + [False]


def test_answers(ask: Any) -> None:
    whole, half = ask("shout", {"text": "aü"}, {"text": "ü\ud800"})
    assert (whole.answer, half.fault) == ("AÜ", "odd")
    assert "'Ü\\ud800' has half a character" in half.why  # it was asked by all of the text
    assert [one.answer for one in ask("colour", {"c": "RED"}, {"c": "BLUE"})] == ["BLUE", "BLUE"]
    assert [one.answer for one in ask("of_list", {"values": [1, 2.5]}, {"values": [1]})] == [True, False]
    assert all(one.seconds > 0 and not one.effect for one in ask("reads", {"n": 10}))


def test_a_call_that_raises_or_exits_is_told(ask: Any) -> None:
    good, bad = ask("raises", {"n": 1}, {"n": 0})
    assert (good.answer, bad.fault, bad.why) == (1, "raised", "ZeroDivisionError: integer division or modulo by zero")
    assert [one.fault for one in ask("exits", {"n": 0}, {"n": 1})] == ["raised"] * 2
    assert ask("raises", {"m": 1})[0].fault == "raised"
    assert ask("odd", {"n": 1})[0].fault == "odd"


def test_a_call_that_hangs_is_ended_and_the_others_go_on(ask: Any) -> None:
    told = ask("hangs", {"n": 1}, {"n": 2}, {"n": 3})
    assert [one.answer for one in told] == [1, None, 3]
    assert told[1].fault == "blocked"
    assert "no answer within 1.5 s" in told[1].why
    assert "in hangs" in told[1].why


def test_a_call_that_ends_the_process_is_told(ask: Any) -> None:
    told = ask("dies", {"n": 1}, {"n": 2}, {"n": 3})
    assert [one.answer for one in told] == [1, None, 3]
    assert told[1].why == "the process ended with exit code 7"


def test_after_some_that_hang_the_others_are_not_waited_for(ask: Any) -> None:
    told = ask("dies", *({"n": 2} for _ in range(8)))
    assert [one is None for one in told] == [False] * 5 + [True] * 3


@pytest.mark.parametrize(
    ("name", "what"),
    [("writes", "writes 'left.txt'"), ("starts", "starts a process"), ("connects", "asks a name server")],
)
def test_what_reaches_outside_is_stopped_or_seen(name: str, what: str, ask: Any, tmp_path: Path) -> None:
    [stopped] = ask(name, {"n": 1})
    assert (stopped.fault, stopped.effect) == ("effect", what)
    assert not (tmp_path / "left.txt").exists()
    [seen] = ask(name, {"n": 1}, effects=True)
    assert (seen.answer, seen.fault, seen.effect) == (1, "", what)
    assert (tmp_path / "left.txt").exists() == (name == "writes")


def test_a_changed_argument_is_seen(ask: Any) -> None:
    changed, same = ask("sorts", {"values": [3, 1]}, {"values": [1, 3]})
    assert changed.effect == "changes its argument values"
    assert same.effect == ""
    assert changed.answer is same.answer is False


def test_the_seed_is_that_of_hashes(ask: Any, tmp_path: Path) -> None:
    inputs = [{"text": f"word {n}"} for n in range(40)]
    asker = Asker(function="theirs:hashes", root=tmp_path)
    one, other = ([asker.ask(inputs, range(40), seed)[n].answer for n in range(40)] for seed in (0, 1))
    assert one != other
    assert one == [asker.ask(inputs, range(39, -1, -1), 0)[n].answer for n in range(40)]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("theirs:missing", "AttributeError"),
        ("theirs:VALUE", "VALUE is of type int, which cannot be called"),
        ("theirs:later", "coroutine"),
        ("theirs:many", "generator"),
        ("broken:x", "RuntimeError: no"),
    ],
)
def test_what_cannot_be_asked(name: str, why: str, ask: Any, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('no')")
    with pytest.raises(DataError, match=why):
        Asker(function=name, root=tmp_path).parameters()


@pytest.mark.parametrize("name", ["method", "alias", "cached", "inherited"])
def test_a_method_is_called_so_with_what_to_port_instead(name: str, ask: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a method: its first argument is an object of Kind") as caught:
        Asker(function=f"theirs:Kind.{name}", root=tmp_path).parameters()
    assert f"return Kind(…).{name}(text)" in caught.value.tries[0]
    assert "theirs:OBJECT" in caught.value.tries[1]


def test_what_a_class_or_an_object_binds_is_asked(ask: Any, tmp_path: Path) -> None:
    """As the advice of a method says, and class and static methods as they are."""
    asked = {"KIND.method": "a#", "Kind.of_class": "a!", "Kind.static": "a?", "KIND.static": "a?", "KIND.cached": "a"}
    for name, answer in asked.items():
        assert [one.name for one in Asker(function=f"theirs:{name}", root=tmp_path).parameters()] == ["text"]
        assert [one.answer for one in ask(name, {"text": "a"})] == [answer]
    assert Asker(function="theirs:Kind.Inner", root=tmp_path).parameters()[0].name == "text"


def test_code_is_found_without_running_it(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    for name in ("__init__", "one", "two"):
        (tmp_path / "pack" / f"{name}.py").write_text("raise SystemExit('run')\n")
    first = code_of("pack.one:f", tmp_path)
    assert first.running == f"call pack.one:f ({first.digest})"
    assert "pack" not in sys.modules
    (tmp_path / "pack" / "two.py").write_text("x = 1\n")
    assert code_of("pack.one:f", tmp_path).digest != first.digest
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "pack").rename(moved / "pack")
    (moved / "pack" / "two.py").write_text("raise SystemExit('run')\n")
    assert code_of("pack.one:f", moved).digest == first.digest
    assert code_of("colorsys:rgb_to_hsv", tmp_path).files[0].name == "colorsys.py"


@pytest.mark.parametrize("name", ["pack", "pack:", ":f", "pack:f()", "../x:f", "nothing_here:f", "sys:exit"])
def test_code_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        code_of(name, tmp_path)
