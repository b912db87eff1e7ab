"""What lies behind a remote: packs under the address of their bytes, put when absent, checked both ways."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any, Final, final

from datacc.errors import MissingExtra, RemoteError, RepositoryError
from datacc.repo.identity import address
from datacc.repo.remotes import Remote

# Seconds and tries after which a remote counts as out of reach.
_PATIENCE: Final = {"connect_timeout": 10, "read_timeout": 30, "retries": {"max_attempts": 1}}
_FOREIGN: Final = ("botocore", "aiobotocore", "aiohttp", "fsspec")  # where errors of a connection come from


@final
class RemoteStore:
    """The packs of a remote, `packs/<address>`, marks of those to be deleted, `tombstones/<address>`, and whose they
    are, `repositories/<first commit>`.

    Every method raises `RemoteError` when the remote does not answer or refuses. Its words never hold what the
    remote or its client said, since that may be a secret.
    """

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self._packs, self._marks = f"{remote.folder}/packs", f"{remote.folder}/tombstones"
        self._owners = f"{remote.folder}/repositories"
        self._fs: Any = _open(remote)
        with self._told("open"):
            # An empty place and a lost one (no bucket, a disk that is not mounted) must not look the same.
            if remote.protocol == "s3":
                self._fs.call_s3("head_bucket", Bucket=remote.folder.split("/")[0])
            elif not self._fs.isdir(remote.folder):
                raise FileNotFoundError

    def sizes(self) -> dict[str, int]:
        """The name of every pack there is → its size in bytes."""
        return {name: int(info["size"]) for name, info in self._list(self._packs).items()}

    def get(self, name: str) -> bytes | None:
        """The pack, checked; None when there is none. Raises `RemoteError` when it is damaged."""
        with self._told("read"):
            try:
                data: bytes = self._fs.cat_file(f"{self._packs}/{name}")
            except FileNotFoundError:
                return None
        if address(data) != name:
            raise self._error(f"its pack {name} is damaged", ["datacc fsck --heal where a good copy lies"])
        return data

    def is_whole(self, name: str) -> bool:
        """Whether the pack is there with the bytes of its name; reads it."""
        with self._told("read"):
            try:
                return address(self._fs.cat_file(f"{self._packs}/{name}")) == name
            except FileNotFoundError:
                return False

    def put(self, name: str, data: bytes) -> None:
        """Put a pack unless it is there, and see that it lies there whole.

        Raises `RepositoryError` when `data` are not the bytes of that name.
        """
        if address(data) != name:
            raise RepositoryError("the pack is damaged", where=name, tries=["datacc fsck --heal"])
        with self._told("write"):
            self._create(f"{self._packs}/{name}", data)
        self.confirm(name, data)

    def confirm(self, name: str, data: bytes) -> None:
        """Raises `RemoteError` unless the pack lies there byte for byte: S3 says its MD5; otherwise it is read back."""
        with self._told("read"):
            info = self._fs.info(f"{self._packs}/{name}")
        seen = str(info.get("ETag", "")).strip('"')
        if seen != hashlib.md5(data, usedforsecurity=False).hexdigest() and self.get(name) != data:
            raise self._error(f"its pack {name} did not arrive", ["datacc push"])

    def replace(self, name: str, data: bytes) -> None:
        """Put a whole pack in the place of a damaged one."""
        self.delete(name)
        self.put(name, data)

    def delete(self, name: str) -> None:
        """Delete a pack, if it is there."""
        self._remove(f"{self._packs}/{name}")

    def marks(self) -> dict[str, datetime]:
        """The name of every pack that is marked for deletion → since when."""
        found = {}
        for name in self._list(self._marks):
            with self._told("read"):
                try:
                    found[name] = datetime.fromisoformat(
                        json.loads(self._fs.cat_file(f"{self._marks}/{name}"))["marked"]
                    )
                except (ValueError, KeyError, TypeError, FileNotFoundError):
                    continue  # half-written, or gone meanwhile: it counts as not marked
        return found

    def mark(self, name: str, when: datetime) -> None:
        """Mark a pack for deletion, unless it is marked."""
        with self._told("write"):
            self._create(f"{self._marks}/{name}", json.dumps({"marked": when.isoformat()}).encode())

    def is_marked(self, name: str) -> bool:
        """Whether a pack is marked for deletion."""
        return name in self._list(self._marks)

    def claim(self, owner: str) -> None:
        """Leave word that the repository whose first commit is `owner` keeps packs there."""
        with self._told("write"):
            self._create(f"{self._owners}/{owner}", b"{}")

    def owners(self) -> frozenset[str]:
        """The first commits of all repositories that keep packs there."""
        return frozenset(self._list(self._owners))

    def unmark(self, name: str) -> None:
        """Keep a pack after all."""
        self._remove(f"{self._marks}/{name}")

    def _list(self, folder: str) -> dict[str, Any]:
        with self._told("list"):
            try:
                infos = self._fs.ls(folder, detail=True, refresh=True)
            except FileNotFoundError:
                return {}
        named = {str(info["name"]).rstrip("/").rsplit("/", 1)[-1]: info for info in infos if info["type"] == "file"}
        return {name: info for name, info in named.items() if not name.startswith(".")}

    def _remove(self, path: str) -> None:
        with self._told("delete"):
            try:
                self._fs.rm_file(path)
            except FileNotFoundError:
                return

    def _create(self, path: str, data: bytes) -> None:
        """Write a file that is not there yet, whole or not at all; one that is there stays as it is."""
        if self.remote.protocol == "file":
            _link(Path(path), data)
            return
        try:
            self._fs.pipe_file(path, data, mode="create")
        except FileExistsError:
            return
        except Exception as error:
            if _status(error) != HTTPStatus.NOT_IMPLEMENTED:
                raise
            if not self._fs.exists(path):  # a server without conditional writes; who reads checks the bytes
                self._fs.pipe_file(path, data)

    @contextmanager
    def _told(self, verb: str) -> Iterator[None]:
        """Says in our words what the client of the remote raises."""
        try:
            yield
        except Exception as error:
            if isinstance(error, RemoteError):
                raise
            foreign = type(error).__module__.split(".")[0] in _FOREIGN
            if not foreign and not isinstance(error, OSError):
                raise
            raise self._failure(verb, error) from None

    def _failure(self, verb: str, error: Exception) -> RemoteError:
        if isinstance(error, FileNotFoundError):
            return self._error("there is no such folder or bucket", ["make it", "datacc remote list"])
        if isinstance(error, PermissionError) or _status(error) in (401, 403) or "Credential" in type(error).__name__:
            return self._error(f"it refuses to {verb}", ["check the credentials: AWS_PROFILE, AWS_ACCESS_KEY_ID …"])
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
        return self._error(f"it cannot be reached to {verb}: {why}", ["run it again: what was done is kept"])

    def _error(self, what: str, tries: list[str]) -> RemoteError:
        return RemoteError(what, where=f"remote {self.remote.name} ({self.remote.url})", tries=tries)


def _status(error: BaseException) -> int | None:
    """The status by which an S3 server said no, if it was one."""
    answer = getattr(error if hasattr(error, "response") else error.__cause__, "response", None)
    return answer.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(answer, dict) else None


def _open(remote: Remote) -> Any:
    """The file system behind a remote, in the words of fsspec; no more than `file` and `s3` come here."""
    try:
        fsspec = import_module("fsspec")
        options = {} if remote.protocol == "file" else {"config_kwargs": _PATIENCE, "use_listings_cache": False}
        found = fsspec.filesystem(remote.protocol, skip_instance_cache=True, **options)
        found.retries = 1  # those of the client below count already
        return found
    except ImportError as missing:
        extra = "remote" if remote.protocol == "file" else "s3"
        what = f"the remote {remote.name} needs {missing.name}, which is not installed"
        raise MissingExtra(what, tries=[f"pip install 'datacc[{extra}]'"]) from missing


def _link(path: Path, data: bytes) -> None:
    """Write the file under another name, sync it, and give it its own name unless that is taken."""
    path.parent.mkdir(exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        except OSError:  # no hard links there
            if not path.exists():
                os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
