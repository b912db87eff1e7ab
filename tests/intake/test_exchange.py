"""Export, import and export again: the same examples under the same ids, the same bytes, in every format."""

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from datacc.errors import DataError
from datacc.intake.exporting import export_examples
from datacc.intake.filenames import FileNames, folded, safe
from datacc.intake.formula import guard, unguard
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.commit import commit
from datacc.repo.contents import read_contents
from datacc.repo.create import create
from datacc.repo.find import Repository
from datacc.repo.label import label
from datacc.repo.remove import delete
from datacc.repo.working import read_working
from tests.laws import about

ROWS = ("table.csv", "table.tsv", "table.jsonl", "table.parquet", "table.npz", "table.json", "table/huggingface")
FILES = ("pets/folder", "pets.parquet", "pets.json", "pets/huggingface")
WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cn"]), min_size=1, max_size=8).filter(str.strip)
RISKY = st.sampled_from(
    ["=1+1", "+49", "-x", "@SUM(A1)", "\tx", "\r=x", "'", "''=", "\uff1d1", "007", "1e3", "nan", "true"]
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


def all_said(repository: Repository) -> list[Any]:
    """Ids, class names and cells by the names of their columns: everything that an import kept."""
    contents = read_contents(repository, cells=True)
    schema = contents.schema
    return sorted(
        json.dumps(
            [
                row.id,
                sorted((schema.column(c).name, schema.column(c).class_with(v).name) for c, v in row.values.items()),  # type: ignore[union-attr]
                sorted((schema.column(c).kind, schema.column(c).name, v) for c, v in row.cells.items()),
            ],
            sort_keys=True,
        )
        for run in contents.runs
        for row in run.rows
    )


def bytes_of(folder: Path) -> dict[str, bytes]:
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and "index-1" not in file.parts)
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}  # all but the local index


def out(repository: Repository, folder: Path, target: str) -> tuple[Path, dict[str, bytes]]:
    name, _, format = target.partition("/")
    folder.mkdir()
    export_examples(repository, folder / name, format=format or None)
    return folder / name, bytes_of(folder)


def check_round_trip(first: Repository, place: Path, target: str) -> None:
    path, before = out(first, place / "out", target)
    second = create(place / "second", "again").repository
    import_examples(second, path, ImportOptions())
    assert all_said(second) == all_said(first)
    _, after = out(second, place / "back", target)
    assert after == before


ROW = st.fixed_dictionaries(
    {"x": NUMBERS, "y": NUMBERS, "kind": st.sampled_from(["a", "=b", "ü c"])},
    optional={
        "note": WORDS | RISKY,
        "mixed": WORDS | RISKY | NUMBERS | st.booleans(),
        "who": st.sampled_from(["=ann", "bob"]),
        "split": st.sampled_from(["learn", "tune", "judge"]),
        "size": st.integers(-(2**53) + 1, 2**53 - 1),
    },
)


@pytest.mark.parametrize("target", ROWS)
@settings(max_examples=about(4), phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(ROW, min_size=1, max_size=6))
def test_rows_come_back(target: str, rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("rows")
    rows = [{**row, "who": row.get("who", "=ann")} for row in rows]
    (place / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    first = create(place / "first", "rows").repository
    import_examples(first, place / "in.jsonl", ImportOptions(label="kind", group="who", inputs=("x", "y")))
    check_round_trip(first, place, target)


@pytest.mark.parametrize("target", ROWS)
def test_keys_and_conflicts_come_back(target: str, tmp_path: Path) -> None:
    text = "x,label,id\n1,a,k1\n1,b,k1\n1,a,=k2\n2,,k3\n-5,b,k4\n"
    (tmp_path / "in.csv").write_text(text)
    first = create(tmp_path / "first", "rows").repository
    done = import_examples(first, tmp_path / "in.csv", ImportOptions(key="id"))
    assert (done.examples, done.conflicted, done.unlabelled) == (5, 1, 1)
    check_round_trip(first, tmp_path, target)


def picture(seed: int, kind: str = "png") -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (4, 4), dtype=np.uint8)).save(file, kind)
    return file.getvalue()


@pytest.fixture
def pets(tmp_path: Path) -> Repository:
    names = ["CON", "Cat", "cat", "a. .", "x" * 180, "..", "ü", "u\u0308", "=dog", "a/b", "a:b", "train", "test"]
    rows = []
    for seed in range(30):
        label = names[seed % len(names)]
        data = picture(seed, "jpeg" if seed % 2 else "png")
        rows.append({"image": {"bytes": data, "path": None}, "label": label, "who": f"p{seed % 3}"})
    rows.append({**rows[0], "label": "cat"})
    rows.append({**rows[0], "image": {"bytes": picture(99), "path": None}, "label": None})
    pa = pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow.parquet").write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    repository = create(tmp_path / "first", "pets").repository
    done = import_examples(repository, tmp_path / "in.parquet", ImportOptions(group="who"))
    assert (done.conflicted, done.unlabelled) == (1, 1)
    return repository


