"""Teachers that say how likely each class is, or numbers, or several labels: what is learnt is what they said."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datacc.cli import app
from datacc.compiler.ask import ask_reference
from datacc.compiler.assemble import skeleton_graph
from datacc.compiler.fitting import fit_once
from datacc.errors import SpecError
from datacc.fit import Recipe
from datacc.repo import soft
from datacc.repo.snapshot import JUDGE, LEARN
from datacc.spec.read import read_program
from datacc.store import Store
from tests.laws import about
from tests.teachers.conftest import ROWS, Place

LIKELY = """
def kind(record):
    p = record["width"] / {rows}
    return {found}
"""
SHARES = {"object": "dict(probabilities=dict(long=p, short=1 - p))", "list": "[p, 1 - p]"}
THREE = "dict(probabilities=dict(long=2 * p, short=2 - 2 * p, round=0.5))"


def function(place: Place, found: str) -> None:
    place.function()
    (place.root / "mine.py").write_text(LIKELY.format(rows=ROWS, found=found))
    place.allow()


def soft_of(snapshot: Any) -> tuple[np.ndarray, np.ndarray]:
    """What a teacher's rows should be, (N, 2), and which they are (N,)."""
    p = snapshot.inputs["record"][:, 0].astype(np.float64) / ROWS
    return np.stack([p, 1 - p], axis=1), np.array(snapshot.columns["labelled_by"]) != "people"


@pytest.mark.parametrize("found", [*SHARES.values(), THREE, f"numpy.array({SHARES['list']})"])
def test_probabilities_are_frozen_as_they_are_said(place: Place, found: str) -> None:
    function(place, found)
    if "numpy" in found:
        (place.root / "mine.py").write_text("import numpy\n" + (place.root / "mine.py").read_text())
        place.allow()
    snapshot = place.snapshot()
    wanted, taught = soft_of(snapshot)
    assert snapshot.classes["kind"] == ("long", "short")
    np.testing.assert_allclose(snapshot.soft["kind"][taught], wanted[taught], atol=1e-6)
    people = ~taught & (snapshot.splits != JUDGE)
    np.testing.assert_array_equal(snapshot.soft["kind"][people], np.eye(2)[snapshot.labels["kind"][people]])
    assert not snapshot.soft["kind"][snapshot.splits == JUDGE].any()
    assert any("are probabilities, learnt as such" in note for note in snapshot.notes)


def test_they_are_kept_and_read_again_without_asking(place: Place) -> None:
    function(place, SHARES["object"])
    first = place.snapshot()
    lines = [
        json.loads(line) for file in (place.root / "taught").rglob("*.jsonl") for line in file.read_text().splitlines()
    ]
    assert all(set(line["probabilities"]) == {"long", "short"} for line in lines)
    again = place.snapshot(store="another")
    np.testing.assert_array_equal(again.soft["kind"], first.soft["kind"])
    assert again.digest == first.digest
    assert again.seen == first.seen
    function(place, SHARES["object"].replace("1 - p", "1 - p + 0.1"))
    assert place.snapshot().seen != first.seen


def test_hard_answers_leave_nothing_soft(place: Place) -> None:
    place.function()
    place.allow()
    assert place.snapshot().soft == {}


def test_a_fit_learns_how_likely_it_is(place: Place) -> None:
    """Scores follow the teacher's shares where these are told, and are near 0 or 1 where only the class is."""
    distance = []
    recipe = Recipe(epochs=300, batch=20, rate=0.02, decay=0.0, smoothing=0.0, threads=1)
    for found in (SHARES["object"], "'long' if p > 0.5 else 'short'"):
        function(place, found)
        program, snapshot = read_program(place.root / "datacc.toml"), place.snapshot()
        graph = skeleton_graph(program, snapshot, "mlp.v1", {"width": 0, "depth": 0})
        fitted = fit_once(program, snapshot, graph, recipe, Store(place.root.parent / "cache"))
        told = ask_reference(fitted.graph, snapshot.inputs)["kind_scores"].reshape(-1, 2)
        wanted, taught = soft_of(snapshot)
        middle = taught & (snapshot.splits == LEARN) & (np.abs(wanted[:, 0] - 0.5) < 0.4)
        distance.append(np.abs(told - wanted)[middle, 0].mean())
    assert distance[0] < 0.6 * distance[1]


@settings(max_examples=about(100))
@given(arrays(np.int64, (5, 4), elements=st.integers(1, 16)), st.integers(1, 6))
def test_shares_that_hardly_differ_are_raised_to_one_power(drawn: np.ndarray, flat: int) -> None:
    """By the definition: logarithms of shares are in proportion, and no less would make the largest 0.5 in the mean."""
    flatter = drawn.astype(np.float64) ** (1 / flat)
    shares = (flatter / flatter.sum(axis=1, keepdims=True)).astype(np.float32)
    found = soft.sharpened(shares)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    was, now = (np.log(part.astype(np.float64)) for part in (shares, found))
    was, now = was - was.max(axis=1, keepdims=True), now - now.max(axis=1, keepdims=True)
    powers = (1.0, *soft.POWERS)
    power = min(powers, key=lambda one: abs(one - now.sum() / was.sum())) if was.sum() else powers[-1]
    np.testing.assert_allclose(now, power * was, rtol=1e-3, atol=1e-4)
    assert power == powers[-1] or found.max(axis=1).mean() >= soft.SURE - 1e-6
    less = shares.astype(np.float64) ** powers[max(powers.index(power) - 1, 0)]
    assert power == 1 or (less / less.sum(axis=1, keepdims=True)).max(axis=1).mean() < soft.SURE + 1e-6


