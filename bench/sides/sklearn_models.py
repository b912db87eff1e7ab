"""The peers of quality: scikit-learn's models with their own settings, given scaled inputs where they want them."""

from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def models(*, picture: bool, quick: bool) -> dict[str, Any]:
    """Unfitted models by name; on pictures `quick` leaves out the slow ones, and boosting has fewer rounds always."""
    light = {"LogisticRegression": logistic(picture=picture)}
    return light if picture and quick else {**light, "MLP": _mlp(picture), **_boosting(picture)}


def logistic(*, picture: bool) -> Any:
    """The lightest model; pixels come scaled already."""
    return _scaled(LogisticRegression(max_iter=1000), picture)


def _mlp(picture: bool) -> Any:
    return _scaled(MLPClassifier(max_iter=500, random_state=0), picture)


def _boosting(picture: bool) -> dict[str, Any]:
    """100 rounds as it comes; 20 on pictures, where each round fits ten trees on 784 columns."""
    rounds = 20 if picture else 100
    return {f"HistGradientBoosting ({rounds} rounds)": HistGradientBoostingClassifier(max_iter=rounds, random_state=0)}


def _scaled(model: Any, picture: bool) -> Any:
    return model if picture else make_pipeline(StandardScaler(), model)