@pytest.mark.parametrize("target", FILES)
def test_pictures_come_back(target: str, pets: Repository, tmp_path: Path) -> None:
    check_round_trip(pets, tmp_path, target)


def labels_now(repository: Repository) -> dict[str, list[str]]:
    """Example → the names of its classes, of those that are there."""
    working = read_working(repository)
    [output] = working.contents.schema.of("output")
    found = {
        id: s.fields[output.id].values if output.id in s.fields else () for id, s in working.states.items() if s.alive
    }
    return {id: sorted(str(output.name_of(v)) for v in values if v is not None) for id, values in found.items()}


@pytest.mark.parametrize("target", [*ROWS, *FILES])
def test_what_was_said_since_the_import_goes_out_and_comes_back(target: str, tmp_path: Path) -> None:
    """Labels that were changed, given or settled, and no example that was deleted; a second round changes nothing."""
    if target in FILES:
        for n in range(8):
            (tmp_path / "in" / "abc"[n % 3]).mkdir(parents=True, exist_ok=True)
            (tmp_path / "in" / "abc"[n % 3] / f"{n}.png").write_bytes(picture(n))
    else:
        (tmp_path / "in.csv").write_text("x,y,kind\n1,7,a\n2,7,b\n3,8,c\n4,9,a\n5,7,b\n6,6,\n7,1,a\n8,1,b\n")
    first = create(tmp_path / "first", "rows").repository
    source = tmp_path / ("in" if target in FILES else "in.csv")
    import_examples(first, source, ImportOptions(label="kind"))
    one, two, three, four, *_ = sorted(labels_now(first))
    for id, name in ((one, "c"), (two, "a"), (two, "b"), (three, "b")):
        label(first, id, None, name)
    label(first, three, None, "c", vote=True)
    delete(first, [four])
    commit(first)
    expected = labels_now(first)
    label(first, one, None, "b")  # waits for a commit
    path, _ = out(first, tmp_path / "out", target)
    second = create(tmp_path / "second", "rows").repository
    import_examples(second, path, ImportOptions())
    assert labels_now(second) == expected
    again, before = out(second, tmp_path / "again", target)
    third = create(tmp_path / "third", "rows").repository
    import_examples(third, again, ImportOptions())
    assert (labels_now(third), out(third, tmp_path / "once-more", target)[1]) == (expected, before)


def test_a_packed_export_comes_back(pets: Repository, tmp_path: Path) -> None:
    path, _ = out(pets, tmp_path / "out", "pets/folder")
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", path.parent, path.name)
    second = create(tmp_path / "second", "again").repository
    import_examples(second, Path(packed), ImportOptions())
    assert all_said(second) == all_said(pets)


def test_pictures_as_arrays_come_back(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 256, (9, 3, 5, 3), dtype=np.uint8)
    np.savez(tmp_path / "in.npz", x=x, y=np.arange(9) % 2, who=np.arange(9))
    first = create(tmp_path / "first", "pets").repository
    import_examples(first, tmp_path / "in.npz", ImportOptions())
    check_round_trip(first, tmp_path, "pets.npz")
    back = np.load(tmp_path / "out" / "pets.npz")
    assert sorted(map(bytes, back["x"])) == sorted(map(bytes, x))


def test_class_folders_are_safe_everywhere(pets: Repository, tmp_path: Path) -> None:
    path, files = out(pets, tmp_path / "out", "pets/folder")
    for file in files:
        for part in Path(file).parts[1:]:
            assert part == safe(part) or part == ".datacc-export"
    folders = [one.name for one in path.iterdir()]
    assert len({folded(name) for name in folders}) == len(folders)


@given(
    st.lists(
        st.text(max_size=12)
        | st.sampled_from(["con", "NUL.txt", "com¹", "a.", "a ", "..", ".x", "A", "a", "\xa0", "a\xa0.", "\u3000a"])
    )
)
def test_file_names_are_safe_and_different(names: list[str]) -> None:
    given_names = FileNames()
    made = [given_names.new(name) for name in names]
    assert len({folded(name) for name in made}) == len(made)
    for name in made:
        assert name.strip() == name
        assert not name.startswith(".")
        assert not name.endswith(".")
        assert not set(name) & set('<>:"/\\|?*')
        assert name.split(".")[0].rstrip().upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "COM¹", "LPT9"}
        assert len(name.encode()) <= 255


