"""datacc.toml: what it may say, and the line and suggestion for everything that it may not."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from datacc import registry
from datacc.errors import SpecError
from datacc.spec.cpus import CPUS
from datacc.spec.platforms import PLATFORMS
from datacc.spec.program import Budget, Check, Field, Goal, Origin, Program, Target
from datacc.spec.read import KEYS, read_program

WHOLE = """\
name     = "digits"
skeleton = "conv.v1"
seed     = 3

[input.picture]
type = "image"
height = 28
width = 28

[output.digit]
type = "label"

[goal]
accuracy = 0.96

[[check]]
metric = "recall"
class = "9"
where = { source = "phone" }
at_least = 0.90

[budget]
latency = "50 us"
size    = "200 kB"
memory  = "32 KiB"
work    = "1 MMAC"

[target]
cpu  = "x86-64-v3"
arithmetic = "float"
make = ["c", "library", "wheel"]
"""

DIGITS = Program(
    name="digits",
    seed=3,
    skeleton="conv.v1",
    inputs=(Field(name="picture", type="image", options={"height": 28, "width": 28}),),
    outputs=(Field(name="digit", type="label"),),
    goals=(Goal(metric="accuracy", limit=0.96),),
    checks=(Check(metric="recall", at_least=0.9, of_class="9", where={"source": "phone"}),),
    budget=Budget(latency=5e-5, size=200_000, memory=32_768, work=1_000_000),
    target=Target(cpu="x86-64-v3", arithmetics=("float",), make=("c", "library", "wheel")),
)


def read(folder: Path, text: str | bytes) -> Program:
    path = folder / "datacc.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_program(path)


def test_everything_that_a_program_may_say(tmp_path: Path) -> None:
    program = read(tmp_path, WHOLE)
    assert program == DIGITS
    assert program.path == tmp_path / "datacc.toml"
    assert program.checks[0].line == 16


def test_little_is_needed(tmp_path: Path) -> None:
    text = 'name = "x1"\n[input.row]\ntype = "record"\ncolumns = ["a", "b c"]\n[output.kind]\ntype = "label"\n'
    program = read(tmp_path, text)
    assert program == Program(
        name="x1",
        inputs=(Field(name="row", type="record", options={"columns": ["a", "b c"]}),),
        outputs=(Field(name="kind", type="label"),),
    )
    assert program.source == Origin()


@pytest.mark.parametrize("head", ["\ufeff", "format = 1\n", "# Ünïcode\r\n"])
def test_what_stands_before_does_not_matter(tmp_path: Path, head: str) -> None:
    assert read(tmp_path, head + WHOLE) == DIGITS


def test_a_back_end_may_be_asked_for(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE + '\n[fit]\nbackend = "torch"\n') == replace(DIGITS, backend="torch")
    assert read(tmp_path, WHOLE + "\n[fit]\nkeep_answers = true\n") == replace(DIGITS, keep_answers=True)
    for wrong, what in (
        ('backend = "tourch"', "'tourch'"),
        ("keep_answers = 1", "must be true or false"),
        ('back_end = "torch"', "fit.back_end"),
    ):
        with pytest.raises(SpecError, match=re.escape(what)) as caught:
            read(tmp_path, WHOLE + f"\n[fit]\n{wrong}\n")
        assert caught.value.where == f"datacc.toml:{len(WHOLE.splitlines()) + 3}"


# (what stands in WHOLE, what is written instead, the line blamed, part of the message, part of the suggestion)
WRONG = [
    ("skeleton", "skelton", 2, "skelton", "skeleton"),
    ("latency =", "latncy =", 23, "budget.latncy", "latency"),
    ("at_least", "atleast", 20, "check.atleast", "at_least"),
    ("height = 28", "heigth = 28", 7, "input.picture.heigth", "height"),
    ("height = 28", "height = 0", 7, "input.picture.height", ""),
    ("height = 28", 'height = "tall"', 7, "input.picture.height", ""),
    ("height = 28\n", "", 5, "input.picture.height", ""),
    ('type = "image"', 'type = "picture"', 6, "picture", "image"),
    ('type = "image"', 'type = "label"', 6, "cannot be an input", ""),
    ('type = "label"', 'type = "image"', 11, "cannot be an output", ""),
    ('type = "label"', 'type = "label"\nclasses = ["a"]', 12, "output.digit.classes", ""),
    ('type = "image"\n', "", 5, "input.picture.type", "image"),
    ('"digits"', '"my digits"', 1, "my digits", "my_digits"),
    ('"digits"', '"int"', 1, "reserved", "int_1"),
    ('"digits"', "7", 1, "must be text", ""),
    ("input.picture", "input.Picture", 5, "Picture", "picture"),
    ("output.digit", "output.picture", 10, "input too", ""),
    ('"conv.v1"', '"conv.v9"', 2, "conv.v9", "conv.v1"),
    ('"conv.v1"', "true", 2, "must be text, not true or false", ""),
    ("seed     = 3", "seed = -1", 3, "seed", ""),
    ("seed     = 3", "seed = 3.5", 3, "a whole number, not a number", ""),
    ("seed     = 3", "widths = [0.5]", 3, "2 to 16 shares", "widths = [0.25"),
    ("seed     = 3", "widths = 0.5", 3, "2 to 16 shares", ""),
    ("seed     = 3", 'widths = ["half", 1]', 3, "2 to 16 shares", ""),
    ("seed     = 3", "widths = [0, 1]", 3, "above 0", ""),
    ("seed     = 3", "widths = [nan, 1.0]", 3, "above 0", ""),
    ("seed     = 3", "widths = [true, 1.0]", 3, "shares", ""),
    ("seed     = 3", "widths = [0.5, 2]", 3, "at most 1", ""),
    ("seed     = 3", "widths = [0.5, 0.25, 1]", 3, "ascend", ""),
    ("seed     = 3", "widths = [0.5, 0.5, 1]", 3, "ascend", ""),
    ("seed     = 3", "widths = [0.25, 0.5]", 3, "the last is 1", ""),
    ("accuracy = 0.96", "acuracy = 0.96", 14, "acuracy", "accuracy"),
    ("accuracy = 0.96", "accuracy = 96", 14, "at most 1", "0.96"),
    ("accuracy = 0.96", "accuracy = 0", 14, "above 0", ""),
    ("accuracy = 0.96", "accuracy = nan", 14, "above 0", ""),
    ("accuracy = 0.96", 'accuracy = "96 %"', 14, "must be a number", ""),
    ("accuracy = 0.96", 'accuracy = "0.96"', 14, "must be a number, not text", "accuracy = 0.96"),
    ("accuracy = 0.96", "recall = 0.96", 14, "one class", "[[check]]"),
    ("accuracy = 0.96", "mae = 0.96", 14, "does not measure digit", "accuracy, auroc"),
    ('metric = "recall"', 'metric = "mae"', 17, "does not measure digit", "accuracy, auroc"),
    ("accuracy = 0.96", "log_loss = 0", 14, "above 0", "log_loss = 0.5"),
    ('"recall"\nclass = "9"', '"log_loss"', 19, "held to at_most", "at_most = 0.5"),
    ("accuracy = 0.96", "error = 0.01", 14, "when they do not know", "abstain = true under [output.digit]"),
    ("accuracy = 0.96", "coverage = 0.9", 14, "when they do not know", "abstain = true under [output.digit]"),
    ('type = "label"', 'type = "label"\nabstain = true', 12, "no goal says how sure", "error = 0.01 under [goal]"),
    ('type = "label"', 'type = "label"\nabstain = "yes"', 12, "output.digit.abstain", ""),
    ('type = "label"', 'type = "number"\nwidest = 2.5', 12, "of numbers that abstain", "abstain = true"),
    ('type = "label"', 'type = "number"\nabstain = true\nwidest = 0', 13, "output.digit.widest", ""),
    ('"recall"\nclass = "9"', '"coverage"', 17, "a goal, not a check", "under [goal]"),
    ('class = "9"\n', "", 17, "which", "class"),
    ('"recall"', '"accuracy"', 18, "not of one class", "recall"),
    ('class = "9"', "class = 9", 18, "check.class must be text", 'class = "9"'),
    ('"phone"', '["phone"]', 19, "where.source", ""),
    ("[[check]]", "[check]", 16, "[[check]]", ""),
    ('"50 us"', '"50 parsec"', 23, "parsec", "us"),
    ('"50 us"', "50", 23, "budget.latency: '50' has no unit", 'latency = "50 us"'),
    ('"50 us"', '"50"', 23, "budget.latency: '50' has no unit", 'latency = "50 us"'),
    ('"32 KiB"', "1", 25, "budget.memory: '1' has no unit", 'memory = "1 KiB"'),
    ('"50 us"', '"-50 us"', 23, "not a time", "50 us"),
    ('"50 us"', '"0 us"', 23, "below zero", ""),
    ('"200 kB"', '"200 KB"', 24, "KB", "200 KiB"),
    ('"1 MMAC"', '"1 MFLOP"', 26, "MFLOP", "MMAC"),
    ('"x86-64-v3"', '"native"', 29, "another program on every machine", "x86-64-v3"),
    ('"x86-64-v3"', '"x86-64-v5"', 29, "x86-64-v5", "x86-64-v"),
    ('"float"', '"double"', 30, "double", 'arithmetic = "int8"'),
    ('"float"', "3", 30, "must be", ""),
    ('"float"', "[]", 30, "no arithmetic", 'arithmetic = "float"'),
    ('"float"', '["float", "int4"]', 30, "int4", 'arithmetic = "int8"'),
    ('"wheel"', '"weel"', 31, "weel", "wheel"),
    ('"wheel"', "3", 31, "list of texts", ""),
    ('cpu  = "x86-64-v3"', 'cpu = "cortex-m4"', 29, "cortex-m4", "cortex_m"),
    ('cpu  = "x86-64-v3"', 'platforms = ["linux-arm64"]', 29, "linux-arm64", "linux-aarch64"),
    ('cpu  = "x86-64-v3"', 'platforms = ["macos-aarch64", "macos-aarch64"]', 29, "twice", ""),
    ("[target]", "[targets]", 28, "targets", "target"),
    ("[target]", "[source]\npath = 1\n[target]", 28, "source.type", "table"),
    ("[target]", '[source]\ntype = "tabel"\n[target]', 29, "tabel", "table"),
    ("[goal]", '[output.size]\ntype = "label"\n[goal]', 13, "several outputs", ""),
    ("seed     = 3", "format = 2", 3, "newer datacc", "update"),
    ("seed     = 3", "format = 0", 3, "never", ""),
    ("seed     = 3", "input = 3", 5, "not TOML", ""),
    ("seed     = 3", "seed = 3 4", 3, "not TOML", ""),
    ('make = ["c"', "make = [", 31, "", ""),
]


@pytest.mark.parametrize(("old", "new", "line", "what", "attempt"), WRONG)
def test_what_is_wrong_has_a_line_and_a_suggestion(
    tmp_path: Path, old: str, new: str, line: int, what: str, attempt: str
) -> None:
    assert old in WHOLE
    with pytest.raises(SpecError) as caught:
        read(tmp_path, WHOLE.replace(old, new, 1))
    assert caught.value.where == f"datacc.toml:{line}"
    assert what in caught.value.what
    assert attempt in " ".join(caught.value.tries)


@pytest.mark.parametrize(
    ("goal", "what", "attempt"),
    [
        ("error = 1", "error ≤ 100 % asks for nothing", "error = 0.01"),
        ("error = 0", "above 0", "error = 0.01"),
        ("error = 2", "at most 1", "error = 0.02"),
        ("coverage = 0", "above 0", "coverage = 0.9"),
        ("erorr = 0.01", "erorr", "error"),
    ],
)
def test_goals_of_what_is_known_have_their_own_sides(tmp_path: Path, goal: str, what: str, attempt: str) -> None:
    text = WHOLE.replace('type = "label"', 'type = "label"\nabstain = true', 1)
    program = read(tmp_path, text.replace("accuracy = 0.96", "error = 0.01\ncoverage = 0.9"))
    assert program.goals == (Goal(metric="error", limit=0.01), Goal(metric="coverage", limit=0.9))
    assert program.outputs[0].abstains
    assert not DIGITS.outputs[0].abstains
    with pytest.raises(SpecError) as caught:
        read(tmp_path, text.replace("accuracy = 0.96", goal))
    assert caught.value.where == "datacc.toml:15"
    assert what in caught.value.what
    assert attempt in " ".join(caught.value.tries)


@pytest.mark.parametrize(
    ("raw", "where", "what"),
    [
        (b"", "datacc.toml", "input"),
        (b'[input.a]\ntype="image"\nheight=1\nwidth=1\n', "datacc.toml", "output"),
        (b'\n\nname = "\xff"\n', "datacc.toml:3", "UTF-8"),
        (b"name = \0", "datacc.toml:1", "not TOML"),
        (b"#" * 70_000, "datacc.toml", "70,000"),
    ],
)
def test_what_is_no_specification_at_all(tmp_path: Path, raw: bytes, where: str, what: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, raw)
    assert (caught.value.where, what in caught.value.what) == (where, True)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such file") as caught:
        read_program(tmp_path / "datacc.toml")
    assert caught.value.tries == ("datacc new",)


def test_a_hostile_key_gives_a_short_message(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, WHOLE + f'"{"k" * 10_000}" = 1\n')
    assert len(str(caught.value)) < 500


def test_the_page_on_the_format_is_read_as_it_says(tmp_path: Path) -> None:
    """The example of docs/formats/datacc-toml.md is valid, and every key, target, cpu and type has its place there."""
    page = (Path(__file__).parents[2] / "docs/formats/datacc-toml.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    assert read(tmp_path, example) == replace(DIGITS, seed=0, skeleton=None)
    for word in (*KEYS, *CPUS, *PLATFORMS, *registry.names("targets"), *registry.names("types")):
        assert f"`{word}`" in page or f"`[{word}]`" in page or f"`[[{word}]]`" in page or f"`[{word}." in page, word


def test_a_number_that_abstains_has_a_goal_or_a_limit_of_its_own(tmp_path: Path) -> None:
    text = WHOLE[: WHOLE.index("[goal]")].replace('type = "label"', 'type = "number"\nabstain = true', 1)
    with pytest.raises(SpecError, match="no goal says how sure") as caught:
        read(tmp_path, text)
    assert "widest = 10.0" in " ".join(caught.value.tries)
    assert read(tmp_path, text.replace("abstain = true", "abstain = true\nwidest = 2.5")).outputs[0].widest == 2.5
    asked = read(tmp_path, text + "[goal]\ncoverage = 0.9\n")
    assert (asked.outputs[0].abstains, asked.outputs[0].widest) == (True, None)
