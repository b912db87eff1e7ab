"""Small tables with a known answer, for tests of the whole path."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from datacc.sources.table import infer_program
from datacc.spec.program import Program


def blobs(path: Path, rows: int = 400, classes: int = 3, spread: float = 0.35, seed: int = 0) -> Path:
    """A CSV of `classes` clouds in three numeric columns, a text column beside them, and the label `species`."""
    random = np.random.default_rng(seed)
    centres = random.uniform(-2, 2, (classes, 3))
    lines = ["length,width,depth,place,species"]
    for row in range(rows):
        k = row % classes
        numbers = centres[k] + random.normal(0, spread, 3)
        lines.append(",".join([*(f"{x:.4f}" for x in numbers), ("shore", "hill")[row % 2], f"kind {'abc'[k]}"]))
    path.write_text("\n".join(lines) + "\n")
    return path


def program_in(folder: Path, **changes: object) -> Program:
    """The program inferred from a fresh table in `folder`."""
    blobs(folder / "flowers.csv")
    inferred = infer_program(folder / "flowers.csv", "species")
    return replace(
        inferred, source=replace(inferred.source, options={"path": "flowers.csv", "label": "species"}), **changes
    )  # type: ignore[arg-type]


def of_numbers(program: Program) -> Program:
    """The same of the three numbers of `blobs` alone, standardised and no more."""
    [record] = program.inputs
    return replace(program, inputs=(replace(record, options={"columns": ["length", "width", "depth"]}),))


def files_of(folder: Path) -> dict[str, bytes]:
    """The contents of every file below `folder`, by relative path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
