"""The target `library`: the shared library under the name that linkers look for, and its header."""

from pathlib import Path
from typing import Final

from datacc.store import write_atomically
from datacc.targets import Built, Target


class SharedLibrary(Target):
    """libNAME.so (NAME.dll on Windows, libNAME.dylib on macOS) and NAME.h: the very bytes that were judged."""

    def make(self, built: Built, folder: Path) -> tuple[Path, ...]:
        """Writes the two files."""
        name, suffix = built.interface.name, built.library.path.suffix
        library = folder / (f"{name}.dll" if suffix == ".dll" else f"lib{name}{suffix}")
        header = folder / f"{name}.h"
        write_atomically(library, built.library.path.read_bytes())
        write_atomically(header, built.source.header.encode())
        return library, header


ENTRY: Final = SharedLibrary()
