"""Writes the examples of `packages` into a folder: packages.csv, short descriptions of Debian packages and sections."""

import csv
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

# Sections that say what kind of package it is, not what it is about.
KINDS = set("debug doc introspection libdevel libs localization metapackages misc oldlibs tasks".split())
SOURCES = 200  # that a section must have
LINE = re.compile(r"^([A-Za-z-]+): (.*)$", re.MULTILINE)


def fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(
        ["apt-cache", "dumpavail"], check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout
    with (folder / "packages.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["description", "section"])
        writer.writerows(rows(listed))


def rows(listed: str) -> list[tuple[str, str]]:
    """(description, section): one package for each source, the first by name, of the sections that are learnt.

    A description that stands in two sections is left out.
    """
    first: dict[str, tuple[str, str, str]] = {}
    for block in listed.split("\n\n"):
        said = dict(LINE.findall(block))
        section = said.get("Section", "").rpartition("/")[2]
        if section and section not in KINDS and "Description" in said:
            one = (said["Package"], section, said["Description"])
            source = said.get("Source", said["Package"]).split(" ")[0]
            first[source] = min(one, first.get(source, one))
    counts = Counter(section for _, section, _ in first.values())
    sections = defaultdict(set)
    for _, section, description in first.values():
        if counts[section] >= SOURCES:
            sections[description].add(section)
    return sorted((text, *found) for text, found in sections.items() if len(found) == 1)


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
