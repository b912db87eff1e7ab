"""The tour of the README: short, of verbs that there are, and drawn as a picture that a browser can read."""

import importlib.util
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from datacc.cli.app import VERBS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tour() -> Any:
    spec = importlib.util.spec_from_file_location("tour", ROOT / "tools" / "tour.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_has_at_most_forty_lines_of_verbs_that_there_are(tour: Any) -> None:
    commands = tour.tour()
    verbs = [found[1] for command in commands if (found := re.match(r"datacc (\S+)", command))]
    assert len(commands) <= 40
    assert {"build", "new", "import", "log"} <= set(verbs) <= set(VERBS)


def test_the_picture_shows_every_command_of_today_in_its_order(tour: Any) -> None:
    picture = ElementTree.parse(tour.DRAWN)
    lines = [line for line in picture.iter("{http://www.w3.org/2000/svg}text") if line.get("class") == "typed"]
    typed = "".join("".join(line.itertext()) for line in lines)
    assert typed == "".join(f"$ {command}" for command in tour.tour() if not command.startswith("#"))


def test_what_was_played_is_drawn_line_by_line(tour: Any) -> None:
    played = [("# a <word>", "", 0.1), ("datacc build", "one\n\u2713 two & three\n" + "x" * 300, 12.3)]
    lines = tour.staged(played)
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert max(len(line.text) for line in lines) <= tour.COLUMNS
    assert "".join(line.text for line in lines if set(line.text) == {"x"}) == "x" * 300
    picture = ElementTree.fromstring(tour.drawn(lines))
    texts = ["".join(one.itertext()) for one in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text] == [line.text for line in lines if line.text]
    assert "12.3 s" in texts


def test_a_shell_stops_at_what_fails(tour: Any, tmp_path: Path) -> None:
    said = list[str]()
    with pytest.raises(SystemExit, match="exit code 3"):
        said.extend(text for _, text, _ in tour.play(["x=4", "echo $x", "(exit 3)", "echo never"], tmp_path))
    assert said == ["", "4\n", ""]
