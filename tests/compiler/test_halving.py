"""What a search fits, on made-up candidates whose scores are known: the cheapest that will do, at little cost."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.compiler.attempts import LONG, SHORT, WHOLE, Attempt, Attempts, Rung, Settings, unheard
from datacc.compiler.halving import KEPT, best, cheapest, front, frontier, knee, otherwise
from datacc.compiler.verdict import Costs
from datacc.fit import Recipe
from datacc.ir.graph import Graph, Node, float32
from datacc.spec.program import Budget

ROWS = 1000
GOAL = 0.9
BARS = (0.95, 0.975, 0.98, 0.99)
RECIPE = Recipe(epochs=8, batch=8, rate=0.1)


def wanted(contenders: int) -> float:
    """More of each, the more could pass."""
    return BARS[min(contenders, len(BARS)) - 1]


def weighing(count: int) -> Graph:
    """A Graph of one weight, of so many numbers."""
    return Graph(nodes=(Node(name="w", op="weight", type=float32(count)),), outputs=())


@dataclass
class World:
    """Candidates whose errors after a whole fit are given; a quarter of the steps leaves `haste` times as many.

    Where fits are `brief`, a search takes none that is not whole.
    """

    works: list[int]
    errors: list[float]
    haste: float = 1.7
    brief: bool = False
    unsound: tuple[int, ...] = ()
    lesson: float = 0.5
    chance: Callable[[float], float] = lambda score: float(score >= GOAL)
    budget: Budget = field(default_factory=Budget)
    told: list[Attempt] = field(default_factory=list)

    @property
    def ladder(self) -> list[Rung]:
        graph = weighing(1)
        return [Rung(skeleton="any.v1", sizes={"n": n}, graph=graph, work=work) for n, work in enumerate(self.works)]

    @property
    def attempts(self) -> Attempts:
        def attempt(rung: Rung, asked: float, tutor: Attempt | None, settings: Settings) -> Attempt:
            share = max(asked, WHOLE if self.brief else SHORT)
            error = self.errors[rung.sizes["n"]] * {SHORT: self.haste, WHOLE: 1.0, LONG: 0.8}[share]
            error *= 1 if tutor is None else self.lesson
            error *= settings.get("errors", 1)
            score, fitted = 1 - error, None
            return Attempt(
                rung=rung,
                share=share,
                recipe=RECIPE,
                fitted=fitted,  # type: ignore[arg-type]
                score=score,
                sound=rung.sizes["n"] not in self.unsound,
                chance=self.chance(score),
                outlook=lambda left: self.chance(1 - left * error),
                settings=settings,
                work=int(rung.work * share * ROWS),
                tutor=tutor,
            )

        def price(rung: Rung) -> Costs:
            return Costs(work=rung.work, size=10 * rung.work, arena=0, stack=0, weights=0)

        return Attempts(self.budget, price, attempt, self.told.append, wanted)

    @property
    def spent(self) -> int:
        return sum(one.work for one in self.told)


errors = st.floats(0.01, 0.9, allow_nan=False)


@given(st.lists(errors, min_size=2, max_size=20), st.floats(1.0, 1.9), st.booleans())
def test_where_more_work_never_does_worse_the_cheapest_that_will_do_is_found(
    found: list[float], haste: float, brief: bool
) -> None:
    """Strides that each gain something never end the way up, so only what truly passes last can be found."""
    world = World(
        [2**n for n in range(len(found))], sorted((one * 0.9**n for n, one in enumerate(found)), reverse=True)
    )
    world.haste, world.brief = haste, brief
    chosen = cheapest(world.ladder, world.attempts, rows=10**9, brief=brief)
    able = [n for n, error in enumerate(world.errors) if 1 - error >= GOAL]
    assert chosen.share >= WHOLE
    if able:
        assert chosen.rung.work == world.works[able[0]]
    else:
        assert chosen.rung.work == world.works[-1]
        assert not chosen.promising or chosen.share == LONG


@given(st.lists(errors, min_size=1, max_size=12))
def test_what_is_chosen_was_fitted_whole_whatever_the_scores(found: list[float]) -> None:
    for pick in (
        lambda world: cheapest(world.ladder, world.attempts, ROWS),
        lambda world: cheapest(world.ladder, world.attempts, ROWS, brief=True),
        lambda world: knee(world.ladder, world.attempts, ROWS, lambda rung: rung.work),
        lambda world: best(world.ladder, world.attempts),
        lambda world: frontier(world.ladder, world.attempts),
    ):
        world = World([3 * 2**n + n for n in range(len(found))], found)
        chosen = pick(world)
        assert chosen.share >= WHOLE
        assert len({(one.rung.sizes["n"], one.share) for one in world.told}) == len(world.told)  # nothing twice


def test_few_multiply_adds_are_spent_beside_fitting_all() -> None:
    works = [round(100 * 1.4**n) for n in range(20)]
    world = World(works, [0.4 * 0.85**n for n in range(20)])
    chosen = cheapest(world.ladder, world.attempts, ROWS)
    able = [work for work, error in zip(works, world.errors, strict=True) if 1 - error >= GOAL]
    assert chosen.rung.work == able[0]
    assert world.spent <= 0.2 * sum(works) * ROWS


def test_a_cheaper_candidate_of_another_family_is_found() -> None:
    """Between two strides, out of order: less work and fewer errors."""
    world = World([100, 200, 290, 400, 800], [0.5, 0.3, 0.05, 0.08, 0.04])
    assert cheapest(world.ladder, world.attempts, ROWS).rung.work == 290


@given(st.lists(errors, min_size=1, max_size=14))
def test_brief_fits_begin_in_the_middle_and_find_what_will_do(found: list[float]) -> None:
    """Whatever the scores: what is chosen will do if the middle does, and nothing that is dearer than it is tried."""
    world = World([3 * 2**n + n for n in range(len(found))], found, haste=1.0)
    chosen = cheapest(world.ladder, world.attempts, ROWS, brief=True)
    middle = len(found) // 2
    assert world.told[0].rung.sizes["n"] == middle
    if world.told[0].promising:
        assert chosen.promising
        assert max(one.rung.sizes["n"] for one in world.told) == middle


def test_what_is_cheaper_is_fitted_whole_first() -> None:
    """One whole fit where the cheapest hopeful candidate passes, whatever the way up met first."""
    world = World([100, 200, 290, 400, 800], [0.5, 0.3, 0.05, 0.04, 0.01])
    assert cheapest(world.ladder, world.attempts, ROWS).rung.work == 290
    assert [one.rung.work for one in world.told if one.share >= WHOLE] == [290]


def test_without_hope_nothing_is_fitted_longer_and_nothing_teaches() -> None:
    """More steps leave nine tenths of the errors, as two whole fits show: the goal is beyond their reach."""
    world = World([100, 200, 400, 800, 100_000], [0.4, 0.36, 0.33, 0.3, 0.01], haste=1.1, budget=Budget(size=10_000))
    world.chance = lambda score: float(score >= 0.8)
    attempts = world.attempts
    chosen = cheapest(world.ladder, attempts, 10**6)
    assert (chosen.rung.work, chosen.share, chosen.promising) == (800, WHOLE, False)
    assert {one.rung.work for one in world.told} == {100, 200, 400, 800}


def test_two_whole_fits_say_what_more_steps_leave() -> None:
    world = World([100, 200, 400], [0.2, 0.1, 0.05], haste=1.25)
    attempts, ladder = world.attempts, world.ladder
    assert attempts.haste(10**6) == 0.5
    for n, least in ((0, 0.5), (1, 0.75)):
        attempts.of(ladder[n], SHORT)
        attempts.of(ladder[n], WHOLE)
        assert least <= attempts.haste(10**6) <= 0.8  # of which four fifths were left
    assert attempts.haste(50) < 0.5  # few rows say little
    assert attempts.hopeful(attempts.of(ladder[1], SHORT), 10**6)
    assert not attempts.hopeful(replace(attempts.of(ladder[1], SHORT), outlook=lambda left: left < 0.7), 10**6)


def test_longer_is_only_fitted_where_that_still_gains() -> None:
    for haste, expected in ((2.0, LONG), (1.0, WHOLE)):
        world = World([100, 200], [0.3, 0.2], haste)
        assert cheapest(world.ladder, world.attempts, ROWS).share == expected


def test_what_breaks_a_check_is_no_best() -> None:
    world = World([100, 200, 400], [0.5, 0.3, 0.2], unsound=(1, 2))
    assert cheapest(world.ladder, world.attempts, ROWS).rung.work == 100
    assert best(world.ladder, world.attempts).rung.work == 100
    assert (
        knee(World([100, 400], [0.5, 0.3], unsound=(1,)).ladder, world.attempts, ROWS, lambda rung: 0).rung.work == 100
    )


def test_the_knee_is_where_work_stops_to_gain() -> None:
    world = World([100, 400, 1600, 6400, 25600], [0.3, 0.1, 0.0999, 0.0998, 0.01])
    assert knee(world.ladder, world.attempts, ROWS, lambda rung: 0).rung.work == 400
    assert [one.rung.work for one in world.told] == [100, 400, 1600, 6400, 400]


def test_best_spends_about_the_same_on_each_round() -> None:
    world = World([100 + n for n in range(16)], [0.4 - 0.01 * n for n in range(16)])
    assert best(world.ladder, world.attempts).rung.work == 115
    counts = {share: sum(one.share == share for one in world.told) for share in (SHORT, WHOLE, LONG)}
    assert counts == {SHORT: 16, WHOLE: 16 // KEPT, LONG: 1}


def test_the_frontier_is_better_than_all_that_is_cheaper() -> None:
    world = World([100, 200, 300, 400], [0.3, 0.35, 0.08, 0.08])
    assert frontier(world.ladder, world.attempts).rung.work == 300
    assert [one.rung.work for one in world.told if one.share == WHOLE] == [100, 300]
    assert [one.rung.work for one in front([one for one in world.told if one.share == WHOLE])] == [100, 300]


def test_where_nobody_asked_the_frontier_ends_where_it_gains_no_more() -> None:
    world = World([100, 200, 300, 400], [0.09, 0.05, 0.02, 0.0199])
    assert frontier(world.ladder, world.attempts).rung.work == 100
    assert frontier(world.ladder, world.attempts, ROWS).rung.work == 300
    world = World([100, 200], [0.05, 0.01], unsound=(1,))
    assert frontier(world.ladder, world.attempts, ROWS).rung.work == 100


@pytest.mark.parametrize("pick", ["cheapest", "best", "frontier"])
def test_what_breaks_the_budget_is_never_fitted_but_to_teach(pick: str) -> None:
    world = World([100, 200, 300, 400], [0.5, 0.5, 0.5, 0.01], budget=Budget(size=3000))
    given = (world.ladder, world.attempts)
    {
        "cheapest": lambda: cheapest(*given, ROWS, teaching=False),
        "best": lambda: best(*given),
        "frontier": lambda: frontier(*given),
    }[pick]()
    assert world.told
    assert max(one.rung.work for one in world.told) <= 300


def test_what_is_passed_by_is_tried_before_a_longer_fit() -> None:
    """Between the last stride and the end of the budget lies one that will do: no fit of four times the length."""
    world = World([100, 200, 400, 500, 600, 790], [0.3, 0.25, 0.2, 0.13, 0.09, 0.08], haste=1.2)
    chosen = cheapest(world.ladder, world.attempts, ROWS)
    assert (chosen.rung.work, chosen.share) == (600, WHOLE)
    assert max(one.share for one in world.told) == WHOLE
    assert 790 not in [one.rung.work for one in world.told]


def test_nothing_more_is_tried_where_even_no_error_would_not_do() -> None:
    world = World([100, 200, 400, 500, 600], [0.3, 0.25, 0.2, 0.19, 0.19], chance=lambda score: 0.5)
    assert cheapest(world.ladder, world.attempts, ROWS).rung.work == 400
    assert {one.rung.work for one in world.told} == {100, 200, 400}


def test_the_more_could_pass_the_more_is_asked_of_each() -> None:
    """Who cannot pass does not count."""
    world, chances = World([100, 200, 400, 800], [0.3, 0.2, 0.1, 0.05]), (0.5, 0.0, 0.2, 0.97)

    def attempt(rung: Rung, share: float, tutor: Attempt | None, settings: Settings) -> Attempt:
        return replace(world.attempts.of(rung, share), chance=chances[rung.sizes["n"]])

    attempts, bars, ladder = Attempts(Budget(), world.attempts.costs, attempt, unheard, wanted), [], world.ladder
    for rung in ladder:
        attempts.of(rung, SHORT)
        bars.append(attempts.of(rung, WHOLE).bar)
    assert bars == [0.95, 0.975, 0.975, 0.98]
    assert not attempts.of(ladder[-1], WHOLE).promising
    assert Attempts(Budget(), world.attempts.costs, attempt, unheard, wanted).of(ladder[-1], WHOLE).promising


@given(st.lists(errors, min_size=2, max_size=12), st.floats(0.1, 1.5), st.data())
def test_one_beyond_the_budget_teaches_only_where_none_within_it_will_do(
    found: list[float], lesson: float, data: st.DataObject
) -> None:
    works = [3 * 2**n + n for n in range(len(found))]
    most = 10 * data.draw(st.sampled_from(works))
    world = World(works, found, lesson=lesson, budget=Budget(size=most))
    chosen = cheapest(world.ladder, world.attempts, ROWS)
    alone = [one for one in world.told if one.tutor is None and 10 * one.rung.work <= most]
    beyond = [one for one in world.told if 10 * one.rung.work > most]
    assert 10 * chosen.rung.work <= most
    assert not (beyond and any(one.promising and one.share >= WHOLE for one in alone))
    assert all(one.tutor in beyond for one in world.told if one.tutor is not None)
    best_of_all = max(one.score for one in world.told if one not in beyond and one.share >= WHOLE)
    assert chosen.promising or chosen.score == best_of_all  # of what will do the cheapest, else the best


@pytest.mark.parametrize(("lesson", "teaches"), [(0.5, True), (1.0, False)])
def test_a_tutor_is_kept_where_its_pupil_does_better(lesson: float, teaches: bool) -> None:
    world = World([100, 200, 400, 800], [0.5, 0.3, 0.15, 0.02], lesson=lesson, budget=Budget(size=4000))
    chosen = cheapest(world.ladder, world.attempts, ROWS)
    assert (chosen.rung.work, chosen.promising, chosen.tutor is not None) == (400, teaches, teaches)
    assert [one.rung.work for one in world.told if one.share >= WHOLE][-2:] == [800, 400]
    assert not any(one.tutor for one in world.told[:-1])


def test_no_tutor_where_none_is_wanted_or_none_knows_better() -> None:
    for knows, teaching in ((0.02, False), (0.14, True)):
        world = World([100, 200, 400, 800], [0.5, 0.3, 0.15, knows], budget=Budget(size=4000))
        assert cheapest(world.ladder, world.attempts, ROWS, teaching=teaching).tutor is None
        assert (800 in [one.rung.work for one in world.told]) == teaching


def test_a_tutor_takes_no_more_than_the_search_before() -> None:
    world = World([100, 200, 400, 100_000], [0.5, 0.3, 0.15, 0.0], budget=Budget(size=4000))
    assert cheapest(world.ladder, world.attempts, ROWS).tutor is None
    assert max(one.rung.work for one in world.told) == 400


def test_other_settings_are_tried_until_some_do_better() -> None:
    world = World(works=[1], errors=[0.2])
    attempts = world.attempts
    found = attempts.of(world.ladder[0], WHOLE)
    chosen = otherwise(found, attempts, [{"errors": 1.5}, {"errors": 0.5}, {"errors": 0.1}])
    assert chosen.settings == {"errors": 0.5}
    assert [one.settings.get("errors") for one in world.told] == [None, 1.5, 0.5]
    assert chosen in attempts.all
    assert otherwise(found, attempts, [{"errors": 1.0}, {"errors": 1.5}]) is found  # none is better: as it was
    assert otherwise(found, attempts, []) is found


def test_of_few_examples_the_dearest_is_tried_wherever_the_way_up_ended() -> None:
    world = World(works=[100, 310, 1000, 3100, 10_000], errors=[0.3, 0.3, 0.3, 0.3, 0.1])
    given = world.ladder, world.attempts, ROWS, lambda rung: rung.work
    assert knee(*given).rung.work == 100
    assert knee(*given, few=True).rung.work == 10_000
    assert 3100 not in {one.rung.work for one in world.told}


@pytest.mark.parametrize(
    ("errors", "chosen"), [((0.5, 0.1, 0.099), 350), ((0.5, 0.1, 0.1), 310), ((0.5, 0.1, 0.2), 310)]
)
def test_of_few_examples_the_dearest_is_tried_however_near(errors: tuple[float, ...], chosen: int) -> None:
    """What costs less than a stride more need not gain more than chance could give, but something; not at any size."""
    world = World(works=[100, 310, 350], errors=list(errors))
    found = knee(world.ladder, world.attempts, ROWS, lambda rung: rung.work, few=True)
    assert found.rung.work == chosen
    assert {one.rung.work for one in world.told} == {100, 310, 350}
    sized = [replace(rung, graph=weighing(10 ** rung.sizes["n"])) for rung in world.ladder]
    assert knee(sized, world.attempts, ROWS, lambda rung: rung.work, few=True).rung.work == 310
