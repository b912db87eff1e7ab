"""The recipe that is used when none is locked: chosen from the size of the data and the work of the skeleton."""

from typing import Final

from datacc.fit import Recipe

STEPS: Final = 1200  # enough for a small set to settle
EPOCHS: Final = (8, 120)
ROWS_PER_STEP: Final = 24  # small sets get small batches, so that there are steps at all
THREADS_PAY: Final = 2_000_000  # multiply-adds of one answer; below, threads wait for each other more than they work


def default_recipe(rows: int, work: int) -> Recipe:
    """For `rows` examples to learn from and a skeleton of `work` multiply-adds."""
    batch = min(64, max(8, 1 << (max(rows // ROWS_PER_STEP, 1).bit_length() - 1)))
    epochs = min(EPOCHS[1], max(EPOCHS[0], -(-STEPS * batch // max(rows, 1))))
    return Recipe(epochs=epochs, batch=batch, rate=0.01, threads=2 if work >= THREADS_PAY else 1)
