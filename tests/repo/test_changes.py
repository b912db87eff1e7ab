"""What is said otherwise at one commit than at another."""

import contextlib
import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from markdown_it import MarkdownIt  # rich brings it

from datacc.cli.changes import as_markdown, as_text
from datacc.errors import DataccError, RepositoryError
from datacc.intake.importing import ImportOptions, import_examples
from datacc.repo.branches import merge
from datacc.repo.changes import Change, Changes, changes
from datacc.repo.commit import commit
from datacc.repo.find import Repository
from datacc.repo.journal import Journal
from datacc.repo.label import label
from datacc.repo.remove import delete, restore
from datacc.repo.revert import revert
from datacc.repo.words import printable
from tests.repo.conftest import Git, png
from tests.repo.test_revert import relabelled
from tests.repo.test_undo import ANN, BEN, ann, ids, said

__all__ = ["ann"]  # a fixture of every test here


def test_a_relabelled_example_has_old_new_who_and_where(repository: Repository) -> None:
    id = ids(repository)[0]
    [old] = said(repository)[id]
    made = relabelled(repository, 0, BEN)
    [new] = said(repository)[id]
    found = changes(repository, f"{made}^", made)
    [one] = found.changes
    [event] = one.said
    assert (one.example, one.field, one.old, one.new) == (id, "animal", (old,), (new,))
    assert (event.who, event.commit, one.name) == (BEN, made, next(n for n in [one.name] if n and n.endswith(".png")))
    assert (found.added, found.removed) == (0, 0)


def test_only_what_is_different_in_the_end_counts(repository: Repository) -> None:
    first = relabelled(repository, 0)
    relabelled(repository, 0)
    relabelled(repository, 1)
    found = changes(repository, f"{first}^", "HEAD")
    assert [one.example for one in found.changes] == [ids(repository)[1]]


def test_backwards_is_the_contrary(repository: Repository) -> None:
    made = relabelled(repository, 0)
    [there], [back] = (changes(repository, *pair).changes for pair in ((f"{made}^", made), (made, f"{made}^")))
    assert (there.old, there.new) == (back.new, back.old)


def test_an_import_is_counted_and_its_classes_are_named(repository: Repository, pictures: Path) -> None:
    (pictures / "owl").mkdir()
    (pictures / "owl" / "99.png").write_bytes(png(99))
    import_examples(repository, pictures, ImportOptions(label="animal"))
    found = changes(repository, "HEAD~1", "HEAD")
    assert (found.added, found.classes_added, found.changes) == (1, ("owl",), ())
    back = changes(repository, "HEAD", "HEAD~1")
    assert (back.removed, back.classes_removed) == (1, ("owl",))


def test_deleted_and_restored(repository: Repository) -> None:
    id = ids(repository)[0]
    delete(repository, [id], "blurred")
    gone = commit(repository).commit
    [one] = changes(repository, f"{gone}^", gone).changes
    assert (one.field, one.old, one.new, one.said[0].reason) == ("", ("present",), ("deleted",), "blurred")
    restore(repository, [id])
    back = commit(repository).commit
    [one] = changes(repository, gone, back).changes
    assert (one.old, one.new, one.said[0].commit) == (("deleted",), ("present",), back)
    assert changes(repository, f"{gone}^", back).changes == ()


def test_a_revert_is_called_one(repository: Repository) -> None:
    made = relabelled(repository, 0)
    done = revert(repository, made)
    [one] = changes(repository, made, "HEAD").changes
    assert [(event.op, event.commit, event.who) for event in one.said] == [("revert", done.commit, ANN)]


def test_a_merge_that_tears_an_example_shows_both_sides(repository: Repository, pictures: Path, git: Git) -> None:
    (pictures / "owl").mkdir()
    (pictures / "owl" / "99.png").write_bytes(png(99))
    import_examples(repository, pictures, ImportOptions(label="animal"))
    id = ids(repository)[0]
    git("switch", "-q", "-c", "other")
    label(repository, id, None, "owl", BEN)
    commit(repository)
    git("switch", "-q", "-")
    relabelled(repository, 0)
    [mine] = said(repository)[id]
    git("merge", "-q", "--no-edit", "other")
    [one] = changes(repository, "HEAD~1", "HEAD").changes
    assert (one.old, set(one.new)) == ((mine,), {mine, "owl"})
    assert [event.who for event in one.said] == [BEN]
    assert "1 example in conflict" in as_text(changes(repository, "HEAD~1", "HEAD"))


def test_nothing_changed(repository: Repository) -> None:
    found = changes(repository, "HEAD", "HEAD")
    assert (found.changes, found.added, found.removed) == ((), 0, 0)
    assert as_text(found) == as_markdown(found).removeprefix("**Labels** ")


def test_an_unknown_revision_is_refused(repository: Repository) -> None:
    with pytest.raises(RepositoryError, match="no revision"):
        changes(repository, "HEAD", "nowhere")


