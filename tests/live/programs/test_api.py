"""The API and the command line against a whole Slipway: files written, the guide, the description, every verb."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from monitor.cli.command import _run
from monitor.cli.command import cli as commands
from tests.live.programs.parts import TOKEN, Api
from tests.support.slipway import Slipway

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(300)]


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
    for operation in operations:
        if (operation.method.upper(), operation.path) not in KEPT_AWAY:
            tried(operation)
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
