"""The rows of a bench: one figure of ours each, alone or beside a peer's; as a table and as JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Better = Literal["less", "more"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure named `a/b`, or `a/b/peer` where a peer's figure stands beside ours.

    `unit` is one of s, B, share, or a plain word for a count; `better` says which way is good.
    """

    name: str
    ours: float
    peer: float | None = None
    unit: str = "s"
    better: Better = "less"
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times better ours is: above 1 is good. None without a peer, or where one of the two is nothing."""
        if not self.peer or not self.ours:
            return None
        return self.peer / self.ours if self.better == "less" else self.ours / self.peer

    @property
    def plain(self) -> dict[str, float | None]:
        """The figures as JSON says them."""
        alone: dict[str, float | None] = {"ours": self.ours}
        return alone if self.peer is None else {**alone, "peer": self.peer, "ratio": self.ratio}


def as_json(rows: Iterable[Row]) -> str:
    """One object, row → figures. Raises `ValueError` when two rows have one name."""
    named: dict[str, dict[str, float | None]] = {}
    for row in rows:
        if row.name in named:
            raise ValueError(f"two rows are called {row.name}")
        named[row.name] = row.plain
    return json.dumps(named, indent=1, allow_nan=False)


def table(rows: Sequence[Row]) -> str:
    """The rows under each other, in columns."""
    heads = ("row", "ours", "peer", "ratio", "")
    cells = [
        (row.name, shown(row.ours, row.unit), shown(row.peer, row.unit), _times(row.ratio), row.note) for row in rows
    ]
    widths = [max(len(line[k]) for line in (heads, *cells)) for k in range(4)]
    return "\n".join(
        f"{name:<{widths[0]}}  {ours:>{widths[1]}}  {peer:>{widths[2]}}  {ratio:>{widths[3]}}  {note}".rstrip()
        for name, ours, peer, ratio, note in (heads, *cells)
    )


def shown(value: float | None, unit: str) -> str:
    """A figure for people: seconds and bytes in a fitting size, shares in percent, counts as they are."""
    if value is None:
        return ""
    if unit == "s":
        return next(f"{value * n:.3g} {word}" for n, word in _SECONDS if value * n >= 1 or word == "ns")
    if unit == "B":
        return next(f"{value / n:.4g} {word}" for n, word in _BYTES if value >= n or word == "B")
    return f"{value * 100:.2f} %" if unit == "share" else f"{value:,.0f} {unit}".rstrip()


_SECONDS = ((1, "s"), (1e3, "ms"), (1e6, "µs"), (1e9, "ns"))
_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "B"))


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.3g}×"
