"""forget: what is forgotten stays away, whatever branches, imports and remotes still have."""

import shutil
from argparse import Namespace
from pathlib import Path

import pytest

from datacc.cli.forget import run
from datacc.errors import RemoteError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.branches import merge
from datacc.repo.check import check
from datacc.repo.contents import read_contents
from datacc.repo.exchange import fetch, pull, push
from datacc.repo.find import Repository
from datacc.repo.forget import forget
from datacc.repo.fsck.perform import fsck
from datacc.repo.garbage import collect
from datacc.repo.remotes import contact
from datacc.repo.show import show
from datacc.repo.states import States
from datacc.repo.trust import trust
from tests.repo.conftest import Git
from tests.repo.exchange import addresses, all_media, cloned, git
from tests.repo.forgetting import drawn_more, holders, planted, relabel


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    planted(folder)
    return folder


def test_a_branch_that_still_has_it_does_not_bring_it_back(ann: Repository, store: Path) -> None:
    first, second, *_ = addresses(ann)
    bob = cloned(ann.root.parent)
    trust(bob, [contact(store.as_uri())])
    relabel(bob, first, second)
    import_examples(bob, drawn_more(ann.root.parent / "more"), ImportOptions(label="animal"))
    push(bob)
    value = show(bob, second).values["animal"].value
    forget(ann, [first], really=True)
    pull(ann)
    assert first not in States(read_contents(ann))
    assert show(ann, second).values["animal"].value == value
    assert len(States(read_contents(ann))) == 41
    [problem] = check(ann).problems
    assert problem.where == first
    forget(ann, [first], really=True)
    assert holders(first.encode(), ann.root) == {path.name for path in ann.root.glob("forgotten/*")}
    assert check(ann).problems == ()
    assert fsck(ann, deep=True).damages == ()
    push(ann)
    pull(bob)
    assert first not in States(read_contents(bob))
    collect(bob, really=True)
    assert fsck(bob, deep=True).damages == ()
    assert show(bob, second).values["animal"].value == value


def test_two_branches_that_each_forget_one(repository: Repository, git: Git) -> None:
    first, second, third, *_ = addresses(repository)
    git("branch", "side")
    forget(repository, [first], really=True)
    git("switch", "-q", "side")
    forget(repository, [second], really=True)
    git("switch", "-q", "main")
    merge(repository, "side")
    known = States(read_contents(repository))
    assert (first in known, second in known, third in known, len(known)) == (False, False, True, 38)
    assert {problem.where for problem in check(repository).problems} == {first, second}
    forget(repository, [first, second], really=True)
    assert check(repository).problems == ()
    assert len(States(read_contents(repository))) == 38


def test_merge_of_a_branch_from_before_by_datacc(ann: Repository) -> None:
    first, second, *_ = addresses(ann)
    git(ann.root, "switch", "-q", "-c", "side")
    relabel(ann, first, second)
    value = show(ann, second).values["animal"].value
    git(ann.root, "switch", "-q", "main")
    forget(ann, [first], really=True)
    merge(ann, "side")
    assert first not in States(read_contents(ann))
    assert show(ann, second).values["animal"].value == value
    fetch(ann)


def test_an_import_of_the_same_files_leaves_it_out_and_says_so(ann: Repository) -> None:
    first = addresses(ann)[0]
    forget(ann, [first], really=True)
    done = import_examples(ann, ann.root.parent / "pictures", ImportOptions(label="animal"))
    assert (done.forgotten, done.already, done.examples) == (1, 39, 0)
    more = drawn_more(ann.root.parent / "pictures-2")
    shutil.copytree(ann.root.parent / "pictures", more, dirs_exist_ok=True)
    done = import_examples(ann, more, ImportOptions(label="animal"))
    assert (done.forgotten, done.examples) == (1, 2)
    assert first not in addresses(ann)


def test_a_remote_that_is_away_is_said_and_emptied_later(
    ann: Repository, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = addresses(ann)[0]
    data = all_media(ann)[first]
    store.rename(store.with_name("away"))
    monkeypatch.chdir(ann.root)
    told = run(Namespace(examples=[first], reason=None, yes=True))
    assert (told.facts["erased"], list(told.facts["left"]), told.exit_code) == ({}, ["store"], RemoteError.exit_code)
    store.with_name("away").rename(store)
    assert holders(data, store)
    again = forget(ann, [first], really=True)
    assert (len(again.erased["store"]), again.left, again.commit) == (1, {}, None)
    assert holders(data, store) == set()
    push(ann)
    assert fsck(ann, deep=True).damages == ()


def test_gc_empties_a_remote_that_was_away(ann: Repository, store: Path) -> None:
    first = addresses(ann)[0]
    data = all_media(ann)[first]
    store.rename(store.with_name("away"))
    forget(ann, [first], really=True)
    store.with_name("away").rename(store)
    push(ann)
    collect(ann, really=True)
    assert holders(data, store) == set()
    assert fsck(ann, deep=True).damages == ()
