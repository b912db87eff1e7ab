"""Show the schema, or change it: classes and outputs keep their ids, and no row is rewritten.

Each change tells first what it touches and is one commit of its own; `git revert` takes it back.

  add-class OUTPUT NAME…              new classes, after the others; a retired one comes back
  add-column OUTPUT [CLASS…]          a new output
  rename OUTPUT OLD NEW               a class        rename-column OLD NEW   an output
  merge OUTPUT A B… --into C          A and B are read as C from now on
  split OUTPUT A --into B C           A becomes B where the first --where B "width < 5" holds; the others --else C,
                                      or wait for a decision; --by FILE: lines of an id, a tab, a class
  remove OUTPUT NAME                  a class that no example has; also called retire
  blind OUTPUT, open OUTPUT           whether annotators see what others vote
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from datacc.cli.outcome import Outcome, columns
from datacc.errors import DataError, UsageError
from datacc.repo import evolve
from datacc.repo.counts import count
from datacc.repo.evolve import Plan
from datacc.repo.find import find
from datacc.repo.impact import Impact, impact
from datacc.repo.rule import read_condition
from datacc.repo.schema import Column
from datacc.repo.words import counted
from datacc.repo.working import Working, read_working

EXAMPLE: Final = "datacc schema merge animal kitten cat --into cat --dry-run"

Words = Sequence[str]
_VERBS: Final[Mapping[str, tuple[int, Callable[[Working, Words, argparse.Namespace], Plan]]]] = {
    "add-class": (2, lambda w, a, o: evolve.add_classes(w.contents.schema, a[0], a[1:])),
    "add-column": (1, lambda w, a, o: evolve.add_output(w.contents.schema, a[0], a[1:])),
    "rename": (-3, lambda w, a, o: evolve.rename_class(w.contents.schema, a[0], a[1], a[2])),
    "rename-column": (-2, lambda w, a, o: evolve.rename_output(w.contents.schema, a[0], a[1])),
    "merge": (2, lambda w, a, o: evolve.merge_classes(w.contents.schema, a[0], a[1:], _one(o.into))),
    "split": (-2, lambda w, a, o: _split(w, a, o)),
    "remove": (-2, lambda w, a, o: evolve.retire(w, a[0], a[1])),
    "retire": (-2, lambda w, a, o: evolve.retire(w, a[0], a[1])),
    "blind": (-1, lambda w, a, o: evolve.set_blind(w.contents.schema, a[0], is_on=True)),
    "open": (-1, lambda w, a, o: evolve.set_blind(w.contents.schema, a[0], is_on=False)),
}  # how many words each needs; negative: exactly so many


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to change, and whether to."""
    parser.add_argument("change", nargs="?", choices=tuple(_VERBS), metavar="CHANGE", help="left out: show the schema")
    parser.add_argument("words", nargs="*", metavar="NAME", help="the output and the classes")
    parser.add_argument("--into", nargs="+", metavar="CLASS", help="of merge and split")
    condition = "of split: COLUMN, a sign (= != < <= > >= ~) and a value; the first that holds counts"
    forms = ("CLASS", "CONDITION")
    parser.add_argument("--where", nargs=2, action="append", default=[], metavar=forms, help=condition)
    parser.add_argument("--else", dest="otherwise", metavar="CLASS", help="of split: what all others become")
    parser.add_argument("--by", type=Path, metavar="FILE", help="of split: which example is which")
    parser.add_argument("--dry-run", action="store_true", help="only tell what it would touch")


def run(options: argparse.Namespace) -> Outcome:
    """The schema, or what a change does."""
    repository = find(Path.cwd())
    if options.change is None:
        return _show(read_working(repository))
    need, make = _VERBS[options.change]
    if len(options.words) < abs(need) or (need < 0 and len(options.words) > -need):
        raise UsageError(f"schema {options.change} needs other words", tries=["datacc schema --help"])
    working = read_working(repository, cells=True)
    plan = make(working, options.words, options)
    touched = impact(repository, working, plan, retires=options.change == "split")
    commit = None if options.dry_run else evolve.apply(repository, working, plan)
    facts = {
        "change": plan.message,
        "commit": commit,
        "files": list(plan.files),
        "becomes": dict(plan.becomes),
        "impact": asdict(touched),
    }
    return Outcome(facts=facts, text="\n".join(_told(plan, touched, commit)))


def _told(plan: Plan, touched: Impact, commit: str | None) -> Iterator[str]:
    yield f"{plan.message}: {counted(touched.examples, 'example')}, {touched.verified:,} verified"
    if touched.examples:
        yield "  " + ", ".join(f"{name} {count:,}" for name, count in touched.splits.items())
    if plan.becomes:
        yield "  become " + ", ".join(f"{name} {count:,}" for name, count in sorted(plan.becomes.items()))
    if touched.undecided:
        yield f"  {counted(touched.undecided, 'example')} wait for a decision; builds leave them out (datacc check)"
    yield from (f"  {line}" for line in touched.programs)
    yield f"committed {commit[:10]}; git revert {commit[:10]} takes it back" if commit else "nothing was changed"
    if commit and touched.edits:
        yield f"{counted(touched.edits, 'edit')} wait\nnext: datacc commit"


def _show(working: Working) -> Outcome:
    schema, lines, facts = working.contents.schema, list[str](), []
    counted_there = count(working)
    for column in schema.columns:
        known = counted_there.classes.get(column.id) or Counter[str]()
        counts = {one.id: known[one.id] for one in column.classes}
        lines.append(f"{column.name}  {column.kind} {column.type}{' blind' if column.blind else ''}".rstrip())
        if column.classes or column.former:
            lines.append(columns([*((one.name, f"{counts[one.id]:,}") for one in column.classes), *_former(column)],
                                 indent="  "))  # fmt: skip
        facts.append({**asdict(column), "counts": counts})
    return Outcome(facts={"columns": facts}, text="\n".join(lines) or "no columns yet")


def _former(column: Column) -> Iterator[tuple[str, str]]:
    for one in column.former:
        now = column.class_with(one.id)
        yield one.name, f"merged into {now.name}" if now else "retired"


def _one(into: Sequence[str] | None) -> str:
    if into is None or len(into) != 1:
        raise UsageError("merge into which one class?", tries=["--into CLASS"])
    return into[0]


def _split(working: Working, words: Words, options: argparse.Namespace) -> Plan:
    rule = [(name, read_condition(text)) for name, text in options.where]
    return evolve.split_class(
        working, words[0], words[1], options.into or (), _rule(options.by), rule, options.otherwise
    )


def _rule(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    if not file.is_file():
        raise DataError("there is no such file", where=str(file), tries=["lines of an id, a tab, a class"])
    rule: dict[str, str] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        id, tab, name = line.partition("\t")
        if not tab or id in rule:
            raise DataError("an id (each once), a tab and a class are needed", where=f"{file}:{number}")
        rule[id] = name
    return rule
