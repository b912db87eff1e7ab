"""Importing into a repository: one commit or nothing, what is new and what is not, bad files, full disks."""

import errno
import io
import json
import os
import signal
import struct
import zlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datacc.errors import DataError, RepositoryError, ResourceError
from datacc.intake.importing import ImportOptions, import_examples, perform, pictures
from datacc.repo import place
from datacc.repo.contents import read_contents
from datacc.repo.create import create
from datacc.repo.examples import read_examples
from datacc.repo.find import Repository, find
from datacc.repo.git import Git
from datacc.repo.identity import address
from datacc.repo.staging import staging
from datacc.repo.status import status
from datacc.spec.read import read_program

OPTIONS = ImportOptions(label="kind")


def png(seed: int, size: int = 5) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def bomb() -> bytes:
    """A PNG header of 30,000 × 30,000 pixels over no data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return create(tmp_path / "repo", "pets").repository


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed in range(12):
        path = tmp_path / "pets" / ("cat" if seed % 2 else "dog") / f"{seed:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(seed))
    return tmp_path / "pets"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("a,b,city,y\n" + "".join(f"{n},{n % 5},{'pq'[n % 2]},c{n % 3}\n" for n in range(30)))
    return path


def everything(root: Path) -> dict[str, bytes]:
    """Every file but git's, the locks, and those of the local index, which may go at any time."""
    known = (root / ".git", *(root / ".datacc" / name for name in ("lock", "staging", "index-1")))
    paths = [path for path in root.rglob("*") if path.is_file() and not any(map(path.is_relative_to, known))]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def test_a_folder_becomes_one_commit_and_a_program(repository: Repository, folder: Path) -> None:
    report = import_examples(repository, folder, OPTIONS)
    assert (report.examples, report.classes, report.added) == (12, {"cat": 6, "dog": 6}, ("cat", "dog"))
    assert (report.output, report.wrote_program, report.conflicted) == ("kind", True, 0)
    assert repository.git.run("status", "--porcelain") == b""
    assert repository.git.ask("rev-list", "--count", "HEAD") == "2"
    assert repository.git.ask("log", "-1", "--format=%s") == "import 12 examples from pets"
    assert report.commit == repository.git.commit_of("HEAD")
    json.dumps(asdict(report))


def test_files_are_kept_byte_for_byte_under_the_ids_that_b2sum_gives(repository: Repository, folder: Path) -> None:
    import_examples(repository, folder, OPTIONS)
    found = read_examples(repository, read_program(repository.root / "datacc.toml"))
    files = {address(path.read_bytes()): path for path in folder.rglob("*.png")}
    assert {one.id for one in found.examples} == set(files)
    for one in found.examples:
        assert one.inputs["image"] == files[one.id].read_bytes()
        assert one.labels == {"kind": files[one.id].parent.name}
        assert one.name == files[one.id].relative_to(folder).as_posix()


def test_the_same_import_makes_the_same_files_anywhere(tmp_path: Path, folder: Path, rows: Path) -> None:
    trees = []
    for name in ("one", "two"):
        repository = create(tmp_path / name, "pets").repository
        import_examples(repository, folder, OPTIONS)
        trees.append(repository.git.tree("HEAD"))
    assert trees[0] == trees[1]


def test_importing_again_changes_nothing(repository: Repository, folder: Path) -> None:
    first = import_examples(repository, folder, OPTIONS)
    again = import_examples(repository, folder, OPTIONS)
    assert (again.commit, again.examples, again.already) == (None, 0, 12)
    assert repository.git.commit_of("HEAD") == first.commit
    (folder / "cat" / "new.png").write_bytes(png(99))
    third = import_examples(repository, folder, OPTIONS)
    assert (third.examples, third.already, third.wrote_program) == (1, 12, False)
    assert status(repository).examples == 13


