"""Builds one program of the gallery in a fresh folder and compares its report with what expected.json wants."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DATACC = [sys.executable, "-m", "datacc"]


def datacc(folder: Path, *words: str | Path) -> dict[str, Any]:
    """What `datacc … --json` says in `folder`."""
    ran = subprocess.run([*DATACC, *map(str, words), "--json"], cwd=folder, stdout=subprocess.PIPE, text=True)
    said: dict[str, Any] = json.loads(ran.stdout or "{}")
    if ran.returncode:
        sys.exit(f"error: datacc {words[0]} ended with {ran.returncode}: {json.dumps(said, indent=1)[-2000:]}")
    return said


def build(name: str, source: str, place: Path) -> dict[str, Any]:
    """The report of the gallery's program `name`, built in the empty folder `place`."""
    subprocess.run([sys.executable, str(HERE / name / "fetch.py"), str(place)], check=True)
    datacc(place, "new", name, "--program", HERE / name / "datacc.toml")
    datacc(place / name, "import", f"../{source}")
    datacc(place / name, "build")
    report: dict[str, Any] = json.loads((place / name / "build" / name / "report.json").read_text())
    return report
