"""A wheel that answers pictures keeps the pixels that it saw, and an import makes that very example of them."""

import io
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from datacc.intake.importing import ImportOptions, import_examples
from datacc.intake.importing.perform import ImportReport
from datacc.intake.inbox import Inbox
from datacc.registry import load
from datacc.repo.create import create
from datacc.repo.examples import read_examples
from datacc.repo.find import Repository
from datacc.spec.read import read_program
from tests.targets.programs import CLASSES, Packed, packed
from tests.tools import empty_environment, installed

Inputs = dict[str, tuple[str, dict[str, Any]]]

COLOURS: Inputs = {"picture": ("image", {"height": 3, "width": 5, "channels": 3})}
PICTURES = np.random.default_rng(5).integers(0, 256, (40, 3, 5, 3), np.uint8)
HEAD = """
import array, json, zoo
with open("pictures", "rb") as file:
    pictures = [memoryview(file.read(45)).cast("B", (3, 5, 3)) for _ in range(40)]
"""
LIMIT = 0.976


@pytest.fixture(scope="module")
def unsure(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return packed(tmp_path_factory.mktemp("unsure"), COLOURS, limit=LIMIT, widths=(0.5, 1.0))


@pytest.fixture(scope="module")
def python(unsure: Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and nothing else: no NumPy, no datacc."""
    folder = tmp_path_factory.mktemp("empty")
    (wheel,) = load("targets", "wheel").make(unsure.built, folder / "..")
    return empty_environment(folder, wheel)


@pytest.fixture(scope="module")
def truth(unsure: Packed) -> list[tuple[str, bool]]:
    found = unsure.expected(picture=PICTURES)
    known = found["kind_confidence"][:, 0] >= LIMIT
    assert {True, False} == set(known.tolist())
    return [(CLASSES[k], bool(sure)) for k, sure in zip(found["kind"][:, 0], known, strict=True)]


def ran(python: Path, code: str, folder: Path) -> Any:
    """What the code prints, with `pictures` given as buffers."""
    (folder / "pictures").write_bytes(PICTURES.tobytes())
    done = subprocess.run([python, "-I", "-W", "error", "-c", HEAD + code], capture_output=True, text=True, cwd=folder)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


def imported(repository: Repository, path: Path) -> tuple[ImportReport, dict[str, NDArray[np.uint8]]]:
    """What an import says, and the pixels that a build then sees, by example."""
    done = import_examples(repository, path, ImportOptions())
    found = read_examples(repository, read_program(repository.root / "datacc.toml"), unlabelled=True)
    image, options = load("types", "image"), {"height": 3, "width": 5, "channels": 3}
    examples = [*found.examples, *found.unlabelled]
    pixels = image.encode([one.inputs["image"] for one in examples], image.options(**options))
    return done, {one.id: row for one, row in zip(examples, pixels, strict=True)}


def test_pictures_come_back_as_the_examples_that_they_are(
    python: Path, truth: list[tuple[str, bool]], tmp_path: Path
) -> None:
    """However they were given; those of an archive with the same pixels are the same examples."""
    code = """
ask = zoo.wrap(inbox="box")
forms = [lambda one: one, lambda one: one.tobytes(), lambda one: one.tolist(),
         lambda one: bytearray(one.tobytes()), lambda one: array.array("B", one.tobytes())]
said = [ask(forms[n % 5](one)) if n % 2 else ask(picture=forms[n % 5](one)) for n, one in enumerate(pictures)]
print(json.dumps([said, ask.counts]))
"""
    said, counts = ran(python, code, tmp_path)
    unknown = [n for n, (_, known) in enumerate(truth) if not known]
    assert said == [label if known else None for label, known in truth]
    assert (counts["unknown"], counts["refused"]) == (len(unknown), 0)
    repository = create(tmp_path / "zoo", "zoo").repository
    done, seen = imported(repository, tmp_path / "box")
    assert (done.examples, done.unlabelled, done.skipped) == (len(unknown), len(unknown), 0)
    assert sorted(row.tobytes() for row in seen.values()) == sorted(PICTURES[n].tobytes() for n in unknown)
    np.savez(tmp_path / "all.npz", x=PICTURES, y=[label for label, _ in truth])
    again, more = imported(repository, tmp_path / "all.npz")
    assert set(seen) < set(more)
    assert len(more) == len(PICTURES)
    assert again.unlabelled == 0
    assert imported(repository, tmp_path / "box")[0].already == len(unknown)


def test_what_the_function_says_is_the_label_of_what_the_program_saw(
    python: Path, truth: list[tuple[str, bool]], tmp_path: Path
) -> None:
    """A function that changes its argument changes nothing that is kept."""
    code = """
def original(image):
    said = "owl" if image[0] < 128 else "cat"
    image[:] = bytes(45)
    return said
ask = zoo.wrap(fallback=original, shadow=1.0, inbox="box")
said = [ask(bytearray(one.tobytes())) for one in pictures]
print(json.dumps([said, ask.counts]))
"""
    said, counts = ran(python, code, tmp_path)
    answers = ["owl" if picture[0, 0, 0] < 128 else "cat" for picture in PICTURES]
    assert said == answers
    kept = [n for n, (label, known) in enumerate(truth) if not known or label != answers[n]]
    assert counts["unknown"] + counts["disagreed"] == len(kept)
    done, seen = imported(create(tmp_path / "zoo", "zoo").repository, tmp_path / "box")
    assert (done.examples, done.classes) == (len(kept), Counter(answers[n] for n in kept))
    assert sorted(row.tobytes() for row in seen.values()) == sorted(PICTURES[n].tobytes() for n in kept)


def test_a_file_goes_to_the_fallback_and_says_how_to_make_pixels(python: Path, tmp_path: Path) -> None:
    code = """
ask = zoo.wrap(fallback=lambda picture: "theirs")
before = ask.refusal
said = ask(b"\\x89PNG\\r\\n\\x1a\\n and the rest")
print(json.dumps([said, ask.counts, before, ask.refusal]))
"""
    said, counts, before, refusal = ran(python, code, tmp_path)
    assert (said, counts["refused"], before) == ("theirs", 1, "")
    assert "PNG file" in refusal
    assert "PIL.Image.open" in refusal


def test_what_a_hook_covers_is_nowhere(python: Path, truth: list[tuple[str, bool]], tmp_path: Path) -> None:
    """It may change pixels in place, give others, or drop a picture."""
    code = """
def cover(inputs):
    picture = inputs["picture"]
    if picture[0, 0, 0] < 100:
        return None
    if picture[0, 0, 0] < 180:
        return {"picture": memoryview(bytes(12)).cast("B", (2, 2, 3))}
    for row in range(3):
        for channel in range(3):
            picture[row, 0, channel] = 7
    return inputs
ask = zoo.wrap(inbox="box", redact=cover)
before = [one.tobytes() for one in pictures]
print(json.dumps([[ask(one) for one in pictures], before == [one.tobytes() for one in pictures]]))
"""
    said, untouched = ran(python, code, tmp_path)
    assert untouched
    assert said == [label if known else None for label, known in truth]
    found = Inbox().read(tmp_path / "box").rows
    files = [np.asarray(PIL.Image.open(io.BytesIO(row.read()))) for row in found]
    wanted = []
    for picture in PICTURES[[not known for _, known in truth]]:
        if 100 <= picture[0, 0, 0] < 180:
            wanted.append(np.zeros((2, 2, 3), np.uint8))
        elif picture[0, 0, 0] >= 180:
            wanted.append(np.concatenate([np.full((3, 1, 3), 7, np.uint8), picture[:, 1:]], axis=1))
    assert {(2, 2, 3), (3, 5, 3)} == {one.shape for one in wanted}
    assert len(files) == len(wanted)
    assert all(map(np.array_equal, files, wanted))


def test_what_is_no_such_picture_goes_to_the_function(python: Path, tmp_path: Path) -> None:
    """Without one it is refused, and nothing is kept; an inbox that no picture fits into is refused at once."""
    code = """
odd = [b"PNG", pictures[0].tolist()[:2], "cat.png", None, [[["x"] * 3] * 5] * 3, memoryview(bytes(45))[:44]]
ask, alone, said = zoo.wrap(fallback=lambda picture: "asked", inbox="box"), zoo.wrap(inbox="box"), []
for one in odd:
    said.append(ask(one))
    try:
        alone(one)
    except (TypeError, ValueError) as error:
        said.append(type(error).__name__)
try:
    zoo.wrap(inbox="box", most_bytes=100)
except ValueError as error:
    said.append(str(error))
print(json.dumps([said, ask.counts["refused"]]))
"""
    said, refused = ran(python, code, tmp_path)
    assert said[:-1:2] == ["asked"] * 6
    assert set(said[1:-1:2]) <= {"TypeError", "ValueError"}
    assert "most_bytes=100" in said[-1]
    assert refused == 6
    assert not (tmp_path / "box").exists()


def test_the_oldest_pictures_go_first(python: Path, truth: list[tuple[str, bool]], tmp_path: Path) -> None:
    code = """
ask = zoo.wrap(inbox="box", most_bytes=4000)
for one in pictures:
    ask(one)
print(0)
"""
    ran(python, code, tmp_path)
    unknown = [picture for picture, (_, known) in zip(PICTURES, truth, strict=True) if not known]
    rows = Inbox().read(tmp_path / "box").rows
    files = [np.asarray(PIL.Image.open(io.BytesIO(row.read()))) for row in rows]
    assert 0 < len(files) < len(unknown)
    assert sum(file.stat().st_size for file in (tmp_path / "box").iterdir()) <= 4000
    assert sorted(one.tobytes() for one in files) != sorted(one.tobytes() for one in unknown[: len(files)])
    assert {one.tobytes() for one in files} <= {one.tobytes() for one in unknown}


def test_grey_arrays_and_one_width(tmp_path: Path) -> None:
    """With NumPy: arrays of other strides too."""
    zoo = packed(tmp_path, {"picture": ("image", {"height": 3, "width": 5, "channels": 1})}, limit=2.0)
    (wheel,) = load("targets", "wheel").make(zoo.built, tmp_path)
    code = f"""
import sys
sys.path.append({str(installed(wheel, tmp_path / "site"))!r})
import numpy as np, zoo
pictures = np.random.default_rng(1).integers(0, 256, (9, 3, 5), np.uint8)
ask = zoo.wrap(inbox={str(tmp_path / "box")!r})
for n, one in enumerate(pictures):
    ask([one, one[..., None], np.asfortranarray(one)][n % 3])
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    pictures = np.random.default_rng(1).integers(0, 256, (9, 3, 5), np.uint8)
    rows = Inbox().read(tmp_path / "box").rows
    files = [np.asarray(PIL.Image.open(io.BytesIO(row.read()))) for row in rows]
    assert np.array_equal(files, pictures)
