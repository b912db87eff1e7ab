"""The target `exe`: the program as a command without a C library, for Linux and Windows."""

import re
from pathlib import Path
from typing import Final

from datacc.emit.header import class_names, members
from datacc.emit.text import string
from datacc.errors import SpecError
from datacc.runtime import cross
from datacc.runtime.bound import row_type
from datacc.spec.interface import Interface, Port
from datacc.store import write_atomically
from datacc.targets import Built, Target
from datacc.targets._forms import Form, demand_no_states, forms

_LABEL: Final = """\
/* A score with four decimals. */
static void put_score(float score)
{{
    char digits[7] = "0.0000";
    int n = score > 0 ? (int)(score * 10000.0f + 0.5f) : 0;
    digits[0] = (char)('0' + n / 10000 % 10);
    for (int i = 5; i > 1; i--, n /= 10) digits[i] = (char)('0' + n % 10);
    put(digits, 6);
}}

/* One line: the class, a tab, its score; then all classes with theirs, where they are wanted. */
static void answer(const {name}_answer *one, int scores)
{{
    say_name({names}[one->{label}]);
    say("\\t");
    put_score(one->{confidence});
    for (int k = 0; scores && k < {classes}; k++) {{
        say("\\t");
        say_name({names}[k]);
        say("=");
        put_score({score});
    }}
    say("\\n");
}}
"""
_BYTES: Final = """\
static void answer(const {name}_answer *one, int scores)
{{
    (void)scores;
    put((const char *)one, sizeof *one);
}}
"""
_HELP: Final = """\
{name}: a program built by datacc from labelled examples

Reads rows of {input_bytes} bytes from standard input until it ends: {inputs}.
Writes {answers}.

  {name} < rows            {plain}
{options}"""
_OPTIONS: Final = """\
  {name} --scores < rows   the same and the scores of all classes
  {name} --raw < rows      {answer_bytes} bytes an answer: {raw}
"""


class Exe(Target):
    """NAME (NAME.exe on Windows) for each platform that is Linux or Windows; a folder each where platforms are named.

    Inputs are read as the C struct lays them out. On Linux it makes three system calls and needs no library; on
    Windows it needs `kernel32`, the stable interface of the system.
    """

    def make(self, built: Built, folder: Path) -> tuple[Path, ...]:
        """Writes one file for each platform. Raises `SpecError` when there is none that it can be made for."""
        demand_no_states(built.interface, "an exe")
        able = [form for form in forms(built) if form.platform.system in ("linux", "windows")]
        if not able:
            raise SpecError("an exe is made for Linux and Windows", tries=['platforms = ["linux-x86-64"]'])
        written = []
        for form in able:
            place = folder / form.platform.name if built.platforms else folder
            place.mkdir(exist_ok=True)
            path = place / f"{built.interface.name}{form.platform.program}"
            write_atomically(path, program(form))
            path.chmod(0o755)
            written.append(path)
        return tuple(written)


def program(form: Form) -> bytes:
    """The bytes of the command. Raises `ToolchainError`."""
    flags = ["-static"] if form.platform.system == "linux" else ["-Wl,--entry=begin", "-Wl,--subsystem,console"]
    # Windows' libraries come last, since the linker takes from them what is missing so far.
    more = {"command.c": _text(form.interface)}
    late = ["-lkernel32"] if form.platform.system == "windows" else []
    return cross.linked(form.source, form.platform, form.cpu, more, flags, late=late, allowed="KERNEL32.dll:")


def _text(interface: Interface) -> str:
    """The C of the command."""
    template = Path(__file__).with_name("_exe.c").read_text(encoding="utf-8")
    label = _label(interface)
    names = members(interface.answers)
    answers = _BYTES.format(name=interface.name)
    if label is not None:
        score = f"one->{names[f'{label.name}_scores']}"
        answers = _LABEL.format(
            name=interface.name,
            names=class_names(interface)[label.name],
            label=names[label.name],
            confidence=names[f"{label.name}_confidence"],
            classes=len(label.classes),
            score=f"{score}[k]" if len(label.classes) > 1 else score,
        )
    words = {
        "NAME": interface.name,
        "ANSWERS": answers,
        "RAW": str(int(label is None)),
        "HELP": "\n        ".join(string(line + "\n") for line in _help(interface, label).splitlines()),
    }
    return re.sub(r"NAME|ANSWERS|\bRAW\b|\bHELP\b", lambda match: words[match[0]], template)


def _label(interface: Interface) -> Port | None:
    """The one label that the program answers, if that is all it does."""
    labels = [port for port in interface.answers if port.classes]
    wanted = {labels[0].name + part for part in ("", "_confidence", "_scores")} if len(labels) == 1 else set()
    return labels[0] if wanted == {port.name for port in interface.answers} else None


def _help(interface: Interface, label: Port | None) -> str:
    name, raw = interface.name, _listed(interface.answers)
    answer_bytes = row_type(interface.answers).itemsize
    options = _OPTIONS.format(name=name, answer_bytes=answer_bytes, raw=raw) if label else ""
    return _HELP.format(
        name=name,
        input_bytes=row_type(interface.inputs).itemsize,
        inputs=_listed(interface.inputs),
        answers="one line an answer" if label else f"{answer_bytes} bytes an answer: {raw}",
        plain="the class, a tab, its score" if label else "answers as bytes",
        options=options,
    )


def _listed(ports: tuple[Port, ...]) -> str:
    return ", ".join(f"{port.name} ({port.dtype} {' x '.join(map(str, port.shape))})" for port in ports)


ENTRY: Final = Exe()
