"""Every error a user can see: what happened, where, and what to try; one exit code per class."""

from collections.abc import Iterable


class DataccError(Exception):
    """A failure that the user can mend; anything else is a bug and keeps its traceback.

    `what` says what is wrong, `where` names the place ("datacc.toml:25", a file, an example id), `tries` are
    concrete things to do, best first. Printed by the command line as `error: where: what`, then `try:` lines.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", tries: Iterable[str] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.tries = tuple(tries)

    def __str__(self) -> str:
        """The full text, as the command line prints it, without the leading `error: `."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        return "\n".join([head, *(f"  try: {attempt}" for attempt in self.tries)])


class UsageError(DataccError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = 2


class SpecError(DataccError):
    """`datacc.toml` or `datacc.lock` cannot be understood or contradicts itself."""

    exit_code = 3


class DataError(DataccError):
    """The examples are unusable: a damaged file, a missing column, too few rows, an unknown label."""

    exit_code = 4


class RepositoryError(DataccError):
    """The label repository is missing, damaged, or from a newer datacc."""

    exit_code = 5


class CertifyError(DataccError):
    """The judge split is too small to certify the goal, even without a single wrong answer."""

    exit_code = 6


class BudgetError(DataccError):
    """No skeleton can meet the budget; nothing was fitted."""

    exit_code = 7


class GoalMissed(DataccError):
    """The program was built and judged, and misses its goal, a check or its budget."""

    exit_code = 8


class ParityError(DataccError):
    """The compiled program and the reference interpreter disagree on a judged row."""

    exit_code = 9


class ToolchainError(DataccError):
    """The C compiler is missing or refused the emitted code."""

    exit_code = 10


class MissingExtra(DataccError):
    """An optional dependency is needed that is not installed."""

    exit_code = 11


class ResourceError(DataccError):
    """The machine ran out of disk or memory; nothing half-written was left."""

    exit_code = 12


class GraphError(DataccError):
    """A Graph breaks the rules of the op table: wrong types, a hole left open, an unknown op."""

    exit_code = 13


class FitError(DataccError):
    """Fitting failed: the loss is not a number, or there is nothing to learn from."""

    exit_code = 14


class VerifyError(DataccError):
    """The same examples and the same lock gave other bytes when they were built again elsewhere."""

    exit_code = 15


class ModelError(DataccError):
    """An ONNX model is damaged, or holds something that the op table cannot say."""

    exit_code = 16


class ProofFailed(DataccError):
    """A built program breaks a promise that `datacc prove` looked at."""

    exit_code = 17


class ProofIncomplete(DataccError):
    """No promise was seen broken, but something could not be checked on this machine."""

    exit_code = 18


class TrustError(DataccError):
    """Something that came with the repository would be run, loaded or contacted, and nobody trusted it yet."""

    exit_code = 19


class RemoteError(DataccError):
    """A remote cannot be reached, refuses, or holds something damaged; nothing was changed here."""

    exit_code = 20


class TeacherError(DataccError):
    """A teacher failed while it was asked; the answers that came before are kept, and are not asked for again."""

    exit_code = 21
