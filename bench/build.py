"""Measures builds: time to a peer's quality, the search beside an exhaustive sweep, builds again and elsewhere.

    python bench/build.py             some minutes: npm's 10,000 digits and scikit-learn's 1,797
    python bench/build.py --quick     a minute: the small digits alone
    python bench/build.py --only incremental   ten minutes: builds after edits; or again, quality, search
    python bench/build.py --json      one JSON object on standard output, row → figures

Everything begins from nothing. Peers that are not installed are skipped, with a line that says so. It asserts nothing.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sides import build_again, build_quality, build_search, incremental
from sides.build_sets import BuildSet, sets
from sides.rows import Row
from sides.telling import tell

PACKAGES = ("numpy", "ziglang", "torch", "scikit-learn")


PARTS: Final[Mapping[str, Callable[[BuildSet, bool], Iterator[Row]]]] = {
    "again": lambda data, quick: build_again.rows(data, quick=quick),
    "quality": lambda data, quick: build_quality.rows(data),
    "search": lambda data, quick: build_search.rows(data),
    "incremental": lambda data, quick: _incremental(data),
}


def measure(*, quick: bool, only: str | None) -> Iterator[Row]:
    """Every row, set by set."""
    for data in sets(quick=quick):
        for name, rows in PARTS.items():
            if only in (None, name):
                yield from rows(data, quick)


def _incremental(data: BuildSet) -> Iterator[Row]:
    if data.name == "mnist":
        yield from incremental.whole(data.table, data.label)
        yield from incremental.rows(data.program, data.snapshot, data.truth)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="about a minute")
    parser.add_argument("--only", choices=PARTS, help="one part of it")
    options = parser.parse_args()
    tell(measure(quick=options.quick, only=options.only), PACKAGES, json=options.json)


if __name__ == "__main__":
    main()
