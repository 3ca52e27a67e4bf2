"""What our own web servers answer and refuse: one table for nginx (static), nginx + PHP, and `static/server.py`."""

from __future__ import annotations

import contextlib
import http.client
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.process import Program
from tests.support.runtime_images import PORT, RUNTIMES, Container, readable

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

SERVERS = [
    "server.py",
    pytest.param("static", marks=pytest.mark.docker),
    pytest.param("php", marks=pytest.mark.docker),
]
SECRETS = (
    ".env", ".env.local", ".git/config", ".htpasswd", ".DS_Store", "sub/.env", ".well-known/.env", ".ssh/id_rsa",
    "id_rsa", "id_ed25519", "ID_RSA", "id_rsa.bak", "id_rsa~", "server.pem", "server.key", "server.KEY", "store.jks",
    "server.key.bak", "server.pem~", "x.tfstate", "auth.json", "credentials", "credentials.json", "sub/kubeconfig",
    "service-account-x.json", "gcp-key.json", "_netrc", "pip.conf", "slipway.yaml", "slipway.yml",
)  # fmt: skip
PUBLIC = (
    "id_rsa.pub",
    "key.pub.pem",
    "monkey.txt",
    "credentials.html",
    ".well-known/security.txt",
    "env",
    "keys/list",
)
SITE: dict[str, str | bytes] = {
    "index.html": "home",
    "404.html": "not here",
    "sub/index.html": "sub",
    "old/index.htm": "old",
    "older/home.html": "older",
    "empty/data.txt": "data",
    "app.mjs": "mjs",
    "app.wasm": b"\0asm",
    "site.webmanifest": "{}",
    "style.css": "a{}",
    "pic.avif": "x",
    "pic.svg": "<svg/>",
    "no ending": "plain",
    "big.txt": "0123456789" * 1000,
    "with space/ünï.txt": "odd name",
    **dict.fromkeys(SECRETS, "a canary secret"),
    **dict.fromkeys(PUBLIC, "public"),
}

Answer = tuple[int, dict[str, str], str]


class Asked:
    """Asks one running server raw paths, as a hostile client writes them."""

    def __init__(self, host: str, port: int, folder: Path) -> None:
        self.host, self.port, self.folder = host, port, folder

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Answer:
        with contextlib.closing(http.client.HTTPConnection(self.host, self.port, timeout=20)) as connection:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            kept = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, kept, answer.read().decode("utf-8", "replace")


@contextlib.contextmanager
def serving(kind: str, root: Path, files: dict[str, str | bytes], **environment: str) -> Iterator[Asked]:
    folder = readable(root / "site", files)
    (root / "outside").mkdir(exist_ok=True)
    (root / "outside" / "file.txt").write_text("a canary secret")
    for name, target in (
        ("out.txt", "/etc/passwd"),
        ("outdir", "../outside"),
        ("sub/in.html", "../index.html"),
        ("outindex/index.html", "/etc/passwd"),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).symlink_to(target)
    if kind == "server.py":
        port = free_port()
        argv = [sys.executable, "-I", str(RUNTIMES / "static" / "server.py"), str(folder)]
        argv += [environment["SLIPWAY_DOCROOT"]] if "SLIPWAY_DOCROOT" in environment else []
        env = {"HOST": "127.0.0.1", "PORT": str(port), **environment}
        asked = Asked("127.0.0.1", port, folder)
        with Program(argv, ready=lambda: asked("/"), log=root / "log", env=env):
            yield asked
        return
    if kind == "php":
        environment |= {"SLIPWAY_START": "slipway-php", "SLIPWAY_SOURCE_MODE": "direct"}
    with Container(kind, folder, **environment) as container:
        container.start().until_ready()
        yield Asked(container.address, PORT, folder)


