"""Costs follow from the form of a Graph alone."""

from datacc.ir.build import Builder
from datacc.ir.cost import node_costs


def test_thresholds_count_comparisons_and_products_multiply_adds() -> None:
    b = Builder()
    x = b.input("x", "float32", (4, 6, 3))
    pooled = b.op("maxpool", "pool", b.op("relu", "relu", x), size=(2, 3), stride=(2, 3))
    weight, bias = b.weight("w", (5, 2, 2, 3)), b.weight("b", (5,))
    top = b.op("dense", "top", pooled, weight, bias)
    costs = {cost.op: cost for cost in node_costs(b.graph({"y": b.op("argmax", "first", top)}))}
    assert (costs["relu"].comparisons, costs["maxpool"].comparisons, costs["argmax"].comparisons) == (72, 72, 5)
    assert (costs["relu"].work, costs["dense"].work, costs["dense"].comparisons) == (0, 60, 0)
    assert [cost.steps for cost in costs.values()] == [72, 72, 60, 5]
