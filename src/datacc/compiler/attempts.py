"""The candidates of a search and what was tried of them: each is priced and fitted only once, for so many steps."""

import math
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Any, Final, Literal

from datacc.compiler.knowing import Knowing
from datacc.compiler.learnt import Unlearnt, how_of
from datacc.compiler.price import Over, over_budget
from datacc.compiler.produce import stand_in
from datacc.compiler.shown import show_sizes
from datacc.compiler.simplify import simplify
from datacc.compiler.verdict import Costs
from datacc.fit import Fitted, Recipe, Watch
from datacc.frozen import frozen
from datacc.ir.cost import work
from datacc.ir.graph import Graph
from datacc.spec.bounds import CONFIDENCE
from datacc.spec.program import Budget

# How long a candidate is fitted, as a share of the passes of its whole recipe.
SHORT, WHOLE, LONG = 0.25, 1.0, 4.0
GUESS: Final = 0.5  # what a whole fit may leave of a short one's errors, until some were seen
SEEN: Final = 2  # whole fits that say more than the guess
SLACK: Final = 0.95  # of the best that was seen, and so many standard errors below it
DOUBT: Final = 2.0

Settings = Mapping[str, Any]


@frozen(eq=False)
class Rung:
    """One candidate before it is fitted: skeleton, sizes, its Graph with holes, multiply-adds, and the arithmetic."""

    skeleton: str
    sizes: Mapping[str, int]
    graph: Graph
    work: int
    arithmetic: str = "float"

    @property
    def weights(self) -> int:
        """How many numbers it has to keep."""
        return sum(node.type.count for node in self.graph.weights)

    @property
    def title(self) -> str:
        """What a person calls it."""
        return f"{self.skeleton} {show_sizes(self.sizes, self.arithmetic)}"


@frozen(eq=False)
class Attempt:
    """One fit of a rung, for a share of the whole recipe, and what came out.

    `score` is the share of right answers on rows that it has not learnt from, `sound` whether every check holds on
    tune. `chance` is that of passing the judge's goals, seen from those rows; `outlook(share)`: with that share of its
    errors. `bar` is the chance that was wanted when it was made, `tutor` the attempt that taught it. `work` is what
    the fit took, in multiply-adds forwards; `known` tells how it came to know what it does not know. Of few examples
    it learnt tune as well, and `unlearnt` is what models of its form answered in folds. Its recipe has other
    `settings` than suit its skeleton.
    """

    rung: Rung
    share: float
    recipe: Recipe
    fitted: Fitted
    score: float
    sound: bool
    chance: float
    outlook: Callable[[float], float]
    work: int
    known: tuple[Knowing, ...] = ()
    unlearnt: Unlearnt | None = None
    bar: float = CONFIDENCE
    tutor: "Attempt | None" = None
    settings: Settings = field(default_factory=dict)

    @property
    def how(self) -> str:
        """How what scores it was answered, in words."""
        return how_of(self.unlearnt)

    @property
    def promising(self) -> bool:
        """Whether it is likely to pass."""
        return self.sound and self.chance >= self.bar


Wish = Literal["cheapest", "best", "frontier"]
Announce = Callable[[Rung], Watch | None]
Tell = Callable[[Attempt], None]
Try = Callable[[Rung, float, "Attempt | None", Settings], Attempt]


def unheard(attempt: Attempt) -> None:
    """For whoever does not want to hear of attempts."""


def shortened(recipe: Recipe, share: float) -> Recipe:
    """The recipe with that share of its passes, one at least."""
    return replace(recipe, epochs=max(1, round(recipe.epochs * share)))


