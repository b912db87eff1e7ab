"""How many instructions one answer takes at each width of a program, counted by valgrind on the C as it is shipped."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from datacc.emit import Source
from datacc.runtime.toolchain import find
from datacc.spec.cpus import FLAGS, cpu_named

MAIN = """\
#include "NAME.h"
#include <stdlib.h>
static NAME_input input;
static NAME_answer answer;
static NAME_scratch scratch;
int main(int count, char **words)
{
    for (int i = 0; count == 3 && i < atoi(words[2]); i++) NAME_at(atoi(words[1]), &input, &answer, &scratch);
    return 0;
}
"""


def instructions(source: Source, cpu: str, widths: Sequence[int]) -> list[int]:
    """Of one answer at each of these widths, given by number; an empty list where there is no valgrind."""
    if shutil.which("valgrind") is None:
        return []
    compiler, name = find(), source.name
    texts = {f"{name}.c": source.c, f"{name}.h": source.header, "main.c": MAIN.replace("NAME", name)}
    with tempfile.TemporaryDirectory(prefix="datacc-bench-") as work:
        for file, text in texts.items():
            (Path(work) / file).write_text(text)
        flags = [*compiler.target(cpu_named(cpu)), *(flag for flag in FLAGS if flag != "-ffreestanding")]
        subprocess.run([*compiler.command, *flags, "main.c", f"{name}.c", "-o", "main"], cwd=work, check=True)
        return [_run(work, width, 3) // 2 - _run(work, width, 1) // 2 for width in widths]


def _run(folder: str, width: int, answers: int) -> int:
    """The instructions of a whole process that asks so often."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "./main", str(width), str(answers)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found is not None, done.stderr
    return int(found[1])
