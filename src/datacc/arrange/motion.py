"""How a kernel moves down a picture: which rows of what it reads a row of its result is made of."""

from datacc.frozen import frozen
from datacc.ir.graph import Graph, Node
from datacc.ir.plan import Step

# Ops that make each row of their result of the same row of what they read.
ROW_BY_ROW = frozenset({"each", "copy", "add", "rescale"})


@frozen
class Motion:
    """Row y of the result is made of `reach` rows from y · `stride` − `before` on; those outside the picture are 0."""

    stride: int = 1
    before: int = 0
    reach: int = 1

    @property
    def ahead(self) -> int:
        """The rows that must be there before the new ones of the first row; negative where windows begin outside."""
        return self.reach - self.stride - self.before


def motion(graph: Graph, step: Step) -> Motion | None:
    """How the step moves down what it reads first; None when it is no picture, or another op."""
    node = graph.by_name[step.nodes[0]]
    if any(len(graph.by_name[name].type.shape) != 3 for name in (step.nodes[0], step.nodes[-1])):
        return None
    if step.op in ("maxpool", "meanpool"):
        return Motion(stride=node["stride"][0], reach=max(node["size"][0], node["stride"][0]))
    if step.op == "conv":
        taps = graph.by_name[node.inputs[1]].type.shape[1]
        reach = node["dilation"][0] * (taps - 1) + 1
        return Motion(stride=node["stride"][0], before=node["pad"][0][0], reach=max(reach, node["stride"][0]))
    is_same = all(_is_same_for_all_rows(graph, graph.by_name[name]) for name in step.nodes)
    return Motion() if step.op in ROW_BY_ROW and is_same else None


def _is_same_for_all_rows(graph: Graph, node: Node) -> bool:
    """Whether no weight of an affine map differs from row to row."""
    weights = [graph.by_name[name] for name in node.inputs[1:]] if node.op == "affine" else []
    return all(len(weight.type.shape) < 3 or weight.type.shape[-3] == 1 for weight in weights)
