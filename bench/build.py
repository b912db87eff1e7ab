"""Measures builds: time to a peer's quality, the search beside an exhaustive sweep, builds again and elsewhere.

    python bench/build.py             some minutes: npm's 10,000 digits and scikit-learn's 1,797
    python bench/build.py --quick     a minute: the small digits alone
    python bench/build.py --json      one JSON object on standard output, row → figures

Everything begins from nothing. Peers that are not installed are skipped, with a line that says so. It asserts nothing.
"""

import argparse
import sys
import time
from collections.abc import Iterator

from sides import build_again, build_quality, build_search, incremental
from sides.build_sets import sets
from sides.machine import load, machine_class, versions
from sides.rows import Row, as_json, table

PACKAGES = ("numpy", "ziglang", "torch", "scikit-learn")


def measure(*, quick: bool) -> Iterator[Row]:
    """Every row, set by set."""
    for data in sets(quick=quick):
        yield from build_again.rows(data, quick=quick)
        yield from build_quality.rows(data)
        yield from build_search.rows(data)
        if data.name == "mnist":
            yield from incremental.rows(data.program, data.snapshot, data.truth)
            yield from incremental.whole(data.table, data.label)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="about a minute")
    options = parser.parse_args()
    began = time.monotonic()
    print(f"{machine_class()}; {load()}\n{versions(PACKAGES)}", file=sys.stderr)
    rows = []
    for row in measure(quick=options.quick):
        said = " ".join(table([row]).splitlines()[1].split())
        print(f"{time.monotonic() - began:4.0f} s  {said}", file=sys.stderr, flush=True)
        rows.append(row)
    print(f"at the end: {load()}", file=sys.stderr)
    print(as_json(rows) if options.json else table(rows))


if __name__ == "__main__":
    main()
