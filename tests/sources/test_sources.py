"""The two sources: a table as it is, and a repository at any revision."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datacc.errors import DataError, RepositoryError, SpecError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.registry import load
from datacc.repo.commit import commit
from datacc.repo.create import create
from datacc.repo.find import find
from datacc.repo.label import label
from datacc.repo.sealed import open_labels
from datacc.repo.snapshot import JUDGE, LEARN, SPLITS
from datacc.sources import table
from datacc.sources.table import infer_program
from datacc.spec.program import Program
from datacc.spec.read import read_program
from datacc.spec.write import program_toml
from datacc.store import Store
from datacc.types import _pillow

TABLE, REPOSITORY = load("sources", "table"), load("sources", "repository")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    draw = np.random.default_rng(1)
    rows = [f"{draw.normal():.3f},{draw.normal():.3f},{'field' if n % 2 else 'wood'},s{n % 11}" for n in range(120)]
    (tmp_path / "flowers.csv").write_text("length,width,place,Species name\n" + "\n".join(rows))
    return tmp_path / "flowers.csv"


def test_a_table_needs_nothing_but_its_label(flowers: Path, store: Store, tmp_path: Path) -> None:
    before = flowers.read_bytes()
    program = infer_program(flowers, "Species name")
    assert (program.name, program.goals, program.skeleton) == ("flowers", (), None)
    assert [field.name for field in program.outputs] == ["species_name"]
    snapshot = TABLE.snapshot(program, tmp_path, None, store)
    assert snapshot.inputs["record"].shape == (120, 3)
    assert snapshot.inputs["record"].dtype == np.float32
    assert snapshot.classes["species_name"] == tuple(f"s{n}" for n in range(11))
    assert set(snapshot.columns) == {"name", "place"}
    assert any("'place'" in note for note in snapshot.notes)
    assert snapshot.origin.startswith("table flowers.csv ")
    assert flowers.read_bytes() == before


def test_a_constant_column_is_told_at_every_build(flowers: Path, store: Store, tmp_path: Path) -> None:
    lines = flowers.read_text().splitlines()
    flowers.write_text("\n".join([f"{lines[0]},unit", *(f"{line},5" for line in lines[1:]), ""]))
    program = infer_program(flowers, "Species name")
    assert "not learnt from: 'unit' (constant)" in TABLE.snapshot(program, tmp_path, None, store).notes


def test_every_row_keeps_its_numbers_and_label(flowers: Path, store: Store, tmp_path: Path) -> None:
    snapshot = TABLE.snapshot(infer_program(flowers, "Species name"), tmp_path, None, store)
    lines = flowers.read_text().split("\n")
    opened = open_labels(store, snapshot)["species_name"]
    wanted = sorted((tuple(np.float32(cell) for cell in line.split(",")[:2]), line.split(",")[3]) for line in lines[1:])
    labels = np.where(snapshot.splits == JUDGE, opened, snapshot.labels["species_name"])
    names = snapshot.classes["species_name"]
    rows = zip(snapshot.inputs["record"], labels, strict=True)
    assert sorted((tuple(row[:2]), names[index]) for row, index in rows) == wanted


@pytest.mark.parametrize("what", ["table", "folder"])
def test_what_was_inferred_from_is_not_read_again(
    flowers: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The same snapshot, and the same notes, as of a program whose table is read for it."""
    path, label = (flowers, "Species name") if what == "table" else (folder_of_pictures(tmp_path), "animal")
    read = TABLE.snapshot(infer_program(path, label), tmp_path, None, Store(tmp_path / "other"))
    program = infer_program(path, label, cached=(tmp_path, store))
    monkeypatch.setattr(table, "read", lambda *_, **__: pytest.fail("read again"))
    kept = TABLE.snapshot(program, tmp_path, None, store)
    assert (kept.digest, kept.notes, kept.origin) == (read.digest, read.notes, read.origin)


