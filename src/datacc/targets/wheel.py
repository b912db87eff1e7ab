"""The target `wheel`: a Python package that needs nothing, not even datacc; `pip install`, import, predict."""

import base64
import hashlib
import re
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

from datacc.calls import _said as said
from datacc.calls import _spool as spool
from datacc.calls import _wrap as wrap
from datacc.runtime.library import file_name
from datacc.spec.interface import Interface
from datacc.store import digest, write_atomically
from datacc.targets import Built, Target
from datacc.targets._cells import reads_cells
from datacc.targets._forms import Form, forms, library
from datacc.targets._module import module, wraps
from datacc.targets._parameters import windowed
from datacc.targets._texts import LICENCE
from datacc.types import cells, windows

WRAP: Final = {Path(str(part.__file__)).name: Path(str(part.__file__)) for part in (said, spool, wrap)}
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can name

_METADATA: Final = """\
Metadata-Version: 2.4
Name: {name}
Version: {version}
Summary: A program built by datacc
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
    """NAME-VERSION-py3-none-PLATFORM.whl for each platform; wheels of earlier versions in the folder are removed.

    The version is 0.0.0 and the digest of the contents: a program has no version of its own, and pip leaves an
    installed package alone when a file of the same version is offered.
    """

    def make(self, built: Built, folder: Path) -> tuple[Path, ...]:
        """Writes the wheels. Raises `SpecError` for a program whose answer or names they cannot carry."""
        distribution = re.sub("_+", "_", built.interface.name).strip("_")
        wheels = dict(_wheel(built, form, distribution) for form in forms(built))
        for old in folder.glob(f"{distribution}-0.0.0+d*-py3-none-*.whl"):
            if old.name not in wheels:
                old.unlink()
        for name, content in wheels.items():
            write_atomically(folder / name, content, lasting=False)
        return tuple(folder / name for name in wheels)


def _wheel(built: Built, form: Form, distribution: str) -> tuple[str, bytes]:
    """The name and the content of one platform's wheel."""
    name, data = built.interface.name, library(built, form)
    file = file_name(name, data, form.platform.library)
    package = {
        f"{name}/__init__.py": module(form.interface, file).encode(),
        **{f"{name}/{part}": path.read_bytes() for part, path in parts(form.interface).items()},
        f"{name}/py.typed": b"",
        f"{name}/{file}": data,
    }
    version = f"0.0.0+d{digest(*(part for item in package.items() for part in item))[:12]}"
    tag = ".".join(form.platform.wheels)
    content = _packed({**package, **_information(distribution, version, tag)}, f"{distribution}-{version}")
    return f"{distribution}-{version}-py3-none-{tag}.whl", content


def parts(interface: Interface) -> dict[str, Path]:
    """The files that go into the package as they are, by the names that they have there."""
    called = {name: Path(__file__).with_name(name) for name in ("_call.py", "_port.py", "_processor.py")}
    read = {"_cells.py": Path(cells.__file__)} if reads_cells(interface) else {}
    apart = {"_windows.py": Path(windows.__file__)} if windowed(interface) else {}
    return {**called, **read, **apart, **(WRAP if wraps(interface) else {})}


def _information(distribution: str, version: str, tag: str) -> Mapping[str, bytes]:
    """The files that describe the package, but for the list of files."""
    folder = f"{distribution}-{version}.dist-info"
    tags = "\n".join(f"Tag: py3-none-{one}" for one in tag.split("."))
    return {
        f"{folder}/METADATA": _METADATA.format(name=distribution, version=version).encode(),
        f"{folder}/WHEEL": _WHEEL.format(tags=tags).encode(),
        f"{folder}/licenses/LICENSE": LICENCE.encode(),
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