@given(RISKY | st.text())
def test_no_cell_is_a_formula(text: str) -> None:
    assert unguard(guard(text)) == text
    assert not guard(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_numbers_stay_numbers_and_text_is_no_formula(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"x":-1.5,"label":"=a","n":"+1"}\n{"x":2,"label":"b","n":-3}\n')
    first = create(tmp_path / "first", "rows").repository
    import_examples(first, tmp_path / "in.jsonl", ImportOptions())
    path, _ = out(first, tmp_path / "out", "table.csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert sorted(row["x"] for row in rows) == ["-1.5", "2"]
    assert sorted(row["label"] for row in rows) == ["'=a", "b"]


def test_nothing_is_overwritten_unasked(pets: Repository, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match="there already"):
        export_examples(pets, mine, format="folder")
    with pytest.raises(DataError, match="did not export"):
        export_examples(pets, mine, format="folder", force=True)
    assert (mine / "thesis.txt").read_text() == "mine"
    target = tmp_path / "out.parquet"
    export_examples(pets, target)
    first = target.read_bytes()
    with pytest.raises(DataError, match="there already"):
        export_examples(pets, target)
    export_examples(pets, target, force=True)
    assert target.read_bytes() == first
    export_examples(pets, tmp_path / "dir")
    export_examples(pets, tmp_path / "dir", force=True)
    assert not list(tmp_path.glob(".datacc-*"))


def test_hugging_face_reads_the_export(pets: Repository, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    path, _ = out(pets, tmp_path / "out", "pets/huggingface")
    read = datasets.load_dataset(str(path), cache_dir=str(tmp_path / "cache"))["train"]
    assert len(read) == 32
    assert "=dog" in read.features["label"].names
    assert read[0]["image"].size == (4, 4)


@pytest.mark.parametrize("several", [False, True])
def test_a_saved_data_set_is_read(several: bool, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog"]), "who": datasets.Value("string")}
    )
    made = datasets.Dataset.from_list(
        [{"image": {"bytes": picture(n), "path": None}, "label": n % 2, "who": f"p{n}"} for n in range(8)],
        features=features,
    )
    if several:
        made = datasets.DatasetDict(
            {"train": made.select(range(6)), "test": made.select(range(6, 8)).flatten_indices()}
        )
    made.save_to_disk(str(tmp_path / "saved"))
    repository = create(tmp_path / "first", "pets").repository
    done = import_examples(repository, tmp_path / "saved", ImportOptions())
    assert done.classes == {"cat": 4, "dog": 4}
    splits = [line for line in all_said(repository) if '"judge"' in line]
    assert len(splits) == (2 if several else 0)


def task(id: int, *answers: str, **data: Any) -> dict[str, Any]:
    results = [[{"from_name": "kind", "to_name": "t", "type": "choices", "value": {"choices": [a]}}] for a in answers]
    return {"id": id, "data": data, "annotations": [{"completed_by": n, "result": r} for n, r in enumerate(results)]}


def test_annotators_who_disagree_are_a_conflict(tmp_path: Path) -> None:
    tasks = [task(7, "a", "b", x=1), task(8, "a", "a", x=2), task(9, x=3), task(10, "b", x=4)]
    (tmp_path / "in.json").write_text(json.dumps(tasks))
    repository = create(tmp_path / "first", "rows").repository
    done = import_examples(repository, tmp_path / "in.json", ImportOptions(label="kind"))
    assert (done.examples, done.conflicted, done.unlabelled) == (5, 1, 1)
    assert "several annotators" in done.notes[0]
    assert any('["key", "task", "7"]' in line for line in all_said(repository))


BAD = {
    "empty.csv": b"", "empty.jsonl": b"", "empty.parquet": b"", "empty.npz": b"", "empty.json": b"",
    "picture.csv": picture(0), "picture.jsonl": picture(0), "picture.parquet": picture(0), "picture.json": picture(0),
    "twice.csv": b"x,x\n1,2\n", "invalid.csv": b"x,label\n1,\xff\n", "invalid.jsonl": b'{"x": "\xff"}\n',
    "utf16.jsonl": '{"x": 1}\n'.encode("utf-16"), "utf16.json": "[]".encode("utf-16"), "object.json": b"{}",
    "list.json": b"[1]", "none.json": b"[]", "data.json": b'[{"data": 3}]', "deep.json": b"[" * 100_000,
    "huge.csv": b"x,label\n1," + b"a" * (2 << 20) + b"\n", "ragged.csv": b"x,label\n1\n",
    "choices.json": json.dumps([task(1, "a", "b", x="data:image/png;base64,?")]).encode(),
    "place.json": json.dumps([task(1, "a", image="http://example.org/1.png")]).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_error(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(BAD[name])
    repository = create(tmp_path / "first", "rows").repository
    before = bytes_of(repository.root)
    with pytest.raises(DataError) as caught:
        import_examples(repository, tmp_path / name, ImportOptions())
    assert name in caught.value.where
    assert bytes_of(repository.root) == before


@pytest.mark.parametrize("start", ["\ufeff".encode(), 2 * "\ufeff".encode(), b""])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_marks_and_line_ends_change_nothing(start: bytes, end: bytes, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(start + end.join([b"x,label", b"1,a", b"2,b", b""]))
    repository = create(tmp_path / "first", "rows").repository
    assert import_examples(repository, tmp_path / "in.csv", ImportOptions()).classes == {"a": 1, "b": 1}
