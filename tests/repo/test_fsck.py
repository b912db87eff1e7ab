"""fsck finds every damage, names it, and mends it from another copy; what it cannot mend it leaves as it was."""

import random
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datacc.repo.commit import commit
from datacc.repo.exchange import push
from datacc.repo.find import MARKER, Repository
from datacc.repo.fsck.content import content_damages, index_damages, run_damages, segment_damages
from datacc.repo.fsck.copies import pack_damages
from datacc.repo.fsck.perform import Checked, find_damaged, fsck
from datacc.repo.fsck.stored import stored_fault
from datacc.repo.identity import address
from datacc.repo.label import label
from datacc.store import Store
from tests.repo.conftest import drawn
from tests.repo.exchange import addresses, all_media, git, pushed, restored, the_pack

Flip = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with labels, all of it pushed, loose and packed; `ann`, `origin.git`, `store` lie in it."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "store").mkdir()
    made = pushed(folder, drawn(folder / "pictures"), folder / "store")
    for number in range(2):
        if number == 1:
            git(made.root, "repack", "-q", "-a", "-d")
        label(made, addresses(made)[number], None, "cat")
        commit(made)
    push(made)
    return folder


def objects(repository: Repository, pattern: str) -> list[Path]:
    found = sorted((repository.root / ".git" / "objects").glob(pattern))
    assert found
    return found


def spoil(file: Path, at: int = -1) -> None:
    file.chmod(0o644)
    data = bytearray(file.read_bytes())
    data[at] ^= 4
    file.write_bytes(data)


def healed(repository: Repository) -> Checked:
    """The damage is found, left alone without `heal`, and mended with it; afterwards all can be read."""
    before = sorted(path for path in repository.root.rglob("*") if path.is_file())
    assert fsck(repository).damages
    assert sorted(path for path in repository.root.rglob("*") if path.is_file()) == before
    done = fsck(repository, heal=True, deep=True)
    assert (done.damages, bool(done.healed)) == ((), True)
    git(repository.root, "fsck", "--strict")
    assert git(repository.root, "status", "--porcelain") == ""
    assert len(all_media(repository)) == 40
    return done


def test_a_whole_repository_has_no_damage(ann: Repository, repository: Repository) -> None:
    assert fsck(ann, deep=True) == Checked(damages=(), healed=())
    assert fsck(repository) == Checked(damages=(), healed=())


@pytest.mark.parametrize("pattern", ["[0-9a-f][0-9a-f]/*", "pack/*.pack", "pack/*.idx"])
@pytest.mark.parametrize("at", [3, -1])
def test_objects_of_git_are_fetched_afresh(ann: Repository, pattern: str, at: int) -> None:
    for file in objects(ann, pattern)[:2]:
        spoil(file, at)
    healed(ann)


def test_objects_that_are_gone_are_fetched_afresh(ann: Repository) -> None:
    shutil.rmtree(ann.root / ".git" / "objects")
    (ann.root / ".git" / "objects").mkdir()
    healed(ann)


def test_the_index_of_git_is_made_again(ann: Repository) -> None:
    spoil(ann.root / ".git" / "index", 60)
    healed(ann)


