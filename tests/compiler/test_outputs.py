"""Outputs that are numbers, and several labels at once, from a CSV to a judged program: figures by scikit-learn."""

import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from datacc.compiler.build import build
from datacc.compiler.cache import cache
from datacc.compiler.report import Report, read_report
from datacc.compiler.shown import number
from datacc.compiler.sides import diff_builds
from datacc.errors import SpecError
from datacc.runtime.load import Loaded, load
from datacc.sources.table import infer_program
from datacc.spec.program import Goal, Program
from datacc.spec.read import read_program

ROWS = 900


def numbers(path: Path, seed: int = 0, off: int = 0) -> np.ndarray:
    """Houses with a price; the first `off` of them cost ten times as much as they should."""
    random = np.random.default_rng(seed)
    rooms, area, age = random.integers(1, 7, ROWS), random.uniform(20, 200, ROWS), random.integers(0, 80, ROWS)
    price = np.round(50_000 + 2500 * area - 600 * age + 30_000 * (rooms > 3) + random.normal(0, 15_000, ROWS))
    price[:off] *= 10
    split = np.array(["learn", "tune", "judge"])[np.arange(ROWS) % 3]
    lines = [f"{r},{a:.4f},{g},{p:.0f},{s}" for r, a, g, p, s in zip(rooms, area, age, price, split, strict=True)]
    path.write_text("\n".join(["rooms,area,age,price,split", *lines, ""]))
    return np.array([[float(x) for x in line.split(",")[:4]] for line in lines])


def tags(path: Path) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    point = np.round(random.normal(size=(ROWS, 3)), 3)
    given = np.stack([point[:, 0] > 0.2, (point**2).sum(axis=1) > 4, point[:, 1] > 0], axis=1)
    names = np.array(["east", "far", "north"])
    split = np.array(["learn", "tune", "judge"])[np.arange(ROWS) % 3]
    lines = [
        f"{','.join(map(str, p))},{';'.join(reversed(names[g])) or ';'},{s}"
        for p, g, s in zip(point, given, split, strict=True)
    ]
    path.write_text("\n".join(["x,y,z,tags,split", *lines, ""]))
    return point.astype(np.float32), given.astype(int)


def within(program: Program, folder: Path, goals: dict[str, float]) -> Program:
    """The program, told where its table lies, small and quick to fit."""
    source = replace(program.source, options={**program.source.options, "path": f"{program.name}.csv"})
    asked = tuple(Goal(metric=name, limit=limit) for name, limit in goals.items())
    return replace(program, source=source, goals=asked)


def figures(report: Report) -> dict[str, Any]:
    return {line.what: line.figure for line in report.verdict.lines if line.kind == "goal"}


