"""The target `wheel`: a Python package that needs nothing, not even datacc; `pip install`, import, predict."""

import base64
import hashlib
import platform
import re
import sysconfig
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

from datacc.spec.cpus import cpu_named
from datacc.store import digest, write_atomically
from datacc.targets import Built, Target
from datacc.targets._module import module

LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can name

_LICENCE: Final = """\
BSD Zero Clause License

Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM
LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR
OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR
PERFORMANCE OF THIS SOFTWARE.
"""

_METADATA: Final = """\
Metadata-Version: 2.4
Name: {name}
Version: {version}
Summary: A program built by datacc from labelled examples
License-Expression: 0BSD
License-File: LICENSE
Requires-Python: >=3.10
"""

_WHEEL: Final = """\
Wheel-Version: 1.0
Generator: datacc
Root-Is-Purelib: false
{tags}
"""


class Wheel(Target):
    """NAME-VERSION-py3-none-PLATFORM.whl; a wheel of an earlier version in the folder is removed.

    The version is 0.0.0 and the digest of the contents: a program has no version of its own, and pip leaves an
    installed package alone when a file of the same version is offered.
    """

    def make(self, built: Built, folder: Path) -> tuple[Path, ...]:
        """Writes the wheel. Raises `SpecError` for a program whose answer or names it cannot carry."""
        name, library = built.interface.name, built.library.path
        package = {
            f"{name}/__init__.py": module(built.interface, library.name).encode(),
            **{f"{name}/{part}": Path(__file__).with_name(part).read_bytes() for part in ("_call.py", "_port.py")},
            f"{name}/py.typed": b"",
            f"{name}/{library.name}": library.read_bytes(),
        }
        distribution = re.sub("_+", "_", name).strip("_")
        version = f"0.0.0+d{digest(*(part for item in package.items() for part in item))[:12]}"
        tag = platform_tag(cpu_named(built.interface.cpu).machine)
        path = folder / f"{distribution}-{version}-py3-none-{tag}.whl"
        content = _packed({**package, **_information(distribution, version, tag)}, f"{distribution}-{version}")
        write_atomically(path, content)
        for old in folder.glob(f"{distribution}-0.0.0+d*-py3-none-*.whl"):
            if old != path:
                old.unlink()
        return (path,)


def platform_tag(machine: str) -> str:
    """The platforms of a library for `machine` and the system of this computer.

    On Linux both families of C library are named, at their oldest: the library needs neither, since it has no
    undefined symbol and names no other library; `link` refuses one that has. Elsewhere it is this very system.
    """
    if platform.system() == "Linux":
        return f"manylinux_2_17_{machine}.manylinux2014_{machine}.musllinux_1_1_{machine}"
    return re.sub(r"[-.]", "_", sysconfig.get_platform())


def _information(distribution: str, version: str, tag: str) -> Mapping[str, bytes]:
    """The files that describe the package, but for the list of files."""
    folder = f"{distribution}-{version}.dist-info"
    tags = "\n".join(f"Tag: py3-none-{one}" for one in tag.split("."))
    return {
        f"{folder}/METADATA": _METADATA.format(name=distribution, version=version).encode(),
        f"{folder}/WHEEL": _WHEEL.format(tags=tags).encode(),
        f"{folder}/licenses/LICENSE": _LICENCE.encode(),
    }


def _packed(files: Mapping[str, bytes], stem: str) -> bytes:
    """A zip file of `files` in this order, with their list at the end.

    Stored, not compressed, and at one fixed time: compressors differ from version to version, and the same program
    must give the same bytes.
    """
    record = f"{stem}.dist-info/RECORD"
    lines = [f"{name},sha256={_checksum(content)},{len(content)}" for name, content in files.items()]
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {**files, record: "\n".join([*lines, f"{record},,", ""]).encode()}.items():
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # Unix, a plain file that all may read
            archive.writestr(entry, content)
    return packed.getvalue()


def _checksum(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


ENTRY: Final = Wheel()
