"""How many examples a law is tried on that costs more, or less, than others: in the night ten times as many."""

from typing import Final

from hypothesis import settings

ORDINARY: Final = 50  # examples of a law by day


def about(examples: int) -> int:
    """So many examples by day, and in proportion under another profile of Hypothesis."""
    of = settings.default
    assert of is not None
    return max(1, of.max_examples * examples // ORDINARY)
