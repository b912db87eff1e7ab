"""Prove that a built program does the same work for every input, without heap, in planned memory.

Writes proof.json beside it. Needs valgrind and gcc (or clang) for everything; what it lacks it calls "not checked".
"""

import argparse
from pathlib import Path
from typing import Final

from rich.table import Table

from datacc.cli.outcome import Outcome
from datacc.cli.place import place_of
from datacc.errors import ProofFailed, ProofIncomplete
from datacc.repo.wishes import require_trusted_build
from datacc.runtime.prove import prove
from datacc.runtime.prove.proof import FAILED, NOT_CHECKED, NOT_FULLY, NOT_GIVEN, Proof
from datacc.runtime.prove.words import words
from datacc.store import write_atomically

EXAMPLE: Final = "datacc prove build/digits"
FILE: Final = "proof.json"
STYLE: Final = {"passed": "green", FAILED: "red", NOT_CHECKED: "yellow"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The artifact, and which inputs."""
    parser.add_argument("artifact", nargs="?", type=Path, help="the folder that a build left (that of this program)")
    parser.add_argument("--seed", type=int, default=0, help="other random inputs (0)")


def run(options: argparse.Namespace) -> Outcome:
    """The table of checks, the certificates in words."""
    folder: Path = options.artifact or place_of(None).artifact
    require_trusted_build(folder)
    proof = prove(folder, abs(options.seed))
    write_atomically(folder / FILE, proof.to_json().encode())
    facts = {"folder": str(folder), "proof": proof.to_facts()}
    return Outcome(facts=facts, picture=_table(proof), text=words(proof), error=_error(proof))


def _table(proof: Proof) -> Table:
    table = Table(box=None, pad_edge=False, title=proof.name, title_justify="left")
    for head in ("check", "status", "evidence", "planted and caught"):
        table.add_column(head)
    for check in proof.checks:
        caught = ", ".join(what for what, seen in check.controls.items() if seen)
        status = check.status
        if check.certificate == "trace" and proof.certificate("trace") == NOT_GIVEN:
            status = NOT_GIVEN
        table.add_row(check.name, f"[{STYLE.get(status, 'yellow')}]{status}[/]", check.evidence, caught)
    return table


def _error(proof: Proof) -> ProofFailed | ProofIncomplete | None:
    found = {proof.certificate("work"), proof.certificate("trace")}
    if FAILED in found:
        failed = [check.name for check in proof.checks if check.status == FAILED]
        return ProofFailed(f"{proof.name} does not hold: {', '.join(failed)}")
    if NOT_FULLY in found:
        missing = [check.name for check in proof.checks if check.status == NOT_CHECKED]
        what = f"not everything of {proof.name} was checked: {', '.join(missing) or 'the library was not run'}"
        return ProofIncomplete(what, tries=["install valgrind and gcc, then datacc prove"])
    return None
