"""The command `datacc`, also as `python -m datacc`: Ctrl-C ends it in one line from its first moment to its last."""

import sys
from importlib import import_module
from typing import NoReturn

from datacc.cli.interrupt import interrupted, is_interrupt


def main() -> NoReturn:
    """Run the command line of this process, which is read only here: that takes longer than a finger needs."""
    try:
        import_module("datacc.cli.app").main()
    except (KeyboardInterrupt, Exception) as error:
        if is_interrupt(error):
            sys.exit(interrupted())
        raise
    raise AssertionError("the command ends its process")


if __name__ == "__main__":
    main()
