"""How fast the gallery's `ported` answers beside the function that it was made from: one text after the other."""

import csv
import importlib
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TEXTS = 300
AGAIN = 10  # calls of what is fast; the best of them counts, as of the function's


def main(place: Path) -> None:
    """`place` holds texts.csv, detector.py and the repository `ported`, as `gallery/score.py ported` leaves them."""
    [wheel] = (place / "ported" / "build" / "ported").rglob("*.whl")
    with (place / "texts.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    texts = texts[:: max(1, len(texts) // TEXTS)]
    with tempfile.TemporaryDirectory() as site:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
        sys.path[:0] = [site, str(place)]
        ported, language = importlib.import_module("ported"), importlib.import_module("detector").language
        ask = ported.wrap(fallback=language)
        language(texts[0])  # it reads its profiles
        known = [text for text in texts if ported.predict(text).known]
        taken = {
            "the function": [_seconds(language, text, 3) for text in known],
            "predict": [_seconds(ported.predict, text, AGAIN) for text in known],
            "wrap": [_seconds(ask, text, AGAIN) for text in known],
            "wrap, not known": [_seconds(ask, text, 3) for text in texts if text not in known],
        }
        same = sum(ask(text) == language(text) for text in known)
    print(f"{len(texts)} texts, {len(known)} known, of which {same} agree; {wheel.stat().st_size:,} bytes of wheel")
    base = statistics.median(taken["the function"])
    for name, times in taken.items():
        middle = statistics.median(times)
        print(f"  {name:<16} median {middle * 1e6:9.1f} µs   {base / middle:7.1f} times as fast")


def _seconds(function: Callable[[str], Any], text: str, times: int) -> float:
    """The least of some calls, by the wall clock."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        function(text)
        took.append(time.perf_counter() - begun)
    return min(took)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "gallery" / "ported")
