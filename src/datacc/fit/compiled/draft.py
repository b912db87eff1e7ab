"""Everything that is decided of a Graph before it is printed: phases, steps, blocks, shards, places, parts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from datacc.errors import GraphError
from datacc.fit.compiled.copies import with_copies
from datacc.fit.compiled.layout import Layout, padded
from datacc.fit.compiled.memory import Part, Wholes, places, written
from datacc.fit.compiled.once import once, turn, turned_size
from datacc.fit.compiled.order import Loop, Step, steps
from datacc.fit.compiled.phases import SUMMING, Phases, phases
from datacc.fit.compiled.scene import Scene
from datacc.fit.compiled.windows import Window, window
from datacc.ir.graph import Graph, Node
from datacc.spec.cpus import Cpu

BLOCK_FLOATS: Final = 24_000  # what the values of a block of examples may take: they should stay near
MOST_ROWS: Final = 64
LIGHT: Final = 100_000  # multiply-adds of an example below which four shards are enough
BRIEF: Final = 5_000  # below which a fit takes less than to compile it
FEW: Final = 4
MANY: Final = 16
TABLES: Final = 2  # floats of sums, to a multiply-add of an example, from which on there is one shard

PRODUCTS: Final = frozenset(("dense", "conv", "conv_input"))


@dataclass(kw_only=True, eq=False)
class Draft:
    """A Graph and how it is computed. `memory` holds whole values, weights first, and is shared with other drafts."""

    name: str
    graph: Graph
    cpu: Cpu
    memory: Wholes
    learnt: tuple[str, ...]
    rows_out: tuple[str, ...]  # row values that are kept for whoever asks
    carried: Mapping[str, str]  # whole holes, and what a step leaves in them for the next

    def __post_init__(self) -> None:
        self.graph = with_copies(self.graph)
        self.phases: Phases = phases(self.graph)
        self.whole = self.phases.whole
        count = len(self.phases.kernels)
        self.steps: list[list[Step]] = [steps(self.phases, i, self.rows_out) for i in range(count)]
        self._place_wholes()
        self._place_sums()
        found, self.kept_size, scratch = places(self.phases, self.steps, self.rows_out, self.cpu)
        self.blocks = [self._block(i) for i in range(count)]
        sizes = [size * block for size, block in zip(scratch, self.blocks, strict=True)]
        self.scratch_starts = [sum(sizes[:i]) for i in range(count)]
        self.scratch_size = sum(sizes) + 64
        self.turned: dict[str, Part] = {}
        for node in self.graph.nodes:
            if node.op == "conv_input":
                self._place_turned(node, found[self.phases.ready[node.name]][node.name].layout)
        self.scenes = [
            Scene(
                graph=self.graph, cpu=self.cpu, whole=self.whole, places=mine, parts=self.parts,
                sums=self.sums, turned=self.turned, is_brief=self.is_brief,
            )
            for mine in found
        ]  # fmt: skip

    @cached_property
    def shards(self) -> int:
        """Into how many parts a batch falls: by the Graph alone, so that threads change nothing.

        Each has sums of its own for every weight. Where tables are looked up these are far more than an example works
        with, and to clear and add them up would take longer than the example: there is one part.
        """
        if self.sums_size > TABLES * self.work:
            return 1
        return FEW if self.work < LIGHT else MANY

    @property
    def is_brief(self) -> bool:
        """Whether a fit takes less than to compile it."""
        return self.work < BRIEF

    @cached_property
    def work(self) -> int:
        """Multiply-adds of the forward products of one example."""
        products = [node for node in self.graph.nodes if node.op in ("dense", "conv")]
        weights = [self.graph.by_name[node.inputs[1]].type for node in products]
        return sum(n.type.count * w.count // w.shape[0] for n, w in zip(products, weights, strict=True))

    def steps_until(self, sums: Collection[str]) -> int:
        """How many steps, those of all phases counted on, it takes until these sums are added up; all without any."""
        every = [step for phase in self.steps for step in phase]
        adds = [{node.name for node in step.sums} if isinstance(step, Loop) else {step.name} for step in every]
        return max((i for i, names in enumerate(adds, 1) if names & set(sums)), default=len(every))

    def end_lines(self) -> list[str]:
        """What the next step finds of this one."""
        lines = []
        for hole, node in self.carried.items():
            to, source = self.parts[hole], self.parts[node]
            lines.append(f"for (int i = 0; i < {to.size}; i++) whole[{to.offset} + i] = whole[{source.offset} + i];")
        return lines

    def _place_wholes(self) -> None:
        wide = {node.inputs[1] for node in self.graph.nodes if node.op in PRODUCTS}
        self.spread = wide | self._like_weights()
        plain = {
            n for node in self.graph.nodes for i, n in enumerate(node.inputs) if not (node.op in PRODUCTS and i == 1)
        }
        both = {name for name in wide & plain if self.graph.by_name[name].op == "weight"}
        if both:
            raise GraphError(f"{sorted(both)} are weights of products and others at once: not fitted natively")
        self.parts: dict[str, Part] = {}
        for name in self.learnt:
            node = self.graph.by_name[name]
            self.parts[name] = self.memory.put(name, node, spread=name in self.spread, tight=self._is_table(node))
        self.memory.weights_size = self.memory.weights_size or self.memory.size
        for node in self.graph.nodes:
            if node.name in self.whole and (node.op == "weight" or self._is_read_whole(node)):
                key = node.name if node.is_hole else f"{self.name}: {node.name}"
                self.parts[node.name] = self.memory.put(key, node, spread=node.name in self.spread)

    def _is_table(self, weight: Node) -> bool:
        """Whether a weight is looked up, and nothing else: no vector is read of it, so that it needs no padding."""
        readers = {node.op for node in self.graph.users[weight.name]}
        gradient = self.graph.by_name.get(self.gradients.get(weight.name, ""))
        return readers == {"gather"} and gradient is not None and gradient.op == "sum_by"

    def _like_weights(self) -> set[str]:
        """Whole values that lie as the weights of products do: gradients of these, and what follows from them."""
        found: set[str] = set()
        for node in self.graph.nodes:
            alike = any(name in found and self.graph.by_name[name].type == node.type for name in node.inputs)
            if node.op == "conv_weight" or (node.name in self.whole and alike):
                found.add(node.name)
        return found

    @property
    def weights_size(self) -> int:
        """Floats of all learnt weights, padding included; they stand first."""
        return self.memory.weights_size

    @cached_property
    def gradients(self) -> Mapping[str, str]:
        """Learnt weight → node of its gradient; none for a Graph that only looks."""
        outputs = dict(self.graph.outputs)
        return {name: outputs[name] for name in self.learnt if name in outputs}

    def _is_read_whole(self, node: Node) -> bool:
        """Whether a whole value is needed as one: all but sums that are gradients and nothing else."""
        fields = [field for field, name in self.graph.outputs if name == node.name]
        only_gradient = fields and all(field in self.gradients for field in fields)
        return node.op not in SUMMING or not only_gradient or bool(self.graph.users[node.name])

    def _place_sums(self) -> None:
        """Sums that are gradients lie where their weights lie; the others behind."""
        self.sums: dict[str, Part] = {}
        room = Wholes(cpu=self.cpu, size=self.weights_size)
        for name, gradient in self.gradients.items():
            node = self.graph.by_name[gradient]
            if node.op in SUMMING and gradient not in self.sums:
                self.sums[gradient] = self.parts[name]
        for node in self.graph.nodes:
            if node.op in SUMMING and node.name not in self.sums:
                self.sums[node.name] = room.put(node.name, node, spread=node.name in self.spread)
        self.sums_size = room.size

    def _place_turned(self, node: Node, layout: Layout) -> None:
        weight = self.parts[node.inputs[1]]
        of = self._window(node)
        size = turned_size(node, of, layout, weight.channels)
        self.turned[node.name] = self.memory.room(size)

    def _window(self, node: Node) -> Window | None:
        return window(self.graph, node) if node["stride"] else None

    def _block(self, number: int) -> int:
        """Examples that go through a phase together: as many as stay near. By counts, the same on every machine."""
        names = {name for step in self.steps[number] for name in written(step)}
        size = sum(-(-self.graph.by_name[name].type.count // 16) * 16 for name in names)
        return max(1, min(MOST_ROWS, BLOCK_FLOATS // max(1, size)))

    def cleared(self, number: int) -> list[Part]:
        """The sums that a phase adds up, which a shard begins at zero."""
        found: dict[int, Part] = {}
        for step in self.steps[number]:
            nodes = step.sums if isinstance(step, Loop) else (step,) if step.op in SUMMING else ()
            found |= {self.sums[node.name].offset: self.sums[node.name] for node in nodes}
        return list(found.values())

    def once_lines(self) -> list[list[str]]:
        """What is computed once before each phase and after the last: sums of shards, then what follows from them."""
        groups: list[list[str]] = []
        for number, nodes in enumerate(self.phases.wholes):
            lines = []
            for node in self.phases.kernels[number - 1] if number else ():
                if node.op in SUMMING and node.name in self.parts:
                    lines += self._added(node)
            for node in nodes:
                lines += once(node, self.graph, self.parts)
            groups.append(lines)
        groups[-1] += self._spare_gradients()
        loss = dict(self.graph.outputs).get("loss")
        if loss:
            at = f"whole[{self.parts[loss].offset}]"
            groups[-1] += [f"job->losses[step] = {at};", f"job->stopped = {at} - {at} != 0;"]
        return groups

    def _added(self, node: Node) -> list[str]:
        part, whole = self.sums[node.name], self.parts[node.name]
        return [
            f"for (int i = 0; i < {whole.size}; i += 8)",
            f"    lanes_store(whole + {whole.offset} + i,",
            f"                shards_sum(job->sums + {part.offset} + i, {self.sums_size}));",
        ]

    def _spare_gradients(self) -> list[str]:
        """Gradients that are no sums of their own: put where the update looks, as if the first shard had said so."""
        lines = []
        for name, gradient in self.gradients.items():
            to = self.parts[name]
            if gradient in self.sums and self.sums[gradient].offset == to.offset:
                continue
            if gradient in self.sums:
                source = f"job->sums[(size_t)k * {self.sums_size} + {self.sums[gradient].offset} + i]"
            else:
                source = f"(k ? 0 : whole[{self.parts[gradient].offset} + i])"
            lines += [
                f"for (int k = 0; k < {self.shards}; k++)",
                f"    for (int i = 0; i < {to.size}; i++)",
                f"        job->sums[(size_t)k * {self.sums_size} + {to.offset} + i] = {source};",
            ]
        return lines

    def turn_lines(self) -> list[list[str]]:
        """The functions that turn weights, one for each reader."""
        found = []
        for name, to in self.turned.items():
            node = self.graph.by_name[name]
            layout = self.scenes[self.phases.ready[name]].layout(name)
            weight = self.parts[node.inputs[1]]
            found.append(turn(weight, padded(weight.channels, self.cpu), to, self._window(node), layout))
        return found
