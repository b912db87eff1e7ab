"""Numbers that a command line may hold."""

from argparse import ArgumentTypeError


def count(text: str) -> int:
    """A whole number above 0, as the `type` of an argument. Raises `ArgumentTypeError`."""
    if not text.isascii() or not text.isdigit() or not text.strip("0"):
        raise ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)
