"""Runs the README's tour as a stranger would paste it, and draws the terminal: docs/tour.svg, or the file named."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
DRAWN: Final = ROOT / "docs" / "tour.svg"
MOST_LINES: Final = 40
COLUMNS, ROWS = 118, 34
CELL: Final = (7.2, 17)  # pixels
PACE: Final = 0.035  # seconds for a character typed
LONGEST_WAIT: Final = 2.5  # seconds of the picture that a command takes at most
LAST: Final = 6.0  # seconds that the end stands before it begins anew


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the picture: when it comes, what it says, and what it is."""

    at: float
    text: str
    kind: str


def tour() -> list[str]:
    """The commands of the README's tour, comments among them."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^## A tour\n.*?^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    if found is None:
        sys.exit("error: README.md has no tour\n  try: a block of sh under '## A tour'")
    lines = found[1].splitlines()
    if len(lines) > MOST_LINES:
        sys.exit(f"error: the tour has {len(lines)} lines, {MOST_LINES} are allowed")
    return [line for line in lines if line.strip()]


def play(commands: list[str], folder: Path) -> Iterator[tuple[str, str, float]]:
    """Each command with what it printed and the seconds that it took, all in one shell. Stops at one that fails."""
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    pipe = subprocess.PIPE
    shell = subprocess.Popen(["bash"], cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT)
    assert shell.stdin is not None
    assert shell.stdout is not None
    try:
        for command in commands:
            began = time.monotonic()
            shell.stdin.write(f'{command}\necho "<$?>"\n'.encode())
            shell.stdin.flush()
            said = b""
            while (ended := re.search(rb"<(\d+)>\n$", said)) is None:
                part = os.read(shell.stdout.fileno(), 65536)
                if not part:
                    sys.exit(f"error: the shell ended in: {command}")
                said += part
            text = said[: ended.start()].decode("utf-8", "replace")
            yield command, text, time.monotonic() - began
            if ended[1] != b"0":
                sys.exit(f"error: exit code {ended[1].decode()}: {command}\n{text}")
    finally:
        shell.kill()
        shell.communicate()


def staged(played: list[tuple[str, str, float]]) -> list[Line]:
    """The lines of the picture, each when it comes."""
    lines, now = list[Line](), 0.5
    for command, said, seconds in played:
        if command.startswith("#"):
            lines += [Line(at=now, text="", kind="said"), Line(at=now, text=command, kind="comment")]
            now += 1.0
            continue
        lines.append(Line(at=now, text=f"$ {command}", kind="typed"))
        now += PACE * len(command) + min(seconds, LONGEST_WAIT)
        for text in said.rstrip().splitlines():
            lines.append(Line(at=now, text=text.rstrip(), kind="said"))
            now += 0.03
        if seconds >= 1:
            lines.append(Line(at=now, text=f"{seconds:.1f} s", kind="seconds"))
        now += 1.2
    return [Line(at=one.at, text=part, kind=one.kind) for one in lines for part in _wrapped(one.text)]


def _wrapped(text: str) -> list[str]:
    return [text[at : at + COLUMNS] for at in range(0, max(len(text), 1), COLUMNS)]


def drawn(lines: list[Line]) -> str:
    """The picture: lines appear one after the other, and scroll."""
    wide, high = CELL
    whole = lines[-1].at + LAST
    tops = [(line.at, -max(0, n + 1 - ROWS) * high) for n, line in enumerate(lines)]
    steps = [(0.0, 0.0), *(step for step, before in zip(tops[1:], tops, strict=False) if step[1] != before[1])]
    times = ";".join(f"{at / whole:.5f}" for at, _ in steps)
    values = ";".join(f"0 {top:g}" for _, top in steps)
    texts = "\n".join(
        f'<text class="{line.kind}" y="{(n + 1) * high:g}" xml:space="preserve">{_marked(line.text)}'
        f'<animate attributeName="opacity" calcMode="discrete" values="0;1" keyTimes="0;{line.at / whole:.5f}" '
        f'dur="{whole:.2f}s" repeatCount="indefinite"/></text>'
        for n, line in enumerate(lines)
    )
    width, height = COLUMNS * wide + 32, ROWS * high + 40
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    return f"""<svg xmlns="http://www.w3.org/2000/svg" {size}>
<style>
text {{ font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d6dbe2 }}
.typed {{ fill: #fff; font-weight: bold }} .comment {{ fill: #8fc7ff }} .seconds {{ fill: #7f8894 }}
.yes {{ fill: #7ddc8b }} .no {{ fill: #ff8f8f }}
</style>
<rect width="100%" height="100%" rx="8" fill="#14181f"/>
<svg x="16" y="12" width="{width - 32:g}" height="{ROWS * high + 8:g}"><g>
{texts}
<animateTransform attributeName="transform" type="translate" calcMode="discrete" values="{values}" keyTimes="{times}" \
dur="{whole:.2f}s" repeatCount="indefinite"/>
</g></svg>
</svg>
"""


def _marked(text: str) -> str:
    safe = escape(text)
    return safe.replace("✓", '<tspan class="yes">✓</tspan>').replace("✗", '<tspan class="no">✗</tspan>')


def main(drawn_to: Path = DRAWN) -> int:
    folder = Path(tempfile.mkdtemp(prefix="datacc-tour-"))
    try:
        played = []
        for command, said, seconds in play(tour(), folder):
            print(f"$ {command}\n{said}" if not command.startswith("#") else command, flush=True)
            played.append((command, said, seconds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    drawn_to.write_text(drawn(staged(played)), encoding="utf-8")
    print(f"drawn: {drawn_to}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
