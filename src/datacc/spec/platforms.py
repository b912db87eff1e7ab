"""Where a program can run: a system on a processor, what its files are called, and what tags its packages bear."""

import difflib
from types import MappingProxyType
from typing import Final

from datacc.errors import SpecError
from datacc.frozen import frozen
from datacc.spec.cpus import CPUS, Cpu, cpu_named


@frozen
class Platform:
    """One system on one architecture.

    `plain` names the processor level that is assumed where a program does not say; `triple` is how zig calls the
    platform, `library` and `program` how its files end, `wheels` the tags of its Python packages.
    """

    name: str
    system: str
    plain: str
    triple: str
    library: str = ".so"
    program: str = ""
    wheels: tuple[str, ...] = ()

    @property
    def machine(self) -> str:
        """The architecture, as in `Cpu.machine`."""
        return CPUS[self.plain].machine

    def library_file(self, program: str) -> str:
        """What a program's library is called, so that linkers find it."""
        return f"{'' if self.system == 'windows' else 'lib'}{program}{self.library}"

    def cpu(self, asked: str) -> Cpu:
        """The processor to build for: the one asked for where it is of this architecture, else the plain one."""
        cpu = cpu_named(asked)
        return cpu if cpu.machine == self.machine else CPUS[self.plain]


def _manylinux(machine: str) -> tuple[str, ...]:
    """Both families of C library, at their oldest: a program needs neither, since it has no undefined symbol."""
    return f"manylinux_2_17_{machine}", f"manylinux2014_{machine}", f"musllinux_1_1_{machine}"


_LINUX: Final = {"system": "linux"}
_MACOS: Final = {"system": "macos", "library": ".dylib"}
_WINDOWS: Final = {"system": "windows", "library": ".dll", "program": ".exe"}

PLATFORMS: Final = MappingProxyType(
    {
        platform.name: platform
        for platform in (
            Platform(
                name="linux-x86-64", plain="x86-64-v3", triple="x86_64-linux-gnu", wheels=_manylinux("x86_64"), **_LINUX
            ),
            Platform(
                name="linux-aarch64",
                plain="aarch64",
                triple="aarch64-linux-gnu",
                wheels=_manylinux("aarch64"),
                **_LINUX,
            ),
            Platform(
                name="linux-riscv64",
                plain="riscv64",
                triple="riscv64-linux-gnu",
                wheels=("manylinux_2_31_riscv64",),
                **_LINUX,
            ),
            Platform(
                name="macos-x86-64",
                plain="x86-64-v3",
                triple="x86_64-macos.11.0",
                wheels=("macosx_11_0_x86_64",),
                **_MACOS,
            ),
            Platform(
                name="macos-aarch64",
                plain="aarch64",
                triple="aarch64-macos.11.0",
                wheels=("macosx_11_0_arm64",),
                **_MACOS,
            ),
            Platform(
                name="windows-x86-64", plain="x86-64-v3", triple="x86_64-windows-gnu", wheels=("win_amd64",), **_WINDOWS
            ),
            Platform(
                name="windows-aarch64", plain="aarch64", triple="aarch64-windows-gnu", wheels=("win_arm64",), **_WINDOWS
            ),
        )
    }
)
WASM: Final = Platform(name="wasm", system="wasm", plain="wasm-simd128", triple="wasm32-freestanding", library=".wasm")
BARE: Final = MappingProxyType(
    {
        cpu: Platform(
            name=cpu, system="bare", plain=cpu, triple="thumb-freestanding-eabihf", library=".a"
        )
        for cpu in ("cortex-m4", "cortex-m7")
    }
)  # fmt: skip


def platform_named(name: str) -> Platform:
    """The platform of this name. Raises `SpecError` with the nearest ones."""
    if name in PLATFORMS:
        return PLATFORMS[name]
    close = difflib.get_close_matches(name, PLATFORMS, n=2) or list(PLATFORMS)
    raise SpecError(f"there is no platform {name!r}", tries=[", ".join(f'"{n}"' for n in close)])
