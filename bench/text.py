"""Measures programs of texts: quality and latency beside tuned TF-IDF with a linear model; from a CSV to a wheel.

    python bench/text.py             some ten minutes; builds everything anew
    python bench/text.py --quick     keeps earlier builds, tries fewer peers
    python bench/text.py --json      one JSON object on standard output, row → figures

It prints figures and asserts none. It needs scikit-learn and Faker, which the extra `gallery` installs, npm and apt.
"""

import argparse
from collections.abc import Iterator

from sides import texts
from sides.gallery import TEXTS, built
from sides.rows import Row
from sides.telling import tell


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
    tell(measure(quick=options.quick), ("scikit-learn",), json=options.json)


if __name__ == "__main__":
    main()
