"""S3 as a remote, against a server that speaks it: exchange, refusals, and every way in which a connection breaks."""

import http.client
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.core import set_initial_no_auth_action_count
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from datacc.errors import RemoteError
from datacc.repo import remote_store
from datacc.repo.exchange import push
from datacc.repo.fsck.perform import fsck
from datacc.repo.garbage import REMOTE_GRACE, collect
from datacc.repo.identity import address
from datacc.repo.remote_store import RemoteStore
from datacc.repo.remotes import Remote, contact
from datacc.repo.trust import trust
from tests.repo.exchange import all_media, begun, cloned, git, pushed, the_pack

URL = "s3://pets/data"
SECRET = "hush-hush-very-secret"
Application = Callable[[dict[str, Any], Any], Any]


class Server:
    """A real S3 server; `fault(environ)` may answer in its place with a status line, or None."""

    def __init__(self) -> None:
        self.whole: Application = DomainDispatcherApplication(create_backend_app)
        self.fault: Callable[[dict[str, Any]], str | None] = lambda environ: None
        self.http = make_server("127.0.0.1", 0, self.answer, threaded=True)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        status = self.fault(environ)
        if status is None:
            return self.whole(environ, start_response)
        start_response(status, [("Content-Type", "text/xml")])
        return [f"<Error><Code>{SECRET}</Code><Message>{SECRET}</Message></Error>".encode()]


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


