"""A data volume is kept as a history of its own and put back on its own, with a real app, engine and store."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys

import pytest

from monitor.errors import NotFound
from tests.support.jobs import done
from tests.support.slipway import ROOT, Slipway

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(600)]

NOTES = """
import os, sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

def ask(statement):
    with sqlite3.connect("notes.db", timeout=20) as store:
        store.execute("create table if not exists notes (note text)")
        if statement: store.execute(statement)
        found = store.execute("select name from sqlite_master where name = 'notes'").fetchall()
        return [row[0] for row in store.execute("select note from notes order by rowid")] if found else "no table"

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"VERSION {ask(unquote(self.path.partition('?')[2]))}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Page).serve_forever()
"""


def insert(note: str) -> str:
    return f"/shop/?insert%20into%20notes%20values%20('{note}')"


@pytest.mark.parametrize("engine", [pytest.param("docker", marks=pytest.mark.docker), "process"])
def test_rows_come_back_without_the_source_and_the_source_without_the_rows(engine: str) -> None:
    with Slipway(engine) as slipway:
        slipway.drop("shop", {"app.py": NOTES.replace("VERSION", "first")})
        slipway.until_serving("shop")
        slipway.until_text(insert("one"), "first ['one']")
        slipway.until_text(insert("two"), "first ['one', 'two']")

        kept = done(slipway.client, "/api/workspaces/shop/sync", data=True)
        assert (kept["new"], kept["grade"], kept["busy"]) == (True, "settled", [])
        again = done(slipway.client, "/api/workspaces/shop/sync", data=True)
        assert (again["new"], again["revision"]) == (False, kept["revision"])
        named = slipway.client.post("/api/workspaces/shop/snapshots", {"name": "two rows"})
        assert named["data"]["revision"] == kept["revision"]
        state = slipway.client.get("/api/workspaces/shop")["data"]
        assert (state["revision"], state["grade"], state["error"]) == (kept["revision"], "settled", "")

        slipway.edit("shop", {"app.py": NOTES.replace("VERSION", "second")})
        slipway.until_text("/shop/", "second ['one', 'two']")
        slipway.until_text("/shop/?drop%20table%20notes", "second no table")

        plan = slipway.client.post(
            "/api/workspaces/shop/restore", {"data": True, "snapshot": "two rows", "dry_run": True}
        )
        assert plan["revision"] == kept["revision"]
        slipway.until_text("/shop/?select%201", "second []")

        result = done(slipway.client, "/api/workspaces/shop/restore", data=True, snapshot="two rows")
        assert result["before"] > kept["revision"]
        slipway.until_text("/shop/", "second ['one', 'two']", 60)
        slipway.until_text(insert("three"), "['one', 'two', 'three']")

        listed = slipway.client.get("/api/workspaces/shop/revisions?data=true")["items"]
        assert [one["kind"] for one in listed][:2] == ["restore", "before-restore"]
        source = slipway.client.get("/api/workspaces/shop/revisions")["items"]
        assert "restore" not in {one["kind"] for one in source}, "the source was not touched"
        assert slipway.client.get("/api/workspaces?deleted=true")["items"] == []

        done(slipway.client, "/api/workspaces/shop/restore", revision=source[-1]["seq"])
        slipway.until_text("/shop/", "first ['one', 'two', 'three']")

        forked = done(slipway.client, "/api/workspaces/shop/fork", **{"as": "shop-2", "with_data": True})
        assert forked["data"]["files"] == 1
        slipway.until_text("/shop-2/", "['one', 'two', 'three']", 90)

        folder = slipway.folder / "out"
        told = cli(slipway, "restore", "shop", "--data", "--revision", str(kept["revision"]), "--into", str(folder))
        assert told.returncode == 0, told.stderr
        assert [row for (row,) in sqlite3.connect(folder / "notes.db").execute("select note from notes")] == [
            "one",
            "two",
        ]
        assert "before-restore" in cli(slipway, "history", "shop", "--data").stdout
        assert done(slipway.client, "/api/workspaces/shop/verify?data=true", read_data=True)["whole"]

        slipway.delete("shop")
        slipway.until_gone("shop")
        purged = done(slipway.client, "/api/workspaces/shop/purge", confirm="shop")
        assert purged["data"]["revisions"] >= 3
        with pytest.raises(NotFound):
            slipway.client.get("/api/workspaces/shop/revisions?data=true")


def cli(slipway: Slipway, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "monitor", *arguments]
    env = {**os.environ, "SLIPWAY_DATA": str(slipway.data), "SLIPWAY_WORKSPACES": str(slipway.workspaces)}
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
