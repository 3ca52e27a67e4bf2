"""Commands that programs run in a workspace: in a copy, streamed, cancelled, their changes brought back."""

from __future__ import annotations

import json
import os
import time

import pytest

from monitor.errors import NotFound, UsageError
from tests.live.programs.parts import APP, cli, run_job, sleeping
from tests.support.slipway import Slipway

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(300)]


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
