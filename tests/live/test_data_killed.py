"""The whole monitor killed while a data volume is replaced: the next one leaves all of the old data or of the new."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.jobs import done
from tests.support.slipway import PROCESS_PLACES, Slipway

pytestmark = [pytest.mark.traefik, pytest.mark.s3, pytest.mark.timeout(300)]

FILES = 800
APP = f"""
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        said = self.path.partition("?")[2]
        for n in range({FILES} if said else 0):
            Path("store", f"{{n}}.txt").write_text(said * 50)
        held = [path.read_text() for path in Path("store").glob("*.txt")]
        body = f"{{len(held)}} files of {{sorted(set(t[:3] for t in held))}}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Page).serve_forever()
"""
ONE, TWO = f"{FILES} files of ['one']", f"{FILES} files of ['two']"


def volume_of(slipway: Slipway) -> Path:
    places = [slipway.data, PROCESS_PLACES / slipway.install_id]
    return next(one for place in places for one in place.rglob("volumes/shop") if one.is_dir())


def at_once(seen: Callable[[], bool]) -> None:
    """Waits without a pause: what is waited for does not last."""
    until = time.monotonic() + 60
    while not seen():
        assert time.monotonic() < until, "the replacement was never seen"


def test_killed_while_data_is_replaced_it_is_all_old_or_all_new_and_the_app_sees_nothing_else() -> None:
    with Slipway("process") as slipway:
        slipway.drop("shop", {"app.py": APP, "slipway.yaml": "data: [store]\n"})
        slipway.until_serving("shop")
        slipway.until_text("/shop/?one", ONE, 60)
        first = done(slipway.client, "/api/workspaces/shop/sync", data=True)["revision"]
        slipway.until_text("/shop/?two", TWO, 60)
        own = volume_of(slipway) / ".slipway-data"

        begun, committed = own / "new" / "store" / "5.txt", own / "commit"
        for moment, expected in ((begun, TWO), (committed, ONE)):
            slipway.client.post("/api/workspaces/shop/restore", {"data": True, "revision": first})
            at_once(moment.exists)
            slipway.kill()
            slipway.start()
            slipway.until_serving("shop")
            slipway.until_text("/shop/", expected, 60)
            assert not own.exists()

        newest = slipway.client.get("/api/workspaces/shop/revisions?data=true")["items"]
        assert [one["kind"] for one in newest].count("before-restore") == 2
        back = done(slipway.client, "/api/workspaces/shop/restore", data=True, revision=newest[0]["seq"])
        assert not back["incomplete"]
        slipway.until_text("/shop/", TWO, 60)