def test_a_new_class_keeps_the_old_ones_in_place(repository: Repository, folder: Path) -> None:
    import_examples(repository, folder, OPTIONS)
    (folder / "ant").mkdir()
    (folder / "ant" / "1.png").write_bytes(png(50))
    report = import_examples(repository, folder, OPTIONS)
    assert report.added == ("ant",)
    assert any("'ant' is seen once" in note for note in report.notes)
    assert list(status(repository).classes["kind"]) == ["cat", "dog", "ant"]
    (folder / "bee").mkdir()
    (folder / "bee" / "1.png").write_bytes(png(51))
    (folder / "eel").mkdir()
    (folder / "eel" / "1.png").write_bytes(png(52))
    assert any("'bee', 'eel' are seen once each" in note for note in import_examples(repository, folder, OPTIONS).notes)


def test_copies_are_counted_and_contradictions_kept(repository: Repository, folder: Path) -> None:
    (folder / "cat" / "copy.png").write_bytes(png(1))
    (folder / "dog" / "wrong.png").write_bytes(png(3))
    (folder / "loose.png").write_bytes(png(60))
    report = import_examples(repository, folder, OPTIONS)
    assert (report.examples, report.copies, report.conflicted, report.unlabelled) == (14, 1, 1, 1)
    assert "cat/03.png" in report.conflicts[0]
    assert "dog/wrong.png" in report.conflicts[0]
    found = read_examples(repository, read_program(repository.root / "datacc.toml"))
    assert len(found.examples) == 11
    assert sorted(found.notes) == [
        "1 example in conflict (datacc status names them) left out",
        "1 example without a label left out",
    ]


def test_a_contradiction_with_an_earlier_import_is_found(repository: Repository, folder: Path) -> None:
    import_examples(repository, folder, OPTIONS)
    (folder / "cat" / "01.png").rename(folder / "dog" / "01.png")
    report = import_examples(repository, folder, OPTIONS)
    assert (report.examples, report.conflicted) == (1, 1)
    assert status(repository).conflicted == 1


def test_rows_of_numbers(repository: Repository, rows: Path) -> None:
    report = import_examples(repository, rows, ImportOptions(label="y"))
    assert report.classes == {"c0": 10, "c1": 10, "c2": 10}
    program = read_program(repository.root / "datacc.toml")
    assert program.inputs[0].options["columns"] == ["a", "b", "city"]
    assert program.inputs[0].options["categories"] == {"city": ["p", "q"]}
    found = {one.name: one for one in read_examples(repository, program).examples}
    assert found["rows.csv:9"].inputs == {"record": [7, 2, "q"]}
    assert found["rows.csv:9"].labels == {"y": "c1"}
    assert found["rows.csv:9"].columns == {"city": "q"}


