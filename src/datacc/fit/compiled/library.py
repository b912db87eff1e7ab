"""The linked library of a fit: weights go in and out by name, steps run on as many threads as one likes."""

import ctypes
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datacc.errors import ToolchainError
from datacc.fit.compiled.draft import Draft
from datacc.fit.compiled.memory import Part, Wholes
from datacc.fit.compiled.moves import positions
from datacc.fit.compiled.source import source_text
from datacc.frozen import frozen
from datacc.ir.graph import Graph
from datacc.runtime.bound import aligned
from datacc.runtime.link import link, toolchain
from datacc.spec.cpus import CPUS, Cpu
from datacc.store import digest

SLACK: Final = 64  # bytes behind inputs: the last vector of a row may be read past its end
# What a compiler leaves out, since kernels are written in vectors and unrolled where it pays: no bit depends on it.
LEAN: Final = ("-fno-unroll-loops",)
QUICK: Final = (*LEAN, "-fno-tree-vectorize", "-fno-tree-slp-vectorize")  # where compiling takes longest
ALL: Final = 2**31 - 1  # steps within a look, or more
ALONE: Final = 3_000_000  # multiply-adds of a batch's forward pass below which a second thread does not pay

Float = NDArray[np.float32]


@frozen
class Text:
    """What `link` takes: a C file without a header."""

    name: str
    c: str
    header: str = ""


@frozen
class Settings:
    """What of a recipe decides the C: the optimiser, the limit of the gradient's norm, how much of an average stays."""

    optimiser: str = "adamw"
    clip: float = 0.0
    average: float = 0.0


class Program:
    """The text of a fit and its layout: a step that learns, a look that does not."""

    def __init__(self, step: Graph, look: Graph, learnt: Sequence[str], cpu: Cpu, settings: Settings) -> None:
        self.cpu, self.settings, self.learnt = cpu, settings, tuple(learnt)
        self.memory = Wholes(cpu=cpu)
        befores = {n.name: n.name.removesuffix(".before") for n in step.weights if n.name.endswith(".before")}
        outputs = dict(step.outputs)
        carried = {before: outputs[mean] for before, mean in befores.items()}
        self.step = Draft(
            name="step", graph=step, cpu=cpu, memory=self.memory, learnt=self.learnt, rows_out=(), carried=carried
        )
        rows_out = (dict(look.outputs)["features"],)
        self.look = Draft(
            name="look", graph=look, cpu=cpu, memory=self.memory, learnt=self.learnt, rows_out=rows_out, carried={}
        )
        self.flags = QUICK if self.step.is_brief and self.look.is_brief else LEAN
        self.text = source_text("fit", (self.step, self.look), settings.optimiser, settings.clip, settings.average)

    @staticmethod
    def pack(array: NDArray[Any], part: Part, *, is_product: bool) -> Float:
        """A whole value as it lies in memory; the weights of a product (O, *K, I) as rows of outputs."""
        rows = array.reshape(part.channels, part.rows).T if is_product else array
        found = np.zeros((part.rows, part.pixel), np.float32)
        found[:, : part.channels] = rows.reshape(part.rows, part.channels)
        return found.reshape(-1)

    @staticmethod
    def unpack(memory: Float, part: Part, shape: tuple[int, ...], *, is_product: bool) -> Float:
        """The whole value of this shape that a stretch of memory holds, as `pack` puts it there."""
        rows = memory[part.offset : part.offset + part.size].reshape(part.rows, -1)[:, : part.channels]
        return np.array((rows.T if is_product else rows).reshape(shape), order="C", copy=True)


def best_cpu(machine: str, features: frozenset[str]) -> Cpu | None:
    """The highest level of processor that fits here and fuses multiply-adds in vectors; None where there is none."""
    able = [cpu for cpu in CPUS.values() if cpu.machine == machine and cpu.needs <= features]
    able = [cpu for cpu in able if "vnni" not in cpu.name and (machine != "x86_64" or "fma" in cpu.needs)]
    return able[-1] if able and machine in ("x86_64", "aarch64") else None


def job_type(inputs: int) -> type[ctypes.Structure]:
    """The struct `fit_job` of the C."""
    pointers = "whole sums kept scratch moments losses squares rates".split()
    fields: list[Any] = [(name, ctypes.c_void_p) for name in pointers]
    fields += [(name, ctypes.c_void_p * inputs) for name in ("inputs", "last")]
    fields += [("rest", ctypes.c_void_p)]
    fields += [(name, ctypes.c_int32) for name in "rows steps threads stopped until".split()]
    fields += [("limit", ctypes.c_float), ("arrived", ctypes.c_int32), ("generation", ctypes.c_int32)]
    fields += [("claimed", ctypes.c_int32 * 64)]
    return type("Job", (ctypes.Structure,), {"_fields_": fields})


