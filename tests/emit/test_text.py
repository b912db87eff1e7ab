"""No name that a user can choose breaks the C: quotes, newlines, comment ends, trigraphs, Unicode tricks, length."""

import ctypes
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.arrange import arrange
from datacc.emit import Source, emit
from datacc.emit.text import comment, floats, number, string, words
from datacc.errors import GraphError
from datacc.ir.graph import Graph
from datacc.runtime.link import link
from datacc.spec.interface import Interface, Port
from tests.emit.compiled import CPU, interface_of, written
from tests.emit.nets import Net, record

NODES = ('"; int x; //', "a\nb\r\n", "*/ #error", "??/", "%s\\", "\u202eevil\u2066", "naïve 🙂", "\0", "", "x" * 10_000)
HOSTILE = (*NODES, "\ud800")


def hostile() -> tuple[Graph, Interface]:
    """A Graph whose nodes have hostile names, and whose answer has hostile classes."""
    net = Net()
    x = net.b.input("record", "float32", (3,))
    for n, name in enumerate(NODES):
        x = net.dense(f"{name}{n}", x, len(HOSTILE), relu=bool(n % 2))
    graph = net.answers(x, "kind")
    interface = interface_of(graph)
    answers = (replace(interface.answers[0], classes=HOSTILE), *interface.answers[1:])
    return graph, replace(interface, answers=answers)


def test_hostile_names_are_harmless(tmp_path: Path) -> None:
    graph, interface = hostile()
    source = emit(arrange(graph, CPU), interface)
    assert source.c.isascii()
    assert source.header.isascii()
    assert max(map(len, (source.c + source.header).splitlines())) < 400
    library = ctypes.CDLL(str(link(source, CPU, tmp_path).path))
    names = (ctypes.c_char_p * len(HOSTILE)).in_dll(library, "program_kind_names")
    wanted = [text.encode("utf-8", "surrogatepass").split(b"\0")[0] for text in HOSTILE]
    assert list(names) == wanted


@given(st.text())
def test_a_comment_stays_a_comment(text: str) -> None:
    safe = comment(text)
    assert safe.isascii()
    assert safe.isprintable()
    assert len(safe) <= 80
    assert not {"*/", "/*", "??", "\\"} & {safe[i : i + n] for i in range(len(safe)) for n in (1, 2)}


@given(st.lists(st.text(), unique=True))
def test_every_text_has_a_word_of_its_own(texts: list[str]) -> None:
    found = words(texts)
    assert len(set(found.values())) == len(texts)
    assert all(word.isidentifier() and word.isascii() for word in found.values())


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_numbers_read_back_exactly(value: float) -> None:
    exact = np.float32(value)
    for text in (number(exact), floats(np.array([exact], np.float32)).strip()):
        assert text.endswith("f")
        assert np.float32(text.removesuffix("f")).tobytes() == exact.tobytes()


def test_a_string_escapes_everything_that_is_not_plain() -> None:
    assert string('a"\\?\n\té1') == '"a\\042\\134\\077\\012\\011\\303\\2511"'


@pytest.mark.parametrize("name", ["kernel_dense", "lanes", "step1_record", "dense_walk"])
def test_a_program_cannot_take_a_name_that_its_c_uses(name: str) -> None:
    with pytest.raises(GraphError, match=name):
        written(record(), name)


def test_an_interface_of_another_graph_is_refused() -> None:
    plan, interface = arrange(record(), CPU), interface_of(record())
    other = Port(name="label", dtype="int32", shape=(2,))
    with pytest.raises(GraphError, match="label"):
        emit(plan, replace(interface, answers=(other, *interface.answers[1:])))
    with pytest.raises(GraphError, match="the Graph"):
        emit(plan, replace(interface, answers=interface.answers[1:]))


def test_the_same_graph_gives_the_same_bytes() -> None:
    one, two = written(record()), written(record())
    assert one == two
    assert one.digest == two.digest
    assert one.digest != Source(name=one.name, c=one.c + " ", header=one.header).digest


def test_a_cpp_compiler_reads_the_header(tmp_path: Path, host_compiler: str) -> None:
    (tmp_path / "program.h").write_text(written(record()).header)
    user = tmp_path / "user.cc"
    user.write_text('#include "program.h"\nstatic_assert(sizeof(program_input) == 120, "30 floats");\n')
    subprocess.run([host_compiler, "-x", "c++", "-fsyntax-only", "-Wall", "-Werror", str(user)], check=True)
