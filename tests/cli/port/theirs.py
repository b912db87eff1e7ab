"""Functions of somebody's own to be ported, and files of what they are to be asked."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

MODULE = """
import enum, itertools, os, time
from pathlib import Path
from typing import Literal

Size = enum.Enum("Size", "SMALL LARGE")

HERE = Path(__file__).parent
(HERE / "imported").touch()

def shape(width: float, height: float = 1.0) -> str:
    (HERE / "called").exists()
    return "wide" if width > height else "tall"

def price(kind: Literal["new", "old"], size: Size, weight: float, note: str, gift: bool = False) -> int:
    return (kind == "new") + (size is Size.LARGE) + (weight > 5) + ("!" in note) - gift

def sign(text: str, loud: bool = False):
    return None if "?" in text else "!" in text

def mail(text: str, password: str = "") -> str:
    return "mail" if "@" in text else "none"

count = itertools.count()
def unsteady(n: int) -> int:
    return next(count) % 3 if n % 2 else 0

def raises(n: int) -> int:
    return 12 // (n % 6)

def hangs(n: int) -> int:
    while n == 3:
        time.sleep(0.01)
    return n % 2

def stalls(n: int) -> int:
    while n % 2:
        time.sleep(0.01)
    return n % 3

def writes(n: int) -> int:
    (HERE / "log").open("a").write("x")
    return n % 2

def sorts(values) -> bool:
    values.sort()
    return values[0] > 0

def texts(n: int) -> str:
    return f"number {n}"

def always_raises(n: int) -> str:
    raise KeyError(n)

def long(n: int) -> str:
    return "x" * 20_000

def longer(n: int) -> str:
    return "x" * 201 if n > 6 else "short"

def many(n: int) -> list:
    return ["y" * 201, "z"] if n > 6 else ["z"]

def huge(n: int) -> int:
    return 10 ** 400

def infinite(n: int) -> float:
    return float("inf") if n == 7 else n % 3

def same(n: int) -> str:
    return "same"

def cost(weight: float, far: float, tax: float | None = None) -> float:
    return 3 + 2 * weight + 0.5 * far + (0 if tax is None else 10 + tax)

def nothing():
    return 1

def mask(inputs):
    return None if "secret" in inputs["text"] else {**inputs, "text": inputs["text"].replace("@", "(at)")}
"""


def write_csv(path: Path, columns: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])


def write_sizes(path: Path, rows: int, seed: int = 0) -> None:
    random = np.random.default_rng(seed)
    write_csv(path, ["width", "height"], random.uniform(0, 10, (rows, 2)).round(3).tolist())
