"""The C of a command that writes one answer: as a line, an object of JSON or bytes."""

import json
from typing import Final

from datacc.emit.header import members
from datacc.emit.text import string
from datacc.spec.interface import Interface, Port
from datacc.targets._parameters import known_of, output_of

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

/* The scores of all classes, where they are wanted, and the end of the line or the object. */
static void put_scores(const float *all, int scores, int json)
{{
    for (int k = 0; (scores || json) && k < {classes}; k++) {{
        say(!json ? "\\t" : k ? ", " : "");
        say(json ? quoted[k] : shown[k]);
        say(json ? ": " : "=");
        put_score(all[k], json ? "null" : "nan");
    }}
    say(json ? "}}}}\\n" : "\\n");
}}

"""

_LABEL: Final = """\
/* One line: the class, a tab, its score{unsure}; then all classes with theirs, where wanted; or an object of JSON. */
static void answer(const NAME_answer *one, int scores, int json)
{{
    const char *nothing = json ? "null" : "nan";
    say(json ? "{{\\"label\\": " : "");
    say(json ? quoted[one->{label}] : shown[one->{label}]);
    say(json ? ", \\"confidence\\": " : "\\t");
    put_score(one->{confidence}, nothing);
{known}    say(json ? ", \\"scores\\": {{" : "");
    put_scores({address}, scores, json);
}}
"""

_KNOWN: Final = """\
    say(json ? (one->{known} ? ", \\"known\\": true" : ", \\"known\\": false") : one->{known} ? "" : "\\tnot known");
"""

_LABELS: Final = """\
/* One line: the labels that are given, between semicolons, one alone where there is none{unsure}; then all with their
 * scores, where wanted; or an object of JSON. */
static void answer(const NAME_answer *one, int scores, int json)
{{
    const int32_t *given = {given};
    int some = 0;
    say(json ? "{{\\"labels\\": [" : "");
    for (int k = 0; k < {classes}; k++) {{
        if (!given[k]) continue;
        say(!some ? "" : json ? ", " : ";");
        say(json ? quoted[k] : shown[k]);
        some = 1;
    }}
    say(json ? "]" : some ? "" : ";");
{known}    say(json ? ", \\"scores\\": {{" : "");
    put_scores({address}, scores, json);
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

/* One line: the number, a tab, the lower end of its interval, a tab, the upper one{unsure}; or an object of JSON. */
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
{known}    say(json ? "}}\\n" : "\\n");
}}
"""

_BYTES: Final = """\
static void answer(const NAME_answer *one, int scores, int json)
{
    (void)scores, (void)json;
    put((const char *)one, sizeof *one);
}
"""


def _number_text(interface: Interface, number: Port) -> str:
    """The C that writes a number with its interval."""
    names = members(interface.answers)
    ends = {end: names[f"{number.name}_{end}"] for end in ("low", "high")}
    return _NUMBER.format(value=names[number.name], **ends, **_unsure(interface, number))


def _labels_text(interface: Interface, labels: Port) -> str:
    """The C that writes several labels with their scores."""
    names = members(interface.answers)
    one = "" if len(labels.classes) > 1 else "&"
    given, scores = (f"{one}one->{names[name]}" for name in (labels.name, f"{labels.name}_scores"))
    return _named(labels) + _LABELS.format(
        given=given, address=scores, classes=len(labels.classes), **_unsure(interface, labels)
    )


def _unsure(interface: Interface, output: Port) -> dict[str, str]:
    """The C that says whether `output` is known, and its words; nothing in a program that does not abstain."""
    known = known_of(interface, output)
    if known is None:
        return {"known": "", "unsure": ""}
    return {"known": _KNOWN.format(known=members(interface.answers)[known.name]), "unsure": ", what is not known"}


def _named(label: Port) -> str:
    """The C of scores and names."""
    quoted = [json.dumps(name) for name in label.classes]
    shown = [name if name.isprintable() else text[1:-1] for name, text in zip(label.classes, quoted, strict=True)]
    return _NAMES.format(shown=_strings(shown), quoted=_strings(quoted), classes=len(quoted))


def _strings(texts: list[str]) -> str:
    return ",\n    ".join(map(string, texts))


def _label_text(interface: Interface, label: Port) -> str:
    """The C that writes a label with its scores."""
    names = members(interface.answers)
    return _named(label) + _LABEL.format(
        label=names[label.name],
        confidence=names[f"{label.name}_confidence"],
        **_unsure(interface, label),
        address=f"{'' if len(label.classes) > 1 else '&'}one->{names[f'{label.name}_scores']}",
    )


_TEXTS: Final = {"label": _label_text, "labels": _labels_text, "number": _number_text}


def answer_text(interface: Interface) -> str:
    """The C function `answer(one, scores, json)`; of a program that answers other things, their bytes."""
    output = output_of(interface)
    return _BYTES if output is None else _TEXTS[output.form](interface, output)