def folder_of_pictures(root: Path) -> Path:
    draw = np.random.default_rng(3)
    for n in range(40):
        place = root / "zoo" / "ab"[n % 2] / f"{n}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 255, (8, 8), np.uint8)).save(place)
    return root / "zoo"


def test_the_toml_it_leaves_builds_the_same_snapshot(flowers: Path, store: Store, tmp_path: Path) -> None:
    program = infer_program(flowers, "Species name")
    first = TABLE.snapshot(program, tmp_path, None, store)
    (tmp_path / "datacc.toml").write_text(program_toml(program))
    again = TABLE.snapshot(read_program(tmp_path / "datacc.toml"), tmp_path, None, store)
    assert again.digest == first.digest


def test_the_order_of_rows_and_the_name_of_a_column_do_not_move_splits(
    flowers: Path, store: Store, tmp_path: Path
) -> None:
    first = TABLE.snapshot(infer_program(flowers, "Species name"), tmp_path, None, store)
    header, *rows = flowers.read_text().split("\n")
    flowers.write_text("\n".join([header.replace("length", "Länge"), *reversed(rows)]))
    second = TABLE.snapshot(infer_program(flowers, "Species name"), tmp_path, None, store)
    split = {tuple(row): one for row, one in zip(first.inputs["record"], first.splits, strict=True)}
    assert all(split[tuple(row)] == one for row, one in zip(second.inputs["record"], second.splits, strict=True))


def test_unlabelled_and_torn_rows_are_counted(tmp_path: Path, store: Store) -> None:
    rows = [f"{n},{n * n % 17},{'ab'[n % 2]}" for n in range(100)] + ["1,1,a", "1,1,b", "500,1,"]
    (tmp_path / "t.csv").write_text("u,v,y\n" + "\n".join(rows))
    snapshot = TABLE.snapshot(infer_program(tmp_path / "t.csv", "y"), tmp_path, None, store)
    assert len(snapshot.ids) == 102
    assert "1 example without a label left out" in snapshot.notes
    assert "1 input with different labels; each row is an example of its own" in snapshot.notes


def test_groups_of_a_table_stay_together_and_can_be_sliced_by(flowers: Path, store: Store, tmp_path: Path) -> None:
    program = infer_program(flowers, "place")
    grouped = replace(
        program, source=replace(program.source, options={**program.source.options, "group": "Species name"})
    )
    snapshot = TABLE.snapshot(grouped, tmp_path, None, store)
    homes: dict[str, set[int]] = {}
    for group, split in zip(snapshot.columns["Species name"], snapshot.splits, strict=True):
        homes.setdefault(group, set()).add(int(split))
    assert set(homes) == {f"s{n}" for n in range(11)}
    assert all(len(splits) == 1 for splits in homes.values())


def test_a_table_of_one_class_or_none_is_refused(tmp_path: Path, store: Store) -> None:
    for cells, why in (("same", "has the same y: 'same'"), ("", "no row has a label: column 'y' is empty")):
        (tmp_path / "t.csv").write_text("u,v,y\n" + "".join(f"{n},{n % 7},{cells}\n" for n in range(50)))
        with pytest.raises(DataError, match=why):
            TABLE.snapshot(infer_program(tmp_path / "t.csv", "y"), tmp_path, None, store)


def test_a_table_has_no_revisions_and_no_unknown_options(flowers: Path, store: Store, tmp_path: Path) -> None:
    program = infer_program(flowers, "Species name")
    with pytest.raises(SpecError, match="no revisions"):
        TABLE.snapshot(program, tmp_path, "HEAD", store)
    odd = replace(program, source=replace(program.source, options={**program.source.options, "labl": "x"}))
    with pytest.raises(SpecError, match=r"source\.labl"):
        TABLE.snapshot(odd, tmp_path, None, store)


def test_a_column_that_went_missing_is_named(flowers: Path, store: Store, tmp_path: Path) -> None:
    program = infer_program(flowers, "Species name")
    flowers.write_text(flowers.read_text().replace("width", "girth", 1))
    with pytest.raises(DataError, match="no column 'width'"):
        TABLE.snapshot(program, tmp_path, None, store)


