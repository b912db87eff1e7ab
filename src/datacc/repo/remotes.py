"""Remotes of media: places outside git that hold packs, named in the repository without any credentials."""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from datacc.errors import RepositoryError, UsageError
from datacc.frozen import frozen
from datacc.repo.find import Repository
from datacc.repo.git import Git
from datacc.repo.place import commit_new
from datacc.repo.staging import staging
from datacc.repo.tidy import alone, changing
from datacc.repo.trust import distrust, trust
from datacc.repo.words import listed, printable

Keep = Literal["outside", "both"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")
_BUCKET: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,62}(?:/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*")
_FOLDER: Final = re.compile(r"file:///[^?#*:|\x00-\x1f\x7f]*|file:///[A-Za-z]:/[^?#*:|\x00-\x1f\x7f]*")
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[/:]")  # begins like a URL


if sys.platform == "win32":
    from urllib.request import url2pathname as _path  # loads what speaks HTTP
else:
    _path = unquote


@frozen
class Remote:
    """A place for packs. `packs`: new ones lie there "outside" git, or in "both"."""

    name: str
    url: str
    packs: Keep

    @property
    def folder(self) -> str:
        """The path of what fsspec opens: a folder of this machine, or bucket and prefix."""
        rest = urlsplit(self.url)
        return _path(rest.path) if self.protocol == "file" else rest.netloc + rest.path

    @property
    def protocol(self) -> str:
        """`file` or `s3`."""
        return self.url.split(":")[0]


def contact(url: str) -> str:
    """What must be trusted before a remote is opened."""
    return f"contact {url}"


def read_remotes(git: Git) -> tuple[Remote, ...]:
    """The remotes that HEAD names, by name. Raises `RepositoryError` for one that is damaged or not allowed."""
    tree = git.tree(git.commit_of("HEAD"), "remotes")
    paths = sorted(path for path in tree if path.endswith(".json"))
    texts = git.blobs([tree[path] for path in paths])
    return tuple(read_remote(path, text) for path, text in zip(paths, texts, strict=True))


def read_remote(path: str, text: bytes) -> Remote:
    """The remote in the file `remotes/<name>.json`. Raises `RepositoryError` for one damaged or not allowed."""
    name, tries = path.removeprefix("remotes/").removesuffix(".json"), [f"git log -- {path}"]
    try:
        entry = json.loads(text)
        url, packs = str(entry["url"]), entry["packs"]
        if packs not in ("outside", "both") or not _NAME.fullmatch(name):
            raise ValueError("packs are outside or both")
    except (ValueError, TypeError, KeyError) as error:
        raise RepositoryError(f"this names no remote: {error}", where=path, tries=tries) from error
    if fault := _fault(url):
        raise RepositoryError(fault, where=path, tries=tries)
    return Remote(name=name, url=url, packs=packs)


def add_remote(repository: Repository, name: str, place: str, packs: Keep, check: Callable[[Remote], object]) -> Remote:
    """Name a remote, in a commit of its own; who adds it also trusts it here.

    `place` is a URL or a folder. Nothing is kept when `check`, given the remote, fails. Raises `UsageError` for a
    name that is taken, or a URL that is not allowed.
    """
    known = {remote.name for remote in read_remotes(repository.git)}
    if not _NAME.fullmatch(name):
        raise UsageError(f"{printable(name)!r} cannot be the name of a remote", tries=["a-z, 0-9 and -"])
    if name in known:
        raise UsageError(f"there is a remote {name!r} already", tries=[f"datacc remote remove {name}"])
    url = place if _PLAIN.match(place) else Path(os.path.abspath(place)).as_uri()
    if fault := _fault(url):
        raise UsageError(fault, tries=["s3://BUCKET/PREFIX", "file:///FOLDER", "a folder"])
    remote = Remote(name=name, url=url, packs=packs)
    check(remote)
    with staging(repository.root) as folder:
        (folder / "remote").write_text(json.dumps({"packs": packs, "url": url}) + "\n", encoding="utf-8")
        commit_new(repository, {f"remotes/{name}.json": folder / "remote"}, f"keep packs in {name}")
    trust(repository, [contact(url)])
    return remote


def remove_remote(repository: Repository, name: str) -> Remote:
    """Name it no longer, in a commit of its own; what it holds stays. Raises `UsageError` when there is none."""
    remotes = {remote.name: remote for remote in read_remotes(repository.git)}
    if name not in remotes:
        raise UsageError(f"there is no remote {printable(name)!r}; there is {listed(list(remotes)) or 'none'}")
    path = f"remotes/{name}.json"
    with alone(repository.root), changing(repository.root, [path]):
        (repository.root / path).unlink(missing_ok=True)
        repository.git.commit([path], f"keep no packs in {name}")
    distrust(repository, [contact(remotes[name].url)])
    return remotes[name]


def _fault(url: str) -> str | None:
    """Why a URL is none of the few forms that are allowed; never repeats what may be a secret in it."""
    head = printable(url.split(":")[0], longest=20)
    if "::" in url or head not in ("file", "s3"):
        return f"a remote is a folder or s3://…, and nothing else; not {head}:…"
    if "@" in url or "?" in url:
        return "the URL of a remote has no credentials and no options in it; they are the user's (AWS_PROFILE …)"
    return None if (_BUCKET if head == "s3" else _FOLDER).fullmatch(url) else f"this is no {head} URL of a remote"
