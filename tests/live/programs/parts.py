"""What programs of the tests begin with: a project, an administrator's token, the command line, the API."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

import psutil

from monitor.cli.client import Client, told
from tests.support.slipway import ROOT, Slipway

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