CLIENTS = dict[tuple[str | None, ...], Any]()  # to make one takes half a second


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    made, opened = running, remote_store._open
    made.fault = lambda environ: None

    def reused(remote: Remote) -> Any:
        key = (remote.url, *map(os.environ.get, ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")))
        if key not in CLIENTS:
            CLIENTS[key] = opened(remote)
        return CLIENTS[key]

    monkeypatch.setattr(remote_store, "_open", reused)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in (
        ("AWS_ENDPOINT_URL", made.url),
        ("AWS_ACCESS_KEY_ID", "ann"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_CONFIG_FILE", os.devnull),
        ("AWS_SHARED_CREDENTIALS_FILE", os.devnull),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        "datacc.repo.remote_store._PATIENCE", {"connect_timeout": 1, "read_timeout": 1, "retries": {"max_attempts": 1}}
    )
    bucket("POST", made, "/moto-api/reset")
    bucket("PUT", made, "/pets")
    return made


def bucket(verb: str, server: Server, path: str) -> None:
    link = http.client.HTTPConnection("127.0.0.1", server.http.server_port)
    link.request(
        verb, path, headers={"Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request"}
    )
    assert link.getresponse().status == 200
    link.close()


def store() -> RemoteStore:
    return RemoteStore(Remote(name="store", url=URL, packs="outside"))


def test_two_clones_exchange_media(server: Server, tmp_path: Path, pictures: Path) -> None:
    ann = pushed(tmp_path, pictures, URL)
    bob = cloned(tmp_path)
    trust(bob, [contact(URL)])
    assert all_media(bob) == all_media(ann)
    assert fsck(bob, deep=True).damages == ()
    for side in (ann, bob):
        text = "".join(path.read_text(errors="ignore") for path in side.root.rglob("*") if path.is_file())
        assert SECRET not in text


def test_nothing_is_overwritten(server: Server) -> None:
    data, other = b"some bytes", b"other"
    store().put(address(data), data)
    store().put(address(data), data)
    assert store().sizes() == {address(data): len(data)}
    store()._fs.pipe_file(f"pets/data/packs/{address(data)}", other)
    with pytest.raises(RemoteError, match="damaged"):
        store().put(address(data), data)
    assert store()._fs.cat_file(f"pets/data/packs/{address(data)}") == other


def test_of_two_that_put_at_once_the_first_stays(server: Server) -> None:
    """The server itself refuses a second object: nobody has to look first."""
    data = b"some bytes"
    seen: list[str | None] = []
    server.fault = lambda environ: (
        seen.append(environ.get("HTTP_IF_NONE_MATCH")) if environ["REQUEST_METHOD"] == "PUT" else None
    )
    store().put(address(data), data)
    assert seen == ["*"]


def test_a_server_without_conditional_writes(server: Server) -> None:
    data = b"some bytes"
    server.fault = lambda environ: "501 Not Implemented" if "HTTP_IF_NONE_MATCH" in environ else None
    store().put(address(data), data)
    assert store().get(address(data)) == data


@pytest.mark.nightly
def test_garbage_goes_in_two_steps(server: Server, tmp_path: Path, pictures: Path) -> None:
    ann = pushed(tmp_path, pictures, URL)
    lost = address(b"nobody needs this")
    store().put(lost, b"nobody needs this")
    assert collect(ann, really=True).mark == (("store", lost),)
    [marked] = store().marks().values()
    assert collect(ann, really=True, now=marked + 2 * REMOTE_GRACE).delete == (("store", lost),)
    assert (set(store().sizes()), store().marks()) == ({the_pack(ann)}, {})


@pytest.mark.nightly
def test_a_damaged_object_is_healed(server: Server, tmp_path: Path, pictures: Path) -> None:
    ann = pushed(tmp_path, pictures, URL)
    good = store().get(the_pack(ann))
    assert good
    store()._fs.pipe_file(f"pets/data/packs/{the_pack(ann)}", good[:-1] + b"?")
    assert fsck(ann).damages == ()
    assert [one.copy for one in fsck(ann, deep=True).damages] == ["remote"]
    assert fsck(ann, heal=True, deep=True).damages == ()
    assert store().get(the_pack(ann)) == good


def unchanged(tmp_path: Path, pictures: Path, spoil: Callable[[], None], mend: Callable[[], None], what: str) -> None:
    """A push that meets a fault says so in one error without secrets, changes nothing, and works once it is mended."""
    ann = begun(tmp_path, pictures, URL)
    before = git(ann.root, "for-each-ref"), sorted(path.name for path in (ann.root / ".datacc" / "packs").iterdir())
    spoil()
    with pytest.raises(RemoteError, match=what) as caught:
        push(ann)
    assert caught.value.tries
    assert caught.value.__cause__ is None
    assert SECRET not in str(caught.value)
    assert before == (git(ann.root, "for-each-ref"), [the_pack(ann)])
    assert git(tmp_path / "origin.git", "for-each-ref") == ""
    mend()
    push(ann)
    assert set(store().sizes()) == {the_pack(ann)}


def test_a_missing_bucket(server: Server, tmp_path: Path, pictures: Path) -> None:
    unchanged(
        tmp_path, pictures, lambda: drop(server), lambda: bucket("PUT", server, "/pets"), "no such folder or bucket"
    )


def drop(server: Server) -> None:
    bucket("POST", server, "/moto-api/reset")


def test_an_unreachable_server(server: Server, tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
    away = lambda: monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")  # noqa: E731
    unchanged(tmp_path, pictures, away, lambda: monkeypatch.setenv("AWS_ENDPOINT_URL", server.url), "cannot be reached")


@pytest.mark.nightly
def test_a_server_that_never_answers(
    server: Server, tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        away = lambda: monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")  # noqa: E731
        back = lambda: monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)  # noqa: E731
        unchanged(tmp_path, pictures, away, back, "cannot be reached")


NIGHTLY = [pytest.param(status, marks=pytest.mark.nightly) for status in ("503 Slow Down", "418 Teapot")]


@pytest.mark.parametrize("status", ["500 Internal Server Error", "403 Forbidden", *NIGHTLY])
def test_a_server_that_fails_midway(server: Server, tmp_path: Path, pictures: Path, status: str) -> None:
    def spoil() -> None:
        server.fault = lambda environ: status if "/packs/" in environ["PATH_INFO"] else None

    def mend() -> None:
        server.fault = lambda environ: None

    unchanged(tmp_path, pictures, spoil, mend, "refuses" if "403" in status else "cannot be reached")


@pytest.mark.nightly
def test_no_credentials(server: Server, tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil() -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    def mend() -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ann")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)

    unchanged(tmp_path, pictures, spoil, mend, "refuses")


def test_wrong_credentials(server: Server, tmp_path: Path, pictures: Path) -> None:
    ann = begun(tmp_path, pictures, URL)

    @set_initial_no_auth_action_count(0)
    def refused() -> None:
        with pytest.raises(RemoteError, match="refuses") as caught:
            push(ann)
        assert SECRET not in str(caught.value)

    refused()
    push(ann)
    assert set(store().sizes()) == {the_pack(ann)}


def test_a_download_that_breaks_off(server: Server, tmp_path: Path, pictures: Path) -> None:
    """The body is shorter than announced: one error, nothing kept, and the next try has it all."""
    ann = pushed(tmp_path, pictures, URL)
    bob = cloned(tmp_path)
    trust(bob, [contact(URL)])
    whole = server.whole

    def short(environ: dict[str, Any], start_response: Any) -> Any:
        body = b"".join(whole(environ, start_response))
        is_pack = environ["REQUEST_METHOD"] == "GET" and "/packs/" in environ["PATH_INFO"]
        return [body[: len(body) // 2]] if is_pack else [body]

    server.whole = short
    with pytest.raises(RemoteError):
        all_media(bob)
    assert not list((bob.root / ".datacc").rglob("packs/*"))
    server.whole = whole
    assert all_media(bob) == all_media(ann)
