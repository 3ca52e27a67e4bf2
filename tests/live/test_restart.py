"""A restart under steady traffic: no visitor is turned away, except from an app that keeps data."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.slipway import Slipway

pytestmark = [pytest.mark.traefik, pytest.mark.s3]

# It takes a while before it listens, longer than anybody on the way to it waits.
PYTHON = """import http.server, os, time
time.sleep(3)
BORN = time.time_ns()
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        said = f"born {BORN}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Answer).serve_forever()
"""


@contextmanager
def visited(slipway: Slipway, path: str) -> Iterator[list[tuple[int, str]]]:
    """Somebody visits all the while; the list fills with statuses and texts."""
    seen: list[tuple[int, str]] = []
    ending = threading.Event()

    def visit() -> None:
        while not ending.is_set():
            answer = slipway.get(path)
            seen.append((answer.status, answer.text))

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        yield seen
    finally:
        ending.set()
        visitor.join()


@pytest.mark.parametrize("engine", [pytest.param("docker", marks=pytest.mark.docker), "process"])
def test_no_request_is_lost(engine: str) -> None:
    with Slipway(engine) as slipway:
        slipway.drop("clock", {"main.py": PYTHON})
        slipway.until_serving("clock", 120)
        with visited(slipway, "/clock/") as seen:
            slipway.until(lambda: len(seen) > 5)
            job = slipway.ask_for("restart", "clock")["id"]
            slipway.until(lambda: slipway.client.get(f"/api/jobs/{job}")["state"] == "done", 60, "the restart")
            anew = len(seen)
            slipway.until(lambda: len(seen) > anew + 5)
        assert {status for status, _ in seen} == {200}
        texts = [text for _, text in seen]
        assert len(set(texts)) == 2
        assert texts == sorted(texts), "once the new one answers, the old one does not"
