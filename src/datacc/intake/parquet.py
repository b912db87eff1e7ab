"""Parquet: a column per column; files as structs {bytes, path}, as Hugging Face writes them."""

from pathlib import Path

from datacc.intake import Format, Found
from datacc.intake.arrow import from_table, read_parquet, write_parquet
from datacc.intake.sheet import Sheet


class Parquet(Format):
    """Rows of typed cells, or pictures with what is known of them."""

    endings = (".parquet",)

    def matches(self, path: Path) -> bool:
        """Whether the name ends in .parquet."""
        return path.suffix.lower() == ".parquet" and path.is_file()

    def read(self, path: Path) -> Found:
        """One example per row; a list of numbers becomes one column per element."""
        return from_table(read_parquet(path), path.name)

    def write(self, sheet: Sheet, path: Path) -> None:
        """One file; what the columns are stands in its metadata."""
        write_parquet(sheet, path)


ENTRY = Parquet()
