"""The target `onnx`: the program as an ONNX model, for runtimes and viewers that read it."""

from pathlib import Path
from typing import Final

from datacc.ir.onnx.write import export
from datacc.store import write_atomically
from datacc.targets import Built, Target


class Onnx(Target):
    """NAME.onnx; needs the extra `onnx`."""

    def make(self, built: Built, folder: Path) -> tuple[Path, ...]:
        """Writes NAME.onnx: preprocessing and answer are in the model."""
        path = folder / f"{built.interface.name}.onnx"
        write_atomically(path, export(built.graph, built.interface.name), lasting=False)
        return (path,)


ENTRY: Final = Onnx()