def test_a_row_less_leaves_the_shares_of_the_others_as_they_were() -> None:
    drawn = np.random.default_rng(2).gamma(0.8, size=(400, 29))
    shares = (drawn / drawn.sum(axis=1, keepdims=True)).astype(np.float32)
    whole = soft.sharpened(shares)
    assert not np.array_equal(whole, shares)
    for gone in (0, 17, 399):
        np.testing.assert_array_equal(soft.sharpened(np.delete(shares, gone, axis=0)), np.delete(whole, gone, axis=0))


NUMBERS = """
def value(record):
    return {found}
"""


def labelled(place: Place, form: str, known: str) -> None:
    """Another repository in the place of the sticks, whose output is a number or several labels."""
    place.root = place.root.parent / form
    said = (known.replace("N", str(n)) if n % 2 else known.rpartition(";")[2].replace("N", str(n)) for n in range(ROWS))
    rows = [f"{n}.5,{n % 7},{one if n % 3 else ''}" for n, one in enumerate(said)]
    (place.root.parent / "t.csv").write_text("width,height,what\n" + "\n".join(rows) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place.root.parent)
        assert app.call(["new", form]) == 0
        patch.chdir(place.root)
        assert app.call(["import", "../t.csv", "--label", "what", "--type", form]) == 0
    place.plain = (place.root / "datacc.toml").read_text()
    place.teacher('function = "mine:value"')


def test_a_teacher_that_is_never_sure_is_heard(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """0.4 : 0.3 : 0.3 wants the power ln 2 / ln (4 / 3) = 2.4, and has 3: 64 : 27 : 27; what people say stays whole."""
    labelled(place, "label", "thin;tall")
    monkeypatch.chdir(place.root)
    assert app.call(["schema", "add-class", "what", "round"]) == 0
    likely = {"tall": 0.4, "thin;tall": 0.3, "round": 0.3}
    (place.root / "mine.py").write_text(NUMBERS.format(found=f"dict(probabilities={likely})"))
    place.allow()
    snapshot = place.snapshot()
    taught = np.array(snapshot.columns["labelled_by"]) != "people"
    wanted = [(64 if name == "tall" else 27) / 118 for name in snapshot.classes["what"]]
    np.testing.assert_allclose(snapshot.soft["what"][taught], np.tile(wanted, (taught.sum(), 1)), atol=1e-6)
    people = ~taught & (snapshot.splits != JUDGE)
    np.testing.assert_array_equal(snapshot.soft["what"][people], np.eye(3)[snapshot.labels["what"][people]])


@pytest.mark.parametrize(
    ("form", "known", "found", "value"),
    [
        ("number", "N", "round(record['width'] * 2, 1)", lambda width: 2 * width),
        ("number", "N", "str(record['width'])", lambda width: width),
        ("labels", "thin;tall", "['tall'] if record['width'] > 60 else []", lambda width: [width > 60, 0]),
        ("labels", "thin;tall", "'thin; tall' if record['width'] > 60 else ';'", lambda width: [width > 60] * 2),
    ],
)
def test_numbers_and_several_labels_are_taught_too(place: Place, form: str, known: str, found: str, value: Any) -> None:
    labelled(place, form, known)
    (place.root / "mine.py").write_text(NUMBERS.format(found=found))
    place.allow()
    snapshot = place.snapshot()
    taught = np.array(snapshot.columns["labelled_by"]) != "people"
    assert taught.sum() > 20
    widths = snapshot.inputs["record"][taught, 0]
    np.testing.assert_allclose(snapshot.labels["what"][taught], [value(float(width)) for width in widths], rtol=1e-6)


@pytest.mark.parametrize(
    ("form", "known", "found", "why"),
    [
        ("number", "N", "'much'", "the teacher said 'much', which is no number"),
        ("number", "N", "['tall']", "which is no number"),
        ("labels", "thin;tall", "['round']", "which is no list of labels"),
        ("labels", "thin;tall", "3", "the teacher said 3, which is no list of labels"),
    ],
)
def test_what_is_no_value_is_left_out_and_told(place: Place, form: str, known: str, found: str, why: str) -> None:
    labelled(place, form, known)
    (place.root / "mine.py").write_text(NUMBERS.format(found=found))
    place.allow()
    assert any(why in note for note in place.snapshot().notes)


def test_onnx_gives_no_several_labels(place: Place) -> None:
    labelled(place, "labels", "thin;tall")
    place.teacher('onnx = "big.onnx"')
    with pytest.raises(SpecError, match="gives a label or a number; what is of type labels"):
        read_program(place.root / "datacc.toml")
