"""Containers seen from close through the API: usage, log read on over a restart, compose file, labels, routes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.slipway import Slipway

pytestmark = [pytest.mark.docker, pytest.mark.traefik, pytest.mark.s3]
SERVER = r"""
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("\x1b[32msaid\x1b[0m \x1b[2J" + self.path, os.environ["API_TOKEN"], flush=True)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""
YAML = "type: python\nstart: python server.py\nenv:\n  API_TOKEN: hunter2hunter2\n"


def test_a_container_seen_from_close() -> None:
    with Slipway("docker") as slipway:
        slipway.drop("closeup", {"server.py": SERVER, "slipway.yaml": YAML})
        slipway.until_serving("closeup")
        one = "/api/workspaces/closeup"

        def output(after: str) -> dict[str, Any]:
            return dict(slipway.client.get(f"{one}/output?after={after}"))

        slipway.get("/closeup/first")
        before = slipway.until(lambda: _with(output(""), "/first"), 10)
        assert "\x1b[32msaid\x1b[0m /first [hidden]" in before["lines"]
        slipway.get("/closeup/second")
        then = slipway.until(lambda: _with(output(before["after"]), "/second"), 10)
        assert not any("/first" in line for line in then["lines"])
        assert not then["began"]

        def used() -> dict[str, Any]:
            found = slipway.client.get("/api/usage?names=closeup")["items"]["closeup"]
            assert found["cpu_cores"] is not None
            return dict(found)

        usage = slipway.until(used, 15)
        assert 1_000_000 < usage["memory"] < usage["memory_limit"]
        assert usage["processes"] >= 1

        running = slipway.client.get(f"{one}/running")
        assert running["labels"]["slipway.workspace"] == "closeup"
        assert "services:" in running["compose"]
        assert "hunter2" not in str(running)
        assert any("PathPrefix(`/closeup/`)" in route["rule"] for route in running["routes"])

        slipway.ask_for("restart", "closeup")
        new = slipway.until(lambda: _began(output(then["after"])), 60)
        assert not any("/second" in line for line in new["lines"])


def _with(output: dict[str, Any], text: str) -> dict[str, Any]:
    assert any(text in line for line in output["lines"]), output
    return output


def _began(output: dict[str, Any]) -> dict[str, Any]:
    assert output["began"]
    return output
