"""What goes wrong is said with its evidence, disturbs nobody else, and leaves nothing open."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from monitor.domain import labels
from tests.support.runtime_images import runtime_image
from tests.support.slipway import Slipway
from tests.support.visiting import Answer

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(600)]
on_docker = pytest.mark.docker

CRASHES = {"app.py": "import os\nos.environ['PORT']\nprint('last words', flush=True)\nraise SystemExit(3)\n"}
LOOPBACK = {"app.py": "import socket\ns = socket.create_server(('127.0.0.1', 5000))\nwhile True: s.accept()\n"}
NPM = {
    "package.json": '{"name": "x", "scripts": {"start": "node x.js"}, "dependencies": {"express": "9999.9.9"}}',
    "x.js": "require('http').createServer().listen(process.env.PORT)",
}
PIP = {"requirements.txt": "flask==9999.9.9\n", "app.py": "import flask\napp = flask.Flask(__name__)\n"}


@pytest.fixture(scope="module")
def slipway() -> Iterator[Slipway]:
    """One Slipway with every kind of failure in it at once, and one good neighbour."""
    for kind in ("static", "python", "node", "php"):
        runtime_image(kind)
    with Slipway("docker") as slipway:
        slipway.drop("good", {"index.html": "good"})
        for name, files in (("crashes", CRASHES), ("loopback", LOOPBACK), ("npm-fails", NPM), ("pip-fails", PIP)):
            slipway.drop(name, files)
        yield slipway


@on_docker
def test_a_good_neighbour_is_served_meanwhile(slipway: Slipway) -> None:
    slipway.until_serving("good")
    assert slipway.get("/good/").text == "good"
    assert slipway.docker.running("good")[0]["State"]["Health"]["Status"] == "healthy"


@on_docker
def test_a_crash_loop_backs_off_with_its_evidence(slipway: Slipway) -> None:
    def looping() -> dict[str, object]:
        state = slipway.state("crashes")
        assert state["failure"]["failures"] >= 2, state
        return state

    state = slipway.until(looping, 120)
    failure = state["failure"]
    assert state["reason"].startswith("crash loop (")
    assert failure["exit_code"] == 3
    assert "last words" in failure["log"]
    assert "last words" in failure["before"]
    retry = datetime.fromisoformat(failure["retry_at"][:19] + "+00:00").timestamp() - time.time()
    assert 5 < retry <= 301
    assert slipway.docker.running("crashes") == []
    answer = slipway.get("/crashes/")
    assert answer.status == 502
    assert "code 3" in answer.text
    assert "last words" not in answer.text, "visitors never see log lines"


@on_docker
@pytest.mark.parametrize(("name", "word"), [("npm-fails", "express"), ("pip-fails", "flask==9999.9.9")])
def test_a_failing_install_shows_its_tail(slipway: Slipway, name: str, word: str) -> None:
    state = slipway.until_phase(name, "failed", 120)
    assert "dependencies" in state["reason"]
    assert any(word in line for line in state["failure"]["log"]), state["failure"]
    assert slipway.get(f"/{name}/").status == 502
    assert not [one for one in slipway.docker.containers(name) if one["State"]["Running"]]


COMPOSE = "services:\n  web:\n    image: web\n    privileged: true\n"


@on_docker
def test_a_compose_file_that_asks_for_too_much_is_refused_not_run_as_something_else(slipway: Slipway) -> None:
    slipway.drop("greedy", {"compose.yaml": COMPOSE, "index.html": "must not be served"})
    state = slipway.until_phase("greedy", "failed")
    assert "privileged" in state["reason"]
    answer = slipway.get("/greedy/")
    assert answer.status == 502
    assert "privileged" in answer.text
    assert slipway.docker.containers("greedy") == []
    slipway.until(lambda: slipway.mirrored("greedy", "index.html") == "must not be served", what="it to be kept")


@on_docker
def test_closed_folders_are_served_kept_current_and_show_no_secret(slipway: Slipway) -> None:
    secrets = {".env": "canary", ".git/config": "canary", "id_rsa": "canary", "sub/.env": "canary"}
    public = {".well-known/security.txt": "welcome", "sub/page.html": "page"}
    slipway.drop("closed", {"index.html": "first", **secrets, **public})
    slipway.drop("closed-php", {"index.php": "<?php echo 'first';", **secrets, **public})
    outside = slipway.folder / "outside.txt"
    outside.write_text("canary")
    for name in ("closed", "closed-php"):
        folder = slipway.workspaces / name
        (folder / "out.txt").symlink_to(outside)
        _close(folder)
    for name, page in (("closed", "index.html"), ("closed-php", "index.php")):
        slipway.until_serving(name)
        slipway.until_text(f"/{name}/", "first")
        assert slipway.get(f"/{name}/.well-known/security.txt").text == "welcome"
        for path in (*secrets, "out.txt", "./.env", "sub/../.env", "%2eenv", ".git/", "slipway.yaml"):
            answer = slipway.get(f"/{name}/{path}")
            assert "canary" not in answer.text
            # The link is not there for a web server; of such a path PHP's own front page may make what it likes.
            assert 400 <= answer.status < 500 or (name, path) == ("closed-php", "out.txt"), (path, answer)
        old = (slipway.workspaces / name / page).read_text()
        slipway.edit(name, {page: old.replace("first", "second")})
        _close(slipway.workspaces / name)
        slipway.until_text(f"/{name}/", "second")
        (container,) = slipway.docker.running(name)
        assert container["Config"]["User"] == "65532:65532"
        assert any("cannot read" in line for line in slipway.state(name)["warnings"])


def _close(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o600)


@on_docker
def test_stopping_one_never_sends_its_visitors_to_another_whose_name_begins_alike(slipway: Slipway) -> None:
    slipway.drop("foo", {"index.html": "foo itself"})
    slipway.drop("foobar", {"index.html": "the longer one"})
    slipway.until_serving("foo")
    slipway.until_serving("foobar")
    slipway.ask_for("stop", "foobar")
    slipway.until_phase("foobar", "stopped")
    for path in ("/foobar/", "/foobar", "/foobar/index.html", "/foob", "/fooba/", "/foo."):
        seen: list[Answer] = []
        slipway.until(lambda seen=seen, path=path: _asked(slipway, path, seen).status in {404, 503}, 5, path)
        assert not [answer for answer in seen if "foo itself" in answer.text], path
    assert (slipway.get("/foo").status, slipway.get("/foo/").text) == (302, "foo itself")
    assert slipway.docker.running("foobar") == []


def _asked(slipway: Slipway, path: str, seen: list[Answer]) -> Answer:
    """What a visitor of `path` gets in the end; every answer on the way is kept in `seen`."""
    seen.append(slipway.get(path))
    if seen[-1].status in {301, 302, 307, 308}:
        seen.append(slipway.get(seen[-1].headers["location"]))
    return seen[-1]


@on_docker
def test_a_router_nobody_wanted_loses_its_container(slipway: Slipway) -> None:
    slipway.until_serving("good")
    (good,) = slipway.docker.running("good")
    network = next(iter(good["NetworkSettings"]["Networks"]))
    api = slipway.docker.api
    given = {
        labels.INSTALL_ID: slipway.install_id,
        labels.TRAEFIK_ENABLE: "true",
        labels.TRAEFIK_NETWORK: network,
        f"{labels.TRAEFIK_HTTP}.routers.evil.rule": "PathPrefix(`/good/admin`)",
        f"{labels.TRAEFIK_HTTP}.routers.evil.priority": "9000",
        f"{labels.TRAEFIK_HTTP}.services.evil.loadbalancer.server.port": "8000",
    }
    host = api.create_host_config(network_mode=network)
    made = api.create_container(good["Config"]["Image"], labels=given, host_config=host)["Id"]
    try:
        api.start(made)
        slipway.until(
            lambda: made not in {c["Id"] for c in slipway.docker.containers()}, 60, "its container to be removed"
        )
        assert slipway.get("/good/").text == "good"
        slipway.until(lambda: slipway.get("/good/admin").status == 404, 5, "its route to be gone")
        assert slipway.docker.running("good")[0]["Id"] == good["Id"]
    finally:
        if made in {c["Id"] for c in slipway.docker.containers()}:
            api.remove_container(made, force=True)


@on_docker
def test_nothing_but_the_router_dashboard_gate_and_store_listens_and_only_on_loopback(slipway: Slipway) -> None:
    slipway.until_serving("good")
    found: dict[str, set[str]] = {}
    for process in slipway.processes():
        for one in process.net_connections("inet"):
            if one.status == psutil.CONN_LISTEN:
                found.setdefault(process.name(), set()).add(one.laddr.ip)
    assert {name: ips for name, ips in found.items() if ips != {"127.0.0.1"}} == {}
    assert found.keys() == {"traefik", "weed", "python"}
    for container in slipway.docker.containers():
        assert not container["HostConfig"]["PortBindings"]
        assert not [port for port, bound in container["NetworkSettings"]["Ports"].items() if bound]
    (monitor,) = [p for p in slipway.processes() if p.pid == slipway.program.pid]
    listening = {one.laddr.port for one in monitor.net_connections("inet") if one.status == psutil.CONN_LISTEN}
    assert slipway.dashboard_port in listening
    assert len(listening) == 2, "the dashboard and the gate"


NAMES = {
    "My_App (1)": "my-app-1",
    "Grüße": "gr-e",
    "-rf": "rf",
    "a`)||PathPrefix(`": "a-pathprefix",
    "$(touch pwned)": "touch-pwned",
    "line\nbreak": "line-break",
    "..hidden..": None,
    "日本": None,
    "🚢": None,
    "monitor": None,
    "_slipway": None,
    "a" * 41: None,
    "b" * 255: None,
    "My App 1": None,
}


def test_odd_names_are_turned_or_listed_with_a_reason_and_never_half_used() -> None:
    """Without Docker: whether a name is taken does not depend on what runs it."""
    with Slipway("process") as slipway:
        made = os.fsencode(slipway.workspaces)
        for name in (*(n.encode() for n in NAMES), b"not-\xff-utf8"):
            os.mkdir(os.path.join(made, name))
            with open(os.path.join(made, name, b"index.html"), "wb") as page:
                page.write(b"page of " + name)
            time.sleep(0.02)  # Of two folders for one name the older has it: they must not be of one age.
        (slipway.workspaces / "a-file").write_text("no folder")
        wanted = {name for name in NAMES.values() if name} | {"not-utf8"}
        slipway.until(lambda: wanted <= slipway.states().keys(), 60, "all names")
        for name in wanted:
            slipway.until_text(f"/{name}/", "page of")
        assert slipway.states().keys() == wanted
        listed = {u["folder"]: u["reason"] for u in slipway.client.get("/api/workspaces")["unnamed"]}
        refused = {name for name, turned in NAMES.items() if turned is None and not name.startswith(".")}
        assert listed.keys() == refused
        assert all(listed.values())
        assert "My_App (1)" in listed["My App 1"]
        assert not list(Path.cwd().glob("pwned"))


def test_a_folder_that_brings_its_own_container_needs_docker_and_says_so() -> None:
    with Slipway("process") as slipway:
        slipway.drop("composed", {"compose.yaml": "services:\n  web:\n    image: web\n", "index.html": "no"})
        slipway.drop("built", {"Dockerfile": "FROM debian\n", "notes.txt": "no"})
        for name in ("composed", "built"):
            assert "Docker" in slipway.until_phase(name, "failed")["reason"]
            answer = slipway.get(f"/{name}/")
            assert (answer.status, "Docker" in answer.text) == (502, True)


def test_a_missing_interpreter_fails_its_workspaces_alone_with_a_hint() -> None:
    candidates = {
        "go": {"go.mod": "module x\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"},
        "ruby": {"app.rb": "require 'socket'\nTCPServer.new(ENV['PORT'].to_i).accept\n"},
        "php": {"index.php": "<?php echo 1;"},
        "node": {"server.js": "require('http').createServer().listen(process.env.PORT)"},
    }
    kind = next((kind for kind in candidates if shutil.which(kind) is None), None)
    if kind is None:
        pytest.skip("this machine has every interpreter")
    with Slipway("process") as slipway:
        slipway.drop("needs", candidates[kind])
        slipway.drop("site", {"index.html": "page"})
        state = slipway.until_phase("needs", "failed")
        assert f"{kind} is not installed" in state["reason"]
        assert "install" in state["hint"]
        slipway.until_text("/site/", "page")
        assert slipway.get("/needs/").status == 502


@on_docker
def test_one_that_listens_on_loopback_and_is_no_web_server_is_told_so(slipway: Slipway) -> None:
    state = slipway.until_phase("loopback", "failed", 150)
    assert "127.0.0.1:5000" in state["reason"]
    assert state["failure"]["listening"] == ["127.0.0.1:5000"]
    assert "0.0.0.0" in state["hint"]
    with socket.socket() as outside:
        assert outside.connect_ex(("127.0.0.1", 5000)) != 0, "what it opened is not open on the host"
