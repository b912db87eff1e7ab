"""`[[check]]` in datacc.toml: what each kind may say, and the line and suggestion for what none may."""

from pathlib import Path
from typing import Any

import pytest

from datacc.errors import SpecError
from datacc.registry import load, names
from datacc.spec.plain import kinds
from datacc.spec.program import Check, Program
from datacc.spec.read import read_program

PICTURE = '[input.picture]\ntype = "image"\nheight = 28\nwidth = 20\n'
ROW = '[input.row]\ntype = "record"\ncolumns = ["income", "age"]\n'
PAGE = (Path(__file__).parents[2] / "docs/formats/datacc-toml.md").read_text(encoding="utf-8")


def read(folder: Path, check: str, *inputs: str, output: str = "label") -> Program:
    path = folder / "datacc.toml"
    head = f'name = "x1"\n[output.kind]\ntype = "{output}"\n' + "".join(inputs)
    path.write_text(head + check, encoding="utf-8")
    return read_program(path)


RIGHT = [
    (
        'metric = "recall"\nclass = "9"\nat_least = 0.9',
        Check(metric="recall", of_class="9", at_least=0.9),
    ),
    (
        'invariant = "rotate"\nat_least = 0.9\nwhere = { source = "phone" }',
        Check(kind="invariant", at_least=0.9, where={"source": "phone"}, options={"invariant": "rotate"}),
    ),
    (
        'invariant = "swap"\nby = { column = "age" }\ndraws = 7\nat_least = 0.9',
        Check(kind="invariant", at_least=0.9, options={"invariant": "swap", "by": {"column": "age"}, "draws": 7}),
    ),
    (
        'direction = "up"\ncolumn = "income"\nclass = "granted"\nby = 1000\nstrict = true\nat_least = 0.9',
        Check(
            kind="direction",
            at_least=0.9,
            of_class="granted",
            options={"direction": "up", "column": "income", "by": 1000, "strict": True},
        ),
    ),
    ('pinned = ["3fa8", "77b0"]', Check(kind="pinned", options={"pinned": ["3fa8", "77b0"]})),
    ('pinned = ["3fa8"]\nclass = "9"', Check(kind="pinned", of_class="9", options={"pinned": ["3fa8"]})),
    ("broken = 0", Check(kind="broken", options={"broken": 0})),
    ("broken = 0.02\nwhere = { n = 3 }", Check(kind="broken", where={"n": 3}, options={"broken": 0.02})),
    (
        'python = "checks/near.py:steady"\nseconds = 5',
        Check(kind="python", options={"python": "checks/near.py:steady", "seconds": 5}),
    ),
]


@pytest.mark.parametrize(("text", "check"), RIGHT)
def test_what_each_kind_may_say(tmp_path: Path, text: str, check: Check) -> None:
    program = read(tmp_path, f"[[check]]\n{text}\n", PICTURE, ROW)
    assert program.checks == (check,)
    assert program.checks[0].line == 11


def test_every_kind_is_tried() -> None:
    assert {check.kind for _, check in RIGHT} == set(names("checks"))


# (the check, the line after that of [[check]], part of the message, part of the suggestion)
WRONG = [
    ("at_least = 0.9", 0, "what it looks at", "invariant"),
    ('metrik = "recall"\nat_least = 0.9', 1, "metrik", "metric"),
    ('metric = "accuracy"\ninvariant = "rotate"\nat_least = 0.9', 2, "metric and invariant", "[[check]]"),
    ('invariant = "rotat"\nat_least = 0.9', 1, "rotat", "'rotate'"),
    ('invariant = "rotate"\nby = { degres = 3 }\nat_least = 0.9', 2, "check.by.degres", "degrees"),
    ('invariant = "rotate"\nby = { degrees = 0 }\nat_least = 0.9', 2, "check.by.degrees", ""),
    ('invariant = "rotate"\nby = { degrees = "far" }\nat_least = 0.9', 2, "check.by.degrees", ""),
    ('invariant = "rotate"\nby = 10\nat_least = 0.9', 2, "check.by must be a table", ""),
    ('invariant = "rotate"\ninput = "row"\nat_least = 0.9', 2, "'row' is a record", ""),
    ('invariant = "rotate"\ninput = "rwo"\nat_least = 0.9', 2, "no input 'rwo'", "picture"),
    ('invariant = "shift"\nby = { pixels = 20 }\nat_least = 0.9', 2, "28 × 20", "pixels = 2"),
    ('invariant = "swap"\nat_least = 0.9', 1, "by what", "column"),
    ('invariant = "swap"\nby = { column = "agee" }\nat_least = 0.9', 2, "'agee'", "'age'"),
    ('invariant = "rotate"\ndraws = 0\nat_least = 0.9', 2, "draws", "draws = 4"),
    ('invariant = "rotate"', 0, "check.at_least is missing", "at_least"),
    ('invariant = "rotate"\nat_least = 95', 2, "at most 1", "0.95"),
    ('invariant = "rotate"\nclass = "9"\nat_least = 0.9', 2, "check.class", ""),
    ('direction = "left"\ncolumn = "age"\nclass = "a"\nat_least = 0.9', 1, "'left'", '"up"'),
    ('direction = "up"\ncolumn = "incme"\nclass = "a"\nat_least = 0.9', 2, "'incme'", "'income'"),
    ('direction = "up"\ncolumn = "age"\nat_least = 0.9', 0, "check.class is missing", "whose score"),
    ('direction = "up"\nclass = "a"\nat_least = 0.9', 0, "check.column is missing", ""),
    ('direction = "up"\ncolumn = "age"\nclass = "a"\nby = -1\nat_least = 0.9', 4, "above 0", "by = 1"),
    ('direction = "up"\ncolumn = "age"\nclass = "a"\nby = inf\nat_least = 0.9', 4, "above 0", "by = 1"),
    ('direction = "up"\ncolumn = "age"\nclass = "a"\nstrict = 1\nat_least = 0.9', 4, "true or false", ""),
    ('direction = "up"\ncolumn = "age"\nclass = "a"\ninput = "picture"\nat_least = 0.9', 4, "is an image", "row"),
    ("pinned = []", 1, "by their ids", ""),
    ('pinned = "3fa8"', 1, "list of texts", ""),
    ('pinned = ["3fa8"]\nat_least = 0.9', 2, "check.at_least", ""),
    ("broken = -1", 1, "fewer than no answer", "broken = 0"),
    ("broken = 1.0", 1, "below 1", "broken = 1"),
    ("broken = 2.5", 1, "below 1", "0.025"),
    ("broken = inf", 1, "below 1", ""),
    ("broken = true", 1, "must be a number", ""),
    ('python = "near.py"', 1, "no file of checks/", "checks/behaviour.py:steady"),
    ('python = "checks/../near.py:f"', 1, "no file of checks/", ""),
    ('python = "checks/near.py:f()"', 1, "no file of checks/", ""),
    ('python = "/checks/near.py:f"', 1, "no file of checks/", ""),
    ('python = "checks/near.py:f"\nseconds = 0', 2, "seconds", "seconds = 60"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "what", "attempt"), WRONG)
