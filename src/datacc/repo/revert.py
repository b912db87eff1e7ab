"""Take one labelling commit back: its segments leave history's tip, and what they overwrote is live again."""

from collections.abc import Iterable, Mapping, Sequence

from datacc.errors import RepositoryError, UsageError
from datacc.frozen import frozen
from datacc.repo.contents import Contents, read_contents
from datacc.repo.cut import cut_segments
from datacc.repo.find import Repository
from datacc.repo.git import Git
from datacc.repo.operation import parse_lines
from datacc.repo.origins import Part, is_mark, parts_of, reverted_path
from datacc.repo.states import States
from datacc.repo.swap import swap
from datacc.repo.tidy import alone
from datacc.repo.words import counted


@frozen
class Reverted:
    """The commit that takes `of` back, how many edits that concerns, and how many examples are in conflict for it."""

    commit: str
    of: str
    message: str
    edits: int
    conflicts: int


def revert(repository: Repository, revision: str) -> Reverted:
    """Commit the contrary of the label edits in the commit `revision`; a revert can be reverted.

    An example that was labelled again later is then in conflict: the old value stands against the later one. Schema,
    imports, contract and ledger stay as they are. Raises `UsageError` for a commit without label edits, a merge, or one
    that was reverted already, `RepositoryError` when HEAD does not follow from it.
    """
    git = repository.git
    of = git.commit_of(revision)
    if git.ask("merge-base", of, "HEAD") != of:
        raise RepositoryError(f"{revision!r} is not in the history of HEAD", tries=["datacc log"])
    contents = read_contents(repository)
    tree = {path: blob for path, blob in contents.tree.items() if not is_mark(path)}
    everything = parts_of(tree, contents.origins)
    changes = _segments(repository, of, everything)
    leaving = [path for path, is_new in changes.items() if is_new and (path in contents.parts or path in contents.tree)]
    coming = [path for path, is_new in changes.items() if not is_new and path not in contents.parts]
    if not leaving and not coming:
        what = "was reverted already" if changes else "has no label edits"
        raise UsageError(f"the commit {of[:10]} {what}", tries=["datacc log", f"git revert {of[:10]}"])
    subject = git.run("log", "--max-count=1", "--format=%s", of).decode(errors="replace").strip()
    message = f'Revert "{subject}"\n\nThis takes back the label edits of {of}.'
    lines = {path: _text(git, everything.get(path), f"{of}:./{path}") for path in leaving}
    lines |= {path: _text(git, everything.get(path), f"{of}^:./{path}") for path in coming}
    with alone(repository.root):
        made = _commit(repository, contents, leaving, {path: lines[path] for path in coming}, message)
    edits = sum(text.count(b"\n") for text in lines.values())
    conflicts = len(_torn(repository, made, lines) - _torn(repository, contents.commit, lines))
    return Reverted(commit=made, of=of, message=message.split("\n")[0], edits=edits, conflicts=conflicts)


def _commit(
    repository: Repository, contents: Contents, leaving: Sequence[str], coming: Mapping[str, bytes], message: str
) -> str:
    """Commit that these segments leave and those, path → text, come back.

    Marks say so too, for lines that stand in a larger segment: here, or on a branch that is compacted and merged later.
    """
    tree = contents.tree
    marks = {reverted_path(path) for path in coming} & tree.keys()
    there = parts_of({path: blob for path, blob in tree.items() if path not in marks}, contents.origins)
    texts = {path: text for path, text in coming.items() if path not in there}
    cut = cut_segments(texts, lambda paths: {path: texts[path] for path in paths}, contents.forgotten)
    files = {path: text for path, text in texts.items() if path not in cut.moved} | cut.files
    files |= {reverted_path(path): b"" for path in leaving}
    return swap(repository, [*(path for path in leaving if path in tree), *marks], files, message)


def told(done: Reverted) -> str:
    """What a person is told of it."""
    text = f"{done.commit[:10]}  {counted(done.edits, 'edit')}: {done.message}"
    if done.conflicts:
        text += f"\n{counted(done.conflicts, 'example')} labelled again since: now in conflict\n  try: datacc status"
    return text


def _text(git: Git, part: Part | None, name: str) -> bytes:
    """The lines of a segment, from where they stand; where that is nowhere any more, from git's file `name`."""
    if part is None:
        return git.run("show", name)
    [text] = git.blobs([part.blob])
    return b"".join(text.splitlines(keepends=True)[part.start : part.end])


def _segments(repository: Repository, commit: str, known: Iterable[str]) -> dict[str, bool]:
    """The segments that a commit brought (True) or took away (False); of those that are `known`, marks tell it too."""
    git = repository.git
    parents = git.run("rev-list", "--parents", "--max-count=1", commit).split()[1:]
    if len(parents) > 1:
        raise UsageError(f"the commit {commit[:10]} is a merge", tries=["datacc revert the commits that it merged"])
    flags = ("-r", "-z", "--no-renames", "--root", "--no-commit-id", "--name-status", "--relative")
    if git.run("diff-tree", *flags, "--diff-filter=A", commit, "--", "forgotten", "origins"):
        raise UsageError(f"the commit {commit[:10]} rewrites files, and says nothing that could be taken back")
    words = (
        git.run("diff-tree", *flags, commit, "--", "ops", "reverted").decode(errors="surrogateescape").split("\0")[:-1]
    )
    found = dict(zip(words[1::2], words[::2], strict=True))
    changed = [path for path, status in found.items() if status not in ("A", "D")]
    if changed:
        raise RepositoryError("a segment was edited by hand", where=changed[0], tries=[f"git revert {commit[:10]}"])
    marked = {path: found[mark] == "D" for path in known if (mark := reverted_path(path)) in found}
    return marked | {path: status == "A" for path, status in found.items() if path.endswith(".jsonl")}


def _torn(repository: Repository, commit: str, segments: Mapping[str, bytes]) -> set[str]:
    """The examples of which these segments speak that are in conflict at a commit."""
    examples = {
        o.example
        for path, text in segments.items()
        for o in parse_lines(text.decode(errors="replace").split("\n"), path)
    }
    states = States(read_contents(repository, commit)).of(examples)
    return {id for id, state in states.items() if state.conflict}
