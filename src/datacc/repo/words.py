"""Numbers and foreign text as they stand in a sentence for people."""


def counted(count: int, one: str, many: str | None = None) -> str:
    """The count with its noun: "1 edit", "5,000 edits"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def printable(text: str, longest: int = 200) -> str:
    """`text` on one line: characters that cannot be seen are escaped, and what is too long is cut."""
    seen = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return seen if len(seen) <= longest else f"{seen[: longest - 1]}…"
