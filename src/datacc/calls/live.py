"""`datacc.port`: marks a function so that some of its calls can be recorded where it runs, if who runs it wants it."""

import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar, overload

from datacc.calls import secrets
from datacc.calls._spool import Redact, Spool
from datacc.calls.values import NotPlain, plain

RECORD: Final = "DATACC_RECORD"  # the folder to record to; without it nothing is recorded

Function = TypeVar("Function", bound=Callable[..., Any])


@overload
def port(function: Function) -> Function: ...


@overload
def port(*, share: float = ..., redact: Redact | None = ..., most_bytes: int = ..., most_days: float = ...) -> Callable[
    [Function], Function
]: ...  # fmt: skip


def port(
    function: Any = None,
    *,
    share: float = 0.01,
    redact: Redact | None = None,
    most_bytes: int = 10_000_000,
    most_days: float = 30.0,
) -> Any:
    """A decorator: a share of the calls is recorded for `datacc port MODULE:FUNCTION --calls FOLDER`.

    Nothing is recorded, and the function comes back as it is, unless the environment variable DATACC_RECORD names a
    folder when the function is defined. Then the arguments of one call in a hundred (`share`) are kept in a folder
    below it, as `redact` leaves them: it gets them by name and returns what may be kept, or None. Without it, calls
    that seem to hold secrets or personal data are not kept. A folder takes `most_bytes`, for `most_days`.
    """
    if function is None:
        return functools.partial(port, share=share, redact=redact, most_bytes=most_bytes, most_days=most_days)
    if not 0 < share <= 1:
        raise ValueError(f"share is a share of the calls, above 0 and at most 1, not {share}")
    place = os.environ.get(RECORD)
    if not place:
        return function
    kept = Path(place) / f"{function.__module__}.{function.__qualname__}".replace("<", "").replace(">", "")
    spool = Spool(kept, most_bytes=most_bytes, most_days=most_days, redact=redact or _without_secrets)
    return recorded(function, share, lambda inputs, answer: spool.put(inputs, "sampled"))


def recorded(function: Function, share: float, keep: Callable[[dict[str, Any], Any], object]) -> Function:
    """The function, which also calls `keep` with the plain arguments and the answer of a share of its calls."""
    signature, draw = inspect.signature(function), Random().random  # a generator of its own: yours goes on undisturbed

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if share < 1 and draw() >= share:
            return function(*args, **kwargs)
        inputs = _inputs(signature, args, kwargs)  # before the function can change them
        answer = function(*args, **kwargs)
        if inputs is not None:
            keep(inputs, answer)
        return answer

    return call  # type: ignore[return-value]


def _inputs(signature: inspect.Signature, args: Any, kwargs: Any) -> dict[str, Any] | None:
    """The arguments by name, defaults too, in their plain forms; None where one has none."""
    try:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return {name: plain(value) for name, value in bound.arguments.items()}
    except (NotPlain, TypeError):
        return None


def _without_secrets(inputs: dict[str, Any]) -> dict[str, Any] | None:
    return None if secrets.found(inputs) else inputs
