"""push, fetch and pull: packs before refs, packs only when they are needed; git carries the rest."""

from collections.abc import Mapping

from datacc.errors import RepositoryError, UsageError
from datacc.frozen import frozen
from datacc.repo.branches import Merged, current_branch, merge
from datacc.repo.find import Repository
from datacc.repo.needs import EVERYTHING, Need, first_commit, needed_packs
from datacc.repo.packs import Packs
from datacc.repo.remote_store import RemoteStore
from datacc.repo.remotes import Remote, contact, read_remotes
from datacc.repo.tidy import exchanging
from datacc.repo.trust import trusted
from datacc.repo.words import counted, listed, printable

DEFAULT: str = "origin"  # git's name for where a clone came from


@frozen
class Pushed:
    """The branch, its commit, and remote of media → packs that were put there by this."""

    branch: str
    commit: str
    put: Mapping[str, tuple[str, ...]]


@frozen
class Fetched:
    """Where each branch of the git remote ends now, how many packs came, and remotes of media that wait for trust."""

    branches: Mapping[str, str]
    packs: int
    untrusted: tuple[str, ...]


@frozen
class Pulled:
    """What was fetched, and what merging it changed."""

    fetched: Fetched
    merged: Merged


def push(repository: Repository, remote: str = DEFAULT) -> Pushed:
    """Put the packs that this branch needs into the remotes of media, then push the branch to the git remote.

    Raises `RepositoryError` and changes nothing when packs are missing, here and there; `RemoteError` when one
    does not arrive: the branch then stays unpushed, and the next push goes on from there.
    """
    git, branch = repository.git, current_branch(repository)
    _demand_git_remote(repository, remote)
    needs = needed_packs(git, "HEAD")
    packs = Packs(repository)
    homes = {one.name: one for one in read_remotes(git)} if needs else {}
    stores = {name: packs.store(one) for name, one in homes.items()}
    lacking = {name: _lacking(store, _own(needs, homes[name])) for name, store in stores.items()}
    _refuse_missing(repository, needs, packs, stores, lacking)
    for name, store in stores.items():
        store.claim(first_commit(git))
        _fill(repository, store, packs, needs, lacking[name])
    with exchanging(repository.root):
        git.run("push", "--quiet", "--set-upstream", "--recurse-submodules=no", remote, f"refs/heads/{branch}")
    for name, store in stores.items():  # whoever deletes what looked unused may have been faster
        _fill(repository, store, packs, needs, _lacking(store, _own(needs, homes[name])))
    return Pushed(branch=branch, commit=git.commit_of("HEAD"), put={k: tuple(v) for k, v in lacking.items()})


def fetch(repository: Repository, remote: str = DEFAULT, *, media: bool = False) -> Fetched:
    """Fetch the branches of the git remote; with `media` also every pack that any branch needs.

    Without, a pack is fetched when something reads it. Raises `TrustError`, `RemoteError` as reading does.
    """
    _demand_git_remote(repository, remote)
    git, came = repository.git, 0
    with exchanging(repository.root):
        git.run_signed("fetch", "--quiet", "--no-recurse-submodules", remote)
    if media:
        packs = Packs(repository)
        for name, need in needed_packs(git, *EVERYTHING).items():
            if need.blob is None and packs.local(name) is None:
                packs.fetch(name)
                came += 1
    listed = git.run("for-each-ref", "--format=%(refname:lstrip=3) %(objectname)", f"refs/remotes/{remote}").decode()
    branches = dict(line.rsplit(" ", 1) for line in listed.splitlines() if not line.startswith("HEAD "))
    return Fetched(branches=branches, packs=came, untrusted=_untrusted(repository))


def pull(repository: Repository, remote: str = DEFAULT, *, media: bool = False) -> Pulled:
    """Fetch, then merge the branch of the same name; errors as of `fetch` and `merge`."""
    branch = current_branch(repository)
    fetched = fetch(repository, remote, media=media)
    if branch not in fetched.branches:
        what = f"{remote} has no branch {branch!r}"
        raise UsageError(what, tries=[f"datacc push {remote}", f"datacc merge {remote}/BRANCH"])
    return Pulled(fetched=fetched, merged=merge(repository, f"{remote}/{branch}"))


def _own(needs: Mapping[str, Need], remote: Remote) -> dict[str, Need]:
    """The packs that a remote should hold."""
    return {name: need for name, need in needs.items() if need.blob is None or remote.packs == "both"}


def _lacking(store: RemoteStore, needs: Mapping[str, Need]) -> list[str]:
    """The packs that a remote does not have, or not whole: an upload that broke off leaves a shorter one."""
    sizes = store.sizes()
    return [name for name, need in needs.items() if sizes.get(name) != need.size]


def _refuse_missing(
    repository: Repository,
    needs: Mapping[str, Need],
    packs: Packs,
    stores: Mapping[str, RemoteStore],
    lacking: Mapping[str, list[str]],
) -> None:
    nowhere = {name for name in needs if needs[name].blob is None and all(name in lack for lack in lacking.values())}
    missing = [name for name in sorted(nowhere) if not stores or packs.local(name) is None]
    if missing and not stores:
        what = f"nothing was pushed; {counted(len(missing), 'pack')} outside git, and no remote to put them into"
        tries = ["datacc remote add NAME PLACE", "git log -- remotes"]
        raise RepositoryError(f"{what}: {listed(missing)}", where=str(repository.root), tries=tries)
    if missing:
        shown = ", ".join(f"{name} of {needs[name].where}" for name in missing[:8])
        tries = ["datacc push where they were imported", "datacc fsck --heal", "import the files again"]
        what = f"{counted(len(missing), 'pack')} missing here and in {counted(len(stores), 'remote')}: {shown}"
        raise RepositoryError(f"nothing was pushed; {what}", where=str(repository.root), tries=tries)


def _fill(
    repository: Repository, store: RemoteStore, packs: Packs, needs: Mapping[str, Need], lacking: list[str]
) -> None:
    """Put what a remote lacks; and nothing that it must keep stays marked for deletion."""
    for name in store.marks().keys() & needs.keys():
        store.unmark(name)
    there = store.sizes() if lacking else {}
    for name in lacking:
        blob = needs[name].blob
        data = repository.git.blobs([blob])[0] if blob else packs.read(name)
        (store.replace if name in there else store.put)(name, data)


def _demand_git_remote(repository: Repository, remote: str) -> None:
    known = (repository.git.ask("remote") or "").splitlines()
    if remote not in known:
        have = ", ".join(known) or "none"
        tries = [f"git remote add {DEFAULT} URL", "datacc remote lists those of media"]
        raise UsageError(f"git knows no remote {printable(remote)!r}; it knows {have}", tries=tries)


def _untrusted(repository: Repository) -> tuple[str, ...]:
    allowed = trusted(repository)
    return tuple(one.url for one in read_remotes(repository.git) if contact(one.url) not in allowed)
