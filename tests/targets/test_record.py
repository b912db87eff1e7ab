"""The cells of a record mean the same in the wheel, in Node and in C as they do to datacc, hostile names included."""

import json
import math
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.errors import DataError
from datacc.registry import load
from datacc.runtime.native import Native
from datacc.spec.interface import Port as Told
from datacc.targets._cells import cells_of
from datacc.targets._module import module
from datacc.targets._port import Port
from datacc.types.cells import reader
from datacc.types.record import ENTRY as TYPE
from datacc.types.record import RecordOptions
from tests.targets.programs import HOSTILE, Packed, packed
from tests.tools import installed, need

WORDS = ("", "red", "3", "true", "né", "x" * 700, *HOSTILE[:8])
OPTIONS: dict[str, Any] = {
    "columns": ("age", "it's", "*/ end", "Size", "size", "when"),
    "categories": {"it's": tuple(dict.fromkeys(word.strip() for word in WORDS))},
    "ordered": {"Size": ("small", "large")},
    "booleans": ("*/ end",),
    "dates": ("when",),
    "missing": ("age", "when"),
    "bins": 3,
}
RECORD = RecordOptions(**OPTIONS)
ROW = {
    "age": "41.5",
    "it's": "red",
    "*/ end": "yes",
    "Size": "large",
    "size": -3,
    "when": "2024-02-29T23:59:59.5+02:00",
}
ROWS: list[dict[str, Any]] = [
    ROW,
    {**ROW, "age": None, "it's": " red\t", "*/ end": False, "when": "?"},
    {**ROW, "age": " NaN ", "it's": 3, "Size": None, "*/ end": "N"},
    {**ROW, "it's": True, "Size": "huge", "size": "1e-3", "when": "1999-12-31"},
    *({**ROW, "it's": word} for word in (*WORDS, "never seen", 2.5, None)),
]
BAD = [
    {"age": "1_0"}, {"size": None}, {"size": "1e39"}, {"*/ end": "maybe"}, {"when": "29.2.2024"},
    {"when": "2023-02-29"}, {"when": "2024-01-01T24:00"}, {"size": []}, {"when": 3},
]  # fmt: skip
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=True),
    st.text(max_size=6),
    st.sampled_from([*WORDS, "NA", " 7 ", "1e5", "2021-04-30", "Yes", "small"]),
)
PORT = Port("row", "float32", (6,), RECORD.columns, readers=tuple(RECORD.reader(name) for name in RECORD.columns))


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return packed(tmp_path_factory.mktemp("records"), {"row": ("record", OPTIONS)})


def wanted(zoo: Packed) -> Any:
    return zoo.expected(row=TYPE.encode(ROWS, RECORD))["kind_scores"]


@given(st.fixed_dictionaries(dict.fromkeys(RECORD.columns, CELLS)))
def test_the_wheel_reads_cells_as_datacc_does(cells: dict[str, Any]) -> None:
    try:
        expected = TYPE.encode([cells], RECORD)[0].tobytes()
    except DataError as error:
        with pytest.raises(ValueError, match=re.escape(error.what)):
            PORT.row(cells)
        return
    assert PORT.row(cells) == PORT.rows([[cells[name] for name in RECORD.columns]]) == expected


def test_the_module_holds_hostile_values_as_inert_text(zoo: Packed) -> None:
    text = module(zoo.built.interface, "zoo.so")
    names: dict[str, Any] = {}
    start = text.index("_PROGRAM = Program(")
    call = text[start : text.index("\n)\n", start) + 2]
    exec(
        call,
        {"Program": lambda *_, inputs, answers: names.update(inputs=inputs), "Port": Port, "reader": reader},
        names,
    )
    [port] = names["inputs"]
    assert port.columns == RECORD.columns
    assert [read("red") for read in port.readers[1:2]] == [1.0]
    assert port.row(ROW) == PORT.row(ROW)


def test_a_wheel_answers_records(zoo: Packed, tmp_path: Path) -> None:
    [wheel] = load("targets", "wheel").make(zoo.built, tmp_path)
    site = installed(wheel, tmp_path / "site")
    ask = f"import sys; sys.path.insert(0, {str(site)!r}); import zoo, json\n"
    ask += f"values, bad = {ROWS!r}, {BAD!r}\n"
    ask += "one = [list(zoo.predict(v).scores.values()) for v in values]\n"
    ask += "many = [list(a.scores.values()) for a in zoo.predict_batch(values)]\n"
    ask += "for cell in bad:\n  try: zoo.predict({**values[0], **cell}); print('taken', cell)\n"
    ask += "  except ValueError as error: assert 'row: column ' + repr([*cell][0]) in str(error), error\n"
    ask += "print(json.dumps([one, many]))"
    done = subprocess.run([need("python3"), "-I", "-c", ask], capture_output=True, text=True, check=True)
    for found in json.loads(done.stdout):
        np.testing.assert_allclose(found, wanted(zoo), atol=1e-5)


