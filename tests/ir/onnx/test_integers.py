"""Integer Graphs as ONNX: onnxruntime computes the very same integers."""

import numpy as np
import onnxruntime
from hypothesis import given, settings

from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.ir.onnx.write import export
from tests.ir.graphs import inputs_for
from tests.ir.whole import integer_graphs
from tests.laws import about


@settings(max_examples=about(40))
@given(integer_graphs())
def test_onnxruntime_computes_the_same_integers(graph: Graph) -> None:
    inputs = inputs_for(graph)
    session = onnxruntime.InferenceSession(export(graph, "program"), providers=["CPUExecutionProvider"])
    found = session.run(None, inputs)
    for answer, (field, wanted) in zip(found, interpret(graph, inputs).items(), strict=True):
        np.testing.assert_array_equal(answer, wanted, err_msg=field)
