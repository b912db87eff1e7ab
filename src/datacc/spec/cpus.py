"""The processors that a program can be built for: what they are called, what they must be able to do."""

import difflib
from types import MappingProxyType
from typing import Final

from datacc.errors import SpecError
from datacc.frozen import frozen


@frozen
class Cpu:
    """One processor level.

    `machine` is the architecture; `needs` are the features a processor of that architecture must have, by their
    names in Linux; `model` is what zig calls it; `registers` is how many vectors of eight floats its registers hold,
    or of sixteen where `wide` says that one register holds as many.
    """

    name: str
    machine: str
    model: str
    needs: frozenset[str] = frozenset()
    registers: int
    wide: bool = False

    @property
    def vector(self) -> int:
        """The bytes of its largest register; 16, as every caller aligns its stack, where it has none above that."""
        return (64 if self.wide else 32) if "avx" in self.needs else 16


_V2: Final = frozenset("cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3".split())
_V3: Final = _V2 | frozenset("abm avx avx2 bmi1 bmi2 f16c fma movbe xsave".split())
_V4: Final = _V3 | frozenset("avx512f avx512bw avx512cd avx512dq avx512vl".split())

# The compiler flags that decide what emitted C computes: it says itself which multiply-adds are fused.
FLAGS: Final = ("-O2", "-ffp-contract=off")

CPUS: Final = MappingProxyType(
    {
        cpu.name: cpu
        for cpu in (
            Cpu(name="x86-64", machine="x86_64", model="x86_64", registers=8),
            Cpu(name="x86-64-v2", machine="x86_64", model="x86_64_v2", needs=_V2, registers=8),
            Cpu(name="x86-64-v3", machine="x86_64", model="x86_64_v3", needs=_V3, registers=16),
            Cpu(name="x86-64-v4", machine="x86_64", model="x86_64_v4", needs=_V4, registers=32, wide=True),
            Cpu(
                name="x86-64-v4-vnni",
                machine="x86_64",
                model="x86_64_v4+avx512vnni",
                needs=_V4 | {"avx512_vnni"},
                registers=32,
                wide=True,
            ),
            Cpu(name="aarch64", machine="aarch64", model="generic", registers=16),
            Cpu(name="riscv64", machine="riscv64", model="generic_rv64+m+a+f+d+c", registers=4),
            Cpu(name="wasm-simd128", machine="wasm32", model="generic+simd128", registers=8),
            # The unit for floats must be named, or clang silently computes them in software.
            Cpu(name="cortex-m4", machine="thumb", model="cortex_m4+vfp4d16sp", registers=4),
            Cpu(name="cortex-m7", machine="thumb", model="cortex_m7+fp_armv8d16sp", registers=4),
        )
    }
)


# Without vector registers plain loops are as fast, smaller, and quick to compile: a net of 0.8 MB in 0.8 s, not 2.9.
_LOOPS: Final = ("-DDATACC_PORTABLE",)
_MARCH: Final = {
    "aarch64": ("-march=armv8-a",),
    "riscv64": ("-march=rv64gc", *_LOOPS),
    "wasm32": ("-msimd128",),
    "thumb": ("-mthumb", "-mfloat-abi=hard", *_LOOPS),
}


def cpu_named(name: str) -> Cpu:
    """The processor of this name. Raises `SpecError`, for `native` too: a build says what it needs."""
    if name in CPUS:
        return CPUS[name]
    if name == "native":
        raise SpecError('cpu = "native" means another program on every machine', tries=[f'"{n}"' for n in CPUS])
    close = difflib.get_close_matches(name, CPUS, n=2) or list(CPUS)
    raise SpecError(f"there is no cpu {name!r}", tries=[", ".join(f'"{n}"' for n in close)])


def judging_cpu(name: str) -> Cpu:
    """The processor of this name, on which a build can be judged. Raises `SpecError` for those of devices alone."""
    cpu = cpu_named(name)
    if cpu.machine in ("wasm32", "thumb"):
        tries = ['make = ["cortex_m"]' if cpu.machine == "thumb" else 'make = ["wasm", "npm"]', "leave cpu out"]
        raise SpecError(f"a build cannot be judged on {name}; ask for that form beside the judged one", tries=tries)
    return cpu


def loops(cpu: Cpu) -> tuple[str, ...]:
    """The flag by which emitted C becomes plain loops, for processors without vector registers."""
    return _LOOPS if cpu.machine in ("riscv64", "thumb") else ()


def trusting(cpu: Cpu) -> tuple[str, ...]:
    """The flag by which clang trusts that the stack is aligned to whole vectors; gcc aligns every frame that needs it.

    It is for emitted C alone, whose entries align the stack: of a file with callers in it nothing would keep the word.
    """
    return (f"-mstack-alignment={cpu.vector}",) if cpu.vector > 16 else ()


def march(cpu: Cpu) -> tuple[str, ...]:
    """The flags by which gcc and clang take this processor.

    Below AVX, gcc remarks on how vectors are passed to functions; all that take one are inlined.
    """
    if cpu.machine != "x86_64":
        return _MARCH[cpu.machine]
    if cpu.name.endswith("-vnni"):  # what every AVX-512 processor since Cascade Lake and Zen 4 adds, and no level names
        return (f"-march={cpu.name.removesuffix('-vnni')}", "-mavx512vnni")
    return (f"-march={cpu.name}",) if "avx" in cpu.needs else (f"-march={cpu.name}", "-Wno-psabi")
