"""Whether the working tree is as HEAD has it: what rewrites files demands that."""

from datacc.errors import RepositoryError
from datacc.repo.fsck.copies import FOLDERS
from datacc.repo.git import Git
from datacc.repo.words import listed, printable


def demand_clean(git: Git) -> None:
    """Raises `RepositoryError` when the files of the repository are not as HEAD has them."""
    changed = git.run("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=no", "--", *FOLDERS)
    if changed:
        names = [printable(entry.decode(errors="replace")[3:]) for entry in changed.split(b"\0")[:-1]]
        tries = ["git status", "git commit, or git checkout -- them"]
        raise RepositoryError(f"the working tree has changes: {listed(names)}", where=str(git.root), tries=tries)
