"""What the text of a step is made from: the Graph, and where everything that it touches lies."""

from collections.abc import Mapping

from datacc.fit.compiled.layout import Layout
from datacc.fit.compiled.memory import Part, Place
from datacc.frozen import frozen
from datacc.ir.graph import Graph
from datacc.spec.cpus import Cpu


@frozen(eq=False)
class Scene:
    """Places of row values; parts of whole ones, of sums in what a shard adds up, of turned weights by their reader.

    `is_brief` says that a fit takes less than to compile it: fewer kinds of tiles, of the same bits.
    """

    graph: Graph
    cpu: Cpu
    whole: frozenset[str]
    places: Mapping[str, Place]
    parts: Mapping[str, Part]
    sums: Mapping[str, Part]
    turned: Mapping[str, Part]
    is_brief: bool

    def layout(self, name: str) -> Layout:
        """How a row value lies."""
        return self.places[name].layout
