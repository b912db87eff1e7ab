"""The target `c`: one C file and its header, for any C compiler."""

from pathlib import Path
from typing import Final

from datacc.store import write_atomically
from datacc.targets import Built, Target


class C(Target):
    """NAME.c and NAME.h; how to compile and call them stands in both."""

    def make(self, built: Built, folder: Path) -> tuple[Path, ...]:
        """Writes the two files."""
        source = built.source
        files = {folder / f"{source.name}.c": source.c, folder / f"{source.name}.h": source.header}
        for path, text in files.items():
            write_atomically(path, text.encode(), lasting=False)
        return tuple(files)


ENTRY: Final = C()