def test_equal_rows_are_examples_of_their_own_and_share_a_split(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n" + "1,2,x\n1,2,x\n1,2,z\n" + "3,4,x\n")
    report = import_examples(repository, tmp_path / "t.csv", ImportOptions(label="y"))
    assert (report.examples, report.conflicted, report.copies) == (4, 0, 0)
    assert any("1 input with different labels" in note for note in report.notes)
    found = read_examples(repository, read_program(repository.root / "datacc.toml")).examples
    assert len({one.id for one in found}) == 4
    assert len({one.content for one in found}) == 2
    again = import_examples(repository, tmp_path / "t.csv", ImportOptions(label="y"))
    assert again.already == 4


def test_a_key_tells_equal_rows_apart_and_finds_them_again(repository: Repository, tmp_path: Path) -> None:
    options = ImportOptions(label="y", key="k")
    (tmp_path / "t.csv").write_text("k,a,y\n1,5,x\n2,5,z\n3,6,x\n")
    import_examples(repository, tmp_path / "t.csv", options)
    (tmp_path / "t.csv").write_text("k,a,y\n3,6,x\n2,5,z\n1,5,x\n4,7,z\n")
    report = import_examples(repository, tmp_path / "t.csv", options)
    assert (report.examples, report.already, report.conflicted) == (1, 3, 0)


def test_groups_splits_and_slices_survive(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "a,who,part,year,y\n" + "".join(f"{n},p{n % 3},test,{2000 + n},c{n % 2}\n" for n in range(9))
    )
    options = ImportOptions(label="y", group="who", split="part", inputs=("a",))
    import_examples(repository, tmp_path / "t.csv", options)
    found = {one.name: one for one in read_examples(repository, read_program(repository.root / "datacc.toml")).examples}
    one = found["t.csv:6"]
    assert (one.group, one.split, one.columns) == ("p1", "judge", {"who": "p1", "year": 2004})


def test_a_column_that_an_earlier_import_had_must_be_there(repository: Repository, rows: Path, tmp_path: Path) -> None:
    import_examples(repository, rows, ImportOptions(label="y"))
    (tmp_path / "t.csv").write_text("a,y\n1,c0\n2,c1\n")
    with pytest.raises(DataError, match="no column 'b'"):
        import_examples(repository, tmp_path / "t.csv", ImportOptions(label="y"))


def test_pictures_and_rows_do_not_mix(repository: Repository, folder: Path, rows: Path) -> None:
    import_examples(repository, folder, OPTIONS)
    with pytest.raises(DataError, match="these are rows"):
        import_examples(repository, rows, ImportOptions(label="y"))


def test_a_program_that_was_there_first_names_input_and_output(repository: Repository, folder: Path) -> None:
    photo = '[input.photo]\ntype = "image"\nheight = 5\nwidth = 5\nchannels = 3\n'
    toml = f'name = "pets"\n{photo}[output.animal]\ntype = "label"\n'
    (repository.root / "datacc.toml").write_text(toml)
    report = import_examples(repository, folder, ImportOptions())
    assert (report.output, report.wrote_program) == ("animal", False)
    assert (repository.root / "datacc.toml").read_text() == toml
    program = read_program(repository.root / "datacc.toml")
    assert set(read_examples(repository, program).examples[0].inputs) == {"photo"}


def test_a_later_import_finds_the_label_by_the_name_of_the_output(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,Kind of pet\n1,x\n2,z\n")
    assert import_examples(repository, tmp_path / "t.csv", ImportOptions(label="Kind of pet")).output == "kind_of_pet"
    (tmp_path / "u.csv").write_text("Kind of pet,a\nx,7\n")
    assert import_examples(repository, tmp_path / "u.csv", ImportOptions()).classes == {"x": 1}


def test_the_next_command_sweeps_up_what_a_killed_import_left(repository: Repository, folder: Path) -> None:
    child = os.fork()
    if child == 0:
        with staging(repository.root) as half_made:
            (half_made / "media").mkdir()
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    [left] = (repository.root / ".datacc").glob("staging-*")
    with staging(repository.root) as alive:
        find(repository.root)
        assert alive.exists()
        assert not left.exists()
    assert not alive.exists()


def test_one_class_only_is_noted(repository: Repository, folder: Path) -> None:
    report = import_examples(repository, folder / "cat", ImportOptions(label="kind"))
    assert report.unlabelled == 6
    (folder / "cat").rename(folder / "x")
    for path in (folder / "dog").iterdir():
        path.unlink()
    report = import_examples(repository, folder, OPTIONS)
    assert any("there is one class" in note for note in report.notes)


BAD_FILES = {
    "torn.png": (png(70)[:60], "does not decode"),
    "text.txt": (b"hello", "is not a picture"),
    "empty.png": (b"", "is empty"),
    "bomb.png": (bomb(), "decompression bomb"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_named_and_skipped_only_when_asked(repository: Repository, folder: Path, name: str) -> None:
    data, why = BAD_FILES[name]
    (folder / "cat" / name).write_bytes(data)
    before = everything(repository.root)
    with pytest.raises(DataError) as caught:
        import_examples(repository, folder, OPTIONS)
    assert f"cat/{name}: " in caught.value.what
    assert why in caught.value.what
    assert everything(repository.root) == before
    report = import_examples(repository, folder, ImportOptions(label="kind", skip_bad=True))
    assert (report.examples, report.skipped) == (12, 1)
    assert any(name in note for note in report.notes)


def test_a_file_that_is_too_large_is_bad(repository: Repository, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "LARGEST_FILE", 10)
    with pytest.raises(DataError, match="12 examples cannot be read") as caught:
        import_examples(repository, folder, OPTIONS)
    assert "10 are allowed" in caught.value.what
    assert "and 2 more" in caught.value.what
    with pytest.raises(DataError, match="no example is left"):
        import_examples(repository, folder, ImportOptions(skip_bad=True))


def test_rows_that_are_all_bad_are_named(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text("[1]\n[2]\n")
    with pytest.raises(DataError, match="2 examples cannot be read") as caught:
        import_examples(repository, tmp_path / "d.jsonl", OPTIONS)
    assert "d.jsonl:1: is not a JSON object" in caught.value.what
    with pytest.raises(DataError, match="no example is left"):
        import_examples(repository, tmp_path / "d.jsonl", ImportOptions(label="kind", skip_bad=True))


def full_disk(*arguments: object, **named: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupt(*arguments: object, **named: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("module", "name"), [(perform, "write_packs"), (perform, "commit_new"), (place, "_sync"), (place.os, "replace")]
)
@pytest.mark.parametrize(("failure", "error"), [(full_disk, ResourceError), (interrupt, KeyboardInterrupt)])
def test_a_full_disk_or_an_interrupt_leaves_nothing(
    repository: Repository,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    name: str,
    failure: object,
    error: type[BaseException],
) -> None:
    before, commit = everything(repository.root), repository.git.commit_of("HEAD")
    with monkeypatch.context() as patch:
        patch.setattr(module, name, failure)
        with pytest.raises(error):
            import_examples(repository, folder, OPTIONS)
    assert everything(repository.root) == before
    assert repository.git.commit_of("HEAD") == commit
    assert repository.git.run("status", "--porcelain") == b""
    assert import_examples(repository, folder, OPTIONS).examples == 12


def test_an_interrupt_while_git_commits_leaves_nothing(
    repository: Repository, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, whole = everything(repository.root), Git.run

    def interrupted(self: Git, *arguments: str, input: bytes = b"") -> bytes:
        if "commit" in arguments:
            raise KeyboardInterrupt
        return whole(self, *arguments, input=input)

    with monkeypatch.context() as patch:
        patch.setattr(Git, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            import_examples(repository, folder, OPTIONS)
    assert everything(repository.root) == before
    assert repository.git.run("status", "--porcelain") == b""


def test_a_hook_that_refuses_leaves_nothing(repository: Repository, folder: Path) -> None:
    hook = repository.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no pictures >&2\nexit 1\n")
    hook.chmod(0o755)
    before = everything(repository.root)
    with pytest.raises(RepositoryError, match="no pictures"):
        import_examples(repository, folder, OPTIONS)
    assert everything(repository.root) == before


def test_hostile_names_of_files_and_folders_do_no_harm(repository: Repository, tmp_path: Path) -> None:
    odd = ["a'b", 'say "x"', "*", "-rf", "$(touch x)", "日本"]
    for number, name in enumerate(odd):
        for copy in range(2):
            path = tmp_path / "odd" / name / f"{name}\n{copy}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(number * 2 + copy))
    report = import_examples(repository, tmp_path / "odd", OPTIONS)
    assert set(report.classes) == set(odd)
    paths = read_contents(repository).tree
    assert all(part.replace(".", "").isalnum() for path in paths for part in path.lstrip(".").split("/"))
    (tmp_path / "odd" / "new\nline").mkdir()
    (tmp_path / "odd" / "new\nline" / "1.png").write_bytes(png(90))
    with pytest.raises(DataError, match=r"the class 'new\\nline' contains U\+000A"):
        import_examples(repository, tmp_path / "odd", OPTIONS)
