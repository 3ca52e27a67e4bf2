"""What an app writes into its database outlives edits, restarts, a new generation, and its own folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.domain import labels
from tests.support.slipway import PROCESS_PLACES, Slipway

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(600)]

NOTES = """
import os, sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

def rows(note):
    with sqlite3.connect("notes.db") as store:
        store.execute("create table if not exists notes (note text)")
        if note: store.execute("insert into notes values (?)", (note,))
        return [row[0] for row in store.execute("select note from notes order by rowid")]

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"VERSION {os.environ.get('SETTING', 'none')} {rows(self.path.partition('?')[2])}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Page).serve_forever()
"""


def notes(version: str) -> dict[str, str]:
    return {"app.py": NOTES.replace("VERSION", version)}


@pytest.mark.parametrize("engine", [pytest.param("docker", marks=pytest.mark.docker), "process"])
def test_rows_survive_edits_restarts_generations_and_the_folder(engine: str) -> None:
    with Slipway(engine) as slipway:
        slipway.drop("notes", notes("first"))
        slipway.until_serving("notes")
        slipway.until_text("/notes/?one", "first none ['one']")

        slipway.edit("notes", notes("second"))
        slipway.until_text("/notes/", "second none ['one']")
        slipway.until_text("/notes/?two", "['one', 'two']")

        job = slipway.ask_for("restart", "notes")["id"]
        slipway.until(lambda: slipway.client.get(f"/api/jobs/{job}")["state"] == "done", 60, "the restart")
        slipway.until_text("/notes/", "second none ['one', 'two']")

        slipway.edit("notes", {"slipway.yaml": "env:\n  SETTING: other\n"})
        slipway.until_text("/notes/", "second other ['one', 'two']")

        slipway.interrupt()
        slipway.start()
        slipway.until_text("/notes/", "second other ['one', 'two']")

        volume = _volume(slipway)
        slipway.delete("notes")
        slipway.until_gone("notes")
        assert slipway.files_of("notes") == []
        assert _volume(slipway) == volume
        slipway.drop("notes", notes("third"))
        slipway.until_text("/notes/?three", "third none ['one', 'two', 'three']", 90)
        assert not list((slipway.workspaces / "notes").glob("*.db")), "the folder itself is never written to"


def _volume(slipway: Slipway) -> str:
    """Where the rows are: a volume in Docker, read by `docker inspect`, or a folder of the process engine."""
    if slipway.engine == "docker":
        (name,) = slipway.docker.volumes("notes", labels.ROLE_DATA)
        return str(slipway.docker.api.inspect_volume(name)["Mountpoint"])
    places: list[Callable[[], Path]] = [lambda: slipway.data, lambda: PROCESS_PLACES / slipway.install_id]
    (found,) = [str(p) for place in places for p in (place() / "volumes").glob("notes")]
    return found
