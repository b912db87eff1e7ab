"""Say what an example is; the same again verifies it.

The edit is safe on disk at once, and becomes history with `datacc commit`. A vote (--vote) stands beside those of
others and leaves the label alone; what a model says (--model) is read by no build until a person verifies it.
"""

import argparse
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from datacc.cli.outcome import Outcome
from datacc.errors import DataError, UsageError
from datacc.repo.find import find
from datacc.repo.label import Label, Labelled, from_mapping, label_all
from datacc.repo.words import counted

EXAMPLE: Final = "datacc label 3f2a91 nine"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The example, the class, which output of several, and whose word it is; or a file of them."""
    parser.add_argument("example", nargs="?", help="the first digits of its id")
    parser.add_argument("label", nargs="?", help="its class, a number, or labels as 'a;b'")
    parser.add_argument("--field", metavar="OUTPUT", help="which output, when there are several")
    parser.add_argument("--from", dest="file", type=Path, metavar="FILE",
                        help="JSON Lines of example, label, perhaps field, model, confidence: all or none")  # fmt: skip
    parser.add_argument("--vote", action="store_true", help="your vote, beside those of others")
    parser.add_argument("--model", metavar="NAME", help="a model says so")
    parser.add_argument("--confidence", type=float, metavar="C", help="how sure it is, 0 to 1")


def run(options: argparse.Namespace) -> Outcome:
    """Label, and tell what that changed."""
    if options.confidence is not None and options.model is None:
        raise UsageError("--confidence is a model's", tries=["--model NAME"])
    if options.model is not None and (options.vote or not options.model.strip()):
        raise UsageError("--model needs a name, and models do not vote", tries=["--model NAME"])
    more = {"field": options.field, "vote": options.vote, "model": options.model, "confidence": options.confidence}
    if options.file is not None:
        if options.example is not None:
            raise UsageError("either one example or --from FILE", tries=[EXAMPLE])
        return _many(options.file, more)
    if options.label is None:
        raise UsageError("which example is what?", tries=[EXAMPLE, "datacc label --from FILE"])
    [done] = label_all(find(Path.cwd()), [Label(example=options.example, label=options.label, **more)])
    return Outcome(facts=asdict(done), text=f"{_told(done)}\nnext: datacc commit")


def _told(done: Labelled) -> str:
    told = {
        "set": f"{done.example}: {done.field} is {done.new} now, was {' or '.join(done.old) or 'unlabelled'}",
        "resolve": f"{done.example}: {done.field} is {done.new}; the conflict ({', '.join(done.old)}) is resolved",
        "verify": f"{done.example}: {done.field} is {done.new}, verified",
        "vote": f"{done.example}: your vote for {done.field} is {done.new}",
        "keep": f"{done.example}: {done.field} stays {' or '.join(done.old)}, which a person said",
    }
    return told[done.op]


def _many(file: Path, more: dict[str, Any]) -> Outcome:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise DataError("there is no such file", where=str(file), tries=["JSON Lines in UTF-8"]) from None
    except (IsADirectoryError, UnicodeDecodeError) as error:
        raise DataError("this is no file of text", where=str(file), tries=["JSON Lines in UTF-8"]) from error
    places = [f"{file}:{number}" for number, line in enumerate(lines, 1) if line.strip()]
    labels = [_parsed(line, place, more) for line, place in zip(filter(str.strip, lines), places, strict=True)]
    done = label_all(find(Path.cwd()), labels, places=places)
    ops = Counter(one.op for one in done)
    summary = ", ".join(f"{op} {count:,}" for op, count in sorted(ops.items())) or "nothing"
    text = f"{counted(len(done), 'label')}: {summary}" + ("\nnext: datacc commit" if done else "")
    return Outcome(facts={"labels": len(done), "ops": dict(ops)}, text=text)


def _parsed(line: str, place: str, more: dict[str, Any]) -> Label:
    try:
        values = json.loads(line)
    except ValueError as error:
        raise DataError(f"this is no JSON: {error}", where=place) from error
    if not isinstance(values, dict):
        raise DataError("this is no JSON object", where=place)
    return from_mapping(values, place, **more)