def png(seed: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (4, 4), dtype=np.uint8)).save(file, "png")
    return file.getvalue()


@pytest.fixture
def pets(tmp_path: Path) -> Program:
    for seed in range(80):
        path = tmp_path / "pictures" / ("cat" if seed % 2 else "dog") / f"{seed}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(seed))
    repository = create(tmp_path / "repo", "pets").repository
    import_examples(repository, tmp_path / "pictures", ImportOptions(label="animal"))
    return read_program(tmp_path / "repo" / "datacc.toml")


def test_a_repository_at_any_revision(pets: Program, tmp_path: Path, store: Store) -> None:
    root = tmp_path / "repo"
    first = REPOSITORY.snapshot(pets, root, None, store)
    assert first.inputs["image"].shape == (80, 4, 4, 1)
    assert first.classes == {"animal": ("cat", "dog")}
    row = int(np.flatnonzero(first.splits != JUDGE)[0])
    old = first.labels["animal"][row]
    repository = find(root)
    label(repository, first.ids[row], None, ("dog", "cat")[old])
    waiting = REPOSITORY.snapshot(pets, root, None, store)
    assert waiting.digest == first.digest
    assert waiting.notes == ("1 uncommitted edit not in this snapshot; datacc commit puts them in",)
    made = commit(repository)
    second = REPOSITORY.snapshot(pets, root, None, store)
    assert second.origin == f"commit {made.commit}"
    assert second.labels["animal"][row] == 1 - old
    np.testing.assert_array_equal(second.splits, first.splits)
    back = REPOSITORY.snapshot(pets, root, "HEAD^", store)
    assert (back.digest, back.origin) == (first.digest, first.origin)


def test_looks_at_judge_labels_are_counted_and_no_others(pets: Program, tmp_path: Path, store: Store) -> None:
    """Three verified, two changed, one of them verified then; a change taken back is a look; models do not look."""
    root = tmp_path / "repo"
    first = REPOSITORY.snapshot(pets, root, None, store)
    truth = np.where(first.splits == JUDGE, open_labels(store, first)["animal"], first.labels["animal"])
    judge, learn = first.rows(JUDGE), first.rows(LEARN)
    assert first.looked == {}

    def say(row: int, *, right: bool, **more: str) -> None:
        label(find(root), first.ids[row], None, ("cat", "dog")[truth[row] if right else 1 - truth[row]], **more)

    for row in (*judge[:3], *learn[:4]):
        say(row, right=True)
    for row in (*judge[3:5], judge[3], learn[5]):
        say(row, right=False)
    say(judge[5], right=False)
    say(judge[5], right=True)
    say(judge[5], right=True)
    say(judge[6], right=False, model="eyes")
    commit(find(root))
    for _ in range(2):  # read, and remembered
        assert REPOSITORY.snapshot(pets, root, None, store).looked == {"animal": (6, 2)}


def test_what_lies_in_the_working_tree_does_not_count(pets: Program, tmp_path: Path, store: Store) -> None:
    first = REPOSITORY.snapshot(pets, tmp_path / "repo", None, store)
    for path in (tmp_path / "repo" / "runs").rglob("labels.tsv"):
        path.write_text("nonsense")
    assert REPOSITORY.snapshot(pets, tmp_path / "repo", None, store).digest == first.digest


def test_originals_come_back_but_not_those_of_judge(pets: Program, tmp_path: Path, store: Store) -> None:
    snapshot = REPOSITORY.snapshot(pets, tmp_path / "repo", None, store)
    originals = REPOSITORY.media(pets, tmp_path / "repo", snapshot, snapshot.ids)
    assert set(originals) == {id for id, s in zip(snapshot.ids, snapshot.splits, strict=True) if s != JUDGE}
    for id, name in zip(snapshot.ids, snapshot.columns["name"], strict=True):
        if name is not None:
            assert originals[id] == (tmp_path / "pictures" / name).read_bytes()


