"""The digest of examples as they are frozen: the same ones, asked the same about, are one snapshot."""

from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, Final

from datacc.repo.example import Example
from datacc.repo.identity import canonical_json
from datacc.spec.program import Program
from datacc.store import digest

_LAYOUT: Final = "snapshot 1"


def digest_of(program: Program, ordered: Sequence[Example], classes: Mapping[str, tuple[str, ...]]) -> str:
    """The digest of examples in the order of their ids; `classes` are the names by output, in permanent order."""
    fields = [[f.name, f.type, dict(f.options)] for f in (*program.inputs, *program.outputs)]
    texts = [str(e.labels) for e in ordered]
    labels = {text: canonical_json(e.labels) for text, e in dict(zip(texts, ordered, strict=True)).items()}
    rows = [
        f"[{encode_basestring(e.id)},{encode_basestring(e.content)},{labels[text]},{_plain(e.columns)},"
        f"{_text(e.name)},{_text(e.group)},{_text(e.split)}"
        f"{f',{canonical_json(e.shares)}' if e.shares else ''}]\n"
        for e, text in zip(ordered, texts, strict=True)
    ]  # the JSON of a list for each, whose labels repeat
    return digest(_LAYOUT, canonical_json(fields), canonical_json(classes), "".join(rows))


def _plain(columns: Mapping[str, Any]) -> str:
    """As JSON; mostly there are none."""
    return canonical_json(columns) if columns else "{}"


def _text(value: str | None) -> str:
    """As JSON."""
    return "null" if value is None else encode_basestring(value)
