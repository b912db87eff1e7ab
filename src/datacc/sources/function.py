"""A function that exists already: what it was asked and answered, as `datacc port` recorded it."""

from pathlib import Path
from typing import Final

from datacc.errors import SpecError
from datacc.repo.snapshot import Snapshot
from datacc.sources.repository import RepositorySource
from datacc.spec.program import Program
from datacc.store import Store


class FunctionSource(RepositorySource):
    """Options: `function`, as MODULE:FUNCTION; `code`, the digest of what was recorded; `folder`, where Python finds
    it; `answers`, "json" where the classes are answers as JSON, "number" where the labels are its numbers, "labels"
    where it gives several at once.

    A build reads what is recorded and calls nothing: the function need not even be there.
    """

    options = ("function", "code", "folder", "answers")

    def snapshot(self, program: Program, root: Path, revision: str | None, store: Store) -> Snapshot:
        """The recorded calls at `revision`, and what people have said of them since."""
        if not isinstance(program.source.options.get("function"), str):
            what = "source.function is missing: which function is it?"
            raise SpecError(what, where="datacc.toml", tries=['function = "module:function"'])
        return super().snapshot(program, root, revision, store)


ENTRY: Final = FunctionSource()
