"""Let files of the history's tip leave and others come, in one commit, or leave all as it was."""

from collections.abc import Iterable, Mapping

from datacc.repo.find import Repository
from datacc.repo.place import refuse_links
from datacc.repo.tidy import changing, remove_empty
from datacc.store import write_atomically


def swap(repository: Repository, leaving: Iterable[str], coming: Mapping[str, bytes], message: str) -> str:
    """Commit that the files `leaving` are gone and that `coming`, path → bytes, are there; the caller holds the lock.

    The hash of the commit. When git or a hook refuses, the working tree is as HEAD has it.
    """
    root, going = repository.root, [path for path in leaving if path not in coming]
    for path in (*coming, *going):
        refuse_links(root, path)
    with changing(root, [*going, *coming]):
        for path, data in coming.items():
            write_atomically(root / path, data)
        for path in going:
            (root / path).unlink(missing_ok=True)
            remove_empty((root / path).parent, root)
        return repository.git.commit([*going, *coming], message)