HOSTILE = [
    "x | y ` @everyone\n# heading",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:b) ![c](https://example.org/d.png)",
    "``` @ann #1 https://example.org",
    "\\` | \\| <!-- ",
    "\u202eright to left\u2066",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_does_nothing_in_a_comment(repository: Repository, pictures: Path, text: str) -> None:
    """A reader of Markdown finds one table with a row per change, and foreign text only as code."""
    name = re.sub(
        r"[^ -~]|/", "", text
    ).strip()  # a class is called so, a folder and a person; a reason may be any text
    (pictures / name).mkdir()
    (pictures / name / "99.png").write_bytes(png(99))
    import_examples(repository, pictures, ImportOptions(label="animal"))
    first, second = [id for id in ids(repository) if said(repository)[id] == ("cat",)][:2]
    label(repository, first, None, name, f"{name} <ann@example.org>")
    delete(repository, [second], text)
    commit(repository)
    comment = as_markdown(changes(repository, "HEAD~2", "HEAD"))
    tokens = MarkdownIt("commonmark").enable("table").parse(comment)
    inline = [one for token in tokens for one in token.children or ()]
    assert {one.type for one in inline} <= {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
    assert sum(token.type == "table_open" for token in tokens) == 1
    assert sum(token.type == "tr_open" for token in tokens) == 3
    assert {token.type for token in tokens if "list" in token.type or "head" in token.type} <= {
        "thead_open",
        "thead_close",
    }
    assert not set("@<[`\\#") & set("".join(one.content for one in inline if one.type == "text"))
    shown = [one.content for one in inline if one.type == "code_inline"]
    assert f"cat → {name}".replace("|", "¦").replace("`", "'") in " → ".join(shown)
    assert printable(text).replace("|", "¦").replace("`", "'").strip() in (one.strip() for one in shown)


def test_a_comment_begins_with_what_is_in_conflict_and_fits_a_host(repository: Repository) -> None:
    changed = [
        Change(
            example=f"{n:032x}",
            name=None,
            field="animal",
            old=("cat",),
            new=("dog", "owl")[: 1 + (n == 4_999)],
            said=(),
        )
        for n in range(5_000)
    ]
    found = replace(changes(repository, "HEAD", "HEAD"), changes=tuple(changed))
    comment = as_markdown(found)
    assert len(comment.encode()) < 65_536 / 2  # the answers stand below it
    rows = [line for line in comment.splitlines() if line.startswith("| `")]
    assert rows[0].split("`")[1] == f"{4_999:032x}"[:12]
    assert comment.splitlines()[2] == "4,999 × `cat` → `dog`, 1 × `cat` → `dog or owl`"
    assert f"and {5_000 - len(rows):,} more: `datacc diff" in comment.splitlines()[-1]


@pytest.mark.parametrize("seed", range(4))
def test_telling_without_a_fold_tells_what_the_fold_does(
    repository: Repository, pictures: Path, git: Git, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    random = Random(seed)
    known = ids(repository)
    for step in range(8):
        if step in (3, 5):
            git("switch", "--quiet", "--create", f"b{step}", random.choice(["HEAD", "HEAD~1"]))
        if step == 4:
            (pictures / "dog" / "00.png").rename(pictures / "cat" / "00.png")  # brought again, with another label
            import_examples(repository, pictures, ImportOptions(label="animal"))
        for id in random.sample(known, 6):
            match random.choice(["label", "label", "label", "delete", "other"]):
                case "delete":
                    with contextlib.suppress(DataccError):
                        delete(repository, [id])
                case word:
                    with contextlib.suppress(DataccError):
                        label(repository, id, None, random.choice(["cat", "dog"]) if word == "label" else "cat")
        if Journal(repository.root).count():
            commit(repository)
        if step == 6:
            merge(repository, "main")
    revisions = git("rev-list", "--all").split()
    pairs = [random.sample(revisions, 2) for _ in range(8)] + [[f"{one}^", one] for one in revisions[:-2]]
    quick = [changes(repository, *pair) for pair in pairs]
    monkeypatch.setattr("datacc.repo.changes.relabelled", lambda *_: {})
    assert quick == [changes(repository, *pair) for pair in pairs]
    assert any(one.changes for one in quick)


def test_an_edit_whose_predecessor_was_taken_back_stands_against_the_row(
    repository: Repository, pictures: Path, git: Git
) -> None:
    (pictures / "owl").mkdir()
    (pictures / "owl" / "99.png").write_bytes(png(99))
    import_examples(repository, pictures, ImportOptions(label="animal"))
    id, base = ids(repository)[0], git("rev-parse", "HEAD").strip()
    relabelled(repository, 0)
    [first] = git("ls-files", "ops").split()
    label(repository, id, None, "owl")
    commit(repository)
    git("rm", "--quiet", first)
    git("commit", "--quiet", "--message=the first edit is taken back")
    [one] = assert_like_the_fold(repository, base).changes
    assert len(one.new) == 2


def test_an_edit_stands_against_a_second_row(repository: Repository, pictures: Path, git: Git) -> None:
    base = git("rev-parse", "HEAD").strip()
    git("switch", "--quiet", "--create", "other")
    moved = next((pictures / "dog").iterdir())
    (pictures / "owl").mkdir()
    moved.rename(pictures / "owl" / moved.name)
    import_examples(repository, pictures, ImportOptions(label="animal"))
    second = git("rev-parse", "HEAD").strip()
    git("switch", "--quiet", "main")
    for nth in range(len(ids(repository))):
        relabelled(repository, nth)
    merge(repository, "other")
    found = assert_like_the_fold(repository, second)
    assert sum(len(one.new) == 2 for one in found.changes) == 1
    assert_like_the_fold(repository, base)


def assert_like_the_fold(repository: Repository, old: str) -> Changes:
    """What changed since `old`, told with and without folding all."""
    found = changes(repository, old, "HEAD")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datacc.repo.changes.relabelled", lambda *_: {})
        assert found == changes(repository, old, "HEAD")
    return found