class Library:
    """A loaded program of a fit; `capacity` says how many examples a step, and a look, have room for."""

    def __init__(self, program: Program, path: Path, capacity: Mapping[str, int], threads: int) -> None:
        self.program, self.threads = program, max(1, threads)
        try:
            loaded = ctypes.CDLL(str(path))
            self._run = {"step": loaded.step_run, "look": loaded.look_run}
        except (OSError, AttributeError) as error:
            raise ToolchainError(f"not the library of a fit: {error}", where=str(path)) from error
        for function in self._run.values():
            function.argtypes, function.restype = (ctypes.c_void_p, ctypes.c_int), None
        step, look = program.step, program.look
        self.whole = _floats(program.memory.size)
        self.moments = _floats(4 * step.weights_size)
        self.shares = _floats(max(d.shards * d.sums_size for d in (step, look)))
        self.kept = {d.name: _floats(d.kept_size * capacity[d.name] + 64) for d in (step, look)}
        self.scratch = {d.name: _floats(d.scratch_size * self.threads) for d in (step, look)}
        self.squares = _floats(4096)
        self.pool = ThreadPoolExecutor(self.threads - 1) if self.threads > 1 else None
        self.job = job_type(max(len(step.graph.inputs), len(look.graph.inputs)))
        for draft in (step, look):
            for node in draft.graph.weights:
                if node.value is not None:
                    self._put(draft.parts[node.name], node.value, is_product=node.name in draft.spread)

    @property
    def nbytes(self) -> int:
        """Bytes of all memory that steps work in."""
        arrays = [self.whole, self.moments, self.shares, self.squares, *self.kept.values(), *self.scratch.values()]
        return sum(array.nbytes for array in arrays)

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Set a hole."""
        is_product = name in self.program.step.spread or name in self.program.look.spread
        self._put(self.program.memory.parts[name], array, is_product=is_product)

    def _put(self, part: Part, array: NDArray[Any], *, is_product: bool) -> None:
        packed = self.program.pack(array, part, is_product=is_product)
        self.whole[part.offset : part.offset + part.size] = packed

    def get(self, name: str, shape: tuple[int, ...], memory: Float | None = None) -> Float:
        """A weight, from the memory of weights or another like it (moments, average)."""
        of = self.program
        whole = self.whole if memory is None else memory
        return of.unpack(whole, of.memory.parts[name], shape, is_product=name in of.step.spread)

    def sums(self, name: str, shape: tuple[int, ...]) -> Float:
        """A whole value that the last look computed."""
        look = self.program.look
        return self.program.unpack(self.whole, look.parts[name], shape, is_product=name in look.spread)

    @property
    def average(self) -> Float:
        """The memory of the average of weights."""
        size = self.program.step.weights_size
        return self.moments[2 * size : 3 * size]

    def decays(self, decay: Mapping[str, float]) -> None:
        """Set the decay of every learnt weight."""
        size = self.program.step.weights_size
        for name, value in decay.items():
            part = self.program.memory.parts[name]
            self.moments[3 * size + part.offset : 3 * size + part.offset + part.size] = value

    def run(self, which: str, inputs: Mapping[str, NDArray[Any]], rows: int, rates: Float, until: int = ALL) -> Float:
        """Run a step for each row of `rates` (T, 3) on inputs (T · rows, *shape); the losses (T,).

        A look goes `until` so many of its steps are done.
        """
        draft = self.program.step if which == "step" else self.program.look
        whole = [np.ascontiguousarray(inputs[node.name]) for node in draft.graph.inputs]  # lives as long as the call
        last = [_with_slack(array.reshape(len(rates), -1)[-1]) for array in whole]  # this, too
        losses = np.zeros(len(rates), np.float32)
        rates = np.ascontiguousarray(rates, np.float32)
        light = draft.work * rows < ALONE
        threads = 1 if light else self.threads
        job = self.job()
        arrays = {
            "whole": self.whole, "sums": self.shares, "kept": self.kept[which], "scratch": self.scratch[which],
            "moments": self.moments, "losses": losses, "squares": self.squares, "rates": rates,
        }  # fmt: skip
        for name, array in arrays.items():
            setattr(job, name, array.ctypes.data)
        for i in range(len(whole)):
            job.inputs[i], job.last[i] = whole[i].ctypes.data, last[i].ctypes.data
        job.rest = _rest()
        job.rows, job.steps, job.threads, job.until, job.limit = rows, len(rates), threads, until, 1.0
        address = ctypes.addressof(job)
        function = self._run[which]
        others = [self.pool.submit(function, address, i) for i in range(1, threads)] if self.pool else []
        function(address, 0)
        for other in others:
            other.result()
        return losses

    def rows(self, name: str, rows: int) -> Float:
        """A row value that the last look kept, (rows, *shape)."""
        draft = self.program.look
        place = draft.scenes[-1].places[name]
        layout, shape = place.layout, draft.graph.by_name[name].type.shape
        memory = self.kept["look"][: rows * layout.step].reshape(rows, layout.step)
        return np.ascontiguousarray(memory[:, place.offset + positions(layout)].reshape(rows, *shape))


def _floats(count: int) -> Float:
    found: Float = aligned(4 * max(1, count)).view(np.float32)
    return found


def _with_slack(array: NDArray[Any]) -> NDArray[np.uint8]:
    """The bytes of an array with room behind them."""
    found = aligned(array.nbytes + SLACK)
    found[: array.nbytes] = array.reshape(-1).view(np.uint8)
    return found


def _rest() -> int:
    """The address of what gives the processor to other threads."""
    if sys.platform == "win32":
        function = ctypes.windll.kernel32.SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def linked(program: Program, folder: Path) -> Path:
    """The library of a program in `folder`, linked unless one of the same text, compiler and processor is there."""
    key = digest("fit 1", program.text, program.cpu.name, repr((sorted(toolchain().items()), program.flags)))
    home = folder / key[:32]
    found = sorted(home.glob("*.so")) + sorted(home.glob("*.dylib")) + sorted(home.glob("*.dll"))
    if found:
        return found[0]
    return link(Text(name="fit", c=program.text), program.cpu.name, home, more=program.flags).path
