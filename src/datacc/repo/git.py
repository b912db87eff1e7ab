"""The one door to git: the `git` command line, without a shell, with NUL-separated formats and a clean environment."""

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar, final

from datacc.errors import DataccError, RepositoryError, ResourceError
from datacc.repo.lock import held
from datacc.repo.objects import Ended, Object, Objects

Begun = TypeVar("Begun")

_KEPT: Final = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CONFIG_", "GIT_SSH", "GIT_ASKPASS", "GIT_EXEC_PATH")
_STREAMED: Final = ("-c", "core.bigFileThreshold=1m", "-c", "core.compression=1")  # large files go into a pack at once
_LARGE: Final = 1 << 20  # bytes
_MADE: Final = re.compile(rb"^\[[^\]\n]* ([0-9a-f]{40}|[0-9a-f]{64})\] ", re.MULTILINE)
# Whatever git writes is on disk when it is done: a commit does not write again what an earlier command stored.
_SYNCED: Final = ("-c", "core.fsync=all", "-c", "gc.auto=0", "-c", "maintenance.auto=false")
_PATIENCE: Final = 5  # seconds, in which git may end by itself
_NOBODY: Final = ("datacc", "datacc@localhost")
_SECRET: Final = re.compile(r"://[^/@\s]*@")  # a password in the URL of a git remote
# A clone may hold files that look like a git folder, with a configuration that names programs: never take them for one.
# No daemon of git's outlives a command: it would keep the lock of the repository.
_GUARDS: Final = ("-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false")


@final
class GitKilled(RepositoryError):
    """git was killed while it worked for us: its locks are still there."""


