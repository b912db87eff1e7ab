"""For `bench/few.py`: a build of few labels and many texts without one, which a peer labels as its teacher."""

import csv
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc import load
from datacc.errors import GoalMissed

from .pools import Pool
from .process import datacc

LEAST: Final = 5e-5  # shares below this are not told
NAME: Final = "few"
TELL: Final = """
import json, sys

with open(sys.argv[1], encoding="utf-8") as file:
    said = dict(map(json.loads, file))
for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps({"id": question["id"], "probabilities": said[question["inputs"]["text"]]}))
"""


def taught(pool: Pool, learn: NDArray[np.intp], judge: NDArray[np.intp], teacher: Any) -> NDArray[np.str_]:
    """What a build answers to `judge`, from the linked library, by the commands that a user types.

    It learns the labels of the rows `learn` and what `teacher`, a fitted scikit-learn model, says of `pool.rest`. The
    teacher's shares are computed here, where the vectors of sentences are known, and a command reads them.
    """
    rest = pool.rest(learn, judge)
    with tempfile.TemporaryDirectory(prefix="datacc-few-") as scratch:
        datacc(Path(scratch), "new", NAME)
        table, root = Path(scratch) / "few.csv", Path(scratch) / NAME
        with table.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(("text", "label", "split"))
            out.writerows(zip(pool.inputs[learn], pool.labels[learn], ["learn"] * len(learn), strict=True))
            out.writerows((text, "", "learn") for text in pool.inputs[rest])
            out.writerows(zip(pool.inputs[judge], pool.labels[judge], ["judge"] * len(judge), strict=True))
        datacc(root, "import", table)
        _hire(root, pool.inputs[rest], teacher)
        datacc(root, "trust", "--yes")
        datacc(root, "build", allowed=(0, GoalMissed.exit_code))
        native = load(root / "build" / NAME)
        return np.array([native(text).label for text in pool.inputs[judge]])


def _hire(root: Path, texts: NDArray[Any], teacher: Any) -> None:
    """Write what the teacher says of the texts, the command that tells it, and `[teacher]`."""
    (root / "tell.py").write_text(TELL, encoding="utf-8")
    with (root / "said.jsonl").open("w", encoding="utf-8") as file:
        for text, row in zip(texts, teacher.predict_proba(texts), strict=True):
            said = {name: round(float(share), 4) for name, share in zip(teacher.classes_, row, strict=True)}
            file.write(json.dumps([text, {name: share for name, share in said.items() if share >= LEAST}]) + "\n")
    with (root / "datacc.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[teacher]\ncommand = {json.dumps(f'{sys.executable} tell.py said.jsonl')}\n")