def test_objects_that_no_push_has_saved_come_from_the_working_tree(ann: Repository) -> None:
    label(ann, addresses(ann)[9], None, "cat")
    segment = commit(ann).segment
    blob = git(ann.root, "rev-parse", f"HEAD:{segment}").strip()
    (ann.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    healed(ann)


def test_what_no_other_copy_has_is_left_as_it_was(ann: Repository) -> None:
    """The damaged commit of an unpushed edit comes back to its place, and is named again."""
    label(ann, addresses(ann)[9], None, "cat")
    name = commit(ann).commit
    file = ann.root / ".git" / "objects" / name[:2] / name[2:]
    spoil(file)
    spoiled = file.read_bytes()
    before = fsck(ann)
    assert fsck(ann, heal=True).damages == before.damages
    assert file.read_bytes() == spoiled


@pytest.mark.parametrize("pattern", ["ops/*/*", "runs/*/labels.tsv", "media/*/index.tsv", "schema/*/*.json", MARKER])
@pytest.mark.parametrize("gone", [False, True])
def test_files_of_the_working_tree_come_back(ann: Repository, pattern: str, gone: bool) -> None:
    file = sorted(ann.root.glob(pattern))[0]
    good = file.read_bytes()
    file.unlink() if gone else spoil(file, len(good) // 2)
    repository = find_damaged(ann.root)
    [damage] = fsck(repository).damages
    assert damage.where == file.relative_to(ann.root).as_posix()
    healed(repository)
    assert file.read_bytes() == good
    assert len(list((ann.root / ".datacc").glob("damaged/*"))) == (0 if gone else 1)


@pytest.mark.parametrize("where", ["here", "remote"])
@pytest.mark.parametrize("how", ["spoiled", "gone", "short"])
def test_packs_come_from_the_other_copy(ann: Repository, store: Path, where: str, how: str) -> None:
    file = {"here": ann.root / ".datacc" / "packs", "remote": store / "packs"}[where] / the_pack(ann)
    good = file.read_bytes()
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(good[:-1] + (bytes([good[-1] ^ 1]) if how == "spoiled" else b""))
    if (where, how) == ("here", "gone"):
        assert fsck(ann, deep=True).damages == ()  # it is fetched when it is read
        return
    assert [one.name for one in fsck(ann, deep=True).damages if one.copy in ("pack", "remote")] == [the_pack(ann)]
    assert fsck(ann, heal=True, deep=True).damages == ()
    assert file.read_bytes() == good


def test_a_pack_that_is_nowhere_is_named(ann: Repository, store: Path) -> None:
    for folder in (ann.root / ".datacc" / "packs", store / "packs"):
        (folder / the_pack(ann)).unlink()
    found = fsck(ann, heal=True)
    assert {one.name for one in found.damages} == {the_pack(ann)}
    assert any("no remote" in one.what for one in found.damages)


def test_a_journal_and_a_cache(ann: Repository) -> None:
    label(ann, addresses(ann)[9], None, "cat")
    journal, cache = ann.root / ".datacc" / "journal", Store(ann.root / ".datacc" / "cache")
    cache.put("ab" * 16, b"value")
    [entry] = [path for path in cache.root.rglob("*") if path.is_file()]
    spoil(entry)
    assert [one.copy for one in fsck(ann).damages] == ["cache"]
    assert fsck(ann, heal=True).damages == ()
    journal.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    for name in ("journal-wal", "journal-shm"):
        (ann.root / ".datacc" / name).unlink(missing_ok=True)
    found = fsck(ann, heal=True)
    assert [one.copy for one in found.damages] == ["journal"]
    assert journal.read_bytes().endswith(b"\xff" * 5000)


BROKEN = {
    "ops/2026-01-02/030405-ann-0123456789abcdef.jsonl": b'{"op":"add","example":"x"}\n',
    "ops/2026-01-02/nonsense.jsonl": b"",
    "ops/2026-01-02/030405-ann-0000000000000000.jsonl": b'{"op":"explode","example":"x"}\n',
    "runs/0123456789abcdef/labels.tsv": b"id\n",
    "remotes/x.json": b'{"url": "ssh://x", "packs": "outside"}',
    "schema/0badc01a/column.json": b'{"id": "other", "kind": "other", "name": "x", "type": "", "rank": 0}',
    "judged/x.jsonl": b"{\n",
    "media/x/index.tsv": b"address\tpack\toffset\tlength\n../../x\t000\t0\t1\n",
}


@pytest.mark.parametrize("path", BROKEN)
def test_a_commit_that_breaks_the_format_is_named_with_its_file(ann: Repository, path: str) -> None:
    file = ann.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(BROKEN[path])
    git(ann.root, "add", "-f", path)
    git(ann.root, "commit", "-q", "-m", "break it")
    found = fsck(ann).damages
    assert found
    assert all(one.where.startswith(path.rsplit("/", 1)[0]) and one.copy == "content" for one in found)


def test_a_cut_off_line_is_named_by_its_number(ann: Repository) -> None:
    path = sorted(ann.root.glob("ops/*/*"))[0].relative_to(ann.root).as_posix()
    text = (ann.root / path).read_bytes()
    assert list(segment_damages(path, text)) == []
    assert [one.where for one in segment_damages(path, text[:-5])] == [f"{path}:1"]


def flipped(data: bytes, dice: random.Random) -> bytes:
    bit = dice.randrange(len(data) * 8)
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


def kinds(ann: Repository) -> Iterator[tuple[str, Path, Callable[[bytes], bool]]]:
    """Every file that a bit may flip in, and whether bytes in its place are found out."""
    top, inside = ann.root, ann.root / ".git" / "objects"
    for path in (file for file in inside.rglob("*") if file.is_file()):
        name = path.relative_to(inside).as_posix()
        if "/pack-" in name or len(name) == 41:
            yield "object", path, lambda data, name=name: stored_fault(name, data) is not None
    yield "object", top / ".git/index", lambda data: stored_fault("index", data) is not None
    for path in top.glob("runs/*/*"):
        names = ("inputs.jsonl", "labels.tsv", "manifest.json")
        files = {name: (path.parent / name).read_bytes() for name in names}
        yield "run", path, lambda data, p=path, f=files: any(run_damages(p.parent.name, {**f, p.name: data}))
    for path in top.glob("ops/*/*"):
        name = path.relative_to(top).as_posix()
        yield "segment", path, lambda data, name=name: any(segment_damages(name, data))
    for path in top.glob(".datacc/packs/*"):
        yield "pack", path, lambda data, name=path.name: address(data) != name
    for path in top.glob("media/*/index.tsv"):
        name, packs = path.relative_to(top).as_posix(), {p.name: p.read_bytes() for p in top.glob(".datacc/packs/*")}
        yield (
            "index",
            path,
            lambda data, n=name, p=packs: any(index_damages(n, data, lambda place: p.get(place.pack, b""))),
        )


def flips(ann: Repository, count: int, heal_every: int) -> None:
    """`count` single bits: each found by the check of its kind; each `heal_every`-th written, and healed by fsck."""
    dice, by_kind = random.Random(count), dict[str, list[tuple[Path, Callable[[bytes], bool]]]]()
    for kind, path, found in kinds(ann):
        by_kind.setdefault(kind, []).append((path, found))
    assert sorted(by_kind) == ["index", "object", "pack", "run", "segment"]
    texts = {path: path.read_bytes() for group in by_kind.values() for path, _ in group}
    for path, found in (one for group in by_kind.values() for one in group):
        assert not found(texts[path]), path
    for number in range(count):
        path, found = dice.choice(by_kind[sorted(by_kind)[number % 5]])
        bad = flipped(texts[path], dice)
        assert found(bad) or same_object(texts[path], bad), (path, number)
        if number % heal_every < 5 and found(bad):
            path.chmod(0o644)
            path.write_bytes(bad)
            assert fsck(ann).damages, path
            assert fsck(ann, heal=True).damages == (), path
            if path.suffix in (".tsv", ".jsonl", ".json", "") and ".git" not in path.parts:
                assert path.read_bytes() == texts[path]
            restored(ann.root.parent)


def same_object(good: bytes, bad: bytes) -> bool:
    """Whether a flip in a loose object changed nothing: some bits that end a deflated block have no meaning."""
    try:
        return zlib.decompress(good) == zlib.decompress(bad)
    except zlib.error:
        return False


def test_every_flipped_bit_is_found(ann: Repository) -> None:
    flips(ann, 600, heal_every=600)


@pytest.mark.nightly
def test_every_one_of_20_000_flipped_bits_is_found(ann: Repository) -> None:
    flips(ann, 20_000, heal_every=200)


def test_the_check_of_packs_here_sees_what_readers_see(ann: Repository) -> None:
    spoil(ann.root / ".datacc" / "packs" / the_pack(ann))
    assert [one.name for one in pack_damages(ann, {})] == [the_pack(ann)]


def test_an_empty_commit_is_no_repository() -> None:
    assert [one.where for one in content_damages({}, lambda place: None)] == [MARKER]