@final
@dataclass(frozen=True)
class Git:
    """Git as seen from the folder `root`, which need not be the top of the working tree: paths are relative to it."""

    root: Path
    objects: Objects | None = field(default=None, compare=False, repr=False)

    def run(self, *arguments: str, input: bytes = b"") -> bytes:
        """What `git arguments` prints. Raises `RepositoryError` with git's own words when it fails."""
        done = self._run(arguments, input)
        if done.returncode:
            raise self._failed(_verb(arguments), done.returncode, done.stderr.decode(errors="replace").strip())
        return done.stdout

    def ask(self, *arguments: str, input: bytes = b"") -> str | None:
        """What `git arguments` prints, stripped; None when it fails or prints nothing."""
        done = self._run(arguments, input)
        return done.stdout.decode(errors="replace").strip() or None if done.returncode == 0 else None

    def commit_of(self, revision: str) -> str:
        """The full hash of the commit that `revision` names. Raises `RepositoryError` when there is none."""
        found = self.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if found is None:
            raise RepositoryError(f"there is no revision {revision!r}", where=str(self.root), tries=["datacc log"])
        return found

    def commits_of(self, *revisions: str) -> list[str]:
        """The hashes that `commit_of` gives, of several revisions at once. Raises as it does."""
        found = self.commits_at(*revisions)
        return [commit or self.commit_of(revision) for commit, revision in zip(found, revisions, strict=True)]

    def commits_at(self, *revisions: str) -> list[str | None]:
        """The hashes of several commits at once, None for those that are not there."""
        found = self._ask([f"{revision}^{{commit}}" for revision in revisions])
        return [one.hash if one is not None else None for one in found]

    def tree(self, commit: str, *folders: str) -> dict[str, str]:
        """Path → blob of every file at `commit` below the root, or at or below these folders of it."""
        wanted = [os.fsencode(folder.strip("/")) for folder in folders]
        with self._objects() as objects:
            try:
                found = objects.files(f"{commit}:./", wanted)
            except KeyError as error:
                raise self._lost(str(error.args[0])) from error
        return {os.fsdecode(path): blob for path, blob in found.items()}

    def top(self, commit: str) -> list[str]:
        """The files and folders at `commit` that stand right below the root; none where there is no such commit."""
        with self._objects() as objects:
            return [os.fsdecode(name) for name in objects.names(f"{commit}:./")]

    def blobs(self, names: Sequence[str]) -> list[bytes]:
        """The contents of blobs, in order."""
        contents = []
        for name, one in zip(names, self._ask(names), strict=True):
            if one is None:
                raise self._lost(name)
            contents.append(one.data)
        return contents

    @contextmanager
    def reading(self) -> Iterator[Objects]:
        """One process that answers everybody who reads."""
        with self._objects() as objects:
            yield objects

    def _ask(self, names: Sequence[str]) -> list[Object | None]:
        if not names:
            return []
        with self._objects() as objects:
            return objects.ask(names)

    @contextmanager
    def _objects(self) -> Iterator[Objects]:
        objects = self.objects
        if objects is None or not objects.is_open:
            command = ["git", *_GUARDS, "cat-file", "--batch"]
            objects = self._begun(lambda: Objects(self.root, command, _environment(os.environ)))
        try:
            yield objects
        except Ended as error:
            raise self._failed("cat-file", error.code, error.said) from error
        finally:
            if objects is not self.objects:
                objects.close()

    def _lost(self, name: str) -> RepositoryError:
        return RepositoryError(f"git has lost the object {name}", where=str(self.root), tries=["git fsck"])

    def store(self, data: bytes) -> str:
        """The blob of these bytes, which git holds then."""
        return self.run("hash-object", "-w", "--stdin", input=data).decode().strip()

    def damages(self) -> list[str]:
        """What `git fsck` finds wrong, in its own words."""
        done = self._run(("fsck", "--full", "--no-dangling", "--no-progress"), b"")
        said = (done.stderr + done.stdout).decode(errors="replace").splitlines()
        return said or [f"git fsck ended with {done.returncode}"] if done.returncode else []

    def changed(self, paths: Iterable[str]) -> list[str]:
        """The files at or below `paths` that exist and differ from HEAD, new ones too."""
        listed = self.run("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", *paths)
        prefix = (self.ask("rev-parse", "--show-prefix") or "") if listed else ""
        names = [os.fsdecode(entry[3:]).removeprefix(prefix) for entry in listed.split(b"\0")[:-1]]
        return [name for name in names if (self.root / name).is_file()]

    def commit(self, paths: Iterable[str], message: str) -> str:
        """Commit exactly `paths`, whatever else is staged; hooks run. The hash of the commit.

        When git or a hook refuses, or the user interrupts, the index is as HEAD has these paths; an interrupt that
        comes after the commit is no longer one.
        """
        given = list(paths)
        listed = b"\0".join(os.fsencode(path) for path in given)
        named = ("--pathspec-from-file=-", "--pathspec-file-nul")
        # the commit's hash is in what git says of it; for large files it would count their lines for that
        told = ("--quiet",) if any(_size(self.root / path) > _LARGE for path in given) else ()
        words = ("-c", "core.abbrev=no", "commit", *told, "--only", f"--message={message}", *named)
        try:
            self.run(*_STREAMED, "add", "--force", *named, input=listed)
            made = _MADE.search(self.run_signed(*words, input=listed))
            if made is not None:
                return made[1].decode()
        except BaseException as error:
            self.unstage(given)
            is_refused = isinstance(error, DataccError)
            if is_refused or self._run(("status", "--porcelain", "--", *given), b"").stdout:
                raise
        return self.commit_of("HEAD")

    def run_signed(self, *arguments: str, input: bytes = b"") -> bytes:
        """What `run` gives, for what makes a commit: by `identity`."""
        try:
            return self.run("-c", "user.useConfigOnly=true", *arguments, input=input)
        except RepositoryError as error:  # seldom; asking first would cost every commit two processes
            if "auto-detection is disabled" not in error.what:
                raise
        name, address, _ = self.identity()
        return self.run("-c", f"user.name={name}", "-c", f"user.email={address}", *arguments, input=input)

    def unstage(self, paths: Iterable[str]) -> None:
        """Let the index have what HEAD has of these paths; the files themselves stay."""
        listed = b"\0".join(os.fsencode(path) for path in paths)
        self._run(("reset", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul"), listed)

    def identity(self) -> tuple[str, str, bool]:
        """Name and address of whoever commits, and whether git was told them; otherwise a stand-in."""
        name = os.environ.get("GIT_AUTHOR_NAME") or self.ask("config", "user.name")
        address = os.environ.get("GIT_AUTHOR_EMAIL") or self.ask("config", "user.email") or os.environ.get("EMAIL")
        return name or _NOBODY[0], address or _NOBODY[1], bool(name and address)

    def _run(self, arguments: Sequence[str], input: bytes) -> subprocess.CompletedProcess[bytes]:
        command, pipe = ["git", *_GUARDS, *_SYNCED, *arguments], subprocess.PIPE
        begun = self._begun(
            lambda: subprocess.Popen(
                command,
                cwd=self.root,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                env=_environment(os.environ),
                pass_fds=held(),
            )
        )
        with begun as process:
            try:
                out, said = process.communicate(input)
            except BaseException:
                _let_go(process)
                raise
            return subprocess.CompletedProcess(command, process.wait(), out, said)

    def _begun(self, begin: Callable[[], Begun]) -> Begun:
        try:
            return begin()
        except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
            if self.root.is_dir():
                raise RepositoryError(
                    "git is not installed", tries=["apt-get install git", "https://git-scm.com"]
                ) from error
            raise RepositoryError("there is no such folder", where=str(self.root)) from error

    def _failed(self, verb: str, code: int, said: str) -> DataccError:
        if code < 0:
            what = f"git {verb} was killed by signal {-code}"
            return GitKilled(what, where=str(self.root), tries=["run it again"])
        return _failure(verb, said, self.root)


def _let_go(process: "subprocess.Popen[bytes]") -> None:
    """End git as Ctrl-C does, so that it takes its locks away, which it cannot when it is killed."""
    process.terminate()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
    finally:
        process.kill()


def _verb(arguments: Sequence[str]) -> str:
    """What git is asked to do, after the options of its own."""
    pairs = zip(arguments, ("", *arguments), strict=False)
    return next((word for word, before in pairs if word != "-c" and before != "-c"), "")


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _environment(outer: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would point git elsewhere (GIT_DIR, GIT_INDEX_FILE …), in plain English."""
    kept = {k: v for k, v in outer.items() if not k.startswith("GIT_") or k.startswith(_KEPT)}
    ours = {"LC_ALL": "C", "GIT_LITERAL_PATHSPECS": "1", "GIT_TERMINAL_PROMPT": "0"}
    return {**kept, **ours, "GIT_OPTIONAL_LOCKS": "0"}  # who only looks takes no lock, so leaves none when it is killed


def _failure(verb: str, said: str, root: Path) -> DataccError:
    if "No space left on device" in said or "Out of diskspace" in said:
        return ResourceError("the disk is full", where=str(root), tries=["free some space and run again"])
    if "Input/output error" in said:
        return ResourceError(f"the disk failed: {said}", where=str(root), tries=["look at the disk, then datacc fsck"])
    if "dubious ownership" in said:
        tries = [f"git config --global --add safe.directory {root}"]
        return RepositoryError("another user owns this git repository", where=str(root), tries=tries)
    said = _SECRET.sub("://", said) or "it said nothing"
    tries = ["datacc pull"] if verb == "push" and "[rejected]" in said else ["git status"]
    return RepositoryError(f"git {verb} failed: {said}", where=str(root), tries=tries)
