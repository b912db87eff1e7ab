"""The commits among which a change must lie, best halving first: git's own bisection, of the history of the labels."""

from collections.abc import Collection, Sequence
from typing import Final

from datacc.errors import UsageError
from datacc.frozen import frozen
from datacc.repo.find import Repository

LABELS: Final = ("ops", "runs", "schema")


@frozen
class History:
    """The commits of `repository` that touch labels or one of the files `more`, which are relative to its root."""

    repository: Repository
    more: tuple[str, ...] = ()

    def between(self, good: str, bad: str) -> tuple[str, ...]:
        """The first-parent commits after `good` up to `bad`, the newest first: it has what `bad` has.

        Raises `UsageError` when `good` is no ancestor of `bad`, or nothing lies between.
        """
        git = self.repository.git
        if good == bad:
            raise UsageError("good and bad are the same commit", where=good[:10], tries=["datacc log"])
        base = git.ask("merge-base", good, bad)
        if base == bad:
            tries = [f"datacc bisect --good {bad[:10]} --bad {good[:10]} …"]
            raise UsageError(
                "good comes after bad: are they swapped?", where=f"{good[:10]} and {bad[:10]}", tries=tries
            )
        if base != good:
            tries = [f"--good {base[:10]}, from which both come"] if base else ["datacc log"]
            raise UsageError(f"good is no ancestor of {bad[:10]}", where=good[:10], tries=tries)
        listed = git.run("rev-list", "--first-parent", bad, f"^{good}", "--", *LABELS, *self.more)
        if not listed:
            what = "no commit between good and bad touches a label, the schema or the program"
            raise UsageError(what, where=f"{good[:10]}..{bad[:10]}", tries=["datacc log"])
        return tuple(listed.decode().split())

    def suspects(self, bad: str, good: Collection[str], *, first_parent: bool) -> Sequence[str]:
        """Where the change may lie, `bad` among them: the commits that come from none of `good`, best halving first."""
        line = ["--first-parent"] if first_parent else []
        shut = [f"^{commit}" for commit in good]
        listed = self.repository.git.run("rev-list", "--bisect-all", *line, bad, *shut, "--", *LABELS, *self.more)
        return [told.split()[0] for told in listed.decode().splitlines()]

    def parents(self, commit: str) -> list[str]:
        """The commits that `commit` follows."""
        return self.repository.git.run("rev-list", "--parents", "--max-count=1", commit).decode().split()[1:]

    def merged(self, commit: str) -> int:
        """How many commits a merge brought to its first parent; 0 for another commit."""
        if len(self.parents(commit)) < 2:
            return 0
        return int(self.repository.git.run("rev-list", "--count", f"{commit}^@", f"^{commit}^1"))

    def oldest_first(self, commits: Collection[str], bad: str, good: Collection[str]) -> list[str]:
        """The same commits, all of them between, none before one that it comes from."""
        order = self.repository.git.run("rev-list", "--topo-order", "--reverse", bad, *(f"^{one}" for one in good))
        return [commit for commit in order.decode().split() if commit in commits]
