"""Take channels out of a built program until it costs no more than asked.

Those go whose changes weigh least in what reads them; what is left is fitted briefly to the examples of now, and judged
as any build. The artifact takes the place of the one before; datacc.lock names the program that it came from as its
parent.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome
from datacc.cli.place import place_of
from datacc.cli.progress import FitDisplay
from datacc.cli.verdict import verdict
from datacc.compiler.slim import slim
from datacc.errors import SpecError, UsageError
from datacc.spec.program import FILE, Budget
from datacc.spec.read import read_program
from datacc.spec.units import parse_bytes, parse_work

EXAMPLE: Final = "datacc slim build/digits --work 0.5MMAC"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The artifact, and what it may cost."""
    parser.add_argument("artifact", nargs="?", type=Path, help="the folder that a build left (that of this program)")
    parser.add_argument("--work", metavar="W", help="the most multiply-adds of one answer, with a unit: 0.5MMAC")
    parser.add_argument("--size", metavar="S", help="the largest library, with a unit: 40kB")
    parser.add_argument("--memory", metavar="M", help="the most arena and stack, with a unit: 16KiB")


def run(options: argparse.Namespace) -> Outcome:
    """Slim, fit briefly, and tell how the judge decided."""
    limits = _limits(options)
    place = place_of(options.artifact)
    program = read_program(place.root / FILE)
    with FitDisplay() as display:
        report = slim(
            *(place.artifact, program, place.root, place.store, limits),
            lambda rung: display.watch(f"fit on {rung.title}"),
        )
    return verdict(report, place.root / "build" / program.name)


def _limits(options: argparse.Namespace) -> Budget:
    limits = Budget(
        work=_limit("--work", options.work, parse_work),
        size=_limit("--size", options.size, parse_bytes),
        memory=_limit("--memory", options.memory, parse_bytes),
    )
    if limits == Budget():
        raise UsageError("slim to what?", tries=["--work 0.5MMAC", "--size 40kB", "--memory 16KiB"])
    return limits


def _limit(option: str, text: str | None, parse: Callable[[str], int]) -> int | None:
    try:
        return None if text is None else parse(text)
    except SpecError as error:
        raise SpecError(error.what, where=option, tries=[f"{option} {one}" for one in error.tries]) from error
