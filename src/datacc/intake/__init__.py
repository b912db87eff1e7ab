"""Intake: read examples from a folder or file in somebody else's format and write them, one format per file."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, final, overload

from datacc.errors import DataError
from datacc.frozen import frozen

if TYPE_CHECKING:
    from datacc.intake.sheet import Sheet


@final
@frozen
class Raw:
    """One example as it was found.

    `where` names it for messages ("cats/7.png", "data.csv:17"). `media` is a file or its bytes, None for rows of
    numbers and text, which stand in `cells`, column → JSON value or text as written. `label` and `split` are those
    that the place itself tells (the class folder, a `train` folder); columns that hold them stay in `cells`.
    """

    where: str
    media: Path | bytes | None = None
    cells: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = None
    split: str | None = None

    def read(self) -> bytes:
        """The bytes of the media."""
        assert self.media is not None
        return self.media if isinstance(self.media, bytes) else self.media.read_bytes()


@frozen
class Bad:
    """Something that cannot be read as an example: where it stands and why."""

    where: str
    why: str


@final
@frozen(eq=False)
class TableRows(Sequence[Raw]):
    """N examples kept column by column: `where` each stands, `cells` column → values.

    `media` and `labels` are None where the examples are rows of a table, whose label is a column like any other.
    """

    where: Sequence[str]
    cells: Mapping[str, Sequence[Any]]
    media: Sequence[bytes] | None = None
    labels: Sequence[str | None] | None = None

    def __len__(self) -> int:
        return len(self.where)

    @overload
    def __getitem__(self, number: int) -> Raw: ...

    @overload
    def __getitem__(self, number: slice) -> list[Raw]: ...

    def __getitem__(self, number: int | slice) -> Raw | list[Raw]:
        """One row, or several."""
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        return Raw(
            where=self.where[number],
            media=None if self.media is None else self.media[number],
            cells={name: column[number] for name, column in self.cells.items()},
            label=None if self.labels is None else self.labels[number],
        )


@frozen
class Found:
    """What a format found: examples in the order of the file, `columns` in file order, what is bad, and notes.

    `kinds` is what an export said of every column, `output` how it called the label and `output_type` of which type
    that is: then nothing is guessed.
    `key` is the column that tells equal rows apart where the format has one.
    """

    rows: Sequence[Raw]
    columns: tuple[str, ...] = ()
    bad: tuple[Bad, ...] = ()
    notes: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    output: str | None = None
    output_type: str | None = None
    key: str | None = None

    @property
    def is_media(self) -> bool:
        """Whether the examples are files."""
        return bool(self.rows) and self.rows[0].media is not None

    def column(self, name: str) -> Sequence[Any]:
        """The cells of a column, one per row; None where a row has none."""
        if isinstance(self.rows, TableRows):
            return self.rows.cells[name] if name in self.rows.cells else [None] * len(self.rows)
        return [row.cells.get(name) for row in self.rows]

    def where(self) -> Sequence[str]:
        """Where each row stands."""
        return self.rows.where if isinstance(self.rows, TableRows) else [row.where for row in self.rows]

    def media(self) -> Sequence[Path | bytes]:
        """The files of all rows, of examples that are files."""
        if isinstance(self.rows, TableRows):
            return self.rows.media or []
        return [row.media for row in self.rows if row.media is not None]

    def labels(self) -> Sequence[str | None]:
        """The label that the place itself tells of each row; empty where no place does."""
        if isinstance(self.rows, TableRows):
            return self.rows.labels or []
        return [row.label for row in self.rows]

    def splits(self) -> Sequence[str | None]:
        """The split that the place itself tells of each row; empty where no place does."""
        return [] if isinstance(self.rows, TableRows) else [row.split for row in self.rows]


class Format(ABC):
    """A format that examples can be imported from, and exported to where it says how. Members are stateless.

    `endings`: an export to a path that ends so takes this format.
    """

    endings: tuple[str, ...] = ()

    @abstractmethod
    def matches(self, path: Path) -> bool:
        """Whether `path` looks like this format, by its name and kind alone."""

    @abstractmethod
    def read(self, path: Path) -> Found:
        """Every example at `path`. Raises `DataError` when it cannot be read at all."""

    def write(self, sheet: "Sheet", path: Path) -> None:
        """Write `sheet` to `path`, which is not there yet; files beside it begin with its name.

        Raises `DataError` for examples that the format cannot hold.
        """
        raise DataError("this format can be imported only", where=path.name, tries=["datacc export --help"])
