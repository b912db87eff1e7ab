"""What looks like a secret or like personal data in an argument: by the parameter's name, and by its form."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

_WORDS: Final = (
    *("password", "passwd", "passphrase", "secret", "token", "apikey", "credential", "privatekey", "authorization"),
    *("socialsecurity", "creditcard", "cardnumber"),
)
_SHORT: Final = ("ssn", "iban", "cvv", "pin")  # as words of their own alone
_FORMS: Final = (
    ("private key", re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)),
    ("token", re.compile(
        r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{22,}|\bxox[abeoprs]-[\w-]{10,}"
        r"|\bsk-[A-Za-z0-9_-]{20,}|\bAIza[\w-]{35}|\bglpat-[\w-]{20,}|\bpypi-[\w-]{50,}"
        r"|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*|\b[Bb]earer\s+[\w.~+/-]{16,}=*", re.ASCII)),
    ("password", re.compile(r"(?i)\b(?:password|passwd|secret|api[_-]?key)\b\s*[=:]\s*\S+|(?<=://)[^\s/:@]+:[^\s/@]+(?=@)")),
    ("e-mail address", re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")),
    ("card number", re.compile(r"(?<![\d.])(?:\d[ -]?){12,18}\d(?![\d.])", re.ASCII)),
)  # fmt: skip


def found(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """What these arguments seem to hold, such as "an e-mail address in text"; nothing where nothing is seen."""
    seen: dict[str, None] = {}
    for name, value in inputs.items():
        if is_secret(name) and value not in (None, ""):
            seen[f"a parameter called {name}"] = None
        for kind, form in _FORMS if isinstance(value, str) else ():
            if any(_is(kind, match[0]) for match in form.finditer(value)):
                seen[f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} in {name}"] = None
    return tuple(seen)


def masked(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with whatever `found` sees replaced by its kind in brackets; other values stay as they are."""
    return {name: "[secret]" if is_secret(name) and value else _masked(value) for name, value in inputs.items()}


def is_secret(name: str) -> bool:
    """Whether a parameter of this name holds what nobody else may know."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).casefold().split("_")
    joined = "".join(parts)
    return any(word in joined for word in _WORDS) or any(word in parts for word in _SHORT)


def _masked(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    for kind, form in _FORMS:
        value = form.sub(partial(_mask, kind), value)
    return value


def _mask(kind: str, match: re.Match[str]) -> str:
    return f"[{kind}]" if _is(kind, match[0]) else match[0]


def _is(kind: str, text: str) -> bool:
    """Whether what has the form is one: the digits of a card add up (Luhn)."""
    if kind != "card number":
        return True
    digits = [int(character) for character in text if character.isdigit()][::-1]
    total = sum(digits[0::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return total > 0 and total % 10 == 0
