"""Random models: the compiled program gives what onnxruntime gives. Many programs share one link."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from tests.emit.compiled import poisoned
from tests.emit.many import compiled_together
from tests.ir.onnx.models import converted, inputs_of, reference, rows_of
from tests.ir.onnx.random_models import random_model

TOGETHER = 50
CI, NIGHTLY = 100, 2000


def differences(seeds: range) -> list[str]:
    """What differs, in words, for these models; all are compiled into one library."""
    models = {f"net{seed}": random_model(seed) for seed in seeds}
    graphs = {name: converted(model).graph for name, model in models.items()}
    found = []
    with tempfile.TemporaryDirectory() as folder:
        natives = compiled_together(graphs, Path(folder))
        for name, model in models.items():
            inputs = inputs_of(model)
            answers = poisoned(natives[name], rows_of(graphs[name], inputs))
            for field, wanted in reference(model, inputs).items():
                gap = np.abs(answers[field].reshape(-1).astype(np.float64) - wanted.reshape(-1)).max()
                limit = 2e-5 * max(1.0, float(np.abs(wanted).max()))
                if not gap <= limit:
                    found.append(f"{name} {field}: {gap}")
    return found


@pytest.mark.parametrize("start", range(0, CI, TOGETHER))
def test_random_models_agree_with_onnxruntime(start: int) -> None:
    assert not differences(range(start, start + TOGETHER))


@pytest.mark.nightly
@pytest.mark.parametrize("start", range(CI, CI + NIGHTLY, TOGETHER))
def test_many_random_models_agree_with_onnxruntime(start: int) -> None:
    assert not differences(range(start, start + TOGETHER))