@pytest.fixture(scope="module", params=SERVERS)
def ask(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    root = tmp_path_factory.mktemp("served")
    for folder in (root, *root.parents):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    with serving(request.param, root, SITE) as asked:
        asked.kind = request.param  # type: ignore[attr-defined]
        yield asked


def quoted(name: str) -> str:
    return "/" + urllib.parse.quote(name)


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_not_there(ask: Asked, name: str) -> None:
    for path in (quoted(name), quoted(name).replace("e", "%65"), f"/sub/..{quoted(name)}", f"/{quoted(name)}"):
        status, _, body = ask(path)
        assert (status, "canary" in body) == (404, False), path


@pytest.mark.parametrize("folder", ["old", "older"])
def test_a_folders_first_page_may_have_another_name(ask: Asked, folder: str) -> None:
    assert ask(f"/{folder}/")[::2] == (200, folder)


@pytest.mark.parametrize("kind", SERVERS[:2])
def test_the_only_page_of_a_folder_is_its_first(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("only")
    for folder in (root, *root.parents):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    with serving(kind, root, {"portfolio.html": "mine", "404.html": "not here", "a.css": "a{}"}) as ask:
        assert ask("/")[::2] == (200, "mine")
        assert ask("/portfolio")[::2] == (200, "mine")
        assert ask("/other")[::2] == (404, "not here")


@pytest.mark.parametrize("name", PUBLIC)
def test_what_only_looks_like_a_secret_is_served(ask: Asked, name: str) -> None:
    assert ask(quoted(name))[::2] == (200, "public")


@pytest.mark.parametrize(
    "path",
    [
        "/out.txt", "/outdir", "/outdir/", "/outdir/file.txt", "/outindex/", "/sub/in.html", "/../outside/file.txt",
        "/%2e%2e/outside/file.txt", "/..%2foutside/file.txt", "/sub/..%2f..%2foutside/file.txt",
        "/..%5coutside%5cfile.txt", "/./../outside/file.txt", "/%2e%2e%2fetc/passwd", "//etc/passwd",
        "/outdir/%2e/file.txt",
    ],
)  # fmt: skip
def test_nothing_outside_the_folder_is_reached(ask: Asked, path: str) -> None:
    status, _, body = ask(path)
    assert 400 <= status < 500
    assert "canary" not in body
    assert "root:" not in body


@pytest.mark.parametrize("path", ["/%00", "/index.html%00", "/index.html%00.txt", "/sub%0d%0aX-Evil:1", "/sub/%0a"])
def test_control_characters_get_a_plain_refusal(ask: Asked, path: str) -> None:
    status, headers, _ = ask(path)
    assert 400 <= status < 500
    assert "x-evil" not in headers


@pytest.mark.parametrize(
    ("path", "prefix", "location"),
    [
        ("/sub", "/name", "/name/sub/"),
        ("/sub", "/name/", "/name/sub/"),
        ("/sub?a=1&b=%2F", "/name", "/name/sub/?a=1&b=%2F"),
        ("/sub", "", "/sub/"),
        ("//sub", "", "/sub/"),
        ("/with%20space", "/name", "/name/with%20space/"),
        ("/sub", "//evil.example", "/sub/"),
        ("/sub", "https://evil.example/x", "/sub/"),
        ("/sub", "/a\\evil", "/sub/"),
    ],
)
def test_a_folder_without_its_slash_leads_to_the_same_under_the_prefix(
    ask: Asked, path: str, prefix: str, location: str
) -> None:
    status, headers, _ = ask(path, **({"X_Forwarded_Prefix": prefix} if prefix else {}))
    assert (status, headers["location"]) == (301, location)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/sub/", "text/html; charset=utf-8"),
        ("/app.mjs", "application/javascript; charset=utf-8"),
        ("/site.webmanifest", "application/manifest+json; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/with%20space/%C3%BCn%C3%AF.txt", "text/plain; charset=utf-8"),
        ("/app.wasm", "application/wasm"),
        ("/pic.avif", "image/avif"),
        ("/pic.svg", "image/svg+xml"),
        ("/no%20ending", "application/octet-stream"),
    ],
)  # fmt: skip
def test_files_have_their_types_and_are_revalidated(ask: Asked, path: str, kind: str) -> None:
    status, headers, body = ask(path)
    assert (status, headers["content-type"], headers["cache-control"]) == (200, kind, "no-cache")
    again, _, nothing = ask(path, If_None_Match=headers["etag"])
    assert (again, nothing) == (304, "")
    assert ask(path, "HEAD")[::2] == (200, "")
    assert body


