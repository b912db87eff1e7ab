"""The C function by which a caller asks whether this processor has the instructions that the program uses."""

from collections.abc import Mapping
from typing import Final

from datacc.spec.cpus import CPUS

# (leaf of cpuid, register, bit) of each feature by its name in Linux: Intel's Software Developer's Manual, volume 2A.
_BITS: Final[Mapping[str, tuple[int, str, int]]] = {
    "pni": (1, "c", 0),
    "ssse3": (1, "c", 9),
    "fma": (1, "c", 12),
    "cx16": (1, "c", 13),
    "sse4_1": (1, "c", 19),
    "sse4_2": (1, "c", 20),
    "movbe": (1, "c", 22),
    "popcnt": (1, "c", 23),
    "xsave": (1, "c", 27),  # and used by the system
    "avx": (1, "c", 28),
    "f16c": (1, "c", 29),
    "bmi1": (7, "b", 3),
    "avx2": (7, "b", 5),
    "bmi2": (7, "b", 8),
    "avx512f": (7, "b", 16),
    "avx512dq": (7, "b", 17),
    "avx512cd": (7, "b", 28),
    "avx512bw": (7, "b", 30),
    "avx512vl": (7, "b", 31),
    "avx512_vnni": (7, "c", 11),
    "lahf_lm": (0x80000001, "c", 0),
    "abm": (0x80000001, "c", 5),
}
_AVX, _AVX512 = 0x06, 0xE6  # registers that the system must save, as XGETBV tells

_ANY: Final = """\
EXPORT int {name}_runs_here(void)
{{
    return 1; /* it needs nothing that a processor of this architecture may lack */
}}"""

_X86: Final = """\
#if defined(__x86_64__) && !defined(DATACC_PORTABLE)
__attribute__((target("arch=x86-64"))) /* this function itself must run everywhere */
EXPORT int {name}_runs_here(void)
{{
    uint32_t a, b, c, d;
{leaves}{saved}    return 1;
}}
#else
EXPORT int {name}_runs_here(void)
{{
    return 1;
}}
#endif"""

_LEAF: Final = """\
    a = {leaf}, c = 0;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (({register} & {mask}) != {mask}) return 0;{names}
"""

_SAVED: Final = """\
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0)); /* the registers that the system saves */
    if ((a & {mask}) != {mask}) return 0;
"""


def runs_here(name: str, cpu: str) -> str:
    """The definition of NAME_runs_here for a program that was built for this processor."""
    needs = CPUS[cpu].needs
    if not needs:
        return _ANY.format(name=name)
    masks: dict[tuple[int, str], list[str]] = {}
    for feature in sorted(needs, key=lambda feature: _BITS[feature]):
        leaf, register, _ = _BITS[feature]
        masks.setdefault((leaf, register), []).append(feature)
    leaves = "".join(_leaf(leaf, register, features) for (leaf, register), features in masks.items())
    saved = {"avx512f": _AVX512, "avx": _AVX}
    mask = next((bits for feature, bits in saved.items() if feature in needs), 0)
    return _X86.format(name=name, leaves=leaves, saved=_SAVED.format(mask=f"{mask:#x}u") if mask else "")


def _leaf(leaf: int, register: str, features: list[str]) -> str:
    mask = sum(1 << _BITS[feature][2] for feature in features)
    return _LEAF.format(leaf=f"{leaf:#x}u", register=register, mask=f"{mask:#x}u", names=f" /* {' '.join(features)} */")
