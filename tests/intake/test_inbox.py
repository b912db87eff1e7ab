"""Calls that were kept are read as they were written: what is no call is named, what was torn off is not there."""

import io
import json
import os
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from datacc.calls._spool import Spool
from datacc.errors import DataError
from datacc.intake.importing import ImportOptions
from datacc.intake.importing.read import format_of, read
from datacc.intake.inbox import ENTRY, Inbox


def write(folder: Path, *lines: str, name: str = "000000000001-1-aa") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.calls.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_what_a_program_kept_is_read(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "box")
    spool.put({"text": "half \ud800", "n": 3, "point": [1.5, 2]}, "unknown", said="a", confidence=0.25)
    spool.put({"text": "whole", "n": 4, "point": [3, 4]}, "disagreed", said="a", answer="b")
    found = format_of(tmp_path / "box").read(tmp_path / "box")
    assert [found.rows[0].cells[name] for name in ("text", "n", "point[0]", "point[1]")] == ["half \ufffd", 3, 1.5, 2]
    assert [row.cells.get("answer") for row in found.rows] == [None, "b"]
    kinds = {"text": "input", "n": "input", "point[0]": "input", "point[1]": "input", "answer": "output"}
    assert found.kinds == {**kinds, "why": "other", "said": "other", "confidence": "other"}
    assert found.columns == tuple(found.kinds)


def test_pixels_are_files(tmp_path: Path) -> None:
    """Of one or three channels; Pillow reads them."""
    random, spool = np.random.default_rng(0), Spool(tmp_path / "box")
    pictures = [random.integers(0, 256, shape, np.uint8) for shape in ((3, 5), (4, 2, 1), (2, 6, 3))]
    for picture in (*pictures, np.asfortranarray(pictures[2])):
        assert spool.put({"picture": picture}, "unknown", said="a")
    found = ENTRY.read(tmp_path / "box")
    assert found.is_media
    assert found.kinds == {"why": "other", "said": "other", "confidence": "other", "answer": "output"}
    for row, picture in zip(found.rows, (*pictures, pictures[2]), strict=True):
        assert np.array_equal(
            np.asarray(PIL.Image.open(io.BytesIO(row.read()))),
            picture.squeeze(-1) if picture.shape[-1] == 1 else picture,
        )
    for strange in (pictures[0].astype(float), pictures[0][0], pictures[2][..., :2], np.zeros((1, 1, 1, 3), np.uint8)):
        assert not spool.put({"picture": strange}, "unknown")


def test_several_labels_are_one_cell(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "box")
    for answer in (["b", "a c"], [], None):
        spool.put({"text": "x"}, "unknown", said=["b"], **({} if answer is None else {"answer": answer}))
    found = ENTRY.read(tmp_path / "box")
    assert [row.cells.get("answer") for row in found.rows] == ["b;a c", ";", None]
    assert {row.cells["said"] for row in found.rows} == {"b"}
    assert found.output_type == "labels"


def test_files_are_read_from_the_oldest_on(tmp_path: Path) -> None:
    for name, text in (("000000000009-1-aa", "later"), ("000000000001-9-ff", "first")):
        write(tmp_path / "box", json.dumps({"inputs": {"text": text}}), "", name=name)
    assert [row.cells["text"] for row in ENTRY.read(tmp_path / "box").rows] == ["first", "later"]


