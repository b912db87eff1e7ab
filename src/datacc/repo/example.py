"""Examples as every source hands them over to be frozen: one by one, or many column by column."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final, final, overload

from datacc.frozen import frozen
from datacc.spec.program import Program

LABELLED_BY: Final = "labelled_by"  # the column, for slices: where = { labelled_by = "people" }


@frozen
class Example:
    """A labelled example without conflicts.

    `inputs`: input field → raw value (bytes of a file, a list of numbers); `labels`: output field → class name, number
    or list of labels; `shares`: output field → class → how likely it is, where a teacher told that; `labelled_by`: who
    labelled it, where a teacher may have; `columns`: other columns → JSON value; `content`: a digest that equal inputs
    share; `split`: "learn", "tune" or "judge" when it was imported with one; `name`: what the user calls it.
    """

    id: str
    content: str
    inputs: Mapping[str, Any]
    labels: Mapping[str, Any]
    columns: Mapping[str, Any] = field(default_factory=dict)
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    labelled_by: str | None = None
    name: str | None = None
    group: str | None = None
    split: str | None = None


@final
@frozen(eq=False)
class Examples(Sequence[Example]):
    """N examples as columns of N; in `columns` None stands where an example has no such column.

    All have the same `labels`, which are none for those that nobody labelled; no `shares`, and no `labelled_by`, at all
    where nobody told any.
    """

    ids: Sequence[str]
    contents: Sequence[str]
    inputs: Mapping[str, Sequence[Any]]
    labels: Mapping[str, Sequence[Any]]
    columns: Mapping[str, Sequence[Any]]
    names: Sequence[str | None]
    groups: Sequence[str | None]
    splits: Sequence[str | None]
    shares: Sequence[Mapping[str, Mapping[str, float]]] = ()
    labelled_by: Sequence[str | None] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, number: int) -> Example: ...

    @overload
    def __getitem__(self, number: slice) -> list[Example]: ...

    def __getitem__(self, number: int | slice) -> Example | list[Example]:
        """One example, or several."""
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        return Example(
            id=self.ids[number],
            content=self.contents[number],
            inputs={name: values[number] for name, values in self.inputs.items()},
            labels={name: values[number] for name, values in self.labels.items()},
            columns={name: cell for name, cells in self.columns.items() if (cell := cells[number]) is not None},
            shares=self.shares[number] if self.shares else {},
            labelled_by=self.labelled_by[number] if self.labelled_by else None,
            name=self.names[number],
            group=self.groups[number],
            split=self.splits[number],
        )

    def __iter__(self) -> Iterator[Example]:
        return (self[n] for n in range(len(self)))

    def take(self, numbers: Sequence[int]) -> "Examples":
        """These examples alone, in this order."""

        def some(column: Sequence[Any]) -> Sequence[Any]:
            quick = getattr(column, "take", None)  # of columns that are coded, and of several that an input reads
            return quick(numbers) if quick else list(map(column.__getitem__, numbers))

        return Examples(
            ids=some(self.ids),
            contents=some(self.contents),
            inputs={name: some(values) for name, values in self.inputs.items()},
            labels={name: some(values) for name, values in self.labels.items()},
            columns={name: some(cells) for name, cells in self.columns.items()},
            names=some(self.names),
            groups=some(self.groups),
            splits=some(self.splits),
            shares=some(self.shares) if self.shares else (),
            labelled_by=some(self.labelled_by) if self.labelled_by else (),
        )


def columnar(examples: Iterable[Example]) -> Examples:
    """The examples column by column; the same ones where they are so already."""
    if isinstance(examples, Examples):
        return examples
    rows = list(examples)
    named = sorted({name for one in rows for name in one.columns})
    first = rows[0] if rows else Example(id="", content="", inputs={}, labels={})
    return Examples(
        ids=[one.id for one in rows],
        contents=[one.content for one in rows],
        inputs={name: [one.inputs[name] for one in rows] for name in first.inputs},
        labels={name: [one.labels.get(name) for one in rows] for name in first.labels},
        columns={name: [one.columns.get(name) for one in rows] for name in named},
        names=[one.name for one in rows],
        groups=[one.group for one in rows],
        splits=[one.split for one in rows],
        shares=[one.shares for one in rows] if any(one.shares for one in rows) else (),
        labelled_by=[one.labelled_by for one in rows] if any(one.labelled_by for one in rows) else (),
    )


def sliced(program: Program) -> tuple[str, ...]:
    """The columns that the program reads and that can be sliced by as well: those of a few values each."""
    records = [field.options for field in program.inputs if field.type == "record"]
    return tuple(name for one in records for key in ("categories", "ordered", "booleans") for name in one.get(key, ()))
