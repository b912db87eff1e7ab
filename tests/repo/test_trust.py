"""Nothing that a clone brings is run, loaded or contacted before it is trusted: every file of the format tries.

Each plant names its own canary, a script that writes down who called it, or a listener that counts who connects.
"""

import json
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from datacc import errors
from datacc.cli import app
from datacc.errors import DataccError, RepositoryError, TrustError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.branches import merge, switch
from datacc.repo.commit import commit
from datacc.repo.create import create
from datacc.repo.find import MARKER, Repository, find
from datacc.repo.fsck.perform import fsck
from datacc.repo.label import label
from datacc.repo.remotes import contact
from datacc.repo.trust import distrust, require_trust, trust, trusted
from datacc.repo.wishes import require_trusted_build, wishes
from tests.repo.exchange import addresses, git

SOURCES = Path(app.__file__).parents[2]
Plant = Callable[[Path, "Canary"], None]


class Canary:
    """Scripts that tell that they were run, and a port that tells that somebody called."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.log = folder, folder / "log"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.05)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def script(self, name: str) -> str:
        file = self.folder / name
        file.write_text(f"#!/bin/sh\necho {name} >> '{self.log}'\ncat\n")
        file.chmod(0o755)
        return str(file)

    def python(self, name: str) -> str:
        return f"open({str(self.log)!r}, 'a').write({name!r} + chr(10))\n"

    def sung(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []

    def called(self) -> bool:
        try:
            self.listener.accept()[0].close()
        except TimeoutError:
            return False
        return True


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Canary]:
    made = Canary(tmp_path / "canary")
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    yield made
    made.listener.close()


class Bomb:
    """What a pickle would call when it is loaded."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> Any:
        return exec, (self.code,)


def remotes(root: Path, canary: Canary) -> None:
    (root / "remotes").mkdir()
    (root / "remotes" / "store.json").write_text(json.dumps({"url": "s3://pets/data", "packs": "outside"}))


def attributes(root: Path, canary: Canary) -> None:
    (root / ".gitattributes").write_text("* filter=bad diff=bad merge=bad\n/ops/** textconv=bad ident\n")
    tool = canary.script("attributes")
    (root / ".gitconfig").write_text(f'[filter "bad"]\nsmudge = {tool}\nclean = {tool}\n[core]\nfsmonitor = {tool}\n')


def submodules(root: Path, canary: Canary) -> None:
    tool = canary.script("submodules")
    (root / ".gitmodules").write_text(f'[submodule "x"]\npath = x\nurl = ext::{tool}\nupdate = !{tool}\n')
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},x")


def hooks(root: Path, canary: Canary) -> None:
    for folder in ("hooks", ".githooks", ".husky"):
        (root / folder).mkdir()
        for name in ("pre-commit", "post-merge", "post-checkout", "pre-push"):
            Path(canary.script(f"hooks-{name}")).rename(root / folder / name)


def modules(root: Path, canary: Canary) -> None:
    for name in ("numpy.py", "fsspec.py", "s3fs.py", "conftest.py", "sitecustomize.py", "datacc_plugin.py"):
        (root / name).write_text(canary.python(name))
    (root / "ziglang").mkdir()
    (root / "ziglang" / "__init__.py").write_text("")
    (root / "ziglang" / "__main__.py").write_text(canary.python("ziglang"))


def program(root: Path, canary: Canary) -> None:
    (root / "skeletons.py").write_text(canary.python("skeletons"))
    (root / "datacc.toml").write_text('name = "pets"\nskeleton = "../skeletons"\n[input.image]\ntype = "os.system"\n')
    (root / "datacc.lock").write_text('skeleton = "../skeletons"\n')


