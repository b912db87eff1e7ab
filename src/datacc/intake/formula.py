"""Keep spreadsheets from running a cell as a formula: OWASP's apostrophe, taken away again by the import.

Text that begins with one of = + - @, their full-width forms, tab, line end, or an apostrophe itself gets an apostrophe
in front. Numbers never do. Only a table whose columns an export told is undone: other people's apostrophes stay.
"""

from typing import Final

_RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")  # noqa: RUF001


def guard(text: str) -> str:
    """`text` as it may stand in a spreadsheet."""
    return f"'{text}" if text.startswith(_RISKY) else text


def unguard(text: str) -> str:
    """The text that `guard` was given."""
    return text[1:] if text.startswith("'") else text
