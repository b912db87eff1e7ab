"""Numbers and foreign text as they stand in a sentence for people."""

from collections.abc import Sequence


def counted(count: int, one: str, many: str | None = None) -> str:
    """The count with its noun: "1 edit", "5,000 edits"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def printable(text: str, longest: int = 200) -> str:
    """`text` on one line: characters that cannot be seen are escaped, and what is too long is cut."""
    hidden = not text.isprintable()
    seen = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text) if hidden else text
    return seen if len(seen) <= longest else f"{seen[: longest - 1]}…"


def listed(names: Sequence[str], most: int = 8) -> str:
    """Foreign names in a row, each quoted and cut: "'a', 'b' and 3 more"."""
    shown = ", ".join(repr(name if len(name) <= 60 else f"{name[:59]}…") for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def seen_once(names: Sequence[str]) -> str:
    """What is to be said of classes that have one example."""
    are = "is seen once: it" if len(names) == 1 else "are seen once each: they"
    return f"{listed(names)} {are} cannot be in learn, tune and judge"


def repairs(path: str) -> list[str]:
    """What brings a file of the history back that somebody changed or removed."""
    return [f"git log -- {path} tells who changed it", f"git checkout COMMIT -- {path} brings it back, then git commit"]
