"""Programs of texts: quality and latency beside tuned TF-IDF and a linear model, and the way from a CSV to a wheel."""

import csv
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC

from datacc.registry import load
from datacc.repo.snapshot import JUDGE, LEARN, TUNE
from datacc.spec.read import read_program
from datacc.types import options_of

from .clock import per_answer
from .gallery import Built
from .process import cost, datacc
from .rows import Row

ROWS: Final = 10_000  # of the table that is built from nothing
TOPICS: Final = 10
STRENGTHS: Final = (0.3, 1.0, 3.0)
MODELS: Final[dict[str, Callable[[float], Any]]] = {
    "svm": lambda c: LinearSVC(C=c),
    "logistic": lambda c: LogisticRegression(C=10 * c, max_iter=300),
}
ASK: Final = "import sys; sys.path.insert(0, sys.argv[1]); import messages; messages.predict('the first text')"


def rows(built: Built, *, quick: bool) -> Iterator[Row]:
    """Accuracy on judge and time of an answer in Python, ours and the peer's that is best on tune."""
    [line] = [one for one in built.report["verdict"]["lines"] if one["what"] == "accuracy" and one["kind"] == "goal"]
    name, texts = built.name, _Texts(built)
    peer, chosen = _best(texts, quick=quick)
    judged, truth = texts.split(JUDGE)
    right = float((peer.predict(judged) == truth).mean())
    yield Row(name=f"{name}/accuracy/{chosen}", ours=line["figure"]["value"], peer=right, unit="share", better="more")
    costs = built.report["costs"]
    yield Row(name=f"{name}/size", ours=costs["size"], unit="B")
    yield Row(name=f"{name}/wheel", ours=built.wheel.stat().st_size, unit="B")
    yield Row(name=f"{name}/latency in C", ours=costs["latency"])
    some, program = judged[:500], built.program

    def ours(count: int) -> None:
        for k in range(count):
            program(some[k % len(some)])

    def theirs(count: int) -> None:
        for k in range(count):
            peer.predict([some[k % len(some)]])

    taken = per_answer({"ours": ours, "peer": theirs}, 3 if quick else 15)
    yield Row(name=f"{name}/answer in Python/{chosen}", ours=taken["ours"], peer=taken["peer"], note="one text a call")


class _Texts:
    """The texts of a built program as it reads them, with the labels of the public table."""

    def __init__(self, built: Built) -> None:
        self.snapshot = built.snapshot
        [self.rows] = self.snapshot.inputs.values()
        [field] = read_program(built.root / "datacc.toml").inputs
        kind, options = load("types", field.type), options_of(field)
        with next(built.root.parent.glob("*.csv")).open(encoding="utf-8", newline="") as file:
            _, *table = list(csv.reader(file))
        encoded = kind.encode([text for text, _ in table], options)
        self.public = {row.tobytes(): label for row, (_, label) in zip(encoded, table, strict=True)}

    def split(self, which: int) -> tuple[list[str], NDArray[np.str_]]:
        chosen = [row.tobytes() for row in self.rows[self.snapshot.rows(which)]]
        return [row.rstrip(b"\0").decode() for row in chosen], np.array([self.public[row] for row in chosen])


def _best(texts: _Texts, *, quick: bool) -> tuple[Any, str]:
    """The pipeline that answers tune best, of all features, models and strengths; fitted to learn."""
    learn, labels = texts.split(LEARN)
    tune, truth = texts.split(TUNE)
    found: list[tuple[float, str, Any]] = []
    for features, make in _features(quick=quick).items():
        vectors = make().fit(learn)
        inside, outside = vectors.transform(learn), vectors.transform(tune)
        for model, fit in list(MODELS.items())[: 1 if quick else None]:
            for strength in STRENGTHS:
                fitted = fit(strength).fit(inside, labels)
                score = float((fitted.predict(outside) == truth).mean())
                print(f"  {features} {model} {strength}: {score:.4f} on tune", file=sys.stderr, flush=True)
                found.append((score, f"{features}-{model}", Pipeline([("features", vectors), ("model", fitted)])))
    _, name, peer = max(found, key=lambda one: one[0])
    return peer, name


def _features(*, quick: bool) -> dict[str, Callable[[], Any]]:
    def letters() -> Any:
        return TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), sublinear_tf=True, min_df=2)

    def words() -> Any:
        return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")

    def both() -> Any:
        return FeatureUnion([("letters", letters()), ("words", words())])

    return {"letters": letters} if quick else {"letters": letters, "words": words, "both": both}


def from_nothing(packages: Built) -> Iterator[Row]:
    """`datacc build messages.csv --label topic` of 10,000 descriptions in ten sections; its wheel, until it answers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(packages.root.parent / "packages.csv", folder / "messages.csv")
        spent = datacc(folder, "build", "messages.csv", "--label", "topic")
        note = f"{spent.cpu:.1f} s of CPU"
        yield Row(name="10,000 rows/command to wheel", ours=spent.wall, note=note)
        [wheel] = (folder / "build" / "messages").glob("*.whl")
        yield Row(name="10,000 rows/wheel", ours=wheel.stat().st_size, unit="B")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--target", folder / "site", wheel]
        yield Row(name="10,000 rows/pip install", ours=cost(pip, folder).wall, note="wall")
        first = cost([sys.executable, "-I", "-c", ASK, folder / "site"], folder).wall
        yield Row(name="10,000 rows/first answer", ours=first, note="from starting Python, wall")


def _write(source: Path, table: Path) -> None:
    """So many rows of the sections that have most, by chance."""
    with source.open(encoding="utf-8", newline="") as file:
        _, *rows = list(csv.reader(file))
    most = {section for section, _ in Counter(section for _, section in rows).most_common(TOPICS)}
    kept = [row for row in rows if row[1] in most]
    random.Random(0).shuffle(kept)
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("message", "topic"), *kept[:ROWS]])
