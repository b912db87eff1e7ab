"""What the commits of one side brought and touched: nothing that a merge with it may write is left out."""

from datacc.repo.births import births_between, brought_between
from datacc.repo.branches import merge
from datacc.repo.changes import changes
from datacc.repo.commit import commit
from datacc.repo.find import Repository
from datacc.repo.label import label
from datacc.repo.working import read_working
from tests.repo.conftest import Git

ODD = ("A", "\x01", "a\nb", "\nD", "a\x01b/c", "ünder")  # as names of files, none of which git's words may be taken for


def relabel(repository: Repository, number: int, name: str) -> None:
    label(repository, sorted(read_working(repository).states)[number], None, name)
    commit(repository)


def apart(git: Git, here: str, there: str) -> set[str]:
    """The files that git says `there` has otherwise than where the two parted."""
    return set(git("diff", "--name-only", "--no-renames", "-z", f"{here}...{there}").split("\0")[:-1])


def two_sides(repository: Repository, git: Git) -> None:
    """main and side parted; side has odd files, takes main in and drops of it what git would keep."""
    git("checkout", "-q", "-b", "side")
    relabel(repository, 0, "dog")
    for name in ODD:
        (repository.root / name).parent.mkdir(exist_ok=True)
        (repository.root / name).write_text(name)
    git("add", "-A")
    git("commit", "-q", "-m", "odd names")
    git("checkout", "-q", "main")
    relabel(repository, 1, "cat")
    relabel(repository, 2, "dog")
    git("checkout", "-q", "side")
    git("merge", "-q", "--no-edit", "-s", "ours", "main")
    git("rm", "-q", "-f", "datacc.toml")
    git("commit", "-q", "-m", "no program")
    git("checkout", "-q", "main")
    relabel(repository, 3, "cat")


def test_every_file_that_may_be_another_is_told(repository: Repository, git: Git) -> None:
    two_sides(repository, git)
    born, touched = brought_between(repository, "main", "side")
    assert touched >= apart(git, "main", "side")
    assert {*ODD, "datacc.toml"} <= apart(git, "main", "side")
    assert born == births_between(repository, "main", "side")
    assert len(born) == 1
    born, touched = brought_between(repository, "side", "main")
    assert touched == apart(git, "side", "main")
    assert born == births_between(repository, "side", "main")


def test_a_merge_tells_what_a_diff_tells(repository: Repository, git: Git) -> None:
    git("checkout", "-q", "-b", "side")
    for number, name in ((0, "dog"), (1, "cat"), (0, "cat")):
        relabel(repository, number, name)
    git("checkout", "-q", "main")
    relabel(repository, 2, "dog")
    before = git("rev-parse", "HEAD").strip()
    assert merge(repository, "side").changes == changes(repository, before, "HEAD")
