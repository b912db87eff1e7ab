"""Commit large files by one `git fast-import`: read once, compressed once, kept as a pack that a clone takes as it is.

It is the commit that `git commit` makes, where nothing else has a say in it: no hook, no signature, no filter, no merge
under way. Otherwise `plan` gives nothing, and `git commit` has to do it.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from datacc.errors import RepositoryError

Run = Callable[..., bytes]

_SIGNED: Final = frozenset(f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL", "DATE"))
_HOOKS: Final = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")
_UNDER_WAY: Final = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
_SAYS_MORE: Final = ("author.name", "author.email", "committer.name", "committer.email",
                     "commit.gpgsign", "i18n.commitencoding", "core.autocrlf", "core.attributesfile",
                     "extensions.objectformat", "core.sparsecheckout")  # fmt: skip
_CHANGING: Final = (b"filter", b"eol", b"text=", b" text", b"\ttext")  # attributes by which git changes bytes
LARGE: Final = 1 << 20  # bytes, from which on it pays


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where a commit goes: the branch, the commit at its end, and the root's place below the top of git's tree.

    `name` and `email` of who commits are empty where git was not told them.
    """

    branch: str
    parent: str
    prefix: str
    name: str
    email: str


def plan(root: Path, run: Run) -> Plan | None:
    """How to commit directly in the folder `root` by `run`, which runs git; None where git has more to say."""
    if _SIGNED & os.environ.keys():
        return None
    settings = dict(_settings(run("config", "--list", "-z")))
    if any(settings.get(key, "false") not in ("false", "sha1", "") for key in _SAYS_MORE):
        return None
    asked = ("--absolute-git-dir", "--git-path", "hooks", "--show-prefix", "HEAD", "--symbolic-full-name", "HEAD")
    try:
        told = run("rev-parse", *asked).decode(errors="surrogateescape").split("\n")
    except RepositoryError:  # there is no commit yet
        return None
    folder, hooks, prefix, parent, branch = told[:5]
    is_hooked = any(os.access(root / hooks / name, os.X_OK) for name in _HOOKS)
    is_busy = any(os.path.lexists(os.path.join(folder, name)) for name in _UNDER_WAY)
    attributes = (root / ".gitattributes", Path(folder) / "info" / "attributes")
    if is_hooked or is_busy or not branch.startswith("refs/heads/") or any(map(_has_filter, attributes)):
        return None
    name, email = settings.get("user.name", ""), settings.get("user.email", "") or os.environ.get("EMAIL", "")
    return Plan(branch=branch, parent=parent, prefix=prefix, name=name, email=email)


def commit_directly(
    root: Path, run: Run, where: Plan, paths: Sequence[str], message: str, anyone: tuple[str, str]
) -> str:
    """Commit the files `paths` as they are; those that are gone leave the history's tip. The hash of the commit.

    `anyone`: name and address of a user of whom git was told neither.

    Raises `RepositoryError` when the branch has moved meanwhile.
    """
    files = {path: (root / path).read_bytes() for path in paths if (root / path).is_file()}
    gone = [path for path in paths if path not in files]
    name, email = (_plain(own or other) for own, other in zip((where.name, where.email), anyone, strict=True))
    moment = datetime.now().astimezone()
    sign = f"{name} <{email}> {int(moment.timestamp())} {moment:%z}".encode(errors="replace")
    text = f"{message.strip()}\n".encode(errors="replace")
    options = ("core.fsync=all", "core.compression=1", "fastimport.unpackLimit=1")
    flags = (word for option in options for word in ("-c", option))
    stream = b"".join(_stream(where, files, gone, sign, text))
    made = run(*flags, "fast-import", "--quiet", "--depth=0", "--date-format=raw", input=stream)
    listed = [f"100644 {_blob(data)}\t{where.prefix}{path}" for path, data in files.items()]
    listed += [f"0 {'0' * 40}\t{where.prefix}{path}" for path in gone]
    run("update-index", "-z", "--index-info", input=b"".join(os.fsencode(f"{line}\0") for line in listed))
    return made.decode().strip()


def _stream(where: Plan, files: dict[str, bytes], gone: Sequence[str], sign: bytes, message: bytes) -> Iterator[bytes]:
    """What fast-import reads; the commands are those of git-fast-import(1)."""
    for mark, data in enumerate(files.values(), 1):
        yield b"blob\nmark :%d\ndata %d\n%b\n" % (mark, len(data), data)
    yield b"commit %b\nmark :%d\n" % (os.fsencode(where.branch), len(files) + 1)
    yield b"committer %b\ndata %d\n%b" % (sign, len(message), message)
    yield b"from %b\n" % where.parent.encode()
    for mark, path in enumerate(files, 1):
        yield b"M 100644 :%d %b\n" % (mark, _quoted(where.prefix + path))
    for path in gone:
        yield b"D %b\n" % _quoted(where.prefix + path)
    yield b"\nget-mark :%d\n" % (len(files) + 1)


def _plain(name: str) -> str:
    """A name or an address as a commit can hold it."""
    return "".join(" " if c in "<>" or not c.isprintable() else c for c in name).strip(" .,:;\"'") or "someone"


def _quoted(path: str) -> bytes:
    """A path as fast-import reads it, whatever is in it."""
    return b'"%b"' % os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")


def _blob(data: bytes) -> str:
    """What git calls a file with these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _settings(listed: bytes) -> Iterator[tuple[str, str]]:
    for entry in listed.split(b"\0")[:-1]:
        key, _, value = entry.decode(errors="replace").partition("\n")
        yield key.lower(), value


def _has_filter(attributes: Path) -> bool:
    return attributes.is_file() and any(word in attributes.read_bytes() for word in _CHANGING)
