"""Linking: nothing undefined, the same bytes everywhere, no heap call, a stack bound that holds, errors that help."""

import ctypes
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datacc.emit import Source
from datacc.errors import SpecError, ToolchainError
from datacc.ir.graph import Graph
from datacc.runtime import toolchain as tools
from datacc.runtime.elf import defined_symbols, undefined_symbols
from datacc.runtime.library import name_fits
from datacc.runtime.link import Library, around, link, size_of_code_and_weights, toolchain
from datacc.runtime.machine import features
from datacc.runtime.native import Native
from datacc.spec.cpus import cpu_named
from datacc.spec.sections import PART
from datacc.store import Store
from tests.emit.compiled import CPU, interface_of, written
from tests.emit.nets import digits, record, residual
from tests.tools import need

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads ELF files")
Compile = Callable[[Path], Path]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Library]:
    graphs = {"digits": digits(), "record": record(), "residual": residual()}
    return {name: link(written(g, name), CPU, tmp_path_factory.mktemp(name)) for name, g in graphs.items()}


def test_a_library_needs_nothing_and_exports_only_the_program(libraries: dict[str, Library]) -> None:
    for name, library in libraries.items():
        data = library.path.read_bytes()
        assert undefined_symbols(data) == ()
        assert set(defined_symbols(data)) == {name, f"{name}_batch", f"{name}_runs_here", f"{name}_scratch_bytes"}
        assert b"NEEDED" not in subprocess.run(["readelf", "-d", library.path], capture_output=True, check=True).stdout


def test_the_same_bytes_in_every_folder(libraries: dict[str, Library], tmp_path: Path) -> None:
    again = link(written(digits(), "digits"), CPU, tmp_path / "another folder, not yet made")
    assert again.path.name == libraries["digits"].path.name
    assert again.path.read_bytes() == libraries["digits"].path.read_bytes()
    assert (again.size, again.stack, again.flags) == tuple(
        getattr(libraries["digits"], field) for field in ("size", "stack", "flags")
    )
    assert str(tmp_path).encode() not in again.path.read_bytes()
    assert {path.name for path in again.path.parent.iterdir()} == {"digits.c", "digits.h", again.path.name}


def test_code_that_is_kept_gives_the_same_library_with_other_weights(tmp_path: Path) -> None:
    graph = digits()
    [first, *_] = (node for node in graph.weights if node.value is not None and node.value.size > 100)
    other = graph.fill({first.name: first.value * np.float32(0.5)})
    store = Store(tmp_path / "store")
    wanted = [link(written(one, "digits"), CPU, tmp_path / str(n)) for n, one in enumerate((graph, other))]
    assert wanted[0].path.name != wanted[1].path.name
    link(written(graph, "digits"), CPU, tmp_path / "kept", store)
    entries = sorted(path for path in store.root.rglob("*") if path.is_file())
    assert len(entries) == 2  # the code, and room for weights
    found = link(written(other, "digits"), CPU, tmp_path / "kept", store)
    assert sorted(path for path in store.root.rglob("*") if path.is_file()) == entries  # nothing was compiled again
    assert found.path.read_bytes() == wanted[1].path.read_bytes()
    assert (found.size, found.stack) == (wanted[1].size, wanted[1].stack)
    for entry in entries:
        entry.write_bytes(entry.read_bytes()[:-1])  # damaged
    again = link(written(graph, "digits"), CPU, tmp_path / "kept", store)
    assert again.path.read_bytes() == wanted[0].path.read_bytes()


def test_parts_are_compiled_by_themselves_and_linked_together(tmp_path: Path) -> None:
    """What stands before the first is known to all; the first error of any is told."""
    before = '#include "program.h"\nint second(int);\n'
    last = "int second(int x) { return 2 * x; }\n"
    first = '__attribute__((visibility("default"))) int first(int x) { return second(x) + 1; }\n'
    source = Source(name="program", c=PART.join((before, first, last)), header="\n")
    found = ctypes.CDLL(str(link(source, CPU, tmp_path).path))
    assert [found.first(x) for x in (0, 20)] == [1, 41]
    with pytest.raises(ToolchainError, match=r"program1\.c:.*error: .*missing"):
        link(replace(source, c=source.c + "int broken(void) { return missing; }\n"), CPU, tmp_path)


