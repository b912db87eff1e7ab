"""The target `library`: the shared library under the name that linkers look for, and its header."""

from pathlib import Path
from typing import Final

from datacc.store import write_atomically
from datacc.targets import Built, Target
from datacc.targets._forms import forms, library


class SharedLibrary(Target):
    """libNAME.so (libNAME.dylib on macOS, NAME.dll on Windows) and NAME.h, for each platform.

    Those of this machine are the very bytes that were judged. Where `platforms` are named, each has a folder.
    """

    def make(self, built: Built, folder: Path) -> tuple[Path, ...]:
        """Writes two files for each platform."""
        written = []
        for form in forms(built):
            place = folder / form.platform.name if built.platforms else folder
            place.mkdir(exist_ok=True)
            path = place / form.platform.library_file(built.interface.name)
            write_atomically(path, library(built, form), lasting=False)
            header = place / f"{built.interface.name}.h"
            write_atomically(header, form.source.header.encode(), lasting=False)
            written += [path, header]
        return tuple(written)


ENTRY: Final = SharedLibrary()
