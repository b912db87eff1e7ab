"""The folder of calls: whole lines, private, small, young, and never in the way of whoever asks."""

import json
import os
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacc.calls._spool import DAY, PIECES, Spool


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted(folder.glob("*")) for line in file.read_text().splitlines()]


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def test_what_is_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "a" / "b")
    assert spool.put({"text": "héllo \ud800", "n": 3, "list": (1, 2.5), "raw": b"caf\xc3\xa9", "yes": True}, "unknown")
    assert spool.put({"text": "x"}, "disagreed", answer="en", said="fr", confidence=0.5)
    first, second = lines(tmp_path / "a" / "b")
    assert first["inputs"] == {"text": "héllo \ud800", "n": 3, "list": [1, 2.5], "raw": "café", "yes": True}
    assert abs(first["at"] - time.time()) < 60
    assert {key: second[key] for key in ("why", "answer", "said", "confidence")} == {
        "why": "disagreed", "answer": "en", "said": "fr", "confidence": 0.5,
    }  # fmt: skip
    assert (spool.kept, spool.dropped) == (2, 0)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", False),
        (None, False),
        ("x" * 65_537, False),
        ("x" * 65_536, True),
        (" ", True),
        (b"caf\xc3\xa9", True),
        (3, True),
    ],
    ids=["empty", "none", "too long", "longest", "blank", "bytes", "number"],
)
def test_a_text_of_which_no_example_can_be_made_is_not_kept(text: Any, fits: bool, tmp_path: Path) -> None:
    """As it is left by `redact`; what is no text of the program, may be anything."""
    spool = Spool(tmp_path, texts=("text",), redact=lambda inputs: {**inputs, "text": text})
    assert spool.put({"text": "x", "other": ""}, "unknown") == fits
    assert (spool.kept, spool.dropped) == (fits, not fits)
    assert len(lines(tmp_path)) == fits
    assert Spool(tmp_path).put({"text": text}, "unknown")


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    Spool(tmp_path / "box").put({"x": 1}, "unknown")
    [file] = (tmp_path / "box").iterdir()
    assert stat.S_IMODE((tmp_path / "box").stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_made_before_the_first_call(tmp_path: Path) -> None:
    Spool(tmp_path / "box")
    assert not (tmp_path / "box").exists()


@given(st.lists(st.integers(0, 300), min_size=1, max_size=60), st.integers(400, 4000))
def test_it_never_grows_beyond_its_limit_and_keeps_the_newest(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], most: int
) -> None:
    folder = tmp_path_factory.mktemp("box")
    spool, kept = Spool(folder, most_bytes=most), []
    for n, length in enumerate(lengths):
        if spool.put({"n": n, "text": "x" * length}, "unknown"):
            kept.append(n)
        assert size(folder) <= most
    assert spool.kept == len(kept)
    assert spool.dropped == len(lengths) - len(kept)
    left = [call["inputs"]["n"] for call in lines(folder)]
    assert left == kept[len(kept) - len(left) :]


def test_the_oldest_goes_first_of_many_in_a_second(tmp_path: Path) -> None:
    """Files begun faster than a clock of seconds can tell them apart."""
    spool = Spool(tmp_path, most_bytes=800)
    for n in range(60):
        assert spool.put({"n": n}, "unknown")
    left = [call["inputs"]["n"] for call in lines(tmp_path)]
    assert 0 < len(left) < 60
    assert left == [*range(60 - len(left), 60)]


def test_what_is_old_goes_when_the_next_comes(tmp_path: Path) -> None:
    old = tmp_path / f"{int(time.time() - 8 * DAY):012d}-1-aa.calls.jsonl"
    young = tmp_path / f"{int(time.time() - 6 * DAY):012d}-1-aa.calls.jsonl"
    foreign = tmp_path / "notes.txt"
    for file in (old, young, foreign):
        file.write_text("")
    Spool(tmp_path, most_days=7).put({"x": 1}, "unknown")
    assert not old.exists()
    assert young.exists()
    assert foreign.exists()


def test_redaction(tmp_path: Path) -> None:
    def hook(inputs: dict[str, Any]) -> dict[str, Any] | None:
        return None if inputs["text"] == "drop" else {"text": inputs["text"].replace("Ann", "[name]")}

    spool = Spool(tmp_path, redact=hook)
    given = {"text": "Ann is here", "secret": "x"}
    assert spool.put(given, "unknown")
    assert not spool.put({"text": "drop"}, "unknown")
    assert [call["inputs"] for call in lines(tmp_path)] == [{"text": "[name] is here"}]
    assert given == {"text": "Ann is here", "secret": "x"}
    assert spool.dropped == 0


def test_nothing_is_ever_raised(tmp_path: Path) -> None:
    def broken(inputs: dict[str, Any]) -> dict[str, Any] | None:
        raise RuntimeError("no")

    (tmp_path / "file").write_text("")
    for spool, inputs in (
        (Spool(tmp_path / "a", redact=broken), {"x": 1}),
        (Spool(tmp_path / "file"), {"x": 1}),
        (Spool(tmp_path / "b"), {"x": object()}),
        (Spool(tmp_path / "b"), {"x": float("nan")}),
        (Spool(tmp_path / "b", most_bytes=80), {"x": "y" * 200}),
    ):
        assert not spool.put(inputs, "unknown")
        assert (spool.kept, spool.dropped) == (0, 1)


def test_many_threads_and_a_child(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    threads = [threading.Thread(target=lambda k=k: [spool.put({"k": k, "n": n}, "unknown") for n in range(50)])
               for k in range(4)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    child = os.fork()
    if not child:
        spool.put({"k": 9, "n": 0}, "unknown")
        os._exit(0)
    os.waitpid(child, 0)
    found = {(call["inputs"]["k"], call["inputs"]["n"]) for call in lines(tmp_path)}
    assert found == {(k, n) for k in range(4) for n in range(50)} | {(9, 0)}
    assert len(list(tmp_path.iterdir())) == 2  # each process has a file of its own


def test_a_full_folder_has_several_files() -> None:
    assert PIECES > 1  # so that the oldest can go while the newest stay
