"""A plug-in of pytest that records what tests ask a function; `datacc port --tests` runs them with it."""

import importlib
import json
import os
import sys
from typing import Any, Final

from datacc.calls.live import recorded

WANTED: Final = "DATACC_PORT_TESTS"  # the environment variable: a JSON object


def pytest_configure(config: Any) -> None:
    """Put the recorder in the place of the function, wherever a module has it by now."""
    wanted = json.loads(os.environ[WANTED])
    sys.path.insert(0, wanted["root"])
    module, _, path = wanted["function"].partition(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    function = getattr(owner, name)
    told = open(wanted["file"], "a", encoding="utf-8")  # noqa: SIM115 - it stays open until the tests are through

    def keep(inputs: dict[str, Any], answer: Any) -> None:
        told.write(json.dumps(inputs) + "\n")
        told.flush()

    recorder = recorded(function, 1.0, keep)
    setattr(owner, name, recorder)
    for other in list(sys.modules.values()):
        for alias, value in list(getattr(other, "__dict__", {}).items()):
            if value is function:
                setattr(other, alias, recorder)
