"""A proof in words: what is certified, what is not, and why."""

from datacc.runtime.prove.proof import FAILED, NOT_CHECKED, NOT_FULLY, NOT_GIVEN, PROVEN, Proof

_WORK = "every input takes the same instructions, in the memory that was planned, without heap or system calls"
_TRACE = "no address depends on the input either"


def words(proof: Proof) -> str:
    """A few lines: one for each certificate, then what failed and what was not checked."""
    lines = [f"work: {_sentence(proof.certificate('work'), _WORK)}"]
    if proof.certificate("trace") == NOT_GIVEN:
        named = ", ".join(f"{name} ({size:,} bytes)" for name, size in proof.tables.items())
        lines.append(f"trace: not given: addresses in the table of {named} depend on the input")
    else:
        lines.append(f"trace: {_sentence(proof.certificate('trace'), _TRACE)}")
    for check in proof.checks:
        given = proof.certificate("trace") != NOT_GIVEN or check.certificate == "work"
        if check.status in (FAILED, NOT_CHECKED) and given:
            lines.append(f"  {check.name}: {check.status}: {check.evidence}")
    if any(check.on == "same C" for check in proof.checks):
        lines.append(f"  the library for {proof.cpu} was not run; the same C was compiled for this machine and run")
    return "\n".join(lines)


def _sentence(status: str, promise: str) -> str:
    return {PROVEN: f"proven: {promise}", NOT_FULLY: "not fully checked"}.get(status, status)
