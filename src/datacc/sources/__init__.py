"""Sources: where examples come from, one per file; each freezes them into a snapshot."""

from abc import ABC, abstractmethod
from pathlib import Path

from datacc.repo.snapshot import Snapshot
from datacc.spec.program import Program
from datacc.store import Store


class Source(ABC):
    """A place that examples come from. Members are stateless; options stand in `program.source.options`.

    `has_commits`: the examples are those of a label repository, with its history and its ledger.
    """

    has_commits: bool = False

    @abstractmethod
    def snapshot(self, program: Program, root: Path, revision: str | None, store: Store) -> Snapshot:
        """The labelled examples of `program`, frozen. `root` is the folder of `datacc.toml`; `revision` a commit.

        Raises `DataError` when the examples are unusable, `RepositoryError` when the place is.
        """

    @abstractmethod
    def media(self, program: Program, root: Path, snapshot: Snapshot, ids: tuple[str, ...]) -> dict[str, bytes]:
        """The original files of the learn and tune examples among `ids`, by id, where they have one."""
