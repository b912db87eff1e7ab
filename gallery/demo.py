"""Real handwritten digits, from pictures to a native program and a wheel in an empty environment, step by step."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "demo"
DATACC = [str(Path(sys.executable).with_name("datacc"))]
BEGAN = time.monotonic()

ASK_THE_WHEEL = """\
import sys, digits
answer = digits.predict(open(sys.argv[1], "rb").read())
print(f"digits.predict says {answer.label}, confidence {answer.confidence:.1%}")
print("numpy or datacc were imported:", bool({"numpy", "datacc"} & set(sys.modules)))
"""


def say(title: str) -> None:
    print(f"\n━━ {title}  [{time.monotonic() - BEGAN:.0f} s]", flush=True)


def do(folder: Path, *command: str | Path) -> None:
    """Run `command` in `folder`, shown as one would type it; stop the demo when it fails."""
    words = [str(word) for word in command]
    typed = [Path(words[0]).name if index == 0 else word.replace(f"{PLACE}/", "") for index, word in enumerate(words)]
    print(f"$ {shlex.join(word if len(word) < 80 else '…' for word in typed)}", flush=True)
    began = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    code = subprocess.run(words, cwd=folder, env=environment).returncode
    print(f"  ({time.monotonic() - began:.1f} s)", flush=True)
    if code:
        sys.exit(f"error: the demo stopped: {shlex.join(typed)} ended with {code}")


def main() -> None:
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    repository, empty, picture = PLACE / "digits", PLACE / "empty", PLACE / "seven.png"

    say("1. Real examples: 4,999 handwritten digits, and one more that nobody will be shown")
    do(PLACE, sys.executable, ROOT / "gallery/digits/fetch.py", PLACE)

    say("2. A label repository that asks for a program, a goal and a budget")
    do(PLACE, *DATACC, "new", "digits", "--program", ROOT / "gallery/digits/datacc.toml")
    do(repository, *DATACC, "import", "../digits.npz")

    say("3. Build: search, fit, compile, and judge the final bytes against goal and budget")
    do(repository, *DATACC, "build")

    say("4. Ask the program for the digit that it has never seen")
    do(repository, *DATACC, "run", "build/digits", "../seven.png")

    say("5. The same program as a wheel, in an empty environment without datacc")
    [wheel] = (repository / "build" / "digits").rglob("*.whl")
    do(PLACE, sys.executable, "-m", "venv", empty)
    do(PLACE, empty / "bin" / "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check", wheel)
    pixels = PLACE / "seven.pixels"
    with Image.open(picture) as image:
        pixels.write_bytes(image.convert("L").tobytes())
    do(PLACE, empty / "bin" / "python", "-I", "-c", ASK_THE_WHEEL, pixels)

    say("Done. What was built, with its report:")
    for path in sorted((repository / "build" / "digits").iterdir()):
        print(f"  {path.relative_to(ROOT)}  {path.stat().st_size:,} bytes" if path.is_file() else f"  {path}/")


if __name__ == "__main__":
    main()
