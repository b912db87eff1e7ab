"""Cost against quality of all candidates that were fitted: the frontier, as numbers and as a drawing in SVG."""

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from datacc.compiler.report import Candidate
from datacc.compiler.shown import amount, percent, show_sizes, shown

WIDTH, HEIGHT, EDGE = 640, 260, 44  # of the drawing, and what is left around for its scales
WHOLE: Final = 1.0
LEAST: Final = 1e-4  # errors below are drawn there: the scale is one of ratios


def frontier_of(tried: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """From cheap to dear, those of the whole fits that are better than every cheaper one."""
    found: list[Candidate] = []
    for one in sorted(_scored(tried, WHOLE), key=lambda one: (one.work, -(one.tune or 0))):
        if not found or (one.tune or 0) > (found[-1].tune or 0):
            found.append(one)
    return tuple(found)


def plot(tried: Sequence[Candidate]) -> str:
    """The drawing: errors on what was not learnt over multiply-adds, both in ratios; nothing of fewer than two."""
    scored = _scored(tried, 0.0)
    if len(scored) < 2:
        return ""
    x = _scale([one.work for one in scored], EDGE, WIDTH - EDGE)
    y = _scale([_errors(one) for one in scored], HEIGHT - EDGE, EDGE / 2)
    line = " ".join(f"{x(one.work):.1f},{y(_errors(one)):.1f}" for one in frontier_of(tried))
    dots = "".join(_dot(one, x(one.work), y(_errors(one))) for one in scored)
    axes = f"M{EDGE},{EDGE / 2}V{HEIGHT - EDGE}H{WIDTH - EDGE}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="errors {tried[0].how} over work">'
        f'<g fill="none" stroke="currentColor"><path d="{axes}" opacity=".4"/>'
        f'<polyline points="{line}"/></g>{_ends(scored, x, y)}{dots}</svg>'
    )


def _scored(tried: Sequence[Candidate], least: float) -> list[Candidate]:
    return [one for one in tried if one.tune is not None and one.share >= least]


def _errors(one: Candidate) -> float:
    return max(1 - (one.tune or 0), LEAST)


class _scale:  # noqa: N801  it is used as a function
    """From values to places between two ends, by ratios."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.low, self.high = min(values), max(values)
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        share = math.log(value / self.low) / (math.log(self.high / self.low) or 1.0)
        return self.start + share * (self.end - self.start)


def _ends(scored: Sequence[Candidate], x: _scale, y: _scale) -> str:
    """The smallest and the largest value beside each axis."""
    works = [(value, x(value), HEIGHT - EDGE + 16, "middle") for value in {x.low, x.high}]
    errors = [(value, EDGE - 6, y(value) + 4, "end") for value in {y.low, y.high}]
    said = [
        *((amount(int(value)), a, b, anchor) for value, a, b, anchor in sorted(works)),
        *((percent(value, 2), a, b, anchor) for value, a, b, anchor in sorted(errors)),
        ("multiply-adds", WIDTH / 2, HEIGHT - 8, "middle"),
    ]
    texts = (f'<text x="{a:.1f}" y="{b:.1f}" text-anchor="{anchor}">{escape(t)}</text>' for t, a, b, anchor in said)
    return f'<g font-size="11" fill="currentColor">{"".join(texts)}</g>'


def _dot(one: Candidate, x: float, y: float) -> str:
    """Filled when fitted to the end, larger when chosen."""
    fill = "currentColor" if one.share >= WHOLE else "none"
    what = f"{shown(one.skeleton)} {show_sizes(one.sizes, one.arithmetic)}"
    told = f"{what}: {one.work:,} multiply-adds, {percent(one.tune or 0, 2)} right {one.how}"
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{6 if one.chosen else 3.5}" fill="{fill}" stroke="currentColor">'
        f"<title>{escape(told)}</title></circle>"
    )