def test_the_name_promises_the_bytes(libraries: dict[str, Library], tmp_path: Path) -> None:
    path = libraries["record"].path
    assert name_fits(path)
    damaged = tmp_path / path.name
    damaged.write_bytes(path.read_bytes()[:-1])
    assert not name_fits(damaged)


def test_size_counts_what_is_loaded(libraries: dict[str, Library]) -> None:
    for name, graph in (("digits", digits()), ("record", record())):
        library = libraries[name]
        weights = sum(node.type.nbytes for node in graph.weights)
        assert weights < library.size <= library.path.stat().st_size
        assert library.size == size_of_code_and_weights(library.path)


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that counts heap calls and looks how deep the stack was written."""
    target = tmp_path_factory.mktemp("harness") / "harness"
    source = Path(__file__).with_name("harness.c")
    subprocess.run([need("gcc"), "-O1", "-Wall", "-Werror", str(source), "-o", str(target), "-ldl"], check=True)
    return target


NETS: dict[str, Callable[[], Graph]] = {"digits": digits, "record": record, "residual": residual}


@pytest.mark.parametrize(("name", "count"), [("record", 1_000_000), ("digits", 500), ("residual", 500)])
def test_no_heap_call_and_no_more_stack_than_said(
    name: str, count: int, libraries: dict[str, Library], harness: Path
) -> None:
    heap_calls, stack = measured(harness, libraries[name], name, CPU, count)
    assert heap_calls == 0
    assert 0 < stack <= libraries[name].stack <= stack + 500


@pytest.mark.parametrize("compiler", ["", "gcc"])
@pytest.mark.parametrize("cpu", ["x86-64", "x86-64-v3", "x86-64-v4"])
def test_the_stack_that_is_said_covers_what_is_used(
    cpu: str, compiler: str, tmp_path: Path, harness: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a caller has its own; both compilers save registers and align vectors in their own ways."""
    if cpu_named(cpu).needs - features():
        pytest.skip(f"this processor is older than {cpu}")
    if compiler:
        monkeypatch.setenv(tools.VARIABLE, need(compiler))
    for name, net in NETS.items():
        library = link(written(net(), name, cpu), cpu, tmp_path / name)
        _, stack = measured(harness, library, name, cpu, 0)
        assert 0 < stack <= library.stack, name


