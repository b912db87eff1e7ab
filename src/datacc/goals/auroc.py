"""How often an example of a class has a higher score for it than another example: the area under the ROC curve."""

from typing import Final

import numpy as np

from datacc.goals._ranking import Ranking
from datacc.goals.bootstrap import Floats


class Auroc(Ranking):
    """scikit-learn's roc_auc_score."""

    def of(self, positive: Floats, negative: Floats) -> Floats:
        """The area (S,); equal scores count half."""
        above = np.cumsum(positive, axis=1) - positive / 2
        return np.asarray((above * negative).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1)))


ENTRY: Final = Auroc()
