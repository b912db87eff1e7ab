"""Git's objects, asked of one `git cat-file` that answers for as long as it is held."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple, final

_HEAD: Final = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) (\w+) ([0-9]+)\n")
_AT_ONCE: Final = 8192  # bytes of names: less than any pipe holds, so that neither side waits for the other
_FOLDER: Final = b"40000"
_FILES: Final = (b"100644", b"100755", b"100664")


class Object(NamedTuple):
    """One object: its hash, what it is (blob, tree, commit or tag), and its bytes."""

    hash: str
    kind: str
    data: bytes


class Ended(Exception):
    """git did not go on; `said` is what it said of it, `code` how it ended."""

    def __init__(self, said: str, code: int) -> None:
        """As the class says."""
        super().__init__(said)
        self.said, self.code = said, code


@final
class Objects:
    """The objects of the repository around `root`; `close` ends it."""

    def __init__(self, root: Path, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start `command`, which ends with `cat-file --batch`. Raises `OSError` where it cannot be started."""
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=root, env=environment, stdin=pipe, stdout=pipe, stderr=pipe)

    @property
    def is_open(self) -> bool:
        """Whether it still answers."""
        return self._process.returncode is None

    def close(self) -> None:
        """Let git end, and wait for it."""
        with self._process:
            pass

    def ask(self, names: Sequence[str]) -> list[Object | None]:
        """The objects of these names, as git's revisions are written; None for what is not there. Raises `Ended`."""
        found: list[Object | None] = []
        part, size = list[bytes](), 0
        for name in (name.encode(errors="surrogateescape") for name in names):
            if size + len(name) > _AT_ONCE and part:
                found += self._answers(part)
                part, size = [], 0
            part.append(name)
            size += len(name) + 1
        return found + list(self._answers(part))

    def files(self, tree: str, folders: Sequence[bytes]) -> dict[bytes, str]:
        """Path → blob of every file below a tree, or of those at or below `folders` of it.

        Raises `KeyError` with what is not there, and `Ended`.
        """
        found: dict[bytes, str] = {}
        level = {b"": tree}
        while level:
            read = self.ask(list(level.values()))
            below = {}
            for folder, one in zip(level, read, strict=True):
                if one is None or one.kind != "tree":
                    raise KeyError(level[folder])
                for mode, name, hash in _entries(one):
                    path = folder + name
                    if mode == _FOLDER and _leads_to(path, folders):
                        below[path + b"/"] = hash
                    elif mode in _FILES and _leads_to(path, folders):
                        found[path] = hash
            level = below
        return dict(sorted(found.items()))

    def names(self, tree: str) -> list[bytes]:
        """What stands at the top of a tree; nothing where there is none. Raises `Ended`."""
        [found] = self.ask([tree])
        return [name for _, name, _ in _entries(found)] if found is not None and found.kind == "tree" else []

    def _answers(self, names: Sequence[bytes]) -> Iterator[Object | None]:
        given, said = self._process.stdin, self._process.stdout
        assert given is not None
        assert said is not None
        asked = [name for name in names if b"\n" not in name]
        try:
            given.write(b"".join(name + b"\n" for name in asked))
            given.flush()
            for name in names:
                yield _read(said) if b"\n" not in name else None
        except (BrokenPipeError, EOFError) as error:
            told = self._process.communicate()[1]
            raise Ended(told.decode(errors="replace").strip(), self._process.returncode) from error


def _read(said: IO[bytes]) -> Object | None:
    head = said.readline()
    match = _HEAD.fullmatch(head)
    if match is None:
        if not head.endswith((b" missing\n", b" ambiguous\n")):
            raise EOFError
        return None
    size = int(match[3])
    data = said.read(size + 1)
    if len(data) != size + 1:
        raise EOFError
    return Object(match[1].decode(), match[2].decode(), data[:-1])


def _entries(tree: Object) -> Iterator[tuple[bytes, bytes, str]]:
    """(mode, name, hash) of what stands in a tree."""
    data, digits, at = tree.data, len(tree.hash) // 2, 0
    while at < len(data):
        end = data.index(b"\0", at)
        mode, _, name = data[at:end].partition(b" ")
        at = end + 1 + digits
        yield mode, name, data[end + 1 : at].hex()


def _leads_to(path: bytes, folders: Sequence[bytes]) -> bool:
    """Whether a path is one of these, below one or above one."""
    return not folders or any(
        path == one or path.startswith(one + b"/") or one.startswith(path + b"/") for one in folders
    )
