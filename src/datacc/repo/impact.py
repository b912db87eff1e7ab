"""What a change of the schema would touch: told before it happens, in counts, so that judge labels stay unseen."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from datacc.frozen import frozen
from datacc.repo.evolve import Plan, having
from datacc.repo.example import Example
from datacc.repo.find import Repository
from datacc.repo.identity import content
from datacc.repo.split import SPLITS, assign
from datacc.repo.working import Working


@frozen
class Impact:
    """`examples` that have one of the classes, `verified` of them, and how many are in each split; `undecided`: those
    for which the change says nothing; `programs`: places in datacc.toml that name what changes."""

    examples: int
    verified: int
    splits: Mapping[str, int]
    edits: int
    undecided: int
    programs: tuple[str, ...]


def impact(repository: Repository, working: Working, plan: Plan, *, retires: bool) -> Impact:
    """The impact of a plan on HEAD with the journal; `working` must have cells."""
    touched = having(working, plan.output, plan.classes)
    registers = [working.states[id].fields.get(plan.output.id) for id in touched]
    splits = _splits(working)
    counts = Counter(splits[id] for id in touched if id in splits)
    named = [one.name for one in plan.classes]
    is_whole = bool(named) and plan.classes == plan.output.classes
    return Impact(
        examples=len(touched),
        verified=sum(one is not None and one.verified for one in registers),
        splits={name: counts[name] for name in SPLITS},
        edits=len(plan.edits),
        undecided=len(set(touched) - {edit["example"] for edit in plan.edits}) if retires else 0,
        programs=_programs(repository, [*named, plan.output.name] if is_whole else named),
    )


def _splits(working: Working) -> dict[str, str]:
    """Example id → its split, of all examples that are alive."""
    schema, examples = working.contents.schema, []
    everything = {row.id for run in working.contents.runs for row in run.rows}
    for id, row in sorted(working.contents.first_rows(everything).items()):
        state = working.states.edited.get(id)
        if state is None or state.alive:
            cells = row.cells
            said = {schema.column(c).kind: cell for c, cell in cells.items()}
            same = content(cells[c.id] for c in schema.of("input") if c.id in cells)
            group, split = said.get("group"), said.get("split")
            examples.append(Example(id=id, content=same, inputs={}, labels={}, columns={}, name=None, group=group,
                                    split=split))  # fmt: skip
    splits, _ = assign(examples)
    return {one.id: SPLITS[split] for one, split in zip(examples, splits, strict=True)}


def _programs(repository: Repository, names: Sequence[str]) -> tuple[str, ...]:
    """Lines of the programs below the root that quote one of the names, or use it in a table's name."""
    found = []
    for file in sorted({repository.root / "datacc.toml", *repository.root.glob("*/datacc.toml")}):
        lines = file.read_text(encoding="utf-8", errors="replace").split("\n") if file.is_file() else []
        for number, line in enumerate(lines, 1):
            heads = line.strip("[] ").split(".") if line.startswith("[") else []
            if any(json.dumps(name, ensure_ascii=False) in line or name in heads for name in names):
                found.append(f"{file.relative_to(repository.root).as_posix()}:{number}: {line.strip()}")
    return tuple(found)
