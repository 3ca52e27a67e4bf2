"""What programs do with a whole Slipway: run commands, write files, follow the guide, watch; one monitor for all."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from monitor.cli.client import Client, told
from monitor.cli.command import _run
from monitor.cli.command import cli as commands
from monitor.errors import NotFound, UsageError
from tests.support.slipway import ROOT, Slipway

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(300)]

TOKEN = "test-token-of-an-admin-0123456789abcdef"
SERVER = (
    "import os\nfrom http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer\n"
    "ThreadingHTTPServer((os.environ['HOST'], int(os.environ['PORT'])), SimpleHTTPRequestHandler).serve_forever()\n"
)
APP = {
    "app.py": SERVER,
    "notes.txt": "one\n",
    "gone.txt": "soon gone\n",
    "shared.txt": "as it was\n",
    ".gitignore": "*.tmp\n",
    ".env": "API_TOKEN=very-secret-value\n",
}


@pytest.fixture(scope="module")
def slipway() -> Iterator[Slipway]:
    with Slipway("process", token=TOKEN) as slipway:
        slipway.drop("app", APP)
        slipway.drop("page", {"index.html": "a page"})
        slipway.until_serving("app")
        slipway.until_serving("page")
        yield slipway


def run_job(client: Client, name: str, *argv: str, **more: Any) -> dict[str, Any]:
    """A command run to its end; its result."""
    job = client.post(f"/api/workspaces/{name}/run", {"argv": list(argv), **more})
    return finished(client, job["id"])["result"]  # type: ignore[no-any-return]


def finished(client: Client, job: str) -> dict[str, Any]:
    *_, last = client.stream(f"/api/jobs/{job}/log")
    assert last["end"]
    if last["error"]:
        raise told(last["error"])
    return dict(last)


def cli(slipway: Slipway, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """The command line against this monitor."""
    argv = [sys.executable, "-m", "monitor", *words]
    env = {**slipway.environment, "SLIPWAY_DATA": str(slipway.data), "NO_COLOR": "1"}
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False, **more)


def test_a_command_runs_in_a_copy_and_streams_what_it_prints(slipway: Slipway) -> None:
    client = slipway.client
    told = "echo first; sleep 0.7; printf 'unfinished'; sleep 0.7; echo; echo $API_TOKEN; pwd; exit 3"
    job = client.post("/api/workspaces/app/run", {"argv": ["sh", "-c", told]})
    assert (job["kind"], job["workspace"]) == ("run", "app")
    began, seen = time.monotonic(), []
    for line in client.stream(f"/api/jobs/{job['id']}/log"):
        seen.append((time.monotonic() - began, line))
    texts = [line["text"] for _, line in seen[:-1]]
    assert texts[:2] == ["first", "unfinished"]
    assert "very-secret-value" not in "".join(texts)
    assert "[hidden]" in texts
    assert seen[-1][0] - seen[0][0] > 1.0, "it came all at once"
    result = seen[-1][1]["result"]
    assert (seen[-1][1]["state"], result["exit_code"], result["truncated"]) == ("done", 3, False)
    assert result["output_tail"].startswith("first\nunfinished\n")
    again = list(client.stream(f"/api/jobs/{job['id']}/log?after=1&follow=false"))
    assert [line["text"] for line in again[:-1]] == texts[1:]
    assert slipway.get("/app/notes.txt").text == "one\n"
    assert run_job(client, "page", "cat", "index.html")["output_tail"] == "a page"


def test_keep_brings_source_back_as_one_revision_and_nothing_else(slipway: Slipway) -> None:
    client, folder = slipway.client, slipway.workspaces / "app"
    slipway.until(lambda: slipway.state("app")["sync"]["pending"] == 0, 20, "it to be kept")
    before = slipway.state("app")["sync"]["revision"]
    inode = folder.stat().st_ino
    script = (
        "echo two >> notes.txt; rm gone.txt; mkdir -p made/deep; echo new > made/deep/new.txt; "
        "chmod 755 made/deep/new.txt; echo no > scratch.tmp; echo K=1 > .env.local; echo mine > shared.txt; "
        "ln -s notes.txt link; "
        "echo waiting; while [ ! -e /tmp/never ] && [ $((i=i+1)) -lt 15 ]; do sleep 0.1; done"
    )
    job = client.post("/api/workspaces/app/run", {"argv": ["sh", "-c", script], "keep": True})
    for line in client.stream(f"/api/jobs/{job['id']}/log"):
        if line.get("text") == "waiting":
            slipway.edit("app", {"shared.txt": "edited meanwhile\n"})
        last = line
    kept = last["result"]["kept"]
    assert kept["written"] == ["link", "made/deep/new.txt", "notes.txt"]
    assert kept["removed"] == ["gone.txt"]
    assert kept["conflicts"] == ["shared.txt"]
    assert {one["path"] for one in kept["left_out"]} >= {"scratch.tmp", ".env.local"}
    assert (folder / "notes.txt").read_text() == "one\ntwo\n"
    assert (folder / "made/deep/new.txt").stat().st_mode & 0o777 == 0o755
    assert (folder / "link").readlink().name == "notes.txt"
    assert (folder / "shared.txt").read_text() == "edited meanwhile\n"
    assert (folder / ".env").read_text() == APP[".env"]
    assert not [name for name in os.listdir(folder) if name in {"gone.txt", "scratch.tmp", ".env.local"}]
    assert folder.stat().st_ino == inode
    items = client.get("/api/workspaces/app/revisions")["items"]
    kinds = {one["seq"]: one["kind"] for one in items}
    assert kinds[kept["revision"]] == "run"
    assert [seq for seq, kind in kinds.items() if kind == "run"] == [kept["revision"]]
    assert kept["revision"] > before
    again = run_job(client, "app", "true", keep=True)["kept"]
    assert (again["written"], again["removed"], again["conflicts"]) == ([], [], [])
    slipway.until_text("/app/notes.txt", "two")


def test_a_command_can_be_cancelled_takes_its_time_and_no_memory(slipway: Slipway) -> None:
    client = slipway.client
    job = client.post("/api/workspaces/app/run", {"argv": ["sh", "-c", "echo $$ begun; sleep 301 & sleep 301"]})
    for line in client.stream(f"/api/jobs/{job['id']}/log"):
        if "begun" in line.get("text", ""):
            client.delete(f"/api/jobs/{job['id']}")
        last = line
    assert last["state"] == "cancelled"
    slipway.until(lambda: not sleeping("301"), 10, "its processes to end")
    with pytest.raises(Exception, match=r"ended after 0\.5 s") as late:
        run_job(client, "app", "sleep", "302", timeout_s=0.5)
    assert late.value.reason == "timeout"  # type: ignore[attr-defined]
    slipway.until(lambda: not sleeping("302"), 10, "its processes to end")
    flood = run_job(client, "app", "sh", "-c", "head -c 30000000 /dev/zero | tr '\\0' x; echo; seq 200000; echo done")
    assert flood["truncated"]
    assert flood["output_tail"].endswith("\ndone")
    assert len(flood["output_tail"]) < 20_000
    for bad in ({}, {"argv": []}, {"argv": "ls"}, {"argv": ["a\0b"]}, {"argv": ["ls"], "timeout_s": -1}, {"x": 1}):
        with pytest.raises(UsageError):
            client.post("/api/workspaces/app/run", bad)
    with pytest.raises(NotFound):
        client.post("/api/workspaces/nobody/run", {"argv": ["ls"]})


def test_the_command_line_runs_streams_and_ends_with_its_code(slipway: Slipway) -> None:
    ran = cli(slipway, "run", "app", "--", "sh", "-c", "echo out; echo $0 $1; exit 7", "--keep", "-x")
    assert (ran.returncode, ran.stdout) == (7, "out\n--keep -x\n"), ran.stderr
    as_json = cli(slipway, "run", "app", "--json", "--", "echo", "hi")
    assert json.loads(as_json.stdout)["exit_code"] == 0
    kept = cli(slipway, "run", "page", "--keep", "--", "sh", "-c", "echo more > more.html")
    assert kept.returncode == 0
    assert "1 written, 0 removed (revision" in kept.stderr
    assert (slipway.workspaces / "page/more.html").read_text() == "more\n"
    gone = cli(slipway, "run", "nobody", "--", "ls")
    assert (gone.returncode, gone.stdout) == (4, "")
    assert "hint: `slipway list`" in gone.stderr


def sleeping(seconds: str) -> list[int]:
    return [p.pid for p in psutil.process_iter(["cmdline"]) if (p.info["cmdline"] or [])[-2:] == ["sleep", seconds]]


class Api:
    """The dashboard's port, as a program on the network has it."""

    def __init__(self, slipway: Slipway) -> None:
        self.base = f"http://127.0.0.1:{slipway.dashboard_port}"

    def __call__(
        self, method: str, path: str, data: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = urllib.request.Request(self.base + path, data, {"Authorization": f"Bearer {TOKEN}", **named})
        asked.method = method
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()


@pytest.fixture
def api(slipway: Slipway) -> Api:
    return Api(slipway)


def test_files_are_written_replaced_and_removed_safely(slipway: Slipway, api: Api) -> None:
    files, folder = "/api/workspaces/page/files/", slipway.workspaces / "page"
    status, headers, raw = api("PUT", files + "sub/n%C3%A9w%20file.html?wait=true", b"one")
    said = json.loads(raw)
    assert (status, said["path"], said["kept"], said["created"]) == (201, "sub/néw file.html", True, True)
    assert (folder / "sub/néw file.html").read_bytes() == b"one"
    revision = said["revision"]
    assert isinstance(revision, int)
    assert api("GET", files + f"sub/n%C3%A9w%20file.html?at={revision}")[2] == b"one"
    slipway.until_text("/page/sub/n%C3%A9w%20file.html", "one")
    _, read, _ = api("GET", files + "sub/n%C3%A9w%20file.html")
    assert read["ETag"] == headers["ETag"] == f'"{said["sha256"]}"'
    status, _, _ = api("PUT", files + "sub/n%C3%A9w%20file.html", b"two", If_Match=read["ETag"])
    assert status == 200
    status, late, raw = api("PUT", files + "sub/n%C3%A9w%20file.html", b"three", If_Match=read["ETag"])
    assert (status, json.loads(raw)["error"]["reason"]) == (412, "changed")
    assert late["ETag"] != read["ETag"]
    assert api("PUT", files + "sub/n%C3%A9w%20file.html", b"x", If_None_Match="*")[0] == 412
    assert api("PUT", files + "two%0Alines", b"x")[0] == 201
    assert api("GET", files + "two%0Alines")[2] == b"x"
    env = json.loads(api("PUT", files + ".env", b"A=1")[2])
    assert (env["kept"], env["revision"]) == (False, None)
    assert env["reason"]
    (folder / "link").symlink_to("/etc")
    for path, code in (
        ("link/x", 409),
        (".git/hooks/x", 403),
        ("%2e%2e/x", 400),
        ("a%00b", 400),
        (".slipway/x", 403),
    ):
        assert api("PUT", files + path, b"x")[0] == code, path
    (folder / "link").unlink()
    assert api("PUT", files + "big.bin", b"x" * (65 * 1024 * 1024))[0] == 413
    assert not (folder / "big.bin").exists()
    assert api("DELETE", files + "sub/n%C3%A9w%20file.html", If_Match='"0"')[0] == 412
    assert api("DELETE", files + "sub/n%C3%A9w%20file.html")[0] == 200
    assert api("DELETE", files + "sub/n%C3%A9w%20file.html")[0] == 404
    assert api("PUT", "/api/workspaces/nobody/files/x", b"x")[0] == 404


def test_the_guide_works_as_it_stands(slipway: Slipway, api: Api) -> None:
    status, headers, raw = api("GET", "/api/guide")
    assert (status, headers["Content-Type"]) == (200, "text/markdown; charset=utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", raw.decode(), re.DOTALL)
    assert len(blocks) > 8
    script = "\n".join(f"echo '--- {n}'\n{block}" for n, block in enumerate(blocks))
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**slipway.environment, "SLIPWAY_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-1000:]
    assert (slipway.workspaces / "guide-example/made.txt").read_text() == "made by a command\n"
    assert "Hello again" in (slipway.workspaces / "guide-example/index.html").read_text()
    slipway.until_phase("guide-example", "stopped")


KEPT_AWAY = {
    ("GET", "/api/events"): "a WebSocket",
    ("DELETE", "/api/workspaces/{name}"): "the folder is another test's",
    ("POST", "/api/restore"): "the folders are other tests'",
    ("POST", "/api/workspaces/{name}/purge"): "the history is another test's",
}
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


def test_the_description_is_true(slipway: Slipway, api: Api) -> None:
    """Whatever fits the description, and much that does not, is answered as the description says."""
    schema = schemathesis.openapi.from_url(
        f"{api.base}/api/openapi.json", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 55
    began = time.monotonic()
    for operation in operations:
        if (operation.method.upper(), operation.path) not in KEPT_AWAY:
            tried(operation)
    assert time.monotonic() - began < 100
    assert slipway.status()["version"]
    log = (slipway.data / "logs/monitor.log").read_text()
    assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:2000]


def tried(operation: Any) -> None:
    @given(case=operation.as_strategy(), ours=strategies.booleans())
    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def one(case: Any, ours: bool) -> None:
        if ours and "name" in case.path_parameters and "destinations" not in operation.path:
            case.path_parameters["name"] = "page"
        if isinstance(case.query, dict):
            case.query.pop("follow", None)
        case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, checks=list(CHECKS), timeout=20)

    one()


