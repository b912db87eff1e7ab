"""Status, log and show: what they tell, and that they stay light."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from PIL import Image

from datacc.errors import DataError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.commit import commit
from datacc.repo.find import Repository
from datacc.repo.label import label
from datacc.repo.log import log
from datacc.repo.show import show
from datacc.repo.snapshot import Snapshot
from datacc.repo.status import status
from datacc.repo.working import read_working


def ids(repository: Repository) -> list[str]:
    return sorted(read_working(repository).states)


def test_status_counts_what_is_there(repository: Repository) -> None:
    told = status(repository)
    assert (told.examples, told.labelled, told.conflicted, told.deleted, told.edits) == (40, 40, 0, 0, 0)
    assert told.classes == {"animal": {"cat": 20, "dog": 20}}
    assert (told.name, told.branch) == ("pets", "main")
    shown = [label(repository, id, None, "cat") for id in ids(repository)[:10]]
    told = status(repository)
    assert told.edits == 10
    assert told.classes["animal"]["cat"] == 20 + sum(one.op == "set" for one in shown)
    json.dumps(asdict(told))


def test_status_of_an_empty_repository(empty: Repository) -> None:
    told = status(empty)
    assert (told.examples, told.labelled, dict(told.classes)) == (0, 0, {})


def test_log_tells_what_each_commit_did(repository: Repository) -> None:
    for id in ids(repository)[:3]:
        label(repository, id, None, "cat")
    made = commit(repository, "cats, surely\n\nwith a body")
    entries = log(repository)
    assert [(e.subject, e.imported, e.edits) for e in entries] == [
        ("cats, surely", 0, 3),
        ("import 40 examples from pictures", 40, 0),
        ("start the label repository pets", 0, 0),
    ]
    assert entries[0].commit == made.commit
    assert log(repository, limit=1) == entries[:1]
    assert log(repository, revision="HEAD^") == entries[1:]
    json.dumps([asdict(entry) for entry in entries])


def test_a_revert_counts_backwards(repository: Repository) -> None:
    label(repository, ids(repository)[0], None, "cat")
    commit(repository)
    who = ("-c", "user.name=x", "-c", "user.email=x@y")
    repository.git.run(*who, "revert", "--no-edit", "HEAD")
    assert [entry.edits for entry in log(repository, limit=2)] == [-1, 1]


def test_show_tells_everything_of_one_example(repository: Repository, pictures: Path) -> None:
    id = ids(repository)[5]
    before = show(repository, id).values["animal"].value
    after = "dog" if before == "cat" else "cat"
    label(repository, id, None, after, "Ann <ann@example.org>")
    made = commit(repository)
    label(repository, id, None, after, "Bob <bob@example.org>")
    shown = show(repository, id[:12])
    assert (shown.id, shown.alive, shown.values["animal"].value) == (id, True, after)
    assert shown.values["animal"].verified
    name = shown.columns["name"]
    place = shown.media["image"]
    pack = (repository.root / place.path).read_bytes()
    assert pack[place.offset : place.offset + place.length] == (pictures / name).read_bytes()
    steps = [(event.op, event.old, event.new) for event in shown.history]
    assert steps == [("add", None, None), ("set", None, before), ("set", before, after), ("verify", None, None)]
    assert [event.who.split(" ")[0] for event in shown.history[2:]] == ["Ann", "Bob"]
    assert [event.commit for event in shown.history[2:]] == [made.commit, None]
    assert all(event.when for event in shown.history)
    json.dumps(asdict(shown))


def test_show_of_nothing_is_refused(repository: Repository) -> None:
    with pytest.raises(DataError, match="no example"):
        show(repository, "0123456789abcdef")


def test_the_same_file_in_two_class_folders_is_a_conflict_that_is_kept(
    empty: Repository, pictures: Path, tmp_path: Path
) -> None:
    (pictures / "dog" / "twin.png").write_bytes((pictures / "cat" / "01.png").read_bytes())
    report = import_examples(empty, pictures, ImportOptions())
    assert report.conflicted == 1
    assert "cat/01.png" in report.conflicts[0]
    assert "dog/twin.png" in report.conflicts[0]
    told = status(empty)
    assert (told.examples, told.conflicted) == (40, 1)
    (torn,) = told.conflicts
    assert set(torn.values) == {"cat", "dog"}
    assert label(empty, torn.example, None, "cat").op == "resolve"
    commit(empty)
    assert status(empty).conflicted == 0


def test_log_status_and_label_load_nothing_but_numpy(repository: Repository) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from datacc.repo.find import find; from datacc.repo.status import status; from datacc.repo.log import log\n"
        "from datacc.repo.show import show; from datacc.repo.label import label\n"
        "from datacc.repo.commit import commit\n"
        f"repository = find(Path({str(repository.root)!r})); status(repository); log(repository)\n"
        "print(sorted({'scipy', 'PIL', 'torch', 'rich'} & set(sys.modules)))"
    )
    env = {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_heavy_libraries_are_loaded_here() -> None:
    """The test above can fail: this process has them."""
    assert Image is not None
    assert Snapshot is not None
    assert "PIL" in sys.modules
