"""Tells the rows of a bench: on standard error each when it is there, on standard output all of them at the end."""

import sys
import time
from collections.abc import Iterable

from .machine import load, machine_class, versions
from .rows import Row, as_json, table


def tell(rows: Iterable[Row], packages: Iterable[str], *, json: bool) -> None:
    """Measures by going through `rows`; before and after stands what the machine is, and the versions of `packages`."""
    began = time.monotonic()
    print(f"{machine_class()}; {load()}\n{versions(packages)}", file=sys.stderr)
    done = []
    for row in rows:
        figures = " ".join(table([row]).splitlines()[1].split())
        print(f"{time.monotonic() - began:4.0f} s  {figures}", file=sys.stderr, flush=True)
        done.append(row)
    print(f"at the end: {load()}", file=sys.stderr)
    print(as_json(done) if json else table(done))
