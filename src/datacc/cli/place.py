"""Which artifact a verb is about, and the folder of the datacc.toml that it was built for."""

from pathlib import Path

from datacc.compiler.cache import cache
from datacc.frozen import frozen
from datacc.repo.wishes import require_trusted_build
from datacc.spec.read import find_program, read_program
from datacc.store import Store


@frozen
class Place:
    """An artifact's folder and the root that it was built in."""

    artifact: Path
    root: Path

    @property
    def store(self) -> Store:
        """The cache of the builds in this root."""
        return cache(self.root)


def place_of(artifact: Path | None) -> Place:
    """The place of `artifact`; left out, of the program that the datacc.toml here or above asks for."""
    if artifact is None:
        path = find_program(Path.cwd())
        place = Place(artifact=path.parent / "build" / read_program(path).name, root=path.parent)
    else:
        place = Place(artifact=artifact, root=find_program(artifact).parent)
    require_trusted_build(place.artifact)
    return place
