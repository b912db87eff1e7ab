"""Name the places outside git that hold packs of media, or list them.

`datacc remote add NAME PLACE`: a folder or s3://BUCKET/PREFIX. New imports then keep their packs there instead of in
git, `datacc push` puts them there, and whatever reads media fetches what it needs. With --both they stay in git, too.
Credentials never stand in the repository: they are yours (AWS_PROFILE, AWS_ENDPOINT_URL …).
"""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, columns
from datacc.errors import UsageError
from datacc.repo.find import Repository, find
from datacc.repo.remote_store import RemoteStore
from datacc.repo.remotes import Keep, Remote, add_remote, contact, read_remotes, remove_remote
from datacc.repo.trust import trusted

EXAMPLE: Final = "datacc remote add pictures s3://our-bucket/pets"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, with which remote."""
    parser.add_argument("what", nargs="?", choices=("list", "add", "remove"), default="list", help="(list)")
    parser.add_argument("name", nargs="?", help="a-z, 0-9 and -")
    parser.add_argument("place", nargs="?", help="a folder, or s3://BUCKET/PREFIX")
    parser.add_argument("--both", action="store_true", help="packs stay in git, too; the remote is a second copy")


def run(options: argparse.Namespace) -> Outcome:
    """The remotes, or the one that was added or removed."""
    repository = find(Path.cwd())
    given = [one for one in (options.name, options.place) if one is not None]
    if len(given) != {"list": 0, "add": 2, "remove": 1}[options.what]:
        tries = ["datacc remote list", "datacc remote add NAME PLACE", "datacc remote remove NAME"]
        raise UsageError("too few or too many words", where="datacc remote", tries=tries)
    if options.what == "add":
        packs: Keep = "both" if options.both else "outside"
        return _told(repository, [add_remote(repository, options.name, options.place, packs, RemoteStore)])
    if options.what == "remove":
        gone = remove_remote(repository, options.name)
        return Outcome(
            facts={"removed": asdict(gone)}, text=f"{gone.name} is no remote any longer; it keeps what it has"
        )
    return _told(repository, list(read_remotes(repository.git)))


def _told(repository: Repository, remotes: list[Remote]) -> Outcome:
    allowed = trusted(repository)
    facts = [{**asdict(one), "trusted": contact(one.url) in allowed} for one in remotes]
    rows = [(f["name"], f["url"], f"packs {f['packs']}", "" if f["trusted"] else "not trusted yet") for f in facts]
    text = columns(rows) if rows else "packs of media are in git; datacc remote add NAME PLACE keeps them elsewhere"
    return Outcome(facts={"remotes": facts}, text=text)
