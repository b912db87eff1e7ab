"""Writes the examples of `tumours` into a folder: tumours.csv."""

import csv
import sys
from pathlib import Path

from sklearn.datasets import load_breast_cancer


def fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    table = load_breast_cancer()
    with (folder / "tumours.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*table.feature_names, "diagnosis"])
        for row, label in zip(table.data, table.target, strict=True):
            writer.writerow([*(f"{number:.6g}" for number in row), table.target_names[label]])


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