def test_an_npm_package_answers_records(zoo: Packed, tmp_path: Path) -> None:
    [path] = load("targets", "npm").make(zoo.built, tmp_path)
    npm = [need("npm"), "install", "--offline", "--no-audit", "--no-fund", f"./{path.name}"]
    subprocess.run(npm, cwd=tmp_path, check=True, capture_output=True)
    page = f'import {{ predict, predictBatch, CLASSES }} from "zoo";\nconst values = {json.dumps(ROWS)};\n'
    page += f"for (const cell of {json.dumps(BAD)}) {{ let taken = true;\n"
    page += "  try { predict({ ...values[0], ...cell }); }\n"
    page += "  catch (error) { taken = !/row: column .* (is|holds)/.test(error.message); }\n"
    page += '  if (taken) throw new Error("taken: " + JSON.stringify(cell)); }\n'
    page += "const dated = { ...values[0], when: new Date('2024-02-29T21:59:59.500Z') };\n"
    page += "console.log(JSON.stringify(predictBatch([...values, dated]).map((a) => CLASSES.map((c) => a.scores[c]))));"
    (tmp_path / "page.mjs").write_text(page)
    done = subprocess.run([need("node"), "page.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    *found, dated = json.loads(done.stdout)
    np.testing.assert_allclose(found, wanted(zoo), atol=1e-5)
    np.testing.assert_allclose(dated, found[0], atol=1e-5)
    types = (tmp_path / "node_modules" / "zoo" / "index.d.ts").read_text()
    assert '"age": number | string | null; "it\'s": string | number | boolean | null' in types


def test_c_finds_columns_and_values_by_name(zoo: Packed, tmp_path: Path) -> None:
    """A caller who knows the header alone asks about the first row."""
    source = zoo.built.source
    (tmp_path / "zoo.h").write_text(source.header)
    (tmp_path / "zoo.c").write_text(source.c)
    place = RECORD.categories["it's"].index("red")
    day = TYPE.encode([ROW], RECORD)[0, 5]
    (tmp_path / "main.c").write_text(f"""#include "zoo.h"
#include <stdio.h>
#include <string.h>
static zoo_input in; static zoo_answer out; static zoo_scratch scratch;
int main(void) {{
    int code = 0;
    while (strcmp(zoo_row_it_s_values[code], "red")) code++;
    in.row[ZOO_ROW_AGE] = 41.5f; in.row[ZOO_ROW_IT_S] = (float)code; in.row[ZOO_ROW_END] = 1;
    in.row[ZOO_ROW_SIZE] = 1; in.row[ZOO_ROW_SIZE_2] = -3; in.row[ZOO_ROW_WHEN] = {float(day)!r}f;
    zoo(&in, &out, &scratch);
    printf("%d %.9g %.9g %.9g\\n", code, out.kind_scores[0], out.kind_scores[1], out.kind_scores[2]);
    return 0;
}}
""")
    flags = ["-std=gnu99", "-O1", "-march=x86-64-v2", "-Wall", "-Werror"]
    subprocess.run([need("gcc"), *flags, "main.c", "zoo.c", "-o", "main"], cwd=tmp_path, check=True)
    code, *scores = subprocess.run(["./main"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()
    assert int(code) == place
    np.testing.assert_allclose([float(score) for score in scores], wanted(zoo)[0], atol=1e-5)


def test_hostile_numbers_give_the_same_answers_in_c(zoo: Packed) -> None:
    """What no wrapper lets through reaches C all the same: infinite, enormous, no code."""
    native = load_native(zoo)
    wild = np.array(
        [[v] * 6 for v in (math.nan, math.inf, -math.inf, 3.4e38, -3.4e38, -1, 1e9, 0.5, -1e10)], np.float32
    )
    mixed = np.random.default_rng(0).permuted(np.tile(wild[:, 0], (200, 1)), axis=1)[:, :6].astype(np.float32)
    for rows in (wild, mixed):
        found = native.batch({"row": rows})["kind_scores"]
        expected = zoo.expected(row=rows)["kind_scores"]
        assert np.isfinite(expected).all()
        np.testing.assert_allclose(found.reshape(expected.shape), expected, atol=1e-5)


def load_native(zoo: Packed) -> Any:
    return Native(zoo.built.library.path, zoo.built.interface)


def test_plain_numbers_need_no_reader() -> None:
    assert cells_of(packed_port({"columns": ("a", "b")})) == ()
    assert cells_of(packed_port({"columns": ("a", "b"), "bins": 4})) == ()


def packed_port(options: dict[str, Any]) -> Any:
    return Told(name="row", dtype="float32", shape=(2,), type="record", options=options)