def isolated(folder: Path, code: str) -> str:
    """What Python prints that finds nothing but its standard library and `folder`."""
    words = [sys.executable, "-S", "-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {code}"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


NUMBER_GOALS = {"mae": 40_000, "rmse": 50_000, "r2": 0.7, "covered": 0.8}


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("houses")
    numbers(folder / "houses.csv")
    program = infer_program(folder / "houses.csv", "price")
    assert [(field.name, field.type) for field in program.outputs] == [("price", "number")]
    build(within(program, folder, NUMBER_GOALS), folder)
    return folder


def test_a_number_is_judged_as_scikit_learn_would(houses: Path) -> None:
    table = numbers(houses / "again.csv")
    native = load(houses / "build" / "houses")
    told = native.batch(table[:, :3].astype(np.float32))
    judge = np.arange(ROWS) % 3 == 2
    truth, value = table[judge, 3], told["price"].reshape(-1)[judge]
    found = figures(read_report(houses / "build" / "houses" / "report.json"))
    assert found["mae"].value == pytest.approx(metrics.mean_absolute_error(truth, value), rel=1e-5)
    assert found["rmse"].value == pytest.approx(metrics.root_mean_squared_error(truth, value), rel=1e-5)
    assert found["r2"].value == pytest.approx(metrics.r2_score(truth, value), abs=1e-5)
    low, high = (told[f"price_{side}"].reshape(-1)[judge] for side in ("low", "high"))
    inside = (low <= truth) & (truth <= high)
    assert (found["covered"].right, found["covered"].total) == (inside.sum(), ROWS // 3)
    assert inside.mean() > 0.8
    assert found["r2"].value > 0.9


def test_its_interval_is_calibrated_on_tune_rows_that_chose_nothing(houses: Path) -> None:
    table = numbers(houses / "again.csv")
    told = load(houses / "build" / "houses").batch(table[:, :3].astype(np.float32))
    half = (told["price_high"] - told["price"]).reshape(-1)
    np.testing.assert_allclose(half, (told["price"] - told["price_low"]).reshape(-1), rtol=1e-3)
    tune = np.arange(ROWS) % 3 == 1
    errors = np.abs(told["price"].reshape(-1) - table[:, 3])
    assert 0.85 <= (errors <= half)[tune].mean() <= 0.97  # of all tune rows; half of them gave 90 %
    report = read_report(houses / "build" / "houses" / "report.json")
    [seen], notes = report.seen, report.data.notes
    assert f"price on {tune.sum()} rows of tune: covered" in seen
    assert f"mae {number(errors[tune].mean())}," in seen
    for name in ("report.html", "card.md"):
        assert f"mae {number(errors[tune].mean())}" in (houses / "build" / "houses" / name).read_text()
    assert any("90 % of what price is in truth should lie within ±" in note for note in notes)


def test_its_wheel_answers_a_number_with_nothing_installed(houses: Path, tmp_path: Path) -> None:
    [wheel] = (houses / "build" / "houses").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    done = isolated(tmp_path, "import houses; print(list(houses.predict({'rooms': 3, 'area': 80, 'age': 10})))")
    answer = load(houses / "build" / "houses")({"rooms": 3, "area": 80, "age": 10})
    assert json.loads(done) == [answer.value, answer.low, answer.high]
    assert answer.low < answer.value < answer.high


def test_relabelled_numbers_are_told_and_answers_compared_by_their_tolerance(houses: Path, tmp_path: Path) -> None:
    for name, off in (("one", 0), ("two", 40)):
        (tmp_path / name).mkdir()
        numbers(tmp_path / name / "houses.csv", off=off)
        program = infer_program(tmp_path / name / "houses.csv", "price")
        build(within(program, tmp_path / name, {"r2": 0.01}), tmp_path / name)
    root = tmp_path / "two"
    for path in (tmp_path / "one" / ".datacc").rglob("*"):
        other = root / path.relative_to(tmp_path / "one")
        if path.is_file() and not other.exists():
            other.parent.mkdir(parents=True, exist_ok=True)
            other.write_bytes(path.read_bytes())
    store = cache(root, fresh=False)
    found = diff_builds(root / "build" / "houses", root, store, old=tmp_path / "one" / "build" / "houses", learn=False)
    assert found.labels == 27  # of 40, 13 are in judge
    assert all(one.new == f"{10 * float(one.old.replace(',', '')):,.0f}" for one in found.relabelled)
    tune = found.answers[0]
    learn = numbers(tmp_path / "again.csv", off=40)[np.arange(ROWS) % 3 == 0, 3]
    old, new = (load(tmp_path / name / "build" / "houses") for name in ("one", "two"))
    rows = numbers(tmp_path / "again.csv", off=40)[np.arange(ROWS) % 3 == 1]
    was, now = (side.batch(rows[:, :3].astype(np.float32))["price"].reshape(-1) for side in (old, new))
    near = 0.1 * learn.std()
    right = [np.abs(values - rows[:, 3]) <= near for values in (was, now)]
    changed = np.abs(was - now) > near
    assert tune.differ == changed.sum() > 0
    assert tune.fixed == (changed & ~right[0] & right[1]).sum()
    assert tune.broke == (changed & right[0] & ~right[1]).sum()


def far_ids(page: str) -> list[str]:
    """What the cards of the page name, by the line of the table, in their order."""
    return re.findall(r'<li class="card">.*?<span class="name" title="[^"]*:(\d+)"', page)


def test_the_page_shows_the_examples_that_are_farthest_off(houses: Path) -> None:
    table = numbers(houses / "again.csv")
    tune = np.flatnonzero(np.arange(ROWS) % 3 == 1)
    told = load(houses / "build" / "houses").batch(table[tune, :3].astype(np.float32))["price"].reshape(-1)
    errors = np.abs(told - table[tune, 3])
    page = (houses / "build" / "houses" / "report.html").read_text()
    found = [int(line) - 2 for line in far_ids(page)]
    assert found == tune[np.argsort(-errors)][: len(found)].tolist()
    assert len(found) == 60
    assert f"{number(float(errors.max()))} off" in page


LABEL_GOALS = {"accuracy": 0.5, "f1": 0.87, "auroc": 0.6, "average_precision": 0.6}


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tagged")
    tags(folder / "tagged.csv")
    program = infer_program(folder / "tagged.csv", "tags", type="labels")
    build(within(program, folder, LABEL_GOALS), folder)
    return folder


def test_labels_are_judged_as_scikit_learn_would(tagged: Path) -> None:
    point, given = tags(tagged / "again.csv")
    native: Loaded = load(tagged / "build" / "tagged")
    told = native.batch(point)
    judge = np.arange(ROWS) % 3 == 2
    truth, answer, scores = given[judge], told["tags"][judge], told["tags_scores"][judge]
    found = figures(read_report(tagged / "build" / "tagged" / "report.json"))
    assert native.interface.answers[0].classes == ("east", "far", "north")
    assert found["accuracy"].right == (truth == answer).all(axis=1).sum()
    assert found["f1"].value == pytest.approx(metrics.f1_score(truth, answer, average="macro"))
    assert found["auroc"].value == pytest.approx(metrics.roc_auc_score(truth, scores, average="macro"))
    wanted = metrics.average_precision_score(truth, scores, average="macro")
    assert found["average_precision"].value == pytest.approx(wanted, abs=1e-6)
    assert found["f1"].reaches(0.87)
    np.testing.assert_array_equal(answer, scores > 0.5)


def test_its_wheel_names_the_labels(tagged: Path, tmp_path: Path) -> None:
    [wheel] = (tagged / "build" / "tagged").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    show = "a = tagged.predict({'x': 2, 'y': -2, 'z': 0}); print(tagged.LABELS, a.labels, sorted(a.scores))"
    done = isolated(tmp_path, f"import tagged; {show}")
    answer = load(tagged / "build" / "tagged")({"x": 2, "y": -2, "z": 0})
    assert answer.labels == ("east", "far")
    assert done.strip() == f"('east', 'far', 'north') {answer.labels!r} ['east', 'far', 'north']"


def test_the_page_shows_which_labels_are_found(tagged: Path) -> None:
    point, given = tags(tagged / "again.csv")
    tune = np.flatnonzero(np.arange(ROWS) % 3 == 1)
    told = load(tagged / "build" / "tagged").batch(point[tune])["tags"]
    page = (tagged / "build" / "tagged" / "report.html").read_text()
    for k, name in enumerate(("east", "far", "north")):
        recall, precision = (
            measure(given[tune, k], told[:, k]) for measure in (metrics.recall_score, metrics.precision_score)
        )
        row = f'<bdi>{name}</bdi><td class="n">{given[tune, k].sum()}'
        assert f'{row}<td class="n">{100 * recall:.1f} %<td class="n">{100 * precision:.1f} %' in page
    wrong = (told != given[tune]).sum(axis=1)
    found = [int(line) - 2 for line in far_ids(page)]
    assert {*found} == {*tune[wrong > 0].tolist()} or len(found) == 60
    assert wrong[np.isin(tune, found[:3])].min() >= np.sort(wrong)[-3]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[goal]\naccuracy = 0.9\n", "accuracy does not measure price, which is of type number"),
        ("[[check]]\npinned = ['0123']\nclass = 'a'\n", "a class is the answer of one label; price is of type number"),
        ("[[check]]\nmetric = 'recall'\nclass = 'a'\nat_least = 0.5\n", "recall does not measure price"),
    ],
)
def test_what_only_labels_have_is_refused_for_a_number(tmp_path: Path, text: str, what: str) -> None:
    base = '[input.record]\ntype = "record"\ncolumns = ["a"]\n[output.price]\ntype = "number"\n'
    path = tmp_path / "datacc.toml"
    path.write_text(f'name = "houses"\n{base}{text}')
    with pytest.raises(SpecError, match=what) as caught:
        read_program(path)
    assert caught.value.where.startswith("datacc.toml:")