def test_ranges(ask: Asked) -> None:
    status, headers, body = ask("/big.txt", Range="bytes=10-14")
    assert (status, body, headers["content-range"]) == (206, "01234", "bytes 10-14/10000")
    assert ask("/big.txt", Range="bytes=20000-")[0] == 416


def test_no_listing_and_the_sites_own_404(ask: Asked) -> None:
    status, _, body = ask("/empty/")
    assert (status, "data.txt" in body) == (404, False)
    assert ask("/empty/data.txt")[2] == "data"
    if ask.kind != "php":  # type: ignore[attr-defined]
        assert ask("/nothing/here")[::2] == (404, "not here")


def test_an_edit_is_seen_at_the_next_request(ask: Asked) -> None:
    page = ask.folder / "edited.txt"
    page.write_text("one")
    page.chmod(0o644)
    assert ask("/edited.txt")[2] == "one"
    page.write_text("two, longer")
    assert ask("/edited.txt")[2] == "two, longer"
    page.unlink()
    assert ask("/edited.txt")[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_file_takes_no_other_method(ask: Asked, method: str) -> None:
    assert ask("/index.html", method, Content_Length="0")[0] == 405


@pytest.mark.parametrize("kind", SERVERS[:2])
def test_a_single_page_app_answers_for_pages_only(kind: str, open_tmp: Path) -> None:
    files: dict[str, str | bytes] = {
        "public/index.html": "app",
        "public/main.js": "js",
        "above.txt": "no",
        ".env": "x",
    }
    with serving(kind, open_tmp, files, SLIPWAY_SPA="1", SLIPWAY_DOCROOT="public") as ask:
        for path in ("/", "/a/route", "/deep/er/"):
            assert ask(path)[::2] == (200, "app"), path
        assert ask("/users/jane.doe", Accept="text/html,*/*")[::2] == (200, "app")
        assert ask("/main.js")[2] == "js"
        assert ask("/missing.js", Accept="*/*")[0] == 404
        assert ask("/.env")[0] == 404
        assert ask("/../above.txt")[2] != "no"


@pytest.mark.docker
def test_php_runs_scripts_and_hands_the_rest_to_the_front_controller(open_tmp: Path) -> None:
    show = (
        "<?php echo '%s ', $_SERVER['REQUEST_URI'], ' ', $_SERVER['SCRIPT_NAME'], ' ', $_SERVER['PATH_INFO'] ?? '';"
    )
    files: dict[str, str | bytes] = {
        "public/index.php": show % "front",
        "public/sub/index.php": show % "sub",
        "public/plain.txt": "plain",
        "public/lib.inc": "<?php $password = 'canary';",
        "public/prefix.php": "<?php echo $_SERVER['HTTP_X_FORWARDED_PREFIX'];",
        "above.php": "<?php echo 'canary';",
    }
    with serving("php", open_tmp, files, SLIPWAY_DOCROOT="public") as ask:
        assert ask("/")[2].split() == ["front", "/", "/index.php"]
        assert ask("/a/route?x=1")[2].split() == ["front", "/a/route?x=1", "/index.php"]
        assert ask("/index.php/a/b")[2].split() == ["front", "/index.php/a/b", "/index.php", "/a/b"]
        assert ask("/sub/")[2].split() == ["sub", "/sub/", "/sub/index.php"]
        assert ask("/gone.php")[2].split() == ["front", "/gone.php", "/index.php"]
        assert ask("/plain.txt")[2] == "plain"
        assert ask("/prefix.php", X_Forwarded_Prefix="/name")[2] == "/name"
        assert ask("/", "POST", Content_Length="0")[0] == 200
        for path in ("/lib.inc", "/../above.php", "/.git/index.php"):
            assert "canary" not in ask(path)[2]
            assert "<?php" not in ask(path)[2]


@pytest.fixture
def open_tmp(tmp_path: Path) -> Path:
    """A temporary folder the container's user can reach."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    return tmp_path
