"""What every value type promises, checked on a sample of each (tests/conformance/samples.py)."""

from typing import Any

import numpy as np
import pytest

from datacc.errors import DataError
from datacc.ir.check import check
from datacc.ir.graph import float32
from datacc.ir.interpret import interpret
from datacc.registry import load, names
from datacc.types import InputType, OutputType
from tests.conformance.samples import INPUTS, OUTPUTS, front

KINDS = sorted(INPUTS)


def opened(kind: str) -> tuple[InputType, Any]:
    type_ = load("types", kind)
    return type_, type_.options(**INPUTS[kind].options)


def test_every_type_has_a_sample() -> None:
    assert sorted([*INPUTS, *OUTPUTS]) == list(names("types"))


@pytest.mark.parametrize("kind", KINDS)
def test_encoded_values_have_the_type_that_is_said(kind: str) -> None:
    type_, options = opened(kind)
    good = INPUTS[kind].good
    found = type_.encode(good, options)
    said = type_.array(options)
    assert (found.dtype.name, found.shape) == (said.dtype, (len(good), *said.shape))
    np.testing.assert_array_equal(found[1:3], type_.encode(good[1:3], options))
    assert type_.encode([], options).shape == (0, *said.shape)


@pytest.mark.parametrize(("kind", "n"), [(kind, n) for kind in KINDS for n in range(len(INPUTS[kind].bad))])
def test_a_bad_value_is_named_by_its_position(kind: str, n: int) -> None:
    type_, options = opened(kind)
    sample = INPUTS[kind]
    with pytest.raises(DataError) as caught:
        type_.encode([sample.good[0], sample.bad[n], sample.good[1]], options)
    assert caught.value.where.endswith("1")


@pytest.mark.parametrize("kind", KINDS)
def test_the_front_leads_from_the_input_to_features(kind: str) -> None:
    type_, options = opened(kind)
    bare = check(type_.front("x", options))
    [given] = bare.inputs
    assert (given.name, given.type) == ("x", type_.array(options))
    assert [field for field, _ in bare.outputs] in (["x.features"], ["x.features", "x.bins"])
    assert all(node.name == "x" or node.name.startswith("x.") for node in bare.nodes)
    assert {node.role for node in bare.holes} <= {"data"}
    full = check(front(kind), holes=())
    found = interpret(full, {"x": type_.encode(INPUTS[kind].good, options)})
    assert all(np.isfinite(values).all() for values in found.values())
    features = found["x.features"]
    assert features.dtype == bare.by_name[bare.outputs[0][1]].type.dtype
    general = [load("skeletons", name) for name in names("skeletons") if load("skeletons", name).general]
    assert any(one.fits([bare.by_name[bare.outputs[0][1]].type]) for one in general) == (features.dtype == np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_fronts_can_stand_side_by_side(kind: str) -> None:
    type_, options = opened(kind)
    one, other = type_.front("a", options), type_.front("b", options)
    assert not set(one.by_name) & set(other.by_name)


@pytest.mark.parametrize("kind", KINDS)
def test_varied_batches_have_the_same_type_and_follow_the_seed(kind: str) -> None:
    type_, options = opened(kind)
    batch = type_.encode(INPUTS[kind].good, options)
    before = batch.copy()
    first, again = (type_.augment(batch, np.random.default_rng(3), options) for _ in range(2))
    np.testing.assert_array_equal(batch, before)
    np.testing.assert_array_equal(first, again)
    assert (first.dtype, first.shape) == (batch.dtype, batch.shape)


@pytest.mark.parametrize("kind", KINDS)
def test_inferred_options_take_the_values(kind: str) -> None:
    type_, _ = opened(kind)
    good = INPUTS[kind].good[:1]
    options = type_.options(**type_.infer(good))
    assert len(type_.encode(good, options)) == 1


@pytest.mark.parametrize("kind", OUTPUTS)
def test_an_output_decodes_what_it_encodes(kind: str) -> None:
    type_: OutputType = load("types", kind)
    good, bad = OUTPUTS[kind]
    classes = ("b", "a") if type_.classes(good) else ()
    assert sorted(type_.classes(good)) == sorted(classes)
    frozen = type_.encode(good, classes)
    assert len(frozen) == len(good)
    assert type_.decode(frozen, classes) == [sorted(v, reverse=True) if isinstance(v, list) else v for v in good]
    blank = frozen.copy()
    blank[:] = type_.blank
    assert type_.decode(blank, classes) == [None] * len(good)
    assert type_.encode([], classes).shape == (0, *frozen.shape[1:])
    for wrong in bad:
        with pytest.raises(DataError):
            type_.encode([good[0], wrong], classes)
    for value in good[:-1]:
        assert type_.same(value, value, 0.0)
        assert type_.shown(value)


@pytest.mark.parametrize("kind", OUTPUTS)
def test_the_answer_leads_from_features_to_the_outputs_own_name(kind: str) -> None:
    type_: OutputType = load("types", kind)
    good, _ = OUTPUTS[kind]
    classes = ("b", "a") if type_.classes(good) else ()
    learn = type_.encode(good[:-1], classes)
    bare = check(type_.answer("y", classes, type_.options()), holes=("data",))
    answer = check(bare.fill(type_.data("y", learn)), holes=())
    [features] = answer.inputs
    assert (features.name, features.type) == ("y.features", float32(max(1, len(classes))))
    assert answer.loss
    assert all(node.name.startswith("y.") for node in answer.nodes)
    targets = type_.targets(learn, learn)
    rows = np.eye(len(classes))[targets] if targets.dtype.kind == "i" else targets
    sure = np.asarray(rows if kind == "number" else 10 * rows - 5, np.float32)  # what a fit is after
    found = interpret(answer, {"y.features": sure})["y"]
    told = type_.decode(found, classes)
    assert all(type_.same(one, other, 1e-6) for one, other in zip(told, type_.decode(learn, classes), strict=True))


@pytest.mark.parametrize("classes", [("a", "b"), ("", "é", '"', "x" * 5000)])
def test_a_label_has_an_index(classes: tuple[str, ...]) -> None:
    type_: OutputType = load("types", "label")
    assert type_.encode([*classes, None], classes).tolist() == [*range(len(classes)), -1]
    with pytest.raises(DataError, match="is not a class"):
        type_.encode([classes[0], "nothing"], classes)
