"""A text means the same row in the wheel and in Node as it does to datacc, also one that is no Unicode."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.registry import load
from datacc.targets._module import module
from datacc.targets._port import Port
from datacc.types.text import ENTRY as TYPE
from datacc.types.text import TextOptions
from tests.targets.programs import CLASSES, TEXT, Packed, packed
from tests.tools import installed, need

PORT = Port("message", "uint8", (16,), longer="cut")
TEXTS = [
    "hello",
    "",
    "e\u0301",
    "😀",
    "\ud83d",
    "a\ude00b",
    "ab\0c",
    "x" * 99,
    "é" * 9,
    "שלום",
    "\ufeffx",
    "1e\u0301" * 9,
]
BYTES = [b"caf\xc3\xa9", b"\xff\xfe", b"\xe2\x82", b"a\xf0\x9f\x98z", b"\xef\xbb\xbfx", b"y" * 40, b"\xc0\xaf"]


@given(st.one_of(st.text(st.characters(exclude_categories=())), st.binary()))
def test_the_wheel_reads_a_text_as_datacc_does(value: str | bytes) -> None:
    assert PORT.row(value) == TYPE.encode([value], TextOptions(length=16))[0].tobytes()


def test_the_wheel_refuses_what_is_too_long_where_that_is_wanted() -> None:
    port = PORT._replace(longer="refuse")
    assert port.row("x" * 16) == b"x" * 16
    with pytest.raises(ValueError, match="message is 17 bytes of text; the program takes 16"):
        port.row("x" * 17)
    for wrong in (None, 3, ["a"], {"message": "a"}):
        with pytest.raises(TypeError, match=f"message is of type {type(wrong).__name__}; the program takes a text"):
            port.row(wrong)  # type: ignore[arg-type]


def test_several_texts_are_a_list() -> None:
    assert PORT.rows(["a", b"b"]) == b"a".ljust(16, b"\0") + b"b".ljust(16, b"\0")
    with pytest.raises(TypeError, match="str where"):
        PORT.rows("ab")


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return packed(tmp_path_factory.mktemp("texts"), TEXT)


def wanted(zoo: Packed, values: list[Any]) -> list[Any]:
    """Scores by the reference."""
    rows = TYPE.encode(values, TextOptions(length=16))
    return zoo.expected(message=rows)["kind_scores"].tolist()


def test_the_module_says_what_a_text_is(zoo: Packed) -> None:
    text = module(zoo.built.interface, "zoo.so")
    assert "message: a str, or bytes of UTF-8, up to 16 bytes" in text
    assert 'longer="cut"' in text


def test_a_wheel_answers_texts(zoo: Packed, tmp_path: Path) -> None:
    [wheel] = load("targets", "wheel").make(zoo.built, tmp_path)
    site = installed(wheel, tmp_path / "site")
    ask = f"import sys; sys.path.insert(0, {str(site)!r}); import zoo, json\nvalues = {TEXTS + BYTES!r}\n"
    ask += "one = [list(zoo.predict(v).scores.values()) for v in values]\n"
    ask += "many = [list(a.scores.values()) for a in zoo.predict_batch(values)]\nprint(json.dumps([one, many]))"
    done = subprocess.run([need("python3"), "-I", "-c", ask], capture_output=True, text=True, check=True)
    for found in json.loads(done.stdout):
        np.testing.assert_allclose(found, wanted(zoo, TEXTS + BYTES), atol=1e-5)


def test_an_npm_package_answers_texts(zoo: Packed, tmp_path: Path) -> None:
    [path] = load("targets", "npm").make(zoo.built, tmp_path)
    npm = [need("npm"), "install", "--offline", "--no-audit", "--no-fund", f"./{path.name}"]
    subprocess.run(npm, cwd=tmp_path, check=True, capture_output=True)
    values = [json.dumps(text) for text in TEXTS] + [f"Uint8Array.from({list(data)})" for data in BYTES]
    page = f'import {{ predictBatch, CLASSES }} from "zoo";\nconst values = [{", ".join(values)}];\n'
    page += "console.log(JSON.stringify(predictBatch(values).map((a) => CLASSES.map((c) => a.scores[c]))));"
    (tmp_path / "page.mjs").write_text(page)
    done = subprocess.run([need("node"), "page.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert len(CLASSES) == 3
    np.testing.assert_allclose(json.loads(done.stdout), wanted(zoo, TEXTS + BYTES), atol=1e-5)
    types = (tmp_path / "node_modules" / "zoo" / "index.d.ts").read_text()
    assert "predict(message: string | Uint8Array)" in types