def test_what_is_wrong_has_a_line_and_a_suggestion(
    tmp_path: Path, text: str, line: int, what: str, attempt: str
) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, f"[[check]]\n{text}\n", PICTURE, ROW)
    assert (caught.value.where, what in caught.value.what) == (f"datacc.toml:{11 + line}", True), str(caught.value)
    assert attempt in " ".join(caught.value.tries)


@pytest.mark.parametrize(
    ("text", "inputs", "what", "attempt"),
    [
        ('invariant = "rotate"\nat_least = 0.9', ROW, "rotate varies an image, and 'row' is a record", "jitter"),
        ('invariant = "jitter"\nat_least = 0.9', PICTURE, "jitter varies a record, and 'picture' is an image", "shift"),
        (
            'direction = "up"\ncolumn = "light"\nclass = "a"\nat_least = 0.9',
            PICTURE,
            "a column of a record, and 'picture' is an image",
            "brightness",
        ),
        (
            'invariant = "rotate"\nat_least = 0.9',
            PICTURE + PICTURE.replace("picture", "other"),
            "which input?",
            'input = "other"',
        ),
    ],
)
def test_a_variation_of_another_input(tmp_path: Path, text: str, inputs: str, what: str, attempt: str) -> None:
    with pytest.raises(SpecError, match=r"datacc\.toml:") as caught:
        read(tmp_path, f"[[check]]\n{text}\n", inputs)
    assert what in caught.value.what
    assert attempt in " ".join(caught.value.tries)


def test_a_number_has_no_class_that_goes_up(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="has no classes") as caught:
        read(
            tmp_path, '[[check]]\ndirection = "up"\ncolumn = "age"\nclass = "a"\nat_least = 0.9\n', ROW, output="number"
        )
    assert caught.value.tries == ("leave class out",)


UP = 'direction = "up"\ncolumn = "age"\nclass = "a"\nat_least = 0.9\n'


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ('pinned = ["3fa8c1"]\nclass = "7"', 'pinned = ["77b0", "3FA8"]\nclass = "9"', True),
        ('pinned = ["3fa8c1"]\nclass = "7"', 'pinned = ["77b0", "3fa8"]\nclass = "7"', False),
        ('pinned = ["3fa8c1"]', 'pinned = ["3fa8c1"]\nclass = "7"', False),
        (UP + "strict = true", UP.replace("up", "down"), True),
        (UP, UP.replace("up", "down"), False),
        (UP + "strict = true", UP.replace("up", "down").replace("age", "income"), False),
        (UP + "strict = true", UP.replace("up", "down").replace('"a"', '"b"'), False),
        (UP + "strict = true", UP.replace("up", "down") + "where = { n = 3 }", False),
    ],
)
def test_two_checks_that_no_program_passes(tmp_path: Path, one: str, other: str, clash: bool) -> None:
    text = f"[[check]]\n{one}\n[[check]]\n{other}\n"
    if not clash:
        assert len(read(tmp_path, text, ROW).checks) == 2
        return
    with pytest.raises(SpecError, match="no program can pass this check and that of line 7") as caught:
        read(tmp_path, text, ROW)
    second = text.splitlines().index("[[check]]", 1)
    assert caught.value.where == f"datacc.toml:{7 + second + 1}"


def test_the_page_on_the_format_has_every_kind_and_variation(tmp_path: Path) -> None:
    for name in (*names("checks"), *names("variations")):
        assert f"| `{name}` |" in PAGE, name
    for name in names("variations"):
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
        for option in kinds(load("variations", name).options):
            assert f"`{option}`" in row, (name, option)
    example = PAGE.split("```toml\n")[2].split("```")[0]
    found: list[Any] = [check.kind for check in read(tmp_path, example, ROW).checks]
    assert found == ["invariant", "direction", "pinned", "broken", "python"]
