"""What a repository wants that needs trust: the sentences that `datacc trust` shows, and others require."""

from datacc.repo.find import Repository
from datacc.repo.remotes import contact, read_remotes


def wishes(repository: Repository) -> tuple[str, ...]:
    """Every sentence, as given to `require_trust` where the thing is done."""
    return tuple(contact(remote.url) for remote in read_remotes(repository.git))
