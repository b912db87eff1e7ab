"""Show what it takes to forget examples that are personal data, and with --yes forget them.

They leave runs, segments, media, the journal, the caches, and the packs here and in the remotes; a tombstone keeps
merges and imports from bringing them back. What git's history still holds is listed, with the command that rewrites it.
The exit code is 20 when a remote has their packs still.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.errors import RemoteError
from datacc.repo.find import find
from datacc.repo.forget import Forgotten, forget
from datacc.repo.remains import COMMAND
from datacc.repo.words import counted

EXAMPLE: Final = 'datacc forget 3f2a91 --reason "asked for on paper, case 17" --yes'
MOST: Final = 20  # files and commits that are printed; --json has all


def arguments(parser: argparse.ArgumentParser) -> None:
    """The examples, why, and whether to do it."""
    parser.add_argument("examples", nargs="+", metavar="example", help="the first digits of its id")
    parser.add_argument("--reason", help="kept with the tombstone: say nothing personal (personal data)")
    parser.add_argument("--yes", action="store_true", help="do it; without, it is only shown")


def run(options: argparse.Namespace) -> Outcome:
    """Forget, or show what that would be."""
    done = forget(find(Path.cwd()), options.examples, options.reason, really=options.yes)
    told = asdict(done)
    told["history"] = {"commits": done.history.commits, "files": done.history.files}
    facts = {**told, "command": COMMAND if done.history.files else None, "done": options.yes}
    return Outcome(facts=facts, text="\n".join(_lines(done, done=options.yes)), error=_left(done))


def _left(found: Forgotten) -> RemoteError | None:
    """That remotes still have packs of what is forgotten."""
    if not found.left:
        return None
    told = ", ".join(f"{remote} ({why})" for remote, why in found.left.items())
    again = f"datacc forget {' '.join(one[:12] for one in found.examples)} --yes, when that is settled"
    return RemoteError(f"packs with forgotten examples are left in {told}", tries=[again])


def _lines(found: Forgotten, *, done: bool) -> Iterator[str]:
    where = f" in commit {found.commit[:10]}" if found.commit else ""
    yield f"{counted(len(found.examples), 'example')} {'forgotten' if done else 'to forget'}{where}"
    yield f"  from {counted(found.runs, 'run')}, {counted(found.segments, 'segment')}" + (
        f", and {counted(found.waiting_edits, 'edit')} that waited for a commit" if found.waiting_edits else ""
    )
    if found.media:
        yield f"  with {counted(len(found.media), 'file')} in {counted(len(found.packs), 'pack')}"
    for name in found.shared:
        yield f"  the file {name} stays: another example uses it"
    for remote, packs in found.erased.items():
        yield f"  {counted(len(packs), 'pack')} deleted in {remote}"
    for build in found.builds:
        yield f"note: {build} was built from it, and may have learnt it: build again, and withdraw what was given away"
    yield from _history(found, done=done)
    if not done:
        yield "nothing was changed; --yes does it"


def _history(found: Forgotten, *, done: bool) -> Iterator[str]:
    files, commits = found.history.files, found.history.commits
    if not files:
        yield "git's history here holds nothing of it"
        return
    yield f"git's history {'still holds' if done else 'holds'} it in {counted(len(files), 'file')}:"
    yield from (f"  {blob[:10]}  {path}" for path, blob in list(files.items())[:MOST])
    yield from [f"  {len(files) - MOST:,} more (--json)"] if len(files) > MOST else []
    yield f"that came with {counted(len(commits), 'commit')}: {' '.join(one[:10] for one in commits[:MOST])}" + (
        " …" if len(commits) > MOST else ""
    )
    yield "whoever has those commits can read it: every clone, the host, its caches and pull requests"
    if done:
        yield "this rewrites all branches and tags here, hashes of commits included (pip install git-filter-repo):"
        yield f"  {COMMAND}"
        yield f"  datacc forget {found.examples[0][:12]} --yes        then once more, for caches filled meanwhile"
        yield "  git push --force --all      and --tags, to every host; then ask the host to delete what it kept"
        yield "everybody else must clone again, since their clones keep their copies and would push them back"
