"""The target `exe`: the program as a command without a C library, for Linux and Windows."""

import json
import re
from pathlib import Path
from typing import Final

from datacc.emit.header import members
from datacc.emit.text import string
from datacc.errors import SpecError
from datacc.runtime import cross
from datacc.runtime.bound import row_type
from datacc.spec.interface import Interface, Port
from datacc.store import write_atomically
from datacc.targets import Built, Target
from datacc.targets._forms import Form, forms
from datacc.targets._parameters import known_of, output_of, shares

_NAMES: Final = """\
/* A score with four decimals, or what stands for none. */
static void put_score(float score, const char *nothing)
{{
    char digits[7] = "0.0000";
    if (score != score) {{
        say(nothing);
        return;
    }}
    int n = score > 0 ? (int)(score * 10000.0f + 0.5f) : 0;
    digits[0] = (char)('0' + n / 10000 % 10);
    for (int i = 5; i > 1; i--, n /= 10) digits[i] = (char)('0' + n % 10);
    put(digits, 6);
}}

/* The classes as lines show them and as JSON texts: no name can end a line. */
static const char *const shown[] = {{
    {shown},
}};
static const char *const quoted[] = {{
    {quoted},
}};

"""
_LABEL: Final = """\
/* One line: the class, a tab, its score{unsure}; then all classes with theirs, where wanted; or an object of JSON. */
static void answer(const NAME_answer *one, int scores, int json)
{{
    const float *all = {address};
    const char *nothing = json ? "null" : "nan";
    say(json ? "{{\\"label\\": " : "");
    say(json ? quoted[one->{label}] : shown[one->{label}]);
    say(json ? ", \\"confidence\\": " : "\\t");
    put_score(one->{confidence}, nothing);
{known}    say(json ? ", \\"scores\\": {{" : "");
    for (int k = 0; (scores || json) && k < {classes}; k++) {{
        say(!json ? "\\t" : k ? ", " : "");
        say(json ? quoted[k] : shown[k]);
        say(json ? ": " : "=");
        put_score(all[k], nothing);
    }}
    say(json ? "}}}}\\n" : "\\n");
}}
"""
_KNOWN: Final = """\
    say(json ? (one->{known} ? ", \\"known\\": true" : ", \\"known\\": false") : one->{known} ? "" : "\\tnot known");
"""
_LABELS: Final = """\
/* One line: the labels that are given, between semicolons, one alone where there is none; then all with their scores,
 * where wanted; or an object of JSON. */
static void answer(const NAME_answer *one, int scores, int json)
{{
    const int32_t *given = {given};
    const float *all = {address};
    const char *nothing = json ? "null" : "nan";
    int some = 0;
    say(json ? "{{\\"labels\\": [" : "");
    for (int k = 0; k < {classes}; k++) {{
        if (!given[k]) continue;
        say(!some ? "" : json ? ", " : ";");
        say(json ? quoted[k] : shown[k]);
        some = 1;
    }}
    say(json ? "], \\"scores\\": {{" : some ? "" : ";");
    for (int k = 0; (scores || json) && k < {classes}; k++) {{
        say(!json ? "\\t" : k ? ", " : "");
        say(json ? quoted[k] : shown[k]);
        say(json ? ": " : "=");
        put_score(all[k], nothing);
    }}
    say(json ? "}}}}\\n" : "\\n");
}}
"""
_NUMBER: Final = """\
/* A number in seven digits: 234042.9, 1.5e-07, or what stands for none. */
static void put_number(float number, const char *nothing)
{{
    char digits[7];
    double x = number < 0 ? -(double)number : (double)number;
    int power = 0, last = 6;
    if (!(x < 3.5e38)) {{
        say(nothing);
        return;
    }}
    for (; x >= 10; power++) x /= 10;
    for (; x > 0 && x < 1; power--) x *= 10;
    uint32_t whole = (uint32_t)(x * 1e6 + 0.5);
    if (whole > 9999999) whole = 1000000, power++;
    for (int i = 6; i >= 0; i--, whole /= 10) digits[i] = (char)('0' + whole % 10);
    while (last > 0 && digits[last] == '0') last--;
    const int plain = power > -6 && power < 15;
    say(number < 0 ? "-" : "");
    if (plain && power < 0) {{
        say("0.");
        for (int i = -1; i > power; i--) say("0");
    }}
    for (int i = 0; i <= (plain && power > last ? power : last); i++) {{
        if (i == 1 + (plain ? power : 0) && !(plain && power < 0)) say(".");
        put(i <= last ? &digits[i] : "0", 1);
    }}
    if (!plain) {{
        const int size = power < 0 ? -power : power;
        const char exponent[2] = {{(char)('0' + size / 10), (char)('0' + size % 10)}};
        say(power < 0 ? "e-" : "e+");
        put(exponent, 2);
    }}
}}

/* One line: the number, a tab, the lower end of its interval, a tab, the upper one; or an object of JSON. */
static void answer(const NAME_answer *one, int scores, int json)
{{
    const char *nothing = json ? "null" : "nan";
    (void)scores;
    say(json ? "{{\\"value\\": " : "");
    put_number(one->{value}, nothing);
    say(json ? ", \\"low\\": " : "\\t");
    put_number(one->{low}, nothing);
    say(json ? ", \\"high\\": " : "\\t");
    put_number(one->{high}, nothing);
    say(json ? "}}\\n" : "\\n");
}}
"""
_BYTES: Final = """\
static void answer(const NAME_answer *one, int scores, int json)
{
    (void)scores, (void)json;
    put((const char *)one, sizeof *one);
}
"""
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
            write_atomically(path, program(form))
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
        .replace("ANSWERS", _BYTES if label is None else _TEXTS[label.form](interface, label))
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


