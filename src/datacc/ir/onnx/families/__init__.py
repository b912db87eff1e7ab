"""What each ONNX op becomes: one file per family, each with its table of forms."""

from collections.abc import Callable

from datacc.ir.onnx.sketch import Sketch
from datacc.ir.onnx.tensor import Tensor

Form = Callable[[Sketch], Tensor | tuple[Tensor, ...]]  # reads `sketch.call`
