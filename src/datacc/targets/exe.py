"""The target `exe`: the program as a command without a C library, for Linux and Windows."""

import re
from pathlib import Path
from typing import Final

from datacc.emit.text import string
from datacc.errors import SpecError
from datacc.runtime import cross
from datacc.runtime.bound import row_type
from datacc.spec.interface import Interface, Port
from datacc.store import write_atomically
from datacc.targets import Built, Target
from datacc.targets._forms import Form, forms
from datacc.targets._lines import answer_text
from datacc.targets._parameters import known_of, output_of, shares

_WIDTHS: Final = """\
static const char *const widths[] = {{{texts}}};
static int width = -1; /* its place among these; -1 is the whole, too */

/* Whether these digits are a known number: zeros may follow them. */
static int same_number(const char *given, const char *known)
{{
    int point = 0;
    for (; *known && *given == *known; given++, known++) point |= *known == '.';
    if (*given == '.' && !point) point = 1, given++;
    while (point && *given == '0') given++;
    return !*known && !*given;
}}

static void choose(const char *given)
{{
    for (width = 0; width < {count}; width++)
        if (same_number(given, widths[width])) return;
    fail("there is no such width; the program has {known}\\n");
}}

"""
_CHOOSE: Final = """\
        if (same(words[i], "--width") && width < 0 && i + 1 < count) {
            choose(words[++i]);
            continue;
        }
"""
_HELP: Final = """\
{name}: a program built by datacc

Reads rows of {input_bytes} bytes from standard input until it ends: {inputs}.{stream}
Writes {answers}.

  {name} < rows            {plain}
{options}"""
_SCORES: Final = "  {name} --scores < rows   the same and the scores of all classes\n"
_WIDTH_OPTION: Final = """\
  {name} --width {narrowest}     at one of its widths {known}: faster, a little less often right; also with others
"""
_OPTIONS: Final = """\
  {name} --json < rows     an object with {parts}
  {name} --raw < rows      {answer_bytes} bytes an answer: {raw}
"""


class Exe(Target):
    """NAME (NAME.exe on Windows) for each platform that is Linux or Windows; a folder each where platforms are named.

    Inputs are read as the C struct lays them out. On Linux it makes three system calls and needs no library; on
    Windows it needs `kernel32`, the stable interface of the system.
    """

    def make(self, built: Built, folder: Path) -> tuple[Path, ...]:
        """Writes one file for each platform. Raises `SpecError` when there is none that it can be made for."""
        able = [form for form in forms(built) if form.platform.system in ("linux", "windows")]
        if not able:
            raise SpecError("an exe is made for Linux and Windows", tries=['platforms = ["linux-x86-64"]'])
        written = []
        for form in able:
            place = folder / form.platform.name if built.platforms else folder
            place.mkdir(exist_ok=True)
            path = place / f"{built.interface.name}{form.platform.program}"
            write_atomically(path, program(form), lasting=False)
            path.chmod(0o755)
            written.append(path)
        return tuple(written)


def program(form: Form) -> bytes:
    """The bytes of the command. Raises `ToolchainError`."""
    flags = ["-static"] if form.platform.system == "linux" else ["-Wl,--entry=BEGIN", "-Wl,--subsystem,console"]
    # Windows' libraries come last, since the linker takes from them what is missing so far.
    more = {"command.c": _text(form.interface)}
    late = ["-lkernel32"] if form.platform.system == "windows" else []
    return cross.linked(form.source, form.platform, form.cpu, more, flags, late=late, allowed="KERNEL32.dll:")


def _text(interface: Interface) -> str:
    """The C of the command."""
    template = Path(__file__).with_name("_exe.c").read_text(encoding="utf-8")
    label = output_of(interface)
    kept = "static NAME_state state; /* zero at first: all rows are one stream */\n" if interface.states else ""
    own = (
        template.replace("KEPT\n", kept)
        .replace(" STATES", ", &state" if kept else "")
        .replace("ANSWERS", answer_text(interface))
        .replace("WIDTHS\n", _width_text(interface))
        .replace("        CHOOSE\n", _CHOOSE if interface.widths else "")
        .replace("CALL(", "NAME_at_batch(width, " if interface.widths else "NAME_batch(")
    )
    help_ = "\n        ".join(string(line + "\n") for line in _help(interface, label).splitlines())
    words = {"NAME": interface.name, "RAW": str(int(label is None)), "HELP": help_}
    return re.sub(r"NAME|\b(?:RAW|HELP)\b", lambda match: words[match[0]], _giving_way(own, interface.name))


def _width_text(interface: Interface) -> str:
    """The C that reads a width."""
    known = shares(interface)
    texts = ", ".join(map(string, known))
    return _WIDTHS.format(texts=texts, count=len(known), known=", ".join(known)) if known else ""


def _giving_way(text: str, name: str) -> str:
    """The C with its own word renamed that is also the program's; strings, directives and members stay."""
    parts = re.compile(rf'"(?:\\.|[^"\\])*"|^#.*$|->\w+|\b{name}\b', re.MULTILINE)
    return parts.sub(lambda match: f"{name}_" if match[0] == name else match[0], text)


def _help(interface: Interface, label: Port | None) -> str:
    name, raw = interface.name, _listed(interface.answers)
    answer_bytes = row_type(interface.answers).itemsize
    options = ""
    if label:
        parts = _PARTS[label.form]
        options = _OPTIONS.format(name=name, answer_bytes=answer_bytes, raw=raw, parts=parts)
        options = (_SCORES.format(name=name) if "scores" in parts else "") + options
    if interface.widths:
        options += _WIDTH_OPTION.format(name=name, narrowest=shares(interface)[0], known=", ".join(shares(interface)))
    return _HELP.format(
        name=name,
        input_bytes=row_type(interface.inputs).itemsize,
        inputs=_listed(interface.inputs),
        stream=" They are one stream." if interface.states else "",
        answers="one line an answer" if label else f"{answer_bytes} bytes an answer: {raw}",
        plain=_plain(interface, label),
        options=options,
    )


def _plain(interface: Interface, label: Port | None) -> str:
    """What a line holds."""
    if label is None:
        return "answers as bytes"
    said = {
        "label": "the class, a tab, its score",
        "labels": "the labels that are given, between semicolons",
        "number": "the number, a tab, the lower end of its interval, a tab, the upper one",
    }
    return said[label.form] + ("; after a tab, what is not known" if known_of(interface, label) else "")


def _listed(ports: tuple[Port, ...]) -> str:
    return ", ".join(f"{port.name} ({port.dtype} {' x '.join(map(str, port.shape))})" for port in ports)


_PARTS: Final = {
    "label": "label, confidence and scores",
    "labels": "labels and scores",
    "number": "value, low and high",
}

ENTRY: Final = Exe()
