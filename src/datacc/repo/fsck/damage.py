"""One thing that is wrong with a repository, and what mends it."""

from typing import Literal

from datacc.frozen import frozen

Copy = Literal["object", "file", "pack", "remote", "cache", "journal", "content"]


@frozen
class Damage:
    """What is wrong `where` (a path, with `:line` where there is one), and the `repair`.

    `copy` says which copy is meant: git's `object` store, a `file` of the working tree, a `pack` here or in a `remote`,
    a `cache`, the `journal`, or the `content` of the commit, which no other copy can mend. `name` is its id there.
    """

    where: str
    what: str
    repair: str
    copy: Copy
    name: str = ""