def test_a_table_and_a_repository_split_the_same_rows_alike(flowers: Path, store: Store, tmp_path: Path) -> None:
    program = infer_program(flowers, "Species name")
    table = TABLE.snapshot(program, tmp_path, None, store)
    repository = create(tmp_path / "repo", "flowers").repository
    import_examples(repository, flowers, ImportOptions(label="Species name"))
    theirs = REPOSITORY.snapshot(read_program(repository.root / "datacc.toml"), repository.root, None, store)
    assert dict(zip(table.ids, table.splits, strict=True)) == dict(zip(theirs.ids, theirs.splits, strict=True))
    assert len(SPLITS) == 3


def test_a_pictures_folder_is_a_table_too(pets: Program, tmp_path: Path, store: Store) -> None:
    program = infer_program(tmp_path / "pictures", "animal")
    snapshot = TABLE.snapshot(program, tmp_path, None, store)
    assert snapshot.ids == REPOSITORY.snapshot(pets, tmp_path / "repo", None, store).ids
    originals = TABLE.media(program, tmp_path, snapshot, snapshot.ids[:9])
    assert all(len(data) > 50 for data in originals.values())
    assert 0 < len(originals) <= 9


def test_a_picture_is_decoded_only_when_its_bytes_are_new(
    pets: Program, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[bytes] = []
    honest = _pillow.undecodable
    monkeypatch.setattr(_pillow, "undecodable", lambda data: (decoded.append(data), honest(data))[1])
    folder = tmp_path / "pictures"
    program = infer_program(folder, "animal")

    def read() -> int:
        decoded.clear()
        TABLE.snapshot(program, tmp_path, None, store)
        return len(decoded)

    assert read() == 80
    (folder / "cat" / "1.png").rename(folder / "dog" / "1.png")  # another label
    assert read() == 0
    (folder / "cat" / "3.png").write_bytes(png(500))
    assert read() == 1
    (folder / "cat" / "3.png").write_bytes(png(500)[:-30])
    with pytest.raises(DataError, match=r"3\.png.*does not decode"):
        read()
    assert len(decoded) == 1
    (folder / "cat" / "3.png").write_bytes(png(501))
    for entry in store.root.rglob("*"):  # a cache that lost its bits knows nothing
        if entry.is_file():
            entry.write_bytes(entry.read_bytes()[:-1] + b"?")
    assert read() == 80


def test_the_origin_tells_a_renamed_class_folder(pets: Program, tmp_path: Path, store: Store) -> None:
    folder = tmp_path / "pictures"
    first = next(place for place in sorted(folder.iterdir()) if place.is_dir())
    before = TABLE.snapshot(infer_program(folder, "animal"), tmp_path, None, store).origin
    first.rename(first.with_name(f"{first.name}_"))  # the files stay in their order
    assert TABLE.snapshot(infer_program(folder, "animal"), tmp_path, None, store).origin != before


def test_outside_a_repository_or_at_no_revision_it_is_refused(pets: Program, tmp_path: Path, store: Store) -> None:
    with pytest.raises(RepositoryError, match="no label repository"):
        REPOSITORY.snapshot(pets, tmp_path, None, store)
    with pytest.raises(RepositoryError, match="no revision 'nowhere'"):
        REPOSITORY.snapshot(pets, tmp_path / "repo", "nowhere", store)


def test_a_program_that_asks_for_what_is_not_there_is_told_what_is(pets: Program, tmp_path: Path, store: Store) -> None:
    odd = replace(pets, outputs=(replace(pets.outputs[0], name="colour"),))
    with pytest.raises(DataError, match=r"no output 'colour' at [0-9a-f]{10}; it has 'animal'"):
        REPOSITORY.snapshot(odd, tmp_path / "repo", None, store)
    odd = replace(pets, inputs=(replace(pets.inputs[0], name="photo"),))
    with pytest.raises(DataError, match=r"no input 'photo' at [0-9a-f]{10}; it has 'image'"):
        REPOSITORY.snapshot(odd, tmp_path / "repo", None, store)
