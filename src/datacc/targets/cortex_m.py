"""The target `cortex_m`: static libraries for microcontrollers with a unit for floats, Cortex-M4 and Cortex-M7."""

from pathlib import Path
from typing import Final

from datacc.runtime import cross
from datacc.spec.platforms import BARE
from datacc.store import write_atomically
from datacc.targets import Built, Target
from datacc.targets._forms import form


class CortexM(Target):
    """cortex-m4/libNAME.a, cortex-m7/libNAME.a and their headers.

    Hard-float calling convention (`-mfloat-abi=hard`), single precision, one object, no symbol undefined.
    """

    def make(self, built: Built, folder: Path) -> tuple[Path, ...]:
        """Writes two files for each processor. Raises `ToolchainError`."""
        written = []
        for platform in BARE.values():
            one = form(built, platform)
            place = folder / platform.name
            place.mkdir(exist_ok=True)
            path, header = place / f"lib{built.interface.name}.a", place / f"{built.interface.name}.h"
            write_atomically(path, cross.archive(one.source, platform, one.cpu), lasting=False)
            write_atomically(header, one.source.header.encode(), lasting=False)
            written += [path, header]
        return tuple(written)


ENTRY: Final = CortexM()
