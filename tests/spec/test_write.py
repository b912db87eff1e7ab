"""A written datacc.toml reads back as the same program, and looks like one that a person wrote."""

import tempfile
from pathlib import Path

from hypothesis import given

from datacc.spec.program import Budget, Check, Field, Goal, Program, Target
from datacc.spec.read import read_program
from datacc.spec.write import program_toml
from tests.spec.programs import programs


@given(programs())
def test_read_undoes_write(program: Program) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "datacc.toml")
        path.write_text(program_toml(program), encoding="utf-8", newline="")
        assert read_program(path) == program


def test_the_text_is_plain() -> None:
    program = Program(
        name="digits",
        inputs=(Field(name="picture", type="image", options={"height": 28, "width": 28}),),
        outputs=(Field(name="digit", type="label"),),
        goals=(Goal(metric="accuracy", limit=0.96),),
        checks=(Check(metric="recall", at_least=0.9, of_class="9", where={"source": "phone"}),),
        budget=Budget(latency=5e-5, memory=32_768),
        target=Target(make=("c", "wheel")),
    )
    assert (
        program_toml(program)
        == """\
name = "digits"

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
where = {source = "phone"}
at_least = 0.9

[budget]
latency = "50 us"
memory = "32 KiB"

[target]
make = ["c", "wheel"]
"""
    )
