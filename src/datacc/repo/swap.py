"""Let files of the history's tip leave and others come, in one commit, or leave all as it was."""

from collections.abc import Iterable, Mapping, Sequence

from datacc.repo.find import Repository
from datacc.repo.place import refuse_links
from datacc.repo.tidy import changing, remove_empty
from datacc.store import write_atomically


def swap(
    repository: Repository, leaving: Iterable[str], coming: Mapping[str, bytes], message: str, *,
    edits: Sequence[int] = (), proof: str = "",
) -> str:  # fmt: skip
    """Commit that the files `leaving` are gone and that `coming`, path → bytes, are there; the caller holds the lock.

    The hash of the commit, which has the file `proof` and with which the `edits` leave the journal. When git or a hook
    refuses, the working tree is as HEAD has it.
    """
    going = [path for path in leaving if path not in coming]
    for path in coming:
        refuse_links(repository.root, path)
    with changing(repository.root, [*going, *coming], edits=edits, proof=proof):
        for path, data in coming.items():
            write_atomically(repository.root / path, data)
        for path in going:
            (repository.root / path).unlink(missing_ok=True)
        made = repository.git.commit([*going, *coming], message)
    for folder in {(repository.root / path).parent for path in going}:
        remove_empty(folder, repository.root)
    return made
