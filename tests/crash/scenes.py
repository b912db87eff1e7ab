"""The commands that are spoilt, and where each begins."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from tests.crash.world import World, says


@dataclass
class Scene:
    """`prepare` brings the world to where `words` are to be run. `again`: repeating it after it was done is right."""

    prepare: Callable[["World"], None]
    words: list[str]
    again: bool = False


def labelled(world: World) -> None:
    says(world, 0, 1, 2)


def committed(world: World) -> None:
    labelled(world)
    world.do("commit")


def parted(world: World) -> None:
    world.do("branch", "side")
    committed(world)
    world.do("switch", "side")
    says(world, 4, 5, label="dog")
    world.do("import", str(world.trial / "second"))
    world.do("commit")
    world.do("switch", "main")


def imported(world: World) -> None:
    committed(world)
    world.do("import", str(world.trial / "second"))


def behind(world: World) -> None:
    imported(world)
    world.do("push")
    world.git("reset", "--quiet", "--hard", "HEAD~1")
    says(world, 5, 6, label="dog")
    world.do("commit")


def littered(world: World) -> None:
    """Packs that nothing needs, old enough, here and (marked) in the store."""
    for number, folder in enumerate((world.here / ".datacc/packs", world.trial / "near/store/packs")):
        (folder / f"{number}".zfill(32)).write_bytes(b"nothing needs this")
        os.utime(folder / f"{number}".zfill(32), (0, 0))
    marks = world.trial / "near/store/tombstones"
    marks.mkdir(exist_ok=True)
    (marks / "1".zfill(32)).write_text('{"marked": "2026-01-01T00:00:00+00:00"}')


def scattered(world: World) -> None:
    """Small segments, some pushed, and edits that wait."""
    for number in range(4):
        says(world, number)
        world.do("commit")
    world.do("push")
    says(world, 5)


def known(world: World) -> None:
    """One example of which runs, a pack, segments and the journal speak, beside others; all of it pushed."""
    committed(world)
    says(world, 4)
    world.do("commit")
    world.do("push")
    says(world, 4, 5, label="dog")


def damaged(world: World) -> None:
    [pack] = (world.here / ".datacc/packs").iterdir()
    pack.write_bytes(b"damaged" + pack.read_bytes()[7:])


SCENES = {
    "label": Scene(lambda world: None, ["label", "ID", "cat"]),
    "commit": Scene(labelled, ["commit"]),
    "undo": Scene(committed, ["undo"]),
    "revert": Scene(committed, ["revert", "HEAD"]),
    "import": Scene(labelled, ["import", "SECOND"], again=True),
    "merge": Scene(parted, ["merge", "side"], again=True),
    "switch": Scene(parted, ["switch", "side"], again=True),
    "schema": Scene(labelled, ["schema", "rename", "kind", "cat", "feline"]),
    "push": Scene(imported, ["push"], again=True),
    "pull": Scene(behind, ["pull"], again=True),
    "gc": Scene(littered, ["gc", "--yes"], again=True),
    "compact": Scene(scattered, ["compact", "--yes"]),
    "forget": Scene(known, ["forget", "ID", "--yes"], again=True),
    "heal": Scene(damaged, ["fsck", "--heal"], again=True),
}
