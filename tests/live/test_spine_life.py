"""The life of a whole Slipway: stopped, kept, killed with work in flight, its parts killed, and refused a start."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from monitor.domain import labels
from tests.support.slipway import ROOT, Slipway
from tests.support.visiting import visit
from tests.support.waiting import until_sync

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(600)]
ENGINES = [pytest.param("docker", marks=pytest.mark.docker), "process"]

# Says which of its lives it is in: an adopted instance is in the same one as before.
SCRIPT = """
import os, time, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
LIFE = uuid.uuid4().hex
class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow": time.sleep(30)
        body = f"VERSION life={LIFE} setting={os.environ.get('SETTING', 'none')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
time.sleep(WAIT)
ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Page).serve_forever()
"""


def script(version: str, wait_s: float = 0) -> dict[str, str]:
    return {"app.py": SCRIPT.replace("VERSION", version).replace("WAIT", str(wait_s))}


def page(version: str) -> dict[str, str]:
    return {"index.html": version}


def life_of(slipway: Slipway, name: str, version: str = "") -> str:
    text = slipway.until_text(f"/{name}/", version).text
    found = re.search(r"life=(\w+)", text)
    assert found, text
    return found[1]


def instances(slipway: Slipway) -> dict[str, list[str]]:
    """Which instances run, by workspace: container ids, or the pids of the processes that keep one each."""
    found: dict[str, list[str]] = {}
    if slipway.engine == "docker":
        for one in slipway.docker.running():
            found.setdefault(one["Config"]["Labels"][labels.WORKSPACE], []).append(one["Id"])
        return found
    for process in slipway.processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            if kept := re.search(r"/process/([a-z0-9-]+)/\d+/plan\.json$", process.cmdline()[-1]):
                found.setdefault(kept[1], []).append(str(process.pid))
    return found


@pytest.fixture(params=ENGINES)
def slipway(request: pytest.FixtureRequest) -> Iterator[Slipway]:
    with Slipway(request.param) as slipway:
        yield slipway


def test_ctrl_c_stops_everything_at_once_and_keeps_intents(slipway: Slipway) -> None:
    slipway.drop("runs", script("first"))
    slipway.drop("halted", page("first"))
    slipway.until_serving("halted")
    slipway.ask_for("stop", "halted")
    slipway.until_phase("halted", "stopped")
    slipway.until_serving("runs")
    visitor = threading.Thread(target=_hang_on, args=(slipway.port, "/runs/slow"))
    visitor.start()
    with socket.create_connection(("127.0.0.1", slipway.dashboard_port)) as idle:
        idle.sendall(b"GET /api/events HTTP/1.1\r\n")
        began = time.monotonic()
        assert slipway.interrupt(signal.SIGINT) == 0
        assert time.monotonic() - began < 10
    visitor.join()
    assert slipway.processes() == []
    if slipway.engine == "docker":
        assert slipway.docker.containers() == []

    slipway.start()
    slipway.until_text("/runs/", "first")
    slipway.until_phase("halted", "stopped")
    assert instances(slipway).keys() == {"runs"}
    assert slipway.get("/halted/").status == 503


def _hang_on(port: int, path: str) -> None:
    try:
        visit(port, path, timeout=30)
    except OSError:
        return


def test_what_keep_left_running_is_adopted(slipway: Slipway) -> None:
    slipway.interrupt()
    slipway.start("--keep")
    slipway.drop("site", script("first"))
    slipway.until_serving("site")
    life, before = life_of(slipway, "site"), instances(slipway)
    assert slipway.interrupt(signal.SIGTERM) == 0
    assert [p for p in slipway.processes() if p.name() in {"traefik", "weed"}] == []
    assert instances(slipway) == before

    slipway.start()
    assert life_of(slipway, "site") == life
    slipway.until_serving("site")
    assert instances(slipway) == before
    if slipway.engine == "docker":
        (container,) = slipway.docker.running("site")
        assert container["RestartCount"] == 0


def test_killed_with_an_edit_a_start_and_a_swap_in_flight(slipway: Slipway) -> None:
    slipway.drop("edited", script("first"))
    slipway.drop("swapped", script("first", wait_s=2))
    for name in ("later", "halted", "vanishes"):
        slipway.drop(name, page("first"))
    for name in ("edited", "later", "halted", "vanishes", "swapped"):
        slipway.until_serving(name)
    slipway.ask_for("stop", "halted")
    slipway.until_phase("halted", "stopped")
    life, before = life_of(slipway, "swapped"), instances(slipway)["later"]

    slipway.edit("swapped", {"slipway.yaml": "env:\n  SETTING: new\n"})
    slipway.until(lambda: len(instances(slipway)["swapped"]) == 2, what="both generations")
    slipway.drop("starting", script("first", wait_s=2))
    slipway.until(lambda: "starting" in instances(slipway), what="the start")
    slipway.edit("edited", script("second", wait_s=2))
    slipway.until(lambda: slipway.state("edited")["changing"], 15, "the edit to be under way")
    slipway.kill()
    assert slipway.get("/later/").status == 200, "Traefik and the instances must outlive the monitor"

    slipway.edit("later", page("second"))
    slipway.delete("vanishes")
    slipway.start()
    for name, version in (("edited", "second"), ("later", "second"), ("starting", "first")):
        slipway.until_text(f"/{name}/", version)
    slipway.until_text("/swapped/", "setting=new")
    slipway.until_gone("vanishes")
    left = {"edited", "later", "starting", "swapped"}
    slipway.until(
        lambda: {n: len(ids) for n, ids in instances(slipway).items()} == dict.fromkeys(left, 1),
        what="one instance of each",
    )
    slipway.until_phase("halted", "stopped")
    assert instances(slipway)["later"] == before, "what survived was adopted, not started anew"
    assert life_of(slipway, "swapped") != life
    at_rest(slipway)
    if slipway.engine == "docker":
        assert {one["State"]["Status"] for one in slipway.docker.containers()} == {"running"}
        known = {f"slipway-{slipway.install_id[:8]}-{n}" for n in (*instances(slipway), "halted")}
        assert set(slipway.docker.networks()) <= known
    assert slipway.files_of("vanishes") == []


def at_rest(slipway: Slipway, scans: int = 2) -> None:
    """It comes to where scan after scan starts, stops and applies nothing."""

    def quiet() -> bool:
        before = instances(slipway), slipway.log(1000).count("monitor.services.keeper")
        time.sleep(scans * 2.0)
        return (instances(slipway), slipway.log(1000).count("monitor.services.keeper")) == before

    slipway.until(quiet, 40, "a quiet Slipway")


def test_parts_that_are_killed_come_back_while_serving_goes_on() -> None:
    with Slipway("process") as slipway:
        slipway.drop("site", {"index.html": "first"})
        slipway.until_serving("site")
        slipway.until(lambda: slipway.mirrored("site", "index.html") == "first")

        slipway.process("traefik").kill()
        slipway.until_text("/site/", "first")
        slipway.until(lambda: slipway.status()["router"] == "ready", what="the router to be called ready")

        store = slipway.process("weed")
        store.suspend()
        store.kill()
        slipway.edit("site", {"index.html": "second"})
        assert slipway.get("/site/").status == 200
        slipway.until_text("/site/", "second")
        slipway.until(lambda: slipway.mirrored("site", "index.html") == "second", 60, "the mirror to catch up")
        slipway.until(
            lambda: slipway.state("site")["sync"]["pending"] == 0 and not slipway.state("site")["sync"]["error"]
        )
        assert slipway.process("weed").pid != store.pid


@pytest.fixture
def refused(tmp_path: Path) -> Iterator[Slipway]:
    """A Slipway that is never started by itself."""
    slipway = Slipway("process")
    yield slipway
    slipway.close()


def refusal(slipway: Slipway, *, before: tuple[str, ...] = ()) -> str:
    """What a start says that must fail: one sentence and a hint, nothing else, and nothing of it left running."""
    done = subprocess.run(
        [*before, *slipway.command()], cwd=ROOT, env=slipway.environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode not in {0, -signal.SIGKILL}
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith(("error: ", "hint: "))]
    assert [line.split(":")[0] for line in lines] == ["error", "hint"], done.stderr
    return lines[0]


def test_a_second_instance_on_one_data_folder_is_refused_and_the_first_goes_on() -> None:
    with Slipway("process") as slipway:
        slipway.drop("site", {"index.html": "first"})
        slipway.until_serving("site")
        before = {p.pid for p in slipway.processes()}
        assert f"pid {slipway.program.pid}" in refusal(slipway)
        assert {p.pid for p in slipway.processes()} == before
        assert slipway.get("/site/").status == 200


@pytest.mark.parametrize("which", ["port", "dashboard_port"])
def test_a_port_in_use_is_named_and_nothing_is_left(refused: Slipway, which: str) -> None:
    with socket.create_server(("127.0.0.1", getattr(refused, which))):
        assert str(getattr(refused, which)) in refusal(refused)
    assert refused.processes() == []


def test_a_data_folder_that_cannot_be_used_is_named_and_nothing_is_left(refused: Slipway) -> None:
    refused.data.write_text("not a folder")
    assert str(refused.data) in refusal(refused)
    assert refused.processes() == []


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="only root can mount a full disk")
def test_a_full_disk_is_said_and_nothing_is_left(refused: Slipway) -> None:
    refused.data.mkdir()
    mount = f'mount -t tmpfs -o size=16k none "{refused.data}" && exec "$@"'
    said = refusal(refused, before=("unshare", "--mount", "sh", "-c", mount, "sh"))
    assert "space" in said or "disk" in said, said
    assert refused.processes() == []


def test_a_monitor_whose_first_start_failed_starts_when_the_reason_is_gone(refused: Slipway) -> None:
    with socket.create_server(("127.0.0.1", refused.port)):
        refusal(refused)
    refused.start()
    until_sync(lambda: refused.get("/").status == 200)
    assert isinstance(refused.process("traefik"), psutil.Process)