class Attempts:
    """What is known of the rungs so far: their costs, asked for one by one, and every attempt.

    `price` links a rung, `attempt` fits it for a share of its recipe, with a tutor or without; `tell` hears of each
    attempt when it is made. `wanted` is the chance of passing that is asked of the last of so many that could.
    """

    def __init__(
        self, budget: Budget, price: Callable[[Rung], Costs], attempt: Try, tell: Tell, wanted: Callable[[int], float]
    ) -> None:
        self._budget, self._price, self._attempt, self._tell, self._wanted = budget, price, attempt, tell, wanted
        self._costs: dict[int, Costs] = {}
        self._works: dict[int, int] = {}
        self._made: dict[tuple[int, float], Attempt] = {}
        self._more: list[Attempt] = []

    def costs(self, rung: Rung) -> Costs:
        """What it costs, exactly."""
        if id(rung) not in self._costs:
            self._costs[id(rung)] = self._price(rung)
        return self._costs[id(rung)]

    def overs(self, rung: Rung) -> tuple[Over, ...]:
        """What it breaks of the budget. It is linked only where more than its work is limited."""
        broken = self._by_work(rung)
        if broken or self._budget.size is self._budget.memory is None:
            return broken
        return over_budget(self._budget, self.costs(rung))

    def known_overs(self, rung: Rung) -> tuple[Over, ...]:
        """What it is known to break, without linking anything."""
        known = self._costs.get(id(rung))
        return over_budget(self._budget, known) if known else self._by_work(rung)

    def _by_work(self, rung: Rung) -> tuple[Over, ...]:
        if self._budget.work is None:
            return ()
        only = Budget(work=self._budget.work)
        return over_budget(only, Costs(work=self.work(rung), size=0, arena=0, stack=0, weights=0))

    def work(self, rung: Rung) -> int:
        """Its multiply-adds once it is fitted."""
        if id(rung) not in self._works:
            self._works[id(rung)] = work(simplify(stand_in(rung.graph, rung.arithmetic)))
        return self._works[id(rung)]

    def fits(self, rung: Rung) -> bool:
        """Whether it is within the budget."""
        return not self.overs(rung)

    def of(self, rung: Rung, share: float) -> Attempt:
        """The rung, fitted for that share of its recipe or more, now or before."""
        made = [one for (key, _), one in self._made.items() if key == id(rung) and one.share >= share]
        if made:
            return min(made, key=lambda one: one.share)
        found = self._new(rung, share)
        self._made[id(rung), found.share] = found
        return found

    def _new(self, rung: Rung, share: float, tutor: Attempt | None = None, settings: Settings | None = None) -> Attempt:
        found = replace(self._attempt(rung, share, tutor, settings or {}), bar=self.bar)
        self._tell(found)
        return found

    @property
    def bar(self) -> float:
        """The chance of passing that is wanted of the next, which joins those within the budget that could pass."""
        could = [one for one in self.all if one.share >= WHOLE and one.chance > 1 - CONFIDENCE]
        return self._wanted(1 + sum(self.fits(one.rung) for one in could))

    def longest(self, rung: Rung) -> Attempt | None:
        """The longest attempt at this rung, None before the first."""
        made = [one for (key, _), one in self._made.items() if key == id(rung)]
        return max(made, key=lambda one: one.share, default=None)

    def taught(self, pupil: Attempt, tutor: Attempt) -> Attempt:
        """The pupil's rung, fitted once more for as long, by what the tutor says too."""
        self._more.append(self._new(pupil.rung, pupil.share, tutor))
        return self._more[-1]

    def otherwise(self, one: Attempt, settings: Settings) -> Attempt:
        """The same rung, fitted once more for as long, by a recipe with these settings."""
        self._more.append(self._new(one.rung, one.share, settings=settings))
        return self._more[-1]

    def haste(self, rows: int) -> float:
        """What a whole fit leaves of the errors of a short one at best, as far as is known; scores are of `rows`."""
        ratios = [_least_left(1 - short.score, 1 - whole.score, rows) for short, whole in self._pairs()]
        seen = SLACK * min(ratios, default=1.0)
        return seen if len(ratios) >= SEEN else min(GUESS, seen)

    def hopeful(self, trial: Attempt, rows: int) -> bool:
        """Whether a fit of four times the steps may be likely to pass, after that one; scores are of so many rows."""
        return max(trial.chance, trial.outlook(self.haste(rows))) >= self.bar

    def in_vain(self) -> float:
        """The best score in a short trial after which a whole fit was not promising; 0 without one."""
        return max((short.score for short, whole in self._pairs() if not whole.promising), default=0.0)

    def _pairs(self) -> list[tuple[Attempt, Attempt]]:
        """The short and the whole fits of each rung that has both."""
        made = self._made
        shorts = [(key, one) for (key, share), one in made.items() if share == SHORT == one.share]
        return [(one, made[key, WHOLE]) for key, one in shorts if (key, WHOLE) in made]

    def known_costs(self, rung: Rung) -> Costs | None:
        """Its costs where they were asked for."""
        return self._costs.get(id(rung))

    @property
    def all(self) -> tuple[Attempt, ...]:
        """Every attempt, in the order in which they were made."""
        return tuple({id(one): one for one in (*self._made.values(), *self._more)}.values())


def _least_left(before: float, after: float, rows: int) -> float:
    """The ratio of two shares of `rows` that are wrong, after more steps and before, as small as it may be in truth.

    The logarithm of a count has a standard error of about one over its root.
    """
    wrong, left = 1 + rows * before, 1 + rows * after
    return left / wrong * math.exp(-DOUBT * math.sqrt(1 / wrong + 1 / left))
