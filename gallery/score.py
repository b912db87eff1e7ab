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


def build(name: str, expected: dict[str, Any], place: Path) -> dict[str, Any]:
    """The report of the gallery's program `name`, built in the empty folder `place`."""
    subprocess.run([sys.executable, str(HERE / name / "fetch.py"), str(place)], check=True)
    datacc(place, "new", name, "--program", HERE / name / "datacc.toml")
    source = f"../{expected['source']}"
    if "port" in expected:
        datacc(place / name, "port", *expected["port"], "--inputs", source, "--yes")
    else:
        datacc(place / name, "import", source)
        datacc(place / name, "build")
    report: dict[str, Any] = json.loads((place / name / "build" / name / "report.json").read_text())
    return report


def compare(report: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """One line per figure that is worse than expected."""
    lines = report["verdict"]["lines"]
    got = {line["what"]: line["value"] for line in lines if line["kind"] in ("goal", "budget")}
    low = [f"{key} {got[key]} < {want}" for key, want in expected["at_least"].items() if got[key] < want]
    high = [f"{key} {got[key]} > {want}" for key, want in expected["at_most"].items() if got[key] > want]
    return low + high


def main(name: str) -> int:
    place = HERE.parent / "build" / "gallery" / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    expected = json.loads((HERE / name / "expected.json").read_text())
    worse = compare(build(name, expected, place), expected)
    print("\n".join([f"{name}: {'as expected' if not worse else 'worse than expected'}", *worse]))
    return bool(worse)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
