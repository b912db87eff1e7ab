"""Any text, Unicode or not, however long, is answered alike by datacc, the wheel and npm; the command takes any bytes.

Texts come from Hypothesis; each package answers them all in one process, and the oracle is the reference interpreter.
"""

import json
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from datacc.registry import load
from datacc.runtime.load import Loaded
from datacc.runtime.native import Native
from datacc.types.text import ENTRY as TYPE
from datacc.types.text import TextOptions
from datacc.types.windows import windows
from tests.targets.programs import CLASSES, TEXT, WINDOWS, Packed, packed
from tests.tools import installed, need

LENGTH = 16
ANY = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60),  # halves of surrogate pairs among them
    st.binary(max_size=60),
    st.text(st.sampled_from("ab é€😀\u0301\u202e\0"), max_size=90),
)
Value = str | bytes


def texts(count: int) -> list[Value]:
    """So many, always the same, and some that are hostile on purpose."""
    found: list[Value] = ["", "\ud83d", b"\xff" * 40, b"\xf0\x9f\x98" * 9, "e\u0301" * 20, "\0" * 50, "x" * 100_000]

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(ANY)
    def collect(value: Value) -> None:
        found.append(value)

    collect()
    return found


@pytest.fixture(scope="module", params=["cut", "windows"])
def zoo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return packed(tmp_path_factory.mktemp("odd"), {"cut": TEXT, "windows": WINDOWS}[request.param])


def wanted(zoo: Packed, values: list[Value]) -> list[list[float]]:
    """The scores: of the reference, and of several windows their mean."""
    longer = zoo.built.interface.inputs[0].options.get("longer", "cut")
    rows = []
    for value in values:
        if longer == "cut":
            rows.append([TYPE.encode([value], TextOptions(length=LENGTH))[0].tobytes()])
            continue
        rows.append([one.ljust(LENGTH, b"\0") for one in windows(composed(value), LENGTH)])
    flat = np.frombuffer(b"".join(one for row in rows for one in row), np.uint8).reshape(-1, LENGTH)
    scores = iter(zoo.expected(message=flat)["kind_scores"].reshape(len(flat), -1).astype(float))
    return [np.mean([next(scores) for _ in row], axis=0).tolist() for row in rows]


def composed(value: Value) -> bytes:
    """UTF-8 in the composed form, by the standard library; what is no Unicode becomes U+FFFD."""
    text = value if isinstance(value, str) else value.decode("utf-8", "replace")
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", whole).encode()


def scores_of(answer: Any) -> list[float]:
    return [answer.scores[name] for name in CLASSES]


def test_datacc_answers_any_text(zoo: Packed) -> None:
    values = texts(150)
    program = Loaded(Native(zoo.built.library.path, zoo.built.interface, zoo.built.scratch))
    found = [program(value) for value in values]
    np.testing.assert_allclose([scores_of(one) for one in found], wanted(zoo, values), atol=1e-5)
    for one in found:
        assert one.confidence == max(one.scores.values()) == one.scores[one.label]


def test_wheel_and_npm_answer_as_datacc_does(zoo: Packed, tmp_path: Path) -> None:
    """To the last bit where one window is joined with others: the three add in the same order."""
    values = texts(400)
    program = Loaded(Native(zoo.built.library.path, zoo.built.interface, zoo.built.scratch))
    here = [scores_of(program(value)) for value in values]
    assert by_wheel(zoo, tmp_path, values) == [here, here]
    there = by_npm(zoo, tmp_path, values)
    np.testing.assert_allclose(there[0], here, atol=1e-5)
    assert there[0] == there[1]


def by_wheel(zoo: Packed, folder: Path, values: list[Value]) -> Any:
    """The scores that a wheel gives to each by itself and to all."""
    [wheel] = load("targets", "wheel").make(zoo.built, folder)
    site = installed(wheel, folder / "site")
    ask = f"import sys; sys.path.insert(0, {str(site)!r}); import zoo, json\nvalues = {values!r}\n"
    ask += "one = [list(zoo.predict(v).scores.values()) for v in values]\n"
    ask += "many = [list(a.scores.values()) for a in zoo.predict_batch(values)]\nprint(json.dumps([one, many]))"
    (folder / "ask.py").write_text(ascii_source(ask))
    done = subprocess.run([need("python3"), "-I", folder / "ask.py"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def ascii_source(text: str) -> str:
    """The same program in ASCII: what stands beyond it is in string literals alone."""
    return text.encode("ascii", "backslashreplace").decode()


def by_npm(zoo: Packed, folder: Path, values: list[Value]) -> Any:
    """The same of an npm package."""
    [path] = load("targets", "npm").make(zoo.built, folder)
    npm = [need("npm"), "install", "--offline", "--no-audit", "--no-fund", f"./{path.name}"]
    subprocess.run(npm, cwd=folder, check=True, capture_output=True)
    told = [json.dumps(one) if isinstance(one, str) else f"Uint8Array.from({list(one)})" for one in values]
    page = f'import {{ predict, predictBatch, CLASSES }} from "zoo";\nconst values = [{", ".join(told)}];\n'
    page += "const scores = (a) => CLASSES.map((c) => a.scores[c]);\n"
    page += "console.log(JSON.stringify([values.map((v) => scores(predict(v))), predictBatch(values).map(scores)]));"
    (folder / "page.mjs").write_text(page)
    done = subprocess.run([need("node"), "page.mjs"], cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_command_answers_any_bytes(tmp_path: Path) -> None:
    """It takes rows as they are, valid or not; what is no whole row is told, and nothing crashes."""
    zoo = packed(tmp_path, TEXT)
    [exe] = load("targets", "exe").make(zoo.built, tmp_path)
    rows = np.random.default_rng(0).integers(0, 256, (300, LENGTH)).astype(np.uint8)
    rows[:100] = np.random.default_rng(1).choice(
        np.array([0, 0x80, 0xC0, 0xE2, 0xED, 0xF0, 0xFF], np.uint8), (100, LENGTH)
    )
    done = subprocess.run([exe, "--raw"], input=rows.tobytes(), capture_output=True, check=True)
    expected = zoo.expected(message=rows)
    answers = np.frombuffer(done.stdout, [("kind", "<i4"), ("confidence", "<f4"), ("scores", "<f4", (len(CLASSES),))])
    np.testing.assert_allclose(answers["scores"], expected["kind_scores"].reshape(300, -1), atol=1e-5)
    cut = subprocess.run([exe], input=rows.tobytes()[:-3], capture_output=True, check=False)
    assert (cut.returncode, cut.stdout.count(b"\n")) == (2, 299)
    assert b"within a row" in cut.stderr
