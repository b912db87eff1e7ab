"""ONNX: `write` makes a model of a Graph, `read` a Graph of anybody's model.

This folder alone imports `onnx` (the extra of that name).
"""

from datacc.errors import MissingExtra

try:
    import onnx as _onnx  # noqa: F401 the first import of this folder, so that what is missing is said here
except ImportError as missing:
    raise MissingExtra("ONNX needs the package onnx", tries=["pip install 'datacc[onnx]'"]) from missing
