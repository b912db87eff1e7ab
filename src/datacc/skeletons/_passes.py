"""How often texts are read in a fit, how many at a time and in what steps, by how many there are."""

import math
from collections.abc import Mapping
from typing import Any, Final

LARGEST: Final = 64  # rows of a batch
RATE: Final = 0.01  # of the largest batch
ROWS_PER_STEP: Final = 96  # of a batch, while it is smaller
STEPS: Final = 1200  # at least
EPOCHS: Final = (8, 120)


def of_texts(rows: int) -> Mapping[str, Any]:
    """What a recipe is for so many `rows`: small steps, and much decay, for tables remember whatever is said once.

    They remember it all the more the fewer rows there are: then batches are small, passes few for all that, and the
    rate goes with the root of the batch. See bench/RESULTS.md.
    """
    batch = min(LARGEST, max(8, 1 << (max(rows // ROWS_PER_STEP, 1).bit_length() - 1)))
    epochs = min(EPOCHS[1], max(EPOCHS[0], -(-STEPS * batch // max(rows, 1))))
    return {"epochs": epochs, "batch": batch, "rate": RATE * math.sqrt(batch / LARGEST), "decay": 0.2}
