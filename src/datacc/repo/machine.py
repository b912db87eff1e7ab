"""What a model says is no gold: it counts when a person has said the same or looked at it."""

from datacc.repo.fold import Register, State
from datacc.repo.schema import Column


def is_gold(register: Register) -> bool:
    """Whether a person stands behind the value: wrote it, or verified each of the writes of models."""
    seen = {id for verify in register.verifies if verify.model is None for id in verify.about}
    return any(one.model is None for one in register.live) or all(one.id in seen for one in register.live)


def is_machines(state: State, output: Column) -> bool:
    """Whether an output of the example has a value for which only a model answers."""
    register = state.fields.get(output.id)
    return register is not None and register.value is not None and not is_gold(register)
