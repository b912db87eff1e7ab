"""`datacc.load`: answers from the artifact's files alone; whatever is missing or damaged is said."""

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datacc.errors import DataError, SpecError, ToolchainError, UsageError
from datacc.ir.graph import Graph
from datacc.ir.interpret import interpret
from datacc.runtime.link import link
from datacc.runtime.load import Answer, Loaded, load
from datacc.spec.interface import Port
from tests.emit.compiled import CPU, interface_of, written
from tests.emit.nets import Net, digits, record
from tests.ir.graphs import inputs_for


def artifact(folder: Path, graph: Graph, classes: tuple[str, ...], **ports: Port) -> Path:
    """The files that `load` reads: the interface and the library."""
    link(written(graph), CPU, folder)
    interface = interface_of(graph)
    inputs = tuple(ports.get(port.name, port) for port in interface.inputs)
    answers = tuple(replace(port, classes=classes) if port.name == "label" else port for port in interface.answers)
    (folder / "interface.json").write_text(replace(interface, inputs=inputs, answers=answers).to_json())
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = {"height": 12, "width": 12, "channels": 1}
    port = Port(name="picture", dtype="uint8", shape=(12, 12, 1), type="image", options=options)
    return artifact(tmp_path_factory.mktemp("pictures"), digits((8,), 12, 3), ("cat", "dog", "eel"), picture=port)


def test_one_picture_as_array_and_as_file(pictures: Path) -> None:
    program = load(str(pictures))
    row = inputs_for(digits((8,), 12, 3), 1)["picture"]
    answer = program(row[0])
    scores = interpret(digits((8,), 12, 3), {"picture": row})["label_scores"][0]
    assert isinstance(answer, Answer)
    assert answer.label == ("cat", "dog", "eel")[scores.argmax()]
    assert answer.confidence == pytest.approx(scores.max(), abs=1e-5)
    assert list(answer.scores) == ["cat", "dog", "eel"]
    assert list(answer.scores.values()) == pytest.approx(scores.tolist(), abs=1e-5)
    file = io.BytesIO()
    Image.fromarray(row[0, :, :, 0]).save(file, "PNG")
    assert program(file.getvalue()) == answer
    assert program(picture=row[0]) == answer


def test_a_batch_gives_arrays(pictures: Path) -> None:
    program = load(pictures)
    rows = inputs_for(digits((8,), 12, 3), 9)["picture"]
    answers = program.batch(rows)
    assert {name: array.shape for name, array in answers.items()} == {
        "label": (9, 1),
        "label_confidence": (9, 1),
        "label_scores": (9, 3),
    }
    np.testing.assert_array_equal(program.batch({"picture": rows})["label"], answers["label"])


def test_a_record_by_column_names(tmp_path: Path) -> None:
    graph = record(3, (4,), 2)
    port = Port(name="record", dtype="float32", shape=(3,), type="record", options={"columns": ["a", "b", "c"]})
    program = load(artifact(tmp_path, graph, ("no", "yes"), record=port))
    answer = program({"c": 3, "a": "1.5", "b": -2})
    assert answer == program([1.5, -2, 3])
    assert answer == program(np.array([1.5, -2, 3], np.float32))
    with pytest.raises(DataError, match="no finite float32"):
        program(np.array([1, np.nan, 2], np.float32))
    with pytest.raises(DataError, match=r"record: .*'b'"):
        program({"a": 1, "c": 2})


def test_several_inputs_and_answers_go_by_name(tmp_path: Path) -> None:
    net = Net()
    x, y = net.b.input("x", "float32", (2,)), net.b.input("y", "float32", (2,))
    graph = net.b.graph({"sum": net.b.op("add", "add", x, y), "first": net.b.op("relu", "relu", x)})
    program: Loaded = load(artifact(tmp_path, graph, ()))
    found = program(x=[1, -2], y=np.ones(2, np.float32))
    assert {name: array.tolist() for name, array in found.items()} == {"sum": [2, -1], "first": [1, 0]}
    for wrong in ({"x": [1, 2]}, {}):
        with pytest.raises(UsageError, match="takes x, y"):
            program(**wrong)
    with pytest.raises(UsageError, match="takes x, y"):
        program([1, 2])


def test_what_is_missing_or_damaged_is_said(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no built program"):
        load(tmp_path)
    (tmp_path / "interface.json").write_text("{")
    with pytest.raises(SpecError, match="not an interface"):
        load(tmp_path)
    (tmp_path / "interface.json").write_bytes((pictures / "interface.json").read_bytes())
    with pytest.raises(ToolchainError, match="the library is missing"):
        load(tmp_path)
    [library] = pictures.glob("program-*")
    (tmp_path / library.name).write_bytes(library.read_bytes()[:5000])
    with pytest.raises(ToolchainError, match="the library is damaged"):
        load(tmp_path)
    (tmp_path / f"program-0{library.suffix}").write_bytes(b"")
    with pytest.raises(ToolchainError, match="2 libraries"):
        load(tmp_path)


def test_loading_imports_next_to_nothing(pictures: Path) -> None:
    code = (
        "import sys, datacc; program = datacc.load(sys.argv[1])\n"
        "import numpy; print(program(numpy.zeros((12, 12, 1), 'uint8')).label)\n"
        "heavy = {'torch', 'PIL', 'rich', 'datacc.emit', 'datacc.runtime.link'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    source = Path(__file__).parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", code, str(pictures)], env={"PYTHONPATH": str(source)}, capture_output=True, text=True
    )
    assert done.stdout.strip() in ("cat", "dog", "eel"), done.stderr
