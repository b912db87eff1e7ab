"""`datacc.load`: a built program as a Python callable, from the files of its artifact alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datacc import registry
from datacc.errors import DataError, ToolchainError, UsageError
from datacc.frozen import frozen
from datacc.runtime.bound import Bound
from datacc.runtime.library import SUFFIX, name_fits
from datacc.runtime.native import Native
from datacc.runtime.windows import join
from datacc.spec.interface import KNOWN, PARTS, Interface, Port, read_interface


@frozen
class Answer:
    """What a label output says of one input: the class, its score, and the scores of all classes (they sum to 1).

    `known` is False where the program says that it does not know; one that does not abstain always does.
    """

    label: str
    confidence: float
    scores: Mapping[str, float]
    known: bool = True


@frozen
class Number:
    """A number that is answered, and the interval around it; `known` as in `Answer`."""

    value: float
    low: float
    high: float
    known: bool = True


@frozen
class Labels:
    """The labels that are given, in their order, and the probability of every one; `known` as in `Answer`."""

    labels: tuple[str, ...]
    scores: Mapping[str, float]
    known: bool = True


class Loaded:
    """A built program, ready to answer.

    Call it with one raw value (a file's bytes or a picture's array, a record's mapping or list), several inputs by
    name. It returns an `Answer`, a `Number` or `Labels`, or answers by output name when there are several. Safe to call
    from many threads.
    """

    def __init__(self, native: Native) -> None:
        self.native = native
        self.interface: Interface = native.interface

    def __call__(self, value: Any = None, /, **values: Any) -> Any:
        """The answer to one input. Raises `DataError` when it cannot be read as what the program takes."""
        given = self._named(value, values)
        rows = {port.name: _row(port, given[port.name]) for port in self.interface.inputs}
        answers = self._joined(self.native.batch(rows))
        found = {port.name: _answer(port, answers) for port in self.interface.answers if _is_answer(port, answers)}
        return next(iter(found.values())) if len(found) == 1 else found

    def _joined(self, answers: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        """One answer, of those to all windows of a text."""
        count = len(next(iter(answers.values())))
        label = next((port for port in self.interface.answers if port.form == "label"), None)
        return answers if count == 1 or label is None else join(answers, label.name, np.zeros(count, np.intp), 1)

    def at(self, width: float) -> "Loaded":
        """The program at one of its widths, faster and a little less often right. Raises `DataError` for another."""
        return Loaded(self.native.at(width))

    def batch(self, arrays: NDArray[Any] | Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """All answers by port, each (N, *shape): class indices, confidences, scores.

        `arrays` are (N, *shape), as the program takes them; by input name where there are several. The loop over N
        runs in the program. Raises `DataError` when shapes or element types do not fit.
        """
        return self.native.batch(self._named(None if isinstance(arrays, Mapping) else arrays, _mapping(arrays)))

    def bind(self, array: NDArray[Any] | None = None) -> Bound:
        """One input and its answer in memory that stays: fill its `inputs`, call it, read its `answers`, all arrays.

        `array` (*shape), where there is one input, is read in place at every call. It is for one thread at a time.
        Raises `DataError` when `array` is not exactly what the program reads.
        """
        return self.native.bind(array)

    def _named(self, value: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        names = [port.name for port in self.interface.inputs]
        if value is not None and not values and len(names) == 1:
            return {names[0]: value}
        if value is not None or set(values) != set(names):
            raise UsageError(f"{self.interface.name} takes {', '.join(names)}", tries=[_call(self.interface)])
        return dict(values)


def load(folder: str | Path) -> Loaded:
    """The program in `folder`, the artifact that `datacc build` left (`build/<name>`).

    Raises `UsageError` when there is none, `SpecError` or `ToolchainError` when it is damaged or needs another
    processor. Nothing of datacc's compiler is imported.
    """
    place = Path(folder)
    try:
        text = (place / "interface.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("there is no built program", where=str(place), tries=["datacc build"]) from error
    interface = read_interface(text, str(place / "interface.json"))
    return Loaded(Native(_library(place, interface.name), interface))


def _library(folder: Path, name: str) -> Path:
    """The one library in the folder; its bytes must be those that its name promises."""
    found = sorted(folder.glob(f"{name}-*{SUFFIX}"))
    if len(found) != 1:
        what = "the library is missing" if not found else f"there are {len(found)} libraries"
        raise ToolchainError(what, where=str(folder), tries=["datacc build"])
    if not name_fits(found[0]):
        raise ToolchainError("the library is damaged", where=str(found[0]), tries=["datacc build"])
    return found[0]


def _mapping(arrays: Any) -> Mapping[str, Any]:
    return arrays if isinstance(arrays, Mapping) else {}


def _row(port: Port, value: Any) -> NDArray[Any]:
    """One value as a batch of one: taken as it is when it is the right array, otherwise read by its input type."""
    ready = isinstance(value, np.ndarray) and value.shape == port.shape and value.dtype == port.dtype
    has_gaps = bool(port.options.get("missing"))  # then what is no number is an answerable one
    if ready and (value.dtype.kind != "f" or has_gaps or np.isfinite(value).all()):
        return np.asarray(value)[None]
    if not port.type:
        return _narrowed(np.asarray(value), np.dtype(port.dtype))[None]
    kind = registry.load("types", port.type)
    try:
        options = kind.options(**port.options)
        first, (_, more) = kind.encode([value], options), kind.further([value], options)
        rows: NDArray[Any] = np.concatenate([first, more]) if len(more) else first
    except DataError as error:
        raise DataError(error.what, where=port.name, tries=error.tries) from error
    return rows


def _narrowed(array: NDArray[Any], wanted: np.dtype[Any]) -> NDArray[Any]:
    """Whole numbers in the program's type where all of them fit: what is written as JSON has 64 bits."""
    if array.dtype.kind in "iu" and wanted.kind in "iu" and array.size:
        limits = np.iinfo(wanted)
        if limits.min <= array.min() and array.max() <= limits.max:
            return array.astype(wanted)
    return array


def _is_answer(port: Port, answers: Mapping[str, Any]) -> bool:
    """Whether a port stands for itself: confidence, scores, bounds and what is known belong to their output."""
    owner, _, part = port.name.rpartition("_")
    return owner not in answers or not any(part in parts for parts in PARTS.values())


def _answer(port: Port, answers: Mapping[str, NDArray[Any]]) -> Any:
    known = bool(answers.get(f"{port.name}_{KNOWN}", np.ones(1)).reshape(-1)[0])
    if port.form == "number":
        value, low, high = (float(answers[f"{port.name}{part}"].reshape(-1)[0]) for part in ("", "_low", "_high"))
        return Number(value=value, low=low, high=high, known=known)
    if not port.classes:
        return answers[port.name][0]
    scores = answers[f"{port.name}_scores"][0].reshape(-1)
    if port.form == "labels":
        given = answers[port.name][0].reshape(-1)
        return Labels(
            labels=tuple(name for name, one in zip(port.classes, given, strict=True) if one),
            scores={name: float(score) for name, score in zip(port.classes, scores, strict=True)},
            known=known,
        )
    return Answer(
        label=port.classes[int(answers[port.name].reshape(-1)[0])],
        confidence=float(answers[f"{port.name}_confidence"].reshape(-1)[0]),
        scores={name: float(score) for name, score in zip(port.classes, scores, strict=True)},
        known=known,
    )


def _call(interface: Interface) -> str:
    inputs = ", ".join(f"{port.name}=…" for port in interface.inputs)
    return f"program({inputs if len(interface.inputs) > 1 else '…'})"
