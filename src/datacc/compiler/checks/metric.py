"""The check `metric`: a figure of merit on a slice or of one class."""

import math
from typing import Final

from datacc.compiler.certify import refuse_rows
from datacc.compiler.checks import RateKind, Trial
from datacc.compiler.slices import class_index, described, place_of
from datacc.compiler.verdict import share
from datacc.errors import CertifyError
from datacc.goals import Figure, Metric
from datacc.goals.bootstrap import LEAST
from datacc.registry import load
from datacc.repo.snapshot import JUDGE, Snapshot
from datacc.spec.bounds import needed_total
from datacc.spec.checks import measures, read_where
from datacc.spec.program import Check, Field, Program
from datacc.spec.table import Table


class MetricKind(RateKind):
    """Keys: `metric`, `class` for a metric of one class, `where`, `at_least`; `at_most` where less is better."""

    def read(self, table: Table, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> Check:
        """The check that the table asks for."""
        table.known(["metric", "class", "where", "at_least", "at_most"])
        metric = table.need("metric", str, example='metric = "recall"')
        with table.blaming("metric"):
            member = _metric(metric)
        if outputs[0].form not in member.forms:
            what = f"{metric} does not measure {outputs[0].name}, which is of type {outputs[0].type}"
            raise table.error(what, "metric", [f"one of {', '.join(measures(outputs[0]))}"])
        if member.needs_known:
            raise table.error(f"{metric} is a goal, not a check", "metric", [f"{metric} = … under [goal]"])
        of_class = table.find("class", str)
        if member.needs_class and of_class is None:
            raise table.error(f"{metric} is of one class: which?", "metric", ['class = "…"'])
        if of_class is not None and not member.takes_class:
            raise table.error(f"{metric} is not of one class", "class", ['metric = "recall"'])
        wrong, right = ("at_least", "at_most") if member.at_most else ("at_most", "at_least")
        if wrong in table.values:
            better = "less" if member.at_most else "more"
            raise table.error(f"of {metric} {better} is better: it is held to {right}", wrong, [f"{right} = 0.5"])
        if not member.at_most:
            return Check(metric=metric, at_least=table.share("at_least"), of_class=of_class, where=read_where(table))
        limit = table.need("at_most", float, example="at_most = 0.5")
        if not 0 < limit < math.inf:
            raise table.error(f"{metric} is a number above 0; {limit:g} is not", "at_most", ["at_most = 0.5"])
        return Check(metric=metric, of_class=of_class, where=read_where(table), options={"at_most": limit})

    def limit(self, check: Check) -> float:
        """The share, or the largest amount."""
        return float(check.options.get("at_most", check.at_least))

    def described(self, check: Check) -> str:
        """The metric, its class and its slice."""
        return described(check)

    def certify(self, check: Check, program: Program, snapshot: Snapshot) -> str:
        """Refuse a slice that is too small; warn of a class that may be, since judge labels are sealed."""
        chosen = refuse_rows(described(check), check, program, snapshot)
        rows = int((chosen & (snapshot.splits == JUDGE)).sum())
        if rows < LEAST and not _metric(check.metric).exact:
            what = f"{described(check)} cannot be certified by {rows:,} judge examples"
            tries = [f"more examples: {LEAST} in judge are the least", "a larger slice"]
            raise CertifyError(what, where=place_of(check, program.file), tries=tries)
        field = program.outputs[0].name
        index = class_index(snapshot, field, check, program.file)
        if index is None:
            return ""
        judged = snapshot.splits == JUDGE
        seen = chosen & ~judged
        labels = snapshot.labels[field][seen]
        of_class = int((labels[:, index] > 0 if labels.ndim > 1 else labels == index).sum())
        expected = int((chosen & judged).sum()) * of_class / max(1, int(seen.sum()))
        wanted = needed_total(check.at_least)
        if expected >= wanted:
            return ""
        return (
            f"{described(check)} ≥ {share(check.at_least)} needs {wanted:,} judge examples of the class even without "
            f"an error; about {expected:.0f} are there (estimated from learn and tune: judge labels are sealed)"
        )

    def figure(self, check: Check, trial: Trial) -> Figure:
        """The metric on the slice."""
        part = trial.sliced(check)
        index = class_index(part.snapshot, part.field, check, part.program.file)
        metric = _metric(check.metric)
        return metric.measure(part.truth, part.said, index)


def _metric(name: str) -> Metric:
    found: Metric = load("goals", name)
    return found


ENTRY: Final = MetricKind()
