"""Runs the long tiers, all or one part of n (`k/n`); what was done for these sources already is skipped."""

import hashlib
import os
import shlex
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DONE = ROOT / "build" / "nightly"
PYTHON = sys.executable
sys.path.append(str(ROOT))  # for `tests`


def parts() -> dict[str, list[str]]:
    """Every part by name: the command that does it."""
    gallery = {
        f"gallery-{folder.parent.name}": [PYTHON, "gallery/score.py", folder.parent.name]
        for folder in sorted(ROOT.glob("gallery/*/expected.json"))
    }
    scripts = [path for path in sorted(ROOT.glob("bench/*.py")) if "__main__" in path.read_text(encoding="utf-8")]
    bench = {f"bench-{script.stem}": [PYTHON, str(script)] for script in scripts}
    # Every test again, each law on ten times the examples, other ones each night.
    laws = [PYTHON, "-m", "pytest", "-n", "2", "-q", "--hypothesis-profile=nightly"]
    # Mutated and random ONNX models are long enough to be parts of their own.
    onnx = {"fuzz-onnx-files": "tests/ir/onnx/test_hostile.py", "fuzz-onnx-models": "tests/ir/onnx/test_fuzz.py"}
    fuzz = {name: [PYTHON, "-m", "pytest", "-n", "2", "-q", path] for name, path in onnx.items()}
    laws += [f"--ignore={path}" for path in onnx.values()]
    proof = {"proof-programs": [PYTHON, "tools/prove.py"]}  # after the gallery, which it builds otherwise
    tour = {"tour": [PYTHON, "tools/tour.py", str(ROOT / "build" / "tour.svg")]}
    scenes = import_module("tests.crash.scenes").SCENES
    crash = {f"crash-{scene}": [PYTHON, "tests/crash/count.py", scene] for scene in scenes}
    return {"laws": laws, **fuzz, **gallery, **tour, **bench, **proof, **crash}


def sources() -> str:
    """A digest of every file that git tracks, as it lies here now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    state = hashlib.sha256()
    for name in filter(None, listed.split(b"\0")):
        path = ROOT / os.fsdecode(name)
        state.update(name + (path.read_bytes() if path.is_file() else b""))
    return state.hexdigest()[:16]


def chosen(part: str, names: list[str]) -> list[str]:
    """The names of part "k/n"."""
    k, n = (int(number) for number in part.split("/"))
    if not 1 <= k <= n:
        sys.exit(f"error: PART={part}\n  try: PART=1/{max(n, 1)}")
    return names[k - 1 :: n]


def run(name: str, command: list[str], stamp: Path) -> bool:
    if stamp.exists():
        print(f"{name}: done before")
        return True
    print(f"{name}: {shlex.join(command)}", flush=True)
    began = time.monotonic()
    code = subprocess.run(command, cwd=ROOT).returncode
    if code == 0:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
    print(
        f"{name}: {'ok' if stamp.exists() else f'FAILED ({code})'} after {time.monotonic() - began:.0f} s", flush=True
    )
    return stamp.exists()


def main(part: str) -> int:
    everything, digest = parts(), sources()
    results = {name: run(name, everything[name], DONE / f"{name}.{digest}") for name in chosen(part, list(everything))}
    failed = [name for name, ok in results.items() if not ok]
    print(
        f"{len(results) - len(failed)} of {len(results)} parts are done"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "1/1"))
