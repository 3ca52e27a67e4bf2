"""When the entrypoint calls its server ready."""

from __future__ import annotations

import shutil
import socket
import sys
import urllib.request

import pytest

from tests.live.entrypoint.conftest import Make
from tests.support.ports import free_port
from tests.support.waiting import until_sync

pytestmark = pytest.mark.live


def test_the_mark_comes_with_the_first_accept_and_goes_with_the_end(make: Make) -> None:
    instance = make(SLIPWAY_START=f"until [ -e go ]; do sleep 0.01; done; exec {sys.executable} -m http.server $PORT")
    instance.list_files("d1")
    instance.start()
    until_sync(lambda: instance.ask("status")["child_pid"])
    assert not instance.mark.exists()
    (instance.app / "go").touch()
    instance.until_ready()
    with socket.create_connection(("127.0.0.1", instance.port)):
        pass
    status = instance.ask("status")
    assert status["ready"] is True
    assert status["listening"] == [f"0.0.0.0:{instance.port}"]
    assert instance.terminate() == 143
    assert not instance.mark.exists()


def test_somebody_elses_server_on_the_port_is_not_ours(make: Make) -> None:
    instance = make(SLIPWAY_START="exec sleep 60", SLIPWAY_START_TIMEOUT="0.5")
    with socket.create_server(("127.0.0.1", instance.port)):
        instance.start()
        until_sync(lambda: "nothing accepts on" in instance.said())
        assert not instance.mark.exists()


PYTHON = "import http.server as h; h.HTTPServer(('127.0.0.1', {port}), h.SimpleHTTPRequestHandler).serve_forever()"
NODE = "require('http').createServer((q, a) => a.end('x')).listen({port}, () => console.log('listening'))"


@pytest.mark.parametrize(
    ("program", "text"), [(f"{sys.executable} -c", PYTHON), ("node -e", NODE)], ids=["python", "node"]
)
def test_one_whose_own_port_is_taken_on_this_machine_takes_its_place(make: Make, program: str, text: str) -> None:
    if shutil.which(program.split()[0]) is None:
        pytest.skip("no Node here")
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        instance = make(SLIPWAY_START=f'exec {program} "{text.format(port=port)}"', HOST="127.0.0.1")
        instance.list_files("d1")
        instance.start_ready()
        assert instance.ask("status")["listening"] == [f"127.0.0.1:{instance.port}"]
        assert f"port {port} is taken on this machine, listening on {instance.port}" in instance.said()


MUTE = "import socket; s = socket.create_server(('127.0.0.1', {port})); [s.accept() for _ in iter(int, 1)]"


def test_one_that_listens_elsewhere_and_is_no_web_server_is_not_ready_and_says_where_it_listens(make: Make) -> None:
    other = free_port()
    serve = f'exec {sys.executable} -c "{MUTE.format(port=other)}"'
    instance = make(SLIPWAY_START=serve, SLIPWAY_START_TIMEOUT="1")
    instance.list_files("d1")
    instance.start()
    until_sync(lambda: f"it listens on 127.0.0.1:{other} only" in instance.said())
    assert not instance.mark.exists()
    assert instance.ask("status")["listening"] == [f"127.0.0.1:{other}"]
    instance.list_files("d2")
    answer = instance.ask("sync")
    assert answer["ok"] is False
    assert f"127.0.0.1:{other}" in answer["reason"]


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_a_server_with_a_port_of_its_own_is_reached_by_ours_also_after_an_edit(make: Make, host: str) -> None:
    other = free_port()
    serve = f"exec {sys.executable} -m http.server {other} --bind 127.0.0.1"
    instance = make(HOST=host, SLIPWAY_START=serve)
    (instance.source / "page").write_text("first")
    instance.list_files("d1")
    instance.start()
    instance.until_ready()
    assert f"it listens on 127.0.0.1:{other}, not on $PORT ({instance.port})" in instance.said()
    seen = next(at for at in (host, _own_address()) if at != "0.0.0.0")
    assert _page(seen, instance.port) == "first"
    (instance.source / "page").write_text("second" * 100_000)
    instance.list_files("d2")
    assert instance.ask("sync")["ok"] is True
    assert _page(seen, instance.port) == "second" * 100_000


def _page(host: str, port: int) -> str:
    with urllib.request.urlopen(f"http://{host}:{port}/page", timeout=5) as answer:
        return str(answer.read().decode())


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(trial.getsockname()[0])
