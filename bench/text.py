"""Measures programs of texts: quality and latency beside tuned TF-IDF with a linear model; from a CSV to a wheel.

    python bench/text.py             some ten minutes; builds everything anew
    python bench/text.py --quick     keeps earlier builds, tries fewer peers
    python bench/text.py --json      one JSON object on standard output, row → figures

It prints figures and asserts none. It needs scikit-learn and Faker, which the extra `gallery` installs, npm and apt.
"""

import argparse
import sys
import time
from collections.abc import Iterator

from sides import texts
from sides.gallery import TEXTS, built
from sides.machine import load, machine_class, versions
from sides.rows import Row, as_json, table


def measure(*, quick: bool) -> Iterator[Row]:
    """Every row, in the order in which they are measured."""
    programs = built(TEXTS, fresh=not quick)
    for program in programs:
        yield from texts.rows(program, quick=quick)
    yield from texts.from_nothing(programs[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="keep earlier builds, try fewer peers")
    options = parser.parse_args()
    began = time.monotonic()
    print(f"{machine_class()}; {load()}\n{versions(['scikit-learn'])}", file=sys.stderr)
    rows = []
    for row in measure(quick=options.quick):
        print(f"{time.monotonic() - began:4.0f} s  {row.name}", file=sys.stderr, flush=True)
        rows.append(row)
    print(f"at the end: {load()}", file=sys.stderr)
    print(as_json(rows) if options.json else table(rows))


if __name__ == "__main__":
    main()
