"""Says what is logged while a verb runs, such as trouble of the cache: notes on standard error, or events of --json."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from datacc.cli.outcome import visible


class _Notes(logging.Handler):
    """A line for each record."""

    def __init__(self, *, events: bool) -> None:
        super().__init__(logging.WARNING)
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        """Print it at once, since what comes may take long."""
        what = record.getMessage()
        told = json.dumps({"event": "note", "what": what}) if self._events else visible(f"note: {what}")
        print(told, file=sys.stderr, flush=True)


@contextmanager
def notes(*, events: bool) -> Iterator[None]:
    """Within it, what datacc logs is told."""
    log, handler = logging.getLogger("datacc"), _Notes(events=events)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
