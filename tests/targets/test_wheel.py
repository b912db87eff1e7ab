"""The wheel installs into an empty environment, is typed, and answers there what the Graph means."""

import ast
import base64
import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from datacc.errors import SpecError
from datacc.registry import load
from datacc.runtime.elf import undefined_symbols
from datacc.spec.interface import Interface
from datacc.targets._module import module
from tests.targets.programs import HOSTILE, RECORD, Packed, packed


def ran(python: Path, code: str, folder: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [python, "-W", "error", "-c", code], capture_output=True, text=True, check=True, cwd=folder, env=environment
    )
    return done.stdout


def test_it_answers_in_an_empty_environment(python: Path, zoo: Packed, tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    pictures = random.integers(0, 256, (20, 3, 5, 1)).astype(np.uint8)
    records = random.normal(size=(20, 2)).astype(np.float32)
    rows = json.dumps([pictures.tolist(), records.tolist()])
    code = f"import json, zoo\nprint(json.dumps([a._asdict() for a in zoo.predict_batch(*json.loads({rows!r}))]))"
    found = json.loads(ran(python, code, tmp_path))
    expected = zoo.expected(picture=pictures, row=records)
    assert [row["label"] for row in found] == [("cat", "dog", "owl")[k] for k in expected["kind"][:, 0]]
    scores = [list(row["scores"].values()) for row in found]
    np.testing.assert_allclose(scores, expected["kind_scores"], atol=1e-5)
    confidences = [row["confidence"] for row in found]
    np.testing.assert_allclose(confidences, expected["kind_confidence"][:, 0], atol=1e-5)


def test_it_needs_nothing(python: Path, wheel: Path, tmp_path: Path) -> None:
    shown = "import importlib.metadata as m; d = m.distribution('zoo'); print(d.version, d.requires, d.name)"
    version = wheel.name.split("-")[1]
    assert ran(python, shown, tmp_path).split() == [version, "None", "zoo"]
    modules = ran(python, "import sys, zoo; print(*sys.modules)", tmp_path).split()
    assert not {"numpy", "datacc", "typing_extensions"} & set(modules)


def test_a_user_is_type_checked(python: Path, tmp_path: Path) -> None:
    good = (
        "import zoo\na = zoo.predict(b'', {'tail': 1.0})\nx: str = a.label\ny: float = a.scores[x]\nz = zoo.CLASSES\n"
    )
    good += "from array import array\nzoo.predict_batch(memoryview(b''), array('f', [1.0]))\n"
    bad = "import zoo\nx: int = zoo.predict(b'', [1.0]).label\nzoo.predict(3, [1.0])\n"
    for name, text in (("good", good), ("bad", bad)):
        (tmp_path / f"{name}.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), "good.py", "bad.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    lines = done.stdout.splitlines()
    assert [line.split(": ")[0] for line in lines[:-1] if "error" in line] == ["bad.py:2", "bad.py:3"]


def test_an_old_processor_is_refused_when_it_is_imported(python: Path, tmp_path: Path) -> None:
    pretend = "import pathlib; pathlib.Path.read_text = lambda *a, **k: 'flags\\t\\t: fpu sse sse2\\n'\n"
    caught = "try:\n import zoo\nexcept ImportError as e: print(e)"
    message = ran(python, pretend + caught, tmp_path)
    assert message.startswith("zoo was built for a newer processor; this one lacks ")
    assert "sse4_2" in message
    other = "import platform; platform.machine = lambda: 'riscv64'\n"
    assert ran(python, other + caught, tmp_path) == "zoo was built for x86_64; this processor is riscv64\n"


def test_the_same_program_gives_the_same_bytes(zoo: Packed, wheel: Path, tmp_path: Path) -> None:
    (again,) = load("targets", "wheel").make(zoo.built, tmp_path)
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_only_the_newest_wheel_stays(zoo: Packed, tmp_path: Path) -> None:
    old = tmp_path / "zoo-0.0.0+d000000000000-py3-none-any.whl"
    other = tmp_path / "zoology-0.0.0+d000000000000-py3-none-any.whl"
    for path in (old, other):
        path.write_bytes(b"")
    (new,) = load("targets", "wheel").make(zoo.built, tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([new, other])


def test_the_list_of_files_is_right(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        record = next(name for name in names if name.endswith("RECORD"))
        rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
        assert [row[0] for row in rows] == names
        for name, checksum, size in rows[:-1]:
            data = archive.read(name)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            assert (checksum, size) == (f"sha256={digest}", str(len(data)))
        assert rows[-1] == [record, "", ""]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_platforms_that_it_names_are_true(wheel: Path, zoo: Packed) -> None:
    """It may claim any C library because it uses none."""
    data = zoo.built.library.path.read_bytes()
    assert undefined_symbols(data) == ()
    assert b"libc.so" not in data
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(next(name for name in archive.namelist() if name.endswith("WHEEL"))).decode()
    tags = [line.removeprefix("Tag: ") for line in text.splitlines() if line.startswith("Tag: ")]
    assert tags == [f"py3-none-{tag}" for tag in wheel.stem.split("-")[-1].split(".")]
    assert "py3-none-manylinux2014_x86_64" in tags


def test_the_licence_is_that_of_emitted_code(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(next(name for name in archive.namelist() if name.endswith("LICENSE"))).decode()
    emitted = (Path(__file__).parents[2] / "LICENSE-EMITTED").read_text()
    assert emitted.endswith(text)


def test_it_is_python_3_10(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                ast.parse(archive.read(name), feature_version=(3, 10))


def test_hostile_names_are_inert(tmp_path: Path) -> None:
    columns = HOSTILE[:2]
    hostile = packed(tmp_path, {"row": ("record", {"columns": columns})}, classes=HOSTILE)
    (path,) = load("targets", "wheel").make(hostile.built, tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert all(name.startswith(("zoo/", "zoo-0.0.0+d")) and ".." not in name for name in archive.namelist())
        metadata = archive.read(next(name for name in archive.namelist() if name.endswith("METADATA"))).decode()
        archive.extractall(tmp_path / "installed")
    assert "Evil" not in metadata
    code = "import json, zoo\nprint(json.dumps([zoo.CLASSES, zoo.predict([1, 2])._asdict()]))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    classes, answer = json.loads(done.stdout)
    assert classes == list(HOSTILE)
    expected = hostile.expected(row=np.array([[1, 2]], np.float32))
    assert answer["label"] == HOSTILE[int(expected["kind"][0, 0])]
    assert list(answer["scores"]) == list(HOSTILE)


@pytest.mark.parametrize("name", ["class", "json", "numpy", "Zoo", "a-b", 'x"; import os', "", "é"])
def test_a_name_that_python_cannot_import_is_refused(name: str, zoo: Packed) -> None:
    interface = Interface(name=name, cpu="x86-64-v2", inputs=zoo.built.interface.inputs, answers=())
    with pytest.raises(SpecError):
        module(interface, "zoo.so")


def test_records_are_named(tmp_path: Path) -> None:
    program = packed(tmp_path, RECORD)
    (path,) = load("targets", "wheel").make(program.built, tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert "('tail', 'ears',)" in archive.read("zoo/__init__.py").decode()
