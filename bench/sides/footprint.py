"""What has to be installed, and how long a fresh Python takes to the first answer: ours beside the peers'."""

import sys
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median

from packaging.requirements import Requirement

from datacc.ir.onnx.write import export

from .clock import turns
from .gallery import Built
from .machine import is_installed
from .process import ROOT, cost
from .rows import Row

OURS = "import sys; sys.path.insert(0, sys.argv[1]); import {name}; {name}.predict(open(sys.argv[2], 'rb').read())"
ONNX = """\
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
row = numpy.frombuffer(open(sys.argv[2], "rb").read(), "{dtype}").reshape(1, *{shape})
session.run(None, {{"{input}": row}})
"""


def rows(digits: Built, *, quick: bool) -> Iterator[Row]:
    """Sizes of environments and of the wheel; seconds to the first answer."""
    note, name = "installed files; the peer can fit its own models", "environment that can build/scikit-learn"
    yield Row(name=name, ours=installed("datacc") + package_size(), peer=_peer("scikit-learn"), unit="B", note=note)
    whole = installed("datacc", "fit") + package_size()
    yield Row(name="environment with torch", ours=whole, unit="B", note="fits what the native back end does not")
    with zipfile.ZipFile(digits.wheel) as archive:
        wheel = sum(item.file_size for item in archive.infolist())
    note = "installed wheel against the runtime without a model"
    yield Row(name="digits/wheel/onnxruntime", ours=wheel, peer=_peer("onnxruntime"), unit="B", note=note)
    yield first_answer(digits, 3 if quick else 11)


def first_answer(built: Built, times: int) -> Row:
    """Wall seconds from starting Python to having answered once, beside onnxruntime with the same program."""
    port = built.program.interface.inputs[0]
    [array] = built.snapshot.inputs.values()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with zipfile.ZipFile(built.wheel) as archive:
            archive.extractall(folder)
        (folder / "model.onnx").write_bytes(export(built.draft.graph, built.name))
        (folder / "row").write_bytes(array[0].tobytes())
        peer = ONNX.format(dtype=port.dtype, shape=port.shape, input=port.name)
        ours = [sys.executable, "-I", "-c", OURS.format(name=built.name), folder, folder / "row"]
        other = [sys.executable, "-I", "-c", peer, folder / "model.onnx", folder / "row"]
        sides = {"ours": lambda: cost(ours, folder), "peer": lambda: cost(other, folder)}
        if not is_installed("onnxruntime"):
            del sides["peer"]
        found = {side: median(seconds) for side, seconds in turns(sides, times).items()}
    label = f"{built.name}/first answer" + ("/onnxruntime" if "peer" in found else "")
    return Row(name=label, ours=found["ours"], peer=found.get("peer"), note="from starting Python, wall")


def package_size() -> int:
    """Bytes of our own package."""
    return sum(path.stat().st_size for path in (ROOT / "src" / "datacc").rglob("*.py"))


def installed(package: str, *extras: str) -> int:
    """Bytes that the package and everything it asks for take, by their lists of files; ours, editable, counts none."""
    found: set[tuple[str, frozenset[str]]] = set()
    _collect(package, frozenset(extras), found)
    return sum(_size(name) for name in {name for name, _ in found} if name != "datacc")


def _collect(package: str, extras: frozenset[str], found: set[tuple[str, frozenset[str]]]) -> None:
    """Every distribution that is needed, by its normal name, with the extras that it is needed with."""
    one = distribution(package)
    key = (one.metadata["Name"].lower().replace("_", "-"), extras)
    if key in found:
        return
    found.add(key)
    for requirement in map(Requirement, one.requires or ()):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            try:
                _collect(requirement.name, frozenset(requirement.extras), found)
            except PackageNotFoundError:
                continue  # an older or optional need that this environment does without


@cache
def _size(name: str) -> int:
    one = distribution(name)
    paths = {Path(str(one.locate_file(file))) for file in one.files or ()}
    return sum(path.stat().st_size for path in paths if path.is_file())


def _peer(package: str) -> int | None:
    try:
        return installed(package)
    except PackageNotFoundError:
        print(f"skipped: {package} is not installed", file=sys.stderr)
        return None
