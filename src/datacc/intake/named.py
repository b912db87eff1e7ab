"""The format that the name of a file asks for."""

from typing import Any

from datacc.intake import Format
from datacc.registry import load, names


def named(file: str) -> tuple[str, Format] | None:
    """The name of the format that a file so called has by its ending, and the format; None without one."""
    for name in names("intake"):
        member: Any = load("intake", name)
        if isinstance(member, Format) and file.lower().endswith(member.endings or ("\0",)):
            return name, member
    return None
