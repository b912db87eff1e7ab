"""remote, push, pull, fetch, trust, gc, fsck as a user meets them: two clones, a bare repository, a folder of packs."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacc import errors
from tests.repo.conftest import drawn

Datacc = Callable[..., dict[str, Any]]
Told = Callable[..., str]


@pytest.fixture
def ann(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datacc: Datacc, told: Told) -> Path:
    """Ann's repository of pictures, the current folder; its packs are to lie in `store`."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", "origin.git"], check=True)
    (tmp_path / "store").mkdir()
    datacc("new", "ann")
    monkeypatch.chdir(tmp_path / "ann")
    subprocess.run(["git", "remote", "add", "origin", "../origin.git"], check=True)
    datacc("remote", "add", "store", "../store")
    assert "here alone until datacc push" in told("import", drawn(tmp_path / "pictures"), "--label", "animal")
    return tmp_path / "ann"


def test_from_one_clone_to_another(
    ann: Path, tmp_path: Path, datacc: Datacc, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    [remote] = datacc("remote")["remotes"]
    assert (remote["name"], remote["packs"], remote["trusted"]) == ("store", "outside", True)
    [put] = datacc("push")["put"]["store"]
    assert (tmp_path / "store" / "packs" / put).exists()
    assert "0 packs put into store" in told("push")
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "clone", "-q", "origin.git", "bob"], check=True)
    monkeypatch.chdir(tmp_path / "bob")
    assert "datacc trust" in told("fetch")
    assert "not trusted yet" in told("remote", "list")
    said = datacc("fetch", "--media", code=errors.TrustError.exit_code)
    assert said["error"]["tries"]
    said = datacc("trust", code=errors.TrustError.exit_code)
    assert (said["wanted"], said["trusted"]) == ([f"contact {remote['url']}"], [])
    assert datacc("trust", "--yes")["trusted"] == said["wanted"]
    assert "1 pack fetched" in told("fetch", "--media")
    id = next(Path("runs").glob("*/labels.tsv")).read_text().splitlines()[1].split("\t")[0]
    datacc("label", id, "cat")
    datacc("commit")
    datacc("push")
    monkeypatch.chdir(ann)
    assert datacc("pull")["merged"]["commit"] == datacc("log")["commits"][0]["commit"]
    assert "all is whole" in told("fsck", "--media")
    assert "nothing to delete" in told("gc")
    assert datacc("trust", "--revoke")["trusted"] == []
    assert datacc("trust", code=errors.TrustError.exit_code)["trusted"] == []


def test_what_is_damaged_is_told_and_mended(ann: Path, datacc: Datacc, told: Told) -> None:
    datacc("push")
    [pack] = (ann / ".datacc" / "packs").iterdir()
    pack.write_bytes(pack.read_bytes()[:-1])
    said = datacc("fsck", code=errors.RepositoryError.exit_code)
    assert [one["where"] for one in said["damages"]] == [f".datacc/packs/{pack.name}"]
    assert "healed: .datacc/packs" in told("fsck", "--heal")
    marker = ann / "schema" / "format.json"
    marker.write_text("{")
    datacc("status", code=errors.RepositoryError.exit_code)
    assert "healed: schema/format.json" in told("fsck", "--heal")
    datacc("status")


def test_words_that_make_no_sense(ann: Path, datacc: Datacc) -> None:
    for words in (("remote", "add", "x"), ("remote", "remove"), ("remote", "list", "x"), ("push", "nowhere")):
        assert datacc(*words, code=errors.UsageError.exit_code)["error"]["tries"]
    said = datacc("remote", "add", "x", "s3://key:hush@bucket/x", code=errors.UsageError.exit_code)
    assert "hush" not in str(said)
    assert datacc("remote", "add", "x", "../nowhere", code=errors.RemoteError.exit_code)["error"]["tries"]
    assert datacc("remote", "remove", "store")["removed"]["name"] == "store"
    assert datacc("remote")["remotes"] == []
