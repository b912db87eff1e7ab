"""datacc.lock: read undoes write, equal locks have equal bytes, and a lock for another program is refused."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import SpecError
from datacc.spec.lock import ALL, LEARN, Lock, Tutor, check_lock, lock_toml, read_lock, shape_digest, write_lock
from datacc.spec.program import Budget, Field, Goal, Program, Target
from datacc.store import digest
from tests.spec.programs import TEXTS, programs

DIGITS = Program(
    name="digits",
    inputs=(Field(name="picture", type="image", options={"height": 28, "width": 28}),),
    outputs=(Field(name="digit", type="label"),),
)
LOCK = Lock(
    program=shape_digest(DIGITS),
    skeleton="conv.v1",
    sizes={"width": 8, "depth": 2},
    recipe={"epochs": 20, "rate": 0.003},
    toolchain={"ziglang": "0.17.1"},
)
KEYS = TEXTS
SIZES = st.dictionaries(KEYS, st.integers(0, 2**40), max_size=4)
RECIPES = st.dictionaries(KEYS, st.integers(0, 9) | st.floats(allow_nan=False) | st.booleans() | TEXTS, max_size=4)
LOCKS = st.builds(
    Lock,
    program=TEXTS,
    skeleton=TEXTS,
    sizes=SIZES,
    recipe=RECIPES,
    toolchain=st.dictionaries(KEYS, TEXTS, max_size=3),
    parent=st.none() | TEXTS,
    arithmetic=st.none() | st.sampled_from(["float", "int8"]),
    learnt=st.sampled_from([LEARN, ALL]),
    tutor=st.none() | st.builds(Tutor, skeleton=TEXTS, sizes=SIZES, recipe=RECIPES),
)


@given(LOCKS)
def test_read_undoes_write(lock: Lock) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "datacc.lock")
        write_lock(path, lock)
        assert read_lock(path) == lock


def test_the_order_of_the_keys_does_not_matter() -> None:
    sizes, recipe = (dict(reversed(one.items())) for one in (LOCK.sizes, LOCK.recipe))
    turned = replace(LOCK, sizes=sizes, recipe=recipe)
    assert lock_toml(turned) == lock_toml(LOCK)
    taught = replace(LOCK, tutor=Tutor(skeleton="conv.v1", sizes=LOCK.sizes, recipe=LOCK.recipe))
    turned = replace(taught, tutor=Tutor(skeleton="conv.v1", sizes=sizes, recipe=recipe))
    assert lock_toml(turned) == lock_toml(taught)


def test_a_lock_that_says_nothing_of_it_learns_learn_alone(tmp_path: Path) -> None:
    assert "learnt" not in lock_toml(LOCK)
    path = tmp_path / "datacc.lock"
    write_lock(path, replace(LOCK, learnt=ALL))
    assert 'learnt = "learn and tune"\n' in path.read_text()
    path.write_text(path.read_text().replace("learn and tune", "judge"))
    with pytest.raises(SpecError, match="learnt = 'judge' cannot be"):
        read_lock(path)


@pytest.mark.parametrize(
    ("field", "widths"),
    [
        (Field(name="n", type="number"), ()),
        (Field(name="n", type="label", options={"abstain": True}), (0.5, 1.0)),
    ],
)
def test_what_needs_tune_for_itself_does_not_learn_it(field: Field, widths: tuple[float, ...]) -> None:
    program = replace(DIGITS, outputs=(field,), widths=widths)
    lock = replace(LOCK, program=shape_digest(program))
    check_lock(lock, program)
    with pytest.raises(SpecError, match="needs for itself"):
        check_lock(replace(lock, learnt=ALL), program)


def test_one_label_that_abstains_may_learn_tune() -> None:
    program = replace(DIGITS, outputs=(Field(name="n", type="label", options={"abstain": True}),))
    check_lock(replace(LOCK, program=shape_digest(program), learnt=ALL), program)


def test_no_lock_is_none(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "datacc.lock") is None


@given(programs())
def test_a_lock_fits_its_program(program: Program) -> None:
    lock = replace(LOCK, program=shape_digest(program), skeleton=program.skeleton or "mlp.v1")
    for arithmetic in program.target.arithmetics:
        check_lock(replace(lock, arithmetic=arithmetic), program)
    if len(program.target.arithmetics) == 1:
        check_lock(lock, program)


@pytest.mark.parametrize(
    "other",
    [
        replace(DIGITS, name="figures"),
        replace(DIGITS, seed=7),
        replace(DIGITS, goals=(Goal(metric="accuracy", limit=0.5),), budget=Budget(size=1000)),
        replace(DIGITS, target=Target(make=("wheel",))),
    ],
)
def test_what_the_judge_decides_leaves_the_lock_alone(other: Program) -> None:
    check_lock(LOCK, other)


@pytest.mark.parametrize(
    "other",
    [
        replace(DIGITS, skeleton="mlp.v1"),
        replace(DIGITS, inputs=(replace(DIGITS.inputs[0], options={"height": 28, "width": 27}),)),
        replace(DIGITS, outputs=(replace(DIGITS.outputs[0], name="figure"),)),
        replace(DIGITS, target=Target(arithmetics=("int8",))),
    ],
)
def test_a_lock_of_another_program_is_refused(other: Program) -> None:
    with pytest.raises(SpecError) as caught:
        check_lock(LOCK, other)
    assert caught.value.tries[0] == "datacc build --search"


PRICE = replace(DIGITS, outputs=(Field(name="price", type="number", options={"within": 2.0, "abstain": True}),))


def options_of_price(**options: object) -> Program:
    return replace(PRICE, outputs=(replace(PRICE.outputs[0], options=options),))


@pytest.mark.parametrize(
    "options", [{}, {"within": 3.0}, {"interval": 0.5}, {"widest": 7.0, "within": 2.0}, {"interval": 0.9, "within": 1}]
)
def test_what_is_done_after_a_fit_leaves_the_lock_alone(options: dict[str, float]) -> None:
    check_lock(replace(LOCK, program=shape_digest(PRICE)), options_of_price(abstain=True, **options))
    with pytest.raises(SpecError, match="other inputs, outputs"):
        check_lock(replace(LOCK, program=shape_digest(PRICE)), options_of_price(**options))


def test_an_older_lock_holds_for_the_program_that_it_was_chosen_for() -> None:
    """One that digests all options: written out here, as the format said it."""
    asked = {
        "arithmetic": "float",
        "inputs": [{"name": "picture", "options": {"height": 28, "width": 28}, "type": "image"}],
        "outputs": [{"name": "price", "options": {"abstain": True, "within": 2.0}, "type": "number"}],
        "skeleton": None,
    }
    text = json.dumps(asked, separators=(",", ":"), sort_keys=True)
    older = replace(LOCK, program=digest("shape", text))
    assert older.program != shape_digest(PRICE)
    check_lock(older, PRICE)
    with pytest.raises(SpecError, match="other inputs, outputs"):
        check_lock(older, options_of_price(abstain=True, within=3.0))


def test_a_lock_of_another_back_end_is_refused_where_one_is_asked_for() -> None:
    by = replace(LOCK, toolchain={"fit": "native 1, torch 2.13.0"})
    for program in (DIGITS, replace(DIGITS, backend="native")):
        check_lock(by, program)
    with pytest.raises(SpecError, match=r"it was fitted by native 1, torch .* asks for torch") as caught:
        check_lock(by, replace(DIGITS, backend="torch"))
    assert caught.value.tries[0] == "datacc build --search"
    check_lock(LOCK, replace(DIGITS, backend="torch"))


def test_a_lock_of_a_back_end_that_is_not_there_is_refused_as_a_lock() -> None:
    with pytest.raises(SpecError, match="magic 1, which is not installed") as caught:
        check_lock(replace(LOCK, toolchain={"fit": "magic 1"}), DIGITS)
    assert (caught.value.where, caught.value.tries) == ("datacc.lock", ("datacc build --search",))


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("format = 1", "format = 2", 2, "format 2"),
        ("skeleton =", "skeletton =", 4, "skeletton"),
        ("width = 8", 'width = "8"', 8, "sizes.width must be a whole number"),
        ("epochs = 20", "epochs = [20]", 11, "epochs"),
        ('"0.17.1"', "17", 15, "toolchain.ziglang must be text"),
        ("[sizes]", "[sizes", 6, "not TOML"),
        ("format = 1", "format = 1\ntutor = 7", 3, "tutor"),
    ],
)
def test_a_damaged_lock_is_blamed_line_by_line(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    path = tmp_path / "datacc.lock"
    assert old in lock_toml(LOCK)
    path.write_text(lock_toml(LOCK).replace(old, new, 1))
    with pytest.raises(SpecError) as caught:
        read_lock(path)
    assert caught.value.where == f"datacc.lock:{line}"
    assert what in caught.value.what
    assert caught.value.tries[-1] == "datacc build --search"
