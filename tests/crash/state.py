"""What a repository says, by git and sqlite3 alone."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.crash.world import World


def state(world: World) -> dict[str, Any]:
    """What the repository says, without datacc: trees, edits (without their times), branch, files that differ."""
    lines = []
    if (world.here / ".datacc/journal").exists():
        database = sqlite3.connect(world.here / ".datacc/journal")
        lines = [line for (line,) in database.execute("SELECT line FROM edits")]
        database.close()
    store = world.trial / "near/store"
    return {
        "history": history(world, world.here, "HEAD"),
        "host": history(world, world.trial / "host.git", "main"),
        "journal": sorted(map(timeless, lines)),
        "branch": world.git("symbolic-ref", "HEAD"),
        "dirty": world.git("status", "--porcelain", "--untracked-files=all"),
        "packs": listed(world.here / ".datacc/packs") + listed(store / "packs") + listed(store / "tombstones"),
    }


def history(world: World, folder: Path, revision: str) -> list[str]:
    """Every file with its blob; of segments and tombstones the lines, whose times differ."""
    tree = [line.split(None, 3) for line in world.git("ls-tree", "-r", revision, cwd=folder).splitlines()]
    said = [blob for _, _, blob, path in tree if path.startswith(("ops/", "forgotten/"))]
    lines = world.git("cat-file", "--batch=", cwd=folder, input="\n".join(said)).splitlines() if said else []
    return sorted(
        [f"{blob} {path}" for _, _, blob, path in tree if blob not in said] + list(map(timeless, filter(None, lines)))
    )


def timeless(line: str) -> str:
    return json.dumps({key: value for key, value in json.loads(line).items() if key != "when"}, sort_keys=True)


def listed(folder: Path) -> list[str]:
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [f"{folder.parent.name}/{folder.name}/{one.name} {one.stat().st_size}" for one in found
            if not one.name.startswith(".")]  # fmt: skip


def difference(now: dict[str, Any], then: dict[str, Any]) -> str:
    return str({key: sorted(set(now[key]) ^ set(then[key]))[:4] if isinstance(now[key], list)
                else (now[key], then[key]) for key in now if now[key] != then[key]})  # fmt: skip
