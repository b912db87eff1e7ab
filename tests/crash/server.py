"""Runs `datacc` commands in forked children, each with one planted fault; started with faults.c preloaded.

A line of JSON asks for one command, a line answers. Nothing of datacc is imported twice, so a trial costs what it does.
"""

import atexit
import ctypes
import json
import mmap
import os
import signal
import struct
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

KEPT, LONGEST = 4096, 200  # as in faults.c
HEAD = struct.Struct(f"iiii{LONGEST}s")
SEEN = struct.Struct(f"i{LONGEST - 4}s")
SIZE = HEAD.size + KEPT * SEEN.size
MODES = {
    name: number for number, name in enumerate(("off", "count", "kill", "tear", "full", "broken", "short", "alone"))
}
KINDS = ("", "write", "sync", "make", "name", "remove")


def main() -> None:
    from importlib import import_module

    from datacc.cli import app

    for verb in app.VERBS:
        if verb not in ("build", "compile", "judge", "prove", "run", "inspect", "bisect"):
            import_module(f"datacc.cli.{app._stem(verb)}")
    import_module("fsspec.implementations.local")
    with open(os.environ["DATACC_FAULTS"], "r+b") as file:
        memory = mmap.mmap(file.fileno(), SIZE)
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # whoever outlives a command becomes a child of this process
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), memory, app.call)), flush=True)


def answer(asked: dict, memory: mmap.mmap, call) -> dict:
    output = Path(os.environ["DATACC_FAULTS"] + ".said")
    folder = asked["folder"].rstrip("/").encode() + b"/"
    memory[: HEAD.size] = HEAD.pack(MODES["off"], asked.get("target", 0), 0, 0, folder)
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        run(asked, memory, call, output)
    if "after" in asked:
        time.sleep(asked["after"])
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL) if asked["alone"] else os.killpg(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    took = time.monotonic() - began
    if asked.get("alone"):  # what it started lives on, and the next command comes at once
        return {"code": os.waitstatus_to_exitcode(status), "seconds": took, "said": "", "fired": True, "calls": []}
    reap()
    _, _, calls, fired, _ = HEAD.unpack(memory[: HEAD.size])
    memory[:4] = struct.pack("i", MODES["off"])
    seen = []
    for number in range(min(calls, KEPT)):
        kind, path = SEEN.unpack_from(memory, HEAD.size + number * SEEN.size)
        seen.append((KINDS[kind], path.split(b"\0")[0].decode(errors="replace")))
    said = output.read_text(errors="replace")
    code = os.waitstatus_to_exitcode(status)
    return {"code": code, "seconds": took, "said": said, "fired": bool(fired), "calls": seen}


def reap() -> None:
    """Wait for everything that the command started."""
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass


def run(asked: dict, memory: mmap.mmap, call, output: Path) -> None:
    """The child: the command as its own process group, its words into a file."""
    os.setsid()
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 99
    try:
        os.chdir(asked["cwd"])
        memory[:4] = struct.pack("i", MODES[asked.get("mode", "off")])
        code = call(asked["words"])
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