# Every verb, in an order in which each has something to do; {w} is the workspaces folder.
VERBS = """
detect {w}/page
new verbs --template page
status
status verbs
list
open verbs --print
completion fish
logs verbs
logs
explain verbs index.html
sync verbs
snapshot create verbs first --note hello --tag a
snapshot list verbs
snapshot show verbs first
snapshot tag verbs first b
snapshot note verbs first other
run verbs --keep -- sh -c 'echo changed >> index.html'
history verbs
history verbs index.html
diff verbs first newest
verify verbs
restore verbs --snapshot first --dry-run
restore verbs --snapshot first --yes
fork verbs verbs-2 --snapshot first
retention verbs --dry-run
stop verbs
start verbs
restart verbs
snapshot delete verbs first --yes
backup list
token new --scope read
token list
list --deleted
purge verbs-2 --dry-run
"""
ELSEWHERE = {
    "up": "it is what runs here",
    "doctor": "it finds fault with machines, as tests/web/test_cli_doctor.py says",
}


def test_every_verb_answers_a_live_monitor_in_json(
    slipway: Slipway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLIPWAY_DATA", str(slipway.data))
    monkeypatch.setenv("SLIPWAY_WORKSPACES", str(slipway.workspaces))
    said: dict[str, Any] = {}
    for line in VERBS.format(w=slipway.workspaces).strip().splitlines():
        before, dashes, command = line.partition(" -- ")
        argv = [*shlex.split(before), "--json", *(["--", *shlex.split(command)] if dashes else [])]
        if argv[0] == "purge":
            slipway.delete("verbs-2")
            slipway.until_gone("verbs-2")
        code = _run(argv)
        out, err = capsys.readouterr()
        assert code == 0, f"slipway {line}: {code} {out} {err}"
        said[line] = json.loads(out)
        if argv[0] == "new":
            slipway.until_serving("verbs")
    assert {line.split()[0] for line in said} | ELSEWHERE.keys() == set(commands.commands)
    assert said["status verbs"]["phase"] == "serving"
    assert (slipway.workspaces / "verbs/index.html").read_text().count("changed") == 0
