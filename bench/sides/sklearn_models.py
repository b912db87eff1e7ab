"""The peers of quality: scikit-learn's models with their own settings, on scaled inputs, on one thread."""

from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

ONE_THREAD = threadpool_limits(1)  # as every other side has; and threads that wait for each other burn minutes


def models(*, picture: bool, quick: bool) -> dict[str, Any]:
    """Unfitted models by name; `quick` keeps the fastest."""
    light = {"LogisticRegression": logistic(picture=picture)}
    boosting = HistGradientBoostingClassifier(random_state=0)
    return light if quick else {**light, "MLP": _mlp(picture), "HistGradientBoosting": boosting}


def logistic(*, picture: bool) -> Any:
    """The lightest model; pixels come scaled already."""
    return _scaled(LogisticRegression(max_iter=1000), picture)


def _mlp(picture: bool) -> Any:
    return _scaled(MLPClassifier(max_iter=500, random_state=0), picture)


def _scaled(model: Any, picture: bool) -> Any:
    return model if picture else make_pipeline(StandardScaler(), model)
