"""Writes the examples of `lines` into a folder: lines.csv, lines of source code found here, grouped by file."""

import csv
import hashlib
import pydoc_data.topics
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

import ziglang

STANDARD = Path(sysconfig.get_path("stdlib"))
ZIG = Path(ziglang.__file__).parent / "lib"
LINES = 2_000  # of each language
MOST_OF_A_FILE = 25
SHORTEST, LONGEST = 12, 120  # characters
PLACES = {
    "python": sorted(STANDARD.glob("*.py")),
    "c": sorted(ZIG.glob("libc/musl/src/**/*.c")),
    "c++": sorted(ZIG.glob("libcxx/src/**/*.cpp")),
    "zig": sorted(ZIG.glob("std/**/*.zig")),
    "assembly": sorted(path for path in ZIG.glob("libc/**/*") if path.suffix in (".s", ".S")),
}


def fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lines.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "language", "group"])
        for language in (*PLACES, "english"):
            writer.writerows((line, language, name) for line, name in chosen(files(language)))


def files(language: str) -> Iterator[tuple[str, str]]:
    """(name, text) of each file in a language; English is the prose of Python's own manual."""
    if language == "english":
        for topic, text in pydoc_data.topics.topics.items():
            yield topic, "\n".join(line for line in text.splitlines() if is_prose(line))
        return
    for path in PLACES[language]:
        yield path.name, path.read_text(encoding="utf-8", errors="replace")


def is_prose(line: str) -> bool:
    words = line.split()
    return len(words) >= 5 and all(word.strip("“”‘’.,:;()*\"'").replace("-", "").isalpha() for word in words)


def chosen(files: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(line, file), each line once, few of each file; which ones follows from the lines alone."""
    found: dict[str, str] = {}
    for name, text in files:
        lines = dict.fromkeys(line.strip() for line in text.splitlines())
        fit = [line for line in lines if SHORTEST <= len(line) <= LONGEST and line.isprintable()]
        for line in sorted(fit, key=digest)[:MOST_OF_A_FILE]:
            found.setdefault(line, name)
    return [(line, found[line]) for line in sorted(found, key=digest)[:LINES]]


def digest(line: str) -> bytes:
    return hashlib.blake2b(line.encode(), digest_size=8).digest()


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
