"""Measures the spine on what ships: the gallery's programs, the commands, the generated C; peers in the same run.

    python bench/spine.py             about five minutes; builds everything anew
    python bench/spine.py --quick     20 s, or about 50 where it has to build; keeps earlier builds, does less
    python bench/spine.py --json      one JSON object on standard output, row → figures

It prints figures and asserts none. Peers that are not installed are skipped, with a line that says so.
"""

import argparse
from collections.abc import Iterator

from sides import command, footprint, generated, latency, quality
from sides.gallery import built
from sides.rows import Row
from sides.telling import tell

PEERS = ("numpy", "ziglang", "torch", "onnxruntime", "scikit-learn")


def measure(*, quick: bool) -> Iterator[Row]:
    """Every row, in the order in which they are measured."""
    programs = built(fresh=not quick)
    for program in programs:
        yield from quality.rows(program, quick=quick)
        yield from latency.rows(program, quick=quick)
        yield from generated.rows(program, quick=quick)
    digits = programs[0]
    yield from command.small(digits, quick=quick)
    yield from command.large(programs, quick=quick)
    yield from footprint.rows(digits, quick=quick)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="at most 50 seconds")
    options = parser.parse_args()
    tell(measure(quick=options.quick), PEERS, json=options.json)


if __name__ == "__main__":
    main()
