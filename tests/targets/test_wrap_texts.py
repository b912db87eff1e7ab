"""A wheel that reads texts in the place of a function: how it is called, and what its inbox keeps."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from datacc.intake.importing import ImportOptions, import_examples
from datacc.registry import load
from datacc.repo.create import create
from tests.targets.programs import TEXT, Packed, packed
from tests.tools import installed


def printed(zoo: Packed, code: str, folder: Path) -> Any:
    """What the code prints as JSON, with the wheel imported as `zoo`."""
    (wheel,) = load("targets", "wheel").make(zoo.built, folder)
    head = f"import sys; sys.path.insert(0, {str(installed(wheel, folder / 'site'))!r})\nimport json, zoo\n"
    done = subprocess.run([sys.executable, "-I", "-c", head + code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_texts(tmp_path: Path) -> None:
    zoo = packed(tmp_path, {"message": ("text", {"length": 16, "columns": ["subject", "body"]})}, limit=0.0)
    code = """
ask = zoo.wrap()
print(json.dumps([ask('one', 'two') == zoo.predict('one\\ntwo').label, ask(body='two', subject='one')]))
"""
    assert printed(zoo, code, tmp_path)[0] is True


def test_one_argument_is_the_one_input_whatever_the_function_calls_it(tmp_path: Path) -> None:
    """It is asked, and what it knows better is kept under the name that the program was taught."""
    code = f"""
def original(words, loud=False):
    return "dog"
ask = zoo.wrap(fallback=original, inbox={str(tmp_path / "box")!r})
print(json.dumps([ask("one"), ask(words="two"), ask("three", loud=False), ask("four", True), ask.counts]))
"""
    *said, counts = printed(packed(tmp_path, TEXT, limit=2.0), code, tmp_path)
    assert said == ["dog"] * 4
    assert (counts["unknown"], counts["refused"]) == (3, 1)
    lines = [json.loads(line) for file in (tmp_path / "box").iterdir() for line in file.read_text().splitlines()]
    assert [line["inputs"] for line in lines] == [{"message": "one"}, {"message": "two"}, {"message": "three"}]


def test_all_that_an_inbox_keeps_of_texts_can_be_imported(tmp_path: Path) -> None:
    """Nothing has to be left out by `--skip-bad`."""
    code = f"""
ask = zoo.wrap(fallback=lambda message: "dog", inbox={str(tmp_path / "box")!r})
print(json.dumps([[ask(text) for text in ("one", "", "x" * 65_537, "y" * 65_536)], ask.counts["unknown"]]))
"""
    assert printed(packed(tmp_path, TEXT, limit=2.0), code, tmp_path) == [["dog"] * 4, 4]
    found = import_examples(create(tmp_path / "own", "own").repository, tmp_path / "box", ImportOptions())
    assert (found.examples, found.skipped, found.classes) == (2, 0, {"dog": 2})