def _number_text(interface: Interface, number: Port) -> str:
    """The C that writes a number with its interval."""
    names = members(interface.answers)
    return _NUMBER.format(value=names[number.name], **{p: names[f"{number.name}_{p}"] for p in ("low", "high")})


def _labels_text(interface: Interface, labels: Port) -> str:
    """The C that writes several labels with their scores."""
    names = members(interface.answers)
    one = "" if len(labels.classes) > 1 else "&"
    given, scores = (f"{one}one->{names[name]}" for name in (labels.name, f"{labels.name}_scores"))
    return _named(labels) + _LABELS.format(given=given, address=scores, classes=len(labels.classes))


def _named(label: Port) -> str:
    """The C of scores and names."""
    quoted = [json.dumps(name) for name in label.classes]
    shown = [name if name.isprintable() else text[1:-1] for name, text in zip(label.classes, quoted, strict=True)]
    return _NAMES.format(shown=",\n    ".join(map(string, shown)), quoted=",\n    ".join(map(string, quoted)))


def _label_text(interface: Interface, label: Port) -> str:
    """The C that writes a label with its scores."""
    names, known = members(interface.answers), known_of(interface, label)
    return _named(label) + _LABEL.format(
        label=names[label.name],
        confidence=names[f"{label.name}_confidence"],
        known=_KNOWN.format(known=names[known.name]) if known else "",
        unsure=", what is not known" if known else "",
        address=f"{'' if len(label.classes) > 1 else '&'}one->{names[f'{label.name}_scores']}",
        classes=len(label.classes),
    )


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
    if label.form == "number":
        return "the number, a tab, the lower end of its interval, a tab, the upper one"
    if label.form == "labels":
        return "the labels that are given, between semicolons"
    return "the class, a tab, its score" + ("; after a tab, what is not known" if known_of(interface, label) else "")


def _listed(ports: tuple[Port, ...]) -> str:
    return ", ".join(f"{port.name} ({port.dtype} {' x '.join(map(str, port.shape))})" for port in ports)


_TEXTS: Final = {"label": _label_text, "labels": _labels_text, "number": _number_text}
_PARTS: Final = {
    "label": "label, confidence and scores",
    "labels": "labels and scores",
    "number": "value, low and high",
}

ENTRY: Final = Exe()