@pytest.mark.parametrize("compiler", ["", "gcc"])
@pytest.mark.parametrize("cpu", ["x86-64", "x86-64-v3", "x86-64-v4"])
def test_no_function_takes_more_stack_than_is_counted_for_it(
    cpu: str, compiler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its instructions, so on processors too that this machine is older than."""
    if compiler:
        monkeypatch.setenv(tools.VARIABLE, need(compiler))
    for name, net in NETS.items():
        library = link(written(net(), name, cpu), cpu, tmp_path)
        flags = [flag for flag in library.flags if flag not in ("-s", "-shared") and "-Wl," not in flag]
        said = tools.run([*tools.find().command, *flags, f"{name}.c", "-S", "-o", "program.s"], tmp_path).stderr
        functions = re.findall(
            r"^(\w+):[^\n]*\n(.*?)^\t\.size", (tmp_path / "program.s").read_text(), re.MULTILINE | re.DOTALL
        )
        assert len(functions) > 3
        for function, body in functions:
            frame = re.search(
                rf"frame size (?:\((\d+)\)[^\n]*'{function}'|of (\d+) bytes)", of_function(said, function)
            )
            reported = int(frame[1] or frame[2]) if frame else 0
            assert taken(body) <= reported + around(cpu_named(cpu)), (name, function)


def of_function(said: str, function: str) -> str:
    """What the compiler said of it: clang names it behind its remark, gcc before."""
    return "\n".join(
        re.findall(rf"^.*frame size.* in '{function}'.*|In function '{function}':\n.*", said, re.MULTILINE)
    )


def taken(body: str) -> int:
    """The most bytes of stack that instructions take: return address, registers, what lies there, what is passed over.

    A caller's stack is aligned to 16 bytes, where it keeps its word.
    """
    pushed = 8 * len(re.findall(r"^\tpush", body, re.MULTILINE))
    kept = sum(map(int, re.findall(r"^\t(?:subq\t\$|addq\t\$-)(\d+), %rsp", body, re.MULTILINE)))
    aligned = max(map(int, re.findall(r"^\tandq\t\$-(\d+), %rsp", body, re.MULTILINE)), default=16)
    return 8 + pushed + kept + aligned - 16


def measured(harness: Path, library: Library, name: str, cpu: str, count: int) -> tuple[int, int]:
    """The heap calls of a program that answers so often, and the bytes of stack."""
    native = Native(library.path, interface_of(NETS[name](), name, cpu))
    sizes = [native.input_row.itemsize, native.answer_row.itemsize, native.scratch_bytes, count]
    command = [str(harness), str(library.path), name, *map(str, sizes)]
    heap_calls, stack = map(int, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    return heap_calls, stack


def test_foreign_processors_link(tmp_path: Path) -> None:
    library = link(written(residual(), cpu="aarch64"), "aarch64", tmp_path)
    data = library.path.read_bytes()
    assert undefined_symbols(data) == ()
    assert int.from_bytes(data[18:20], "little") == 183  # EM_AARCH64
    with pytest.raises(ToolchainError, match="built for aarch64"):
        Native(library.path, interface_of(residual(), cpu="aarch64"))
    with pytest.raises(SpecError, match="native"):
        link(written(record()), "native", tmp_path)


def test_gcc_drops_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harness: Path) -> None:
    monkeypatch.setenv(tools.VARIABLE, "gcc")
    library = link(written(residual()), CPU, tmp_path)
    assert undefined_symbols(library.path.read_bytes()) == ()
    assert library.stack > 0
    assert list(toolchain()) == ["cc"]


def test_a_compiler_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tools.VARIABLE, "no-such-compiler -O9")
    with pytest.raises(ToolchainError, match="cannot be started") as caught:
        link(written(record()), CPU, tmp_path)
    assert "pip install ziglang" in caught.value.tries
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_shows_the_first_error_and_leaves_nothing(tmp_path: Path) -> None:
    source = Source(name="program", c='#include "program.h"\nint broken(void) { return missing; }\n', header="\n")
    with pytest.raises(ToolchainError, match=r"program\.c:2:27: error: .*missing"):
        link(source, CPU, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_library_that_needs_another_is_refused(tmp_path: Path) -> None:
    text = 'float expf(float); __attribute__((visibility("default"))) float f(float x) { return expf(x); }\n'
    with pytest.raises(ToolchainError, match="expf"):
        link(Source(name="program", c=text, header="\n"), CPU, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_home_is_needed(tmp_path: Path) -> None:
    """zig wants a cache; without a home that can be written to, it gets one in the temporary folder."""
    code = (
        "from pathlib import Path; from datacc.runtime.link import link; from tests.emit.compiled import *\n"
        "from tests.emit.nets import record; print(link(written(record()), CPU, Path('out')).path.name)"
    )
    keep = {key: value for key, value in os.environ.items() if not key.startswith(("ZIG", "XDG"))}
    root = Path(__file__).parents[2]
    environment = {**keep, "HOME": "/proc/nobody", "TMPDIR": str(tmp_path), "PYTHONPATH": f"{root / 'src'}:{root}"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.startswith("program-"), done.stderr


def test_zig_is_asked_for_its_version_again_when_it_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "cache_folder", lambda part: tmp_path / part)
    zig, asked = tmp_path / "zig", tmp_path / "asked"
    monkeypatch.setenv(tools.VARIABLE, f"{zig} cc")
    for n, version in enumerate(("1.0", "1.0", "12.0"), 1):
        zig.write_text(f"#!/bin/sh\necho $1 >> {asked}\necho {version}\n", encoding="utf-8")
        zig.chmod(0o755)
        os.utime(zig, ns=(n // 3, n // 3))
        tools._asked.cache_clear()
        found = tools.find()
        assert (found.is_zig, found.version) == (True, version)
        assert asked.read_text(encoding="utf-8") == "version\n" * (1 + n // 3)
    tools._asked.cache_clear()


@pytest.mark.parametrize("first", ["", ".", "whole"])
def test_zig_is_not_that_of_the_folder_one_stands_in(
    first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ziglang").mkdir()
    (tmp_path / "ziglang" / "__init__.py").touch()
    (tmp_path / "ziglang" / "zig").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path) if first == "whole" else first, *sys.path])
    tools.zig.cache_clear()
    (found,) = tools.zig()
    assert not Path(found).is_relative_to(tmp_path)
    wrapped = [sys.executable, "-P", "-m", "ziglang"]
    said = [subprocess.run([*words, "version"], capture_output=True, check=True).stdout for words in ([found], wrapped)]
    assert said[0] == said[1]
