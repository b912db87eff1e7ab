"""The stored format as docs/formats/repository.md defines it, checked by a reader that shares no code with datacc."""

import hashlib
import json
from pathlib import Path
from typing import Any

from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.commit import commit
from datacc.repo.find import Repository
from datacc.repo.label import label
from datacc.repo.split import SPLITS
from datacc.sources.repository import ENTRY
from datacc.spec.read import read_program
from datacc.store import Store


def blake(data: bytes, size: int = 16) -> str:
    return hashlib.blake2b(data, digest_size=size).hexdigest()


def digest(*parts: bytes) -> str:
    return blake(b"".join(len(part).to_bytes(8, "little") + part for part in parts))


def jcs(value: Any) -> bytes:
    """Canonical JSON of the plain values used here (whole numbers and ASCII text)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def run_of(root: Path) -> tuple[str, dict[str, Any], list[list[str]], list[list[Any]]]:
    (folder,) = (root / "runs").iterdir()
    lines = [line.split("\t") for line in (folder / "labels.tsv").read_text().split("\n")[:-1]]
    cells = [json.loads(line) for line in (folder / "inputs.jsonl").read_text().split("\n")[:-1]]
    texts = [(folder / name).read_bytes() for name in ("inputs.jsonl", "labels.tsv", "manifest.json")]
    assert digest(*texts)[:16] == folder.name
    return folder.name, json.loads((folder / "manifest.json").read_text()), lines, cells


def test_pictures(repository: Repository, pictures: Path) -> None:
    root = repository.root
    run, manifest, (header, *rows), cells = run_of(root)
    output, image, name = (blake(jcs(pair), 4) for pair in (["output", "animal"], ["input", "image"], ["name", "name"]))
    classes = {blake(jcs(["class", one]), 4): one for one in ("cat", "dog")}
    assert header == ["id", output]
    assert manifest == {"columns": [image, name], "origin": "pictures", "rows": 40}
    index = [line.split("\t") for line in (root / "media" / run / "index.tsv").read_text().splitlines()[1:]]
    where = {address: (pack, int(offset), int(length)) for address, pack, offset, length in index}
    for (id, value), (media, file) in zip(rows, cells, strict=True):
        data = (pictures / file).read_bytes()
        assert (blake(data), media) == (id, {"media": "="})
        pack, offset, length = where[id]
        assert (root / "media" / run / f"{pack}.pack").read_bytes()[offset : offset + length] == data
        assert classes[json.loads(value)] == file.split("/")[0]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_rows_of_numbers(empty: Repository, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("b,a,y\n1,2,x\n1,2,z\n3,4,x\n")
    import_examples(empty, tmp_path / "t.csv", ImportOptions(label="y"))
    b, a = blake(jcs(["input", "b"]), 4), blake(jcs(["input", "a"]), 4)
    first, other = blake(jcs({b: 1, a: 2})), blake(jcs({b: 3, a: 4}))
    _, _, rows, _ = run_of(empty.root)
    assert {row[0] for row in rows[1:]} == {first, digest(first.encode(), b'{"occurrence":1}'), other}


def test_segments(repository: Repository) -> None:
    run, _, (_, *rows), _ = run_of(repository.root)
    for id, _ in rows[:3]:
        label(repository, id, None, "cat", "Ann Ä. <ann@example.org>")
    path = commit(repository).segment
    top, day, file = path.split("/")
    lines = (repository.root / path).read_text().split("\n")[:-1]
    said = [json.loads(line) for line in lines]
    assert (top, day) == ("ops", said[-1]["when"][:10])
    clock = said[-1]["when"][11:19].replace(":", "")
    assert file == f"{clock}-ann-{digest(*(line.encode() for line in lines))[:16]}.jsonl"
    for number, operation in enumerate(said):
        assert operation["replaces" if operation["op"] == "set" else "about"] == [f"{run}:{number}"]


def test_splits(empty: Repository, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n" + "".join(f"{n},{n * n},{'xz'[n % 2]}\n" for n in range(200)))
    import_examples(empty, tmp_path / "t.csv", ImportOptions(label="y"))
    program = read_program(empty.root / "datacc.toml")
    snapshot = ENTRY.snapshot(program, empty.root, None, Store(tmp_path / "cache"))
    for (a, b), split in zip(snapshot.inputs["record"].tolist(), snapshot.splits, strict=True):
        share = int(blake(f"input {blake(jcs([int(a), int(b)]))}".encode(), 8), 16) / 2**64
        assert SPLITS[split] == ("learn" if share < 0.7 else "tune" if share < 0.8 else "judge")
