"""How many multiply-adds a second one core can do at most: what shares of the peak are shares of."""

import ctypes
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from datacc.runtime.toolchain import find, run
from datacc.spec.cpus import Cpu

ROUNDS: Final = 1_000  # of chains in one answer


class Peak:
    """A side that does nothing but float multiply-adds in registers, at the width of a processor level.

    It takes turns with the programs, so that what disturbs them disturbs the peak as well.
    """

    def __init__(self, cpu: Cpu) -> None:
        self.cpu = cpu

    def answer(self, count: int) -> None:
        """Do `work` multiply-adds that many times."""
        self._library.chains(ctypes.c_size_t(count * ROUNDS))

    @property
    def work(self) -> int:
        """The multiply-adds of one answer."""
        return ROUNDS * int(self._library.per_round())

    @cached_property
    def _library(self) -> Any:
        source = Path(__file__).with_name("peak.c")
        with tempfile.TemporaryDirectory(prefix="datacc-bench-") as folder:
            path = Path(folder) / "peak.so"
            compiler = find()
            run([*compiler.command, *compiler.target(self.cpu), "-O2", "-shared", "-fPIC", source, "-o", path],
                Path(folder))  # fmt: skip
            library = ctypes.CDLL(str(path))
        library.chains.restype = ctypes.c_float
        return library
