"""The target `npm`: a package for Node and browsers, WebAssembly with a small loader and TypeScript types."""

import gzip
import json
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Final

from datacc.store import digest, write_atomically
from datacc.targets import Built, Target
from datacc.targets._script import script, types
from datacc.targets._texts import LICENCE
from datacc.targets.wasm import module


class Npm(Target):
    """NAME-0.0.0-dDIGEST.tgz, as `npm install ./NAME-….tgz` takes it; those of earlier versions are removed.

    No dependency, no install script. `import { predict } from "NAME"` waits for the module once, then calls are plain.
    """

    def make(self, built: Built, folder: Path) -> tuple[Path, ...]:
        """Writes the package. Raises `SpecError` for names that JavaScript cannot carry."""
        name = built.interface.name
        files = {
            "index.js": script(built.interface).encode(),
            "index.d.ts": types(built.interface).encode(),
            "program.js": Path(__file__).with_name("_npm.js").read_bytes(),
            f"{name}.wasm": module(built),
            "LICENSE": LICENCE.encode(),
        }
        version = f"0.0.0-d{digest(*(part for item in files.items() for part in item))[:12]}"
        path = folder / f"{name}-{version}.tgz"
        write_atomically(
            path, _packed({"package.json": _package(name, version, files).encode(), **files}), lasting=False
        )
        for old in folder.glob(f"{name}-0.0.0-d*.tgz"):
            if old != path:
                old.unlink()
        return (path,)


def _package(name: str, version: str, files: Mapping[str, bytes]) -> str:
    """The text of package.json."""
    table = {
        "name": name,
        "version": version,
        "description": "A program built by datacc",
        "license": "0BSD",
        "type": "module",
        "exports": {".": {"types": "./index.d.ts", "default": "./index.js"}, f"./{name}.wasm": f"./{name}.wasm"},
        "types": "./index.d.ts",
        "files": list(files),
        "engines": {"node": ">=18"},
    }
    return json.dumps(table, indent=2) + "\n"


def _packed(files: Mapping[str, bytes]) -> bytes:
    """A gzipped tar file of `files` under `package/`, stored at one fixed time: the same program, the same bytes."""
    packed = BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=0, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode, entry.mtime = len(content), 0o644, 0
            archive.addfile(entry, BytesIO(content))
    return packed.getvalue()


ENTRY: Final = Npm()