def test_a_line_that_was_torn_off_is_not_there(tmp_path: Path) -> None:
    box = write(tmp_path / "box", json.dumps({"inputs": {"text": "a"}}), '{"inputs": {"te')
    found = ENTRY.read(box)
    assert (len(found.rows), found.bad) == (1, ())


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{",
        '{"inputs": {}}',
        '{"inputs": 3}',
        '{"inputs": {"a": {"b": 1}}}',
        '{"inputs": {"answer": 1}}',
        '{"inputs": {"picture": {"media": "UDUKMSAxCjI1NQoA"}}}',
        '{"inputs": {"a": 1, "picture": {"media": "UDUKMSAxCjI1NQoA"}}}',
        '{"inputs": {"picture": {"media": "no base64"}}}',
        '{"inputs": {"picture": {"media": 3}}}',
        '{"inputs": {"text": "b"}, "answer": ["a;b"]}',
        '{"inputs": {"text": "b"}, "answer": ["a", 1]}',
        '{"inputs": {"text": "b"}, "answer": {"a": 1}}',
        '{"inputs": {"picture": {"media": "", "more": 1}}}',
        "[" * 9999,
    ],
)
def test_what_is_no_call_is_named(line: str, tmp_path: Path) -> None:
    box = write(tmp_path / "box", json.dumps({"inputs": {"text": "a"}}), line, "")
    found = ENTRY.read(box)
    assert [bad.where for bad in found.bad] == ["000000000001-1-aa.calls.jsonl:2"]
    assert len(found.rows) == 1


def test_an_input_called_like_what_stands_beside_it(tmp_path: Path) -> None:
    box = write(tmp_path / "box", json.dumps({"why": "unknown", "said": "x", "inputs": {"why": "because"}}), "")
    [row] = ENTRY.read(box).rows
    assert row.cells["why"] == "because"
    assert ENTRY.read(box).kinds["why"] == "input"


def test_what_it_is_taken_for(tmp_path: Path) -> None:
    box = write(tmp_path / "box", json.dumps({"inputs": {"text": "a"}}), "")
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "1.txt").write_text("x")
    assert isinstance(format_of(box), Inbox)
    assert isinstance(format_of(box / "000000000001-1-aa.calls.jsonl"), Inbox)
    assert not isinstance(format_of(tmp_path / "cats"), Inbox)
    with pytest.raises(DataError, match="no calls"):
        ENTRY.read(tmp_path / "cats")


def test_what_is_only_called_like_a_file_of_calls_is_passed_over(tmp_path: Path) -> None:
    box = tmp_path / "box"
    (box / "folder.calls.jsonl").mkdir(parents=True)
    (box / "gone.calls.jsonl").symlink_to(tmp_path / "nowhere")
    os.mkfifo(box / "pipe.calls.jsonl")  # who reads it waits for ever
    assert not Inbox().matches(box)
    write(box, json.dumps({"inputs": {"text": "a"}}), "")
    assert [row.cells["text"] for row in ENTRY.read(box).rows] == ["a"]


def test_a_number_beyond_all_doubles_is_none_beside_an_input(tmp_path: Path) -> None:
    calls = [{"inputs": {"text": "a"}, "answer": "x", "confidence": one} for one in (0.5, 10**400, -(10**400))]
    box = write(tmp_path / "box", *map(json.dumps, calls), "")
    rows = read(box, ImportOptions()).rows
    assert list(rows.others["confidence"]) == [0.5, None, None]


@pytest.mark.parametrize("output_type", ["label", "labels", "number"])
@pytest.mark.parametrize("answer", ["half \ud800", "long " * 60, "un\x1bseen"], ids=["half", "long", "unseen"])
def test_an_answer_that_can_be_no_label_is_bad(answer: str, output_type: str, tmp_path: Path) -> None:
    """A function says what it says: nobody is asked to rename it, and the other calls are still examples."""
    answers = ["1", answer, "2", *([[answer, "b"]] if output_type == "labels" else [])]
    box = write(tmp_path / "box", *(json.dumps({"inputs": {"text": "a"}, "answer": one}) for one in answers), "")
    with pytest.raises(DataError, match=r"\n  000000000001-1-aa\.calls\.jsonl:2: column 'answer'") as caught:
        read(box, ImportOptions(), output_type=output_type)
    caught.value.what.encode()
    assert caught.value.tries == ("mend or remove them", "--skip-bad takes the other 2")
    found = read(box, ImportOptions(skip_bad=True), output_type=output_type)
    assert (list(found.rows.label), found.skipped) == (["1", "2"], len(answers) - 2)
    "".join(found.notes).encode()
