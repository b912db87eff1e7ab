"""The C compiler: zig from its Python package, or whatever `DATACC_CC` names; where it may cache; what it says."""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

from datacc.errors import ToolchainError
from datacc.frozen import frozen
from datacc.spec.cpus import Cpu, loops, march, trusting
from datacc.spec.platforms import Platform
from datacc.spec.sections import ALIGNS
from datacc.store import Store, canonical, digest

VARIABLE = "DATACC_CC"
_WRAPPED = (sys.executable, "-P", "-m", "ziglang")  # tells why where there is none


@frozen
class Compiler:
    """A C compiler: the words that start it, what it calls itself, and of which family it is."""

    command: tuple[str, ...]
    version: str
    is_zig: bool
    is_gcc: bool

    @property
    def silent_calls(self) -> tuple[str, ...]:
        """What keeps gcc from turning loops into calls of memset and memcpy; clang asks for nothing more."""
        return ("-fno-tree-loop-distribute-patterns",) if self.is_gcc else ()

    def aligned(self, cpu: Cpu, c: str) -> tuple[str, ...]:
        """What has clang trust that the stack is aligned to whole vectors, where the functions of `c` that callers call
        see to it: what registers cannot hold then lies in one cache line and one page wherever a process has its stack.
        """
        return trusting(cpu) if not self.is_gcc and ALIGNS in c else ()

    def target(self, cpu: Cpu, platform: Platform | None = None) -> tuple[str, ...]:
        """The flags that choose the processor, and with zig the platform: this machine's unless one is named.

        Raises `ToolchainError` when another platform is wanted of a compiler that is not zig.
        """
        if self.is_zig:
            triple = platform.triple if platform else f"{cpu.machine}-{_zig_system()}"
            return ("-target", triple, f"-mcpu={cpu.model}", *loops(cpu))
        if platform is not None:
            tries = [f"leave {VARIABLE} unset", "pip install ziglang"]
            raise ToolchainError(f"only zig builds for {platform.name} from here", where=self.version, tries=tries)
        return march(cpu)


def find() -> Compiler:
    """The compiler that `DATACC_CC` names, or zig. Raises `ToolchainError` when it cannot be started."""
    named = shlex.split(os.environ.get(VARIABLE, ""))
    return _asked(tuple(named) or (*zig(), "cc"))


@cache
def zig() -> tuple[str, ...]:
    """The words that start the zig of the package `ziglang`; never one of the folder that one stands in."""
    here = os.path.realpath(os.curdir)
    places = [place for place in sys.path if os.path.realpath(place) != here]
    found = PathFinder.find_spec("ziglang", places)
    folders = found.submodule_search_locations if found else None
    files = [os.path.join(folder, f"zig{end}") for folder in folders or () for end in ("", ".exe")]
    return next(((file,) for file in files if os.path.isfile(file)), _WRAPPED)


@cache
def _asked(command: tuple[str, ...]) -> Compiler:
    is_zig = "ziglang" in command or Path(command[0]).stem in ("zig", "python-zig")
    question = [*command[:-1], "version"] if is_zig and command[-1] == "cc" else [*command, "--version"]
    try:
        whole = question == [command[0], "version"] and os.path.isabs(command[0]) and os.path.isfile(command[0])
        answer = _version(Path(command[0])) if whole else _said(question)
    except ToolchainError as error:
        tries = ["pip install ziglang", f"{VARIABLE}=gcc"]
        raise ToolchainError(f"no C compiler: {error.what}", where=" ".join(command), tries=tries) from error
    version = (answer.splitlines() or ["unknown"])[0].strip()
    return Compiler(command=command, version=version, is_zig=is_zig, is_gcc=not is_zig and "clang" not in answer)


def _said(question: Sequence[str]) -> str:
    return run(question, Path.cwd()).stdout


def _version(zig: Path) -> str:
    """What this file says, remembered as long as it is the same, since to start it takes 10 ms."""
    file, kept = zig.resolve(), Store(cache_folder("versions"))
    said = file.stat()
    key = digest("zig 1", canonical([str(file), said.st_size, said.st_mtime_ns]))
    known = kept.get(key)
    if known is None:
        known = _said([str(zig), "version"]).encode()
        kept.put(key, known)
    return known.decode()


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a compiler in `folder`. Raises `ToolchainError` with the first line that says error."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=_environment(), capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise ToolchainError(f"{command[0]} cannot be started: {error.strerror}") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        first = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "no message")
        raise ToolchainError(f"the C compiler failed: {first.strip()}", where=Path(command[0]).name)
    return done


def _environment() -> dict[str, str]:
    """The environment, with a cache for zig that can be written to and messages in English."""
    variables = {**os.environ, "LC_ALL": "C"}
    folder_ = str(cache_folder("zig"))
    for key in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"):
        variables.setdefault(key, folder_)
    return variables


@cache
def cache_folder(part: str) -> Path:
    """The folder `part` of the user's cache, or of one of our own under the temporary folder where there is none."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    private = Path(tempfile.gettempdir()) / f"datacc-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    for folder in (Path(home) / "datacc", private):
        try:
            (folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        if _is_ours(folder / part):
            return folder / part
    return Path(tempfile.mkdtemp(prefix=f"datacc-{part}-"))


def _is_ours(folder: Path) -> bool:
    """Whether we may write there and nobody else made it: compilers trust what they find in their cache."""
    owner = not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
    return owner and os.access(folder, os.W_OK)


def _zig_system() -> str:
    return {"linux": "linux-gnu", "darwin": "macos", "win32": "windows-gnu"}.get(sys.platform, "linux-gnu")
