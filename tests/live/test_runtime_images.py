"""Each runtime image under the full baseline: serves an app as an unknown user, takes an edit, ends quickly."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import json
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.runtime_images import PORT, USER, Container, docker, readable, runtime_image
from tests.support.waiting import until_sync

pytestmark = [pytest.mark.live, pytest.mark.docker, pytest.mark.timeout(600)]

NODE = """require('http').createServer((_, a) => a.end('ANSWER ' + process.getuid()))
  .listen(process.env.PORT, process.env.HOST)"""
PYTHON = """import os
from http.server import *
class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ANSWER %d" % os.getuid())
ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Page).serve_forever()
"""
GO = """package main
import ("fmt"; "net/http"; "os")
func main() {
    http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ANSWER ", os.Getuid()) })
    http.ListenAndServe(":"+os.Getenv("PORT"), nil)
}
"""
RUBY = """require 'socket'
server = TCPServer.new(ENV['HOST'], ENV['PORT'].to_i)
trap('TERM') { exit }
loop do
  client = server.accept
  body = "ANSWER #{Process.uid}"
  client.write "HTTP/1.1 200 OK\\r\\nContent-Length: #{body.size}\\r\\nConnection: close\\r\\n\\r\\n#{body}"
  client.close
end
"""
PHP = "<?php echo 'ANSWER ', posix_getuid();"


@dataclass(frozen=True)
class App:
    kind: str
    files: dict[str, str]
    edited: str
    environment: dict[str, str]


APPS = [
    App("node", {"server.js": NODE}, "server.js", {"SLIPWAY_START": "node server.js"}),
    App("python", {"app.py": PYTHON}, "app.py", {"SLIPWAY_START": "python3 app.py"}),
    App(
        "go",
        {"main.go": GO, "go.mod": "module example\n\ngo 1.24\n"},
        "main.go",
        {"SLIPWAY_BUILD": "go build -o bin/app .", "SLIPWAY_START": "bin/app"},
    ),
    App("ruby", {"app.rb": RUBY}, "app.rb", {"SLIPWAY_START": "ruby app.rb"}),
    App("php", {"index.php": PHP}, "index.php", {"SLIPWAY_START": "slipway-php", "SLIPWAY_RESTART": "0"}),
    App(
        "php",
        {"public/index.php": PHP},
        "public/index.php",
        {
            "SLIPWAY_START": "slipway-php",
            "SLIPWAY_RESTART": "0",
            "SLIPWAY_SOURCE_MODE": "direct",
            "SLIPWAY_DOCROOT": "public",
        },
    ),
    App("static", {"index.html": "ANSWER 12345"}, "index.html", {}),
]


def get(container: Container, path: str = "/", timeout: float = 30) -> str:
    with urllib.request.urlopen(f"http://{container.address}:{PORT}{path}", timeout=timeout) as answer:
        text: str = answer.read().decode()
        return text


@pytest.mark.parametrize("app", APPS, ids=lambda app: f"{app.kind}-{'direct' if len(app.environment) > 3 else 'own'}")
def test_serves_takes_an_edit_and_ends(app: App, tmp_path: Path) -> None:
    files = {name: text.replace("ANSWER", "before") for name, text in app.files.items()}
    source = readable(tmp_path / "source", files)
    with Container(app.kind, source, **app.environment) as container:
        container.start().until_ready()
        assert get(container) == "before 12345"
        status = container.ask("status")
        assert (status["ready"], status["digest"]) == (True, "d1")

        (source / app.edited).write_text(app.files[app.edited].replace("ANSWER", "after!"))
        container.list_files("d2")
        answer = container.ask("sync")
        assert (answer["ok"], answer["digest"]) == (True, "d2"), container.logs()
        assert get(container) == "after! 12345"
        assert container.ask("status")["written"] == []

        began = time.monotonic()
        docker("stop", "-t", "10", container.id)
        assert time.monotonic() - began < 3.5


@pytest.mark.parametrize("kind", ["node", "python", "php", "go", "ruby", "static"])
def test_the_image_itself_promises_nothing_we_do_not_want(kind: str) -> None:
    config = json.loads(docker("image", "inspect", runtime_image(kind)).stdout)[0]["Config"]
    assert not config.get("User")
    assert not config.get("ExposedPorts")
    assert not config.get("Volumes")
    assert not [label for label in config.get("Labels") or {} if label.startswith(("traefik.", "slipway."))]
    assert not [entry for entry in config["Env"] if "CERT" in entry or "_CA" in entry]
    asks = "stat -c %a /app /data; test -s /etc/ssl/certs/ca-certificates.crt && echo ca"
    # On a busy machine `docker run` may let go of a container before it has read what that printed.
    seen = until_sync(
        lambda: docker(
            "run", "--rm", "--network", "none", "--entrypoint", "sh", runtime_image(kind), "-c", asks
        ).stdout.split()
    )
    assert seen == ["1777", "1777", "ca"]


@pytest.mark.parametrize(
    ("kind", "tools"),
    [
        ("node", ["node", "npm", "npx", "pnpm", "yarn", "git", "g++", "make", "python3", "slipway-serve"]),
        ("python", ["python3", "pip3", "gcc", "git", "pg_config"]),
        ("php", ["php", "composer", "unzip", "git", "slipway-php"]),
        ("go", ["go", "git"]),
        ("ruby", ["ruby", "bundle", "gem", "gcc", "make", "git"]),
    ],
)
def test_the_tools_a_project_expects_are_there(kind: str, tools: list[str]) -> None:
    missing = f"for tool in {' '.join(tools)}; do command -v $tool >/dev/null || echo $tool; done"
    assert (
        docker("run", "--rm", "--network", "none", "--entrypoint", "sh", runtime_image(kind), "-c", missing).stdout
        == ""
    )


def test_phps_usual_extensions_are_there() -> None:
    names = "sqlite3 pdo_sqlite mbstring xml curl intl gd zip pdo_mysql pdo_pgsql bcmath openssl"
    code = f'foreach (explode(" ", "{names}") as $n) if (!extension_loaded($n)) echo $n, "\\n";'
    assert (
        docker("run", "--rm", "--network", "none", "--entrypoint", "php", runtime_image("php"), "-r", code).stdout
        == ""
    )


def test_fifty_php_requests_finish_while_one_sleeps(tmp_path: Path) -> None:
    source = readable(
        tmp_path / "source", {"index.php": "<?php echo 'quick';", "slow.php": "<?php sleep(10); echo 'slow';"}
    )
    environment = {"SLIPWAY_START": "slipway-php", "SLIPWAY_SOURCE_MODE": "direct"}
    with Container("php", source, **environment) as container:
        container.start().until_ready()
        address = container.address

        def fetch(path: str) -> str:
            with contextlib.closing(http.client.HTTPConnection(address, PORT, timeout=30)) as connection:
                connection.request("GET", path)
                return connection.getresponse().read().decode()

        with concurrent.futures.ThreadPoolExecutor(60) as pool:
            sleeping = [pool.submit(fetch, "/slow.php") for _ in range(5)]
            quick = [pool.submit(fetch, "/") for _ in range(50)]
            assert [answer.result(9) for answer in quick] == ["quick"] * 50
            assert not any(answer.done() for answer in sleeping)
            assert [answer.result(20) for answer in sleeping] == ["slow"] * 5


def test_a_server_on_loopback_only_is_passed_on_to(tmp_path: Path) -> None:
    source = readable(tmp_path / "source", {"index.html": "x"})
    start = "exec python3 -m http.server 5000 --bind 127.0.0.1"
    with Container("python", source, SLIPWAY_START=start) as container:
        container.start().until_ready()
        assert container.ask("status")["listening"] == ["127.0.0.1:5000"]
        with urllib.request.urlopen(f"http://{container.address}:{PORT}/", timeout=5) as answer:
            assert answer.read() == b"x"


def test_a_crash_ends_the_container_with_its_code(tmp_path: Path) -> None:
    source = readable(tmp_path / "source", {"x": "x"})
    with Container("python", source, SLIPWAY_START="echo oh no; exit 42") as container:
        container.start()
        assert container.wait() == 42
        assert "oh no" in container.logs()


def test_an_unreadable_file_ends_it_by_name(tmp_path: Path) -> None:
    source = readable(tmp_path / "source", {"private": "x"})
    (source / "private").chmod(0o600)
    with Container("python", source, SLIPWAY_START="sleep 60") as container:
        container.start()
        assert container.wait() == 1
        assert "/workspace/private" in container.logs()


def test_what_was_installed_once_is_there_at_every_start_without_network(tmp_path: Path) -> None:
    source = readable(tmp_path / "source", {"mine.py": "x = 'installed'"})
    install = "python3 -m venv .venv && cp mine.py .venv/lib/python3*/site-packages/"
    layer = f"slipway-test/deps:{tmp_path.name.lower()}"
    with Container("python", source, "install", SLIPWAY_INSTALL=install) as installing:
        installing.start()
        assert installing.wait() == 0, installing.logs()
        docker("commit", installing.id, layer)
    try:
        look = ("run", "--rm", "--network", "none", "--user", USER, "--entrypoint", "python3", layer)
        assert docker(*look, "-I", "-c", "import mine; print(mine.x, mine.__file__)").stdout.startswith(
            "installed /app/.venv/"
        )
    finally:
        docker("rmi", "-f", layer)


def test_what_a_build_made_is_served_in_the_node_image(tmp_path: Path) -> None:
    source = readable(tmp_path / "source", {"page": "built"})
    environment = {
        "SLIPWAY_BUILD": "mkdir -p dist && cp page dist/index.html",
        "SLIPWAY_START": "slipway-serve dist",
        "SLIPWAY_SPA": "1",
    }
    with Container("node", source, **environment) as container:
        container.start().until_ready()
        assert get(container, "/some/route") == "built"


def test_php_serves_from_a_deep_tmpdir_on_loopback_as_the_process_engine_has_it(tmp_path: Path) -> None:
    source = readable(tmp_path / "source", {"index.php": "<?php echo 'here';"})
    deep = f"/tmp/{'d' * 120}"
    environment = {"SLIPWAY_START": f"mkdir -p {deep} && exec slipway-php", "HOST": "127.0.0.1", "TMPDIR": deep}
    with Container(
        "php", source, **environment, SLIPWAY_SOURCE_MODE="direct", SLIPWAY_SOCKET="/tmp/s/s"
    ) as container:
        container.start().until_ready()
        fetch = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/').read().decode())"
        assert docker("exec", container.id, "python3", "-c", fetch).stdout == "here\n"
        assert container.ask("status")["listening"] == ["127.0.0.1:8000"]
