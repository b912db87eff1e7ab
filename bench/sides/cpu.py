"""Processor time of this process and of the children that it waited for."""

import resource
import time
from collections.abc import Callable


def spent() -> float:
    """Seconds, system time included."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def cpu(work: Callable[[], object]) -> float:
    """What `work` takes."""
    start = spent()
    work()
    return spent() - start


def wall(work: Callable[[], object]) -> float:
    """Seconds on the clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