def entries(root: Path, canary: Canary) -> None:
    for path in ("schema/0badc01a/column.json", "ops/2026-01-02/x.jsonl", "runs/0123456789abcdef/labels.tsv"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(pickle.dumps(Bomb(canary.python("entries"))))


def ledger(root: Path, canary: Canary) -> None:
    (root / "judged").mkdir()
    (root / "judged" / "x.jsonl").write_bytes(pickle.dumps(Bomb(canary.python("ledger"))))


def index(root: Path, canary: Canary) -> None:
    (root / "media" / "x").mkdir(parents=True)
    line = f"{'0' * 32}\t../../../../../../etc/hostname\t0\t1\n"
    (root / "media" / "x" / "index.tsv").write_text(f"address\tpack\toffset\tlength\n{line}")


def bare(root: Path, canary: Canary) -> None:
    """A folder that is a label repository, and that git takes for a repository of its own, with a configuration."""
    inner = root / "inner"
    git(root, "init", "-q", "--bare", "inner")
    with (inner / "config").open("a") as config:
        config.write(f"[core]\nbare = false\nworktree = .\nfsmonitor = {canary.script('bare')}\n")
    (inner / "objects" / "keep").write_text("")
    (inner / "refs" / "heads" / "keep").write_text("")
    (inner / "schema").mkdir()
    (inner / "schema" / "format.json").write_bytes((root / MARKER).read_bytes())


# Those that make many verbs stop early stand apart from the others.
PLANTS: list[tuple[Plant, ...]] = [
    (remotes, attributes, submodules, hooks, modules),
    (program, ledger, index),
    (entries,),
    (bare,),
]


@pytest.fixture
def hostile(tmp_path: Path, repository: Repository, canary: Canary) -> Callable[..., Path]:
    def made(*plants: Plant) -> Path:
        for plant in plants:
            plant(repository.root, canary)
        git(repository.root, "add", "-f", "-A", "--", ".", ":(exclude).datacc")
        git(repository.root, "commit", "-q", "--no-verify", "-m", "a gift")
        git(tmp_path, "clone", "-q", str(repository.root), "clone")
        canary.log.unlink(missing_ok=True)  # what the author's own git did
        return tmp_path / "clone"

    return made


@pytest.mark.parametrize("plants", PLANTS, ids=["work", "files", "entries", "bare"])
def test_no_verb_runs_or_calls_what_a_clone_brings(
    hostile: Callable[..., Path],
    canary: Canary,
    plants: tuple[Plant, ...],
    monkeypatch: pytest.MonkeyPatch,
    pictures: Path,
) -> None:
    clone = hostile(*plants)
    (pictures / "cat" / "new.png").write_bytes((pictures / "cat" / "01.png").read_bytes() + b"\0")
    for folder in (clone, clone / "inner") if bare in plants else (clone,):
        monkeypatch.chdir(folder)
        for line in (
            "status", "check", "diff HEAD~1..HEAD", "fsck --heal", "gc --yes", "branch x", "switch x", "merge HEAD~1",
            "label 0 cat", "commit", "show 0", "fetch --media", "pull", f"import {pictures}", "push", "trust",
        ):  # fmt: skip
            assert app.call([*line.split(" "), "--json"]) in range(1 + errors.RemoteError.exit_code), line
            assert (line, canary.sung(), canary.called()) == (line, [], False)


def test_the_canaries_can_sing(hostile: Callable[..., Path], canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain git runs what a folder configures that looks like its own, Python a module; a trusted remote is called."""
    clone = hostile(bare, modules, remotes)
    subprocess.run(["git", "status"], cwd=clone / "inner", capture_output=True, check=False)
    subprocess.run([sys.executable, "-m", "ziglang"], cwd=clone, capture_output=True, check=False)
    assert {"bare", "ziglang"} <= set(canary.sung())
    monkeypatch.setattr("datacc.repo.remote_store._PATIENCE", {"read_timeout": 0.2, "retries": {"max_attempts": 0}})
    trust(find(clone), wishes(find(clone)))
    found = fsck(find(clone))
    assert (canary.called(), [one.where for one in found.damages]) == (True, ["remote store (s3://pets/data)"])


def test_the_c_compiler_is_never_one_of_the_clone(hostile: Callable[..., Path], canary: Canary) -> None:
    clone = hostile(modules)
    code = "from datacc.runtime.toolchain import find; print(find().version)"
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    subprocess.run([sys.executable, "-P", "-c", code], cwd=clone, env=environment, capture_output=True, check=True)
    assert canary.sung() == []


def test_a_library_that_came_by_git_is_loaded_only_when_allowed(repository: Repository, tmp_path: Path) -> None:
    library = repository.root / "build" / "pets" / "libpets.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"\x7fELF")
    require_trusted_build(library.parent)  # built here
    git(repository.root, "add", "-f", "build")
    git(repository.root, "commit", "-q", "-m", "a gift")
    git(tmp_path, "clone", "-q", str(repository.root), "clone")
    clone = find(tmp_path / "clone")
    with pytest.raises(TrustError, match="load build/pets/libpets"):
        require_trusted_build(clone.root / "build" / "pets")
    assert app.call(["run", str(clone.root / "build" / "pets"), "x"]) == TrustError.exit_code
    trust(clone, wishes(clone))
    require_trusted_build(clone.root / "build" / "pets")
    (clone.root / "build" / "pets" / "libpets.so").write_bytes(b"\x7fELF, another")
    with pytest.raises(TrustError):
        require_trusted_build(clone.root / "build" / "pets")


@pytest.mark.parametrize("line_break", ["\n", "\r", "\u2028", "\x85"])
def test_the_name_of_a_library_allows_nothing_else(repository: Repository, line_break: str) -> None:
    asked = "contact https://example.org/evil"
    library = repository.root / "build" / "pets" / f"x{line_break}{asked.replace('/', '_')}{line_break}.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"\x7fELF")
    git(repository.root, "add", "-f", "build")
    [wish] = wishes(repository)
    assert wish.isprintable()
    trust(repository, [wish])
    assert trusted(repository) == {wish}
    require_trusted_build(library.parent)


@pytest.mark.parametrize("name", ["journal", "datacc-trust", "packs/" + "0" * 32, "cache/ab/cd"])
def test_local_files_never_come_by_git(repository: Repository, tmp_path: Path, name: str) -> None:
    git(repository.root, "switch", "-q", "-c", "gift")
    file = repository.root / ".datacc" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("contact s3://pets\n")
    git(repository.root, "add", "-f", ".datacc")
    git(repository.root, "commit", "-q", "-m", "a gift")
    git(tmp_path, "clone", "-q", str(repository.root), "clone")
    with pytest.raises(RepositoryError, match=r"\.datacc of its own"):
        find(tmp_path / "clone")


@pytest.mark.parametrize("name", [".DATACC", ".Datacc.", ".datacc ", "DATACC~1", ".datacc::$INDEX_ALLOCATION"])
def test_nor_do_they_under_another_spelling(repository: Repository, name: str) -> None:
    blob = git(repository.root, "hash-object", "-w", MARKER).strip()
    git(repository.root, "update-index", "--add", "--cacheinfo", f"100644,{blob},{name}/journal")
    git(repository.root, "commit", "-q", "-m", "a gift")
    with pytest.raises(RepositoryError, match=r"\.datacc of its own"):
        find(repository.root)


@pytest.mark.parametrize("move", [merge, switch])
def test_a_branch_cannot_bring_a_journal_over_ours(repository: Repository, move: Callable[..., object]) -> None:
    git(repository.root, "switch", "-q", "-c", "gift")
    blob = git(repository.root, "hash-object", "-w", MARKER).strip()
    git(repository.root, "update-index", "--add", "--cacheinfo", f"100644,{blob},.datacc/journal")
    git(repository.root, "commit", "-q", "-m", "a gift")
    git(repository.root, "switch", "-q", "main")
    if move is merge:
        label(repository, addresses(repository)[0], None, "cat")
    before = (repository.root / ".datacc" / "journal").read_bytes() if move is merge else None
    with pytest.raises(RepositoryError, match=r"\.datacc of its own"):
        move(repository, "gift")
    if before is not None:
        assert (repository.root / ".datacc" / "journal").read_bytes() == before


@pytest.mark.parametrize("name", ["ops", "runs", "media", ".datacc"])
def test_nothing_is_written_through_a_link(repository: Repository, tmp_path: Path, name: str, pictures: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    git(repository.root, "rm", "-r", "-q", "--ignore-unmatch", name)
    (repository.root / ".datacc").rename(tmp_path / "kept") if name == ".datacc" else None
    (repository.root / name).symlink_to(outside)
    git(repository.root, "add", "-f", name)
    git(repository.root, "commit", "-q", "-m", "a gift")
    git(tmp_path, "clone", "-q", str(repository.root), "clone")
    (pictures / "cat" / "new.png").write_bytes((pictures / "cat" / "01.png").read_bytes() + b"\0")

    def write() -> None:
        clone = find(tmp_path / "clone")
        import_examples(clone, pictures, ImportOptions(label="animal"))
        label(clone, addresses(clone)[0], None, "cat")
        commit(clone)

    with pytest.raises(DataccError):
        write()
    assert list(outside.iterdir()) == []


def test_trust_is_of_this_working_copy_and_of_exactly_what_was_shown(tmp_path: Path) -> None:
    made = create(tmp_path / "a", "pets").repository
    what = contact("s3://pets/data")
    with pytest.raises(TrustError, match="s3://pets/data"):
        require_trust(made, what)
    trust(made, [what])
    require_trust(made, what)
    with pytest.raises(TrustError):
        require_trust(made, contact("s3://pets/data2"))
    git(tmp_path, "clone", "-q", "a", "b")
    assert trusted(find(tmp_path / "b")) == frozenset()
    assert git(made.root, "status", "--porcelain", "--ignored") == ""
    distrust(made, [what])
    assert trusted(made) == frozenset()
