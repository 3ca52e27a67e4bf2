"""Small apps for engine tests, as start commands: they need python3 and nothing else."""

from __future__ import annotations

import shlex
from dataclasses import replace

from monitor.domain.launch import LaunchSpec, Limits, ProjectType, Source
from monitor.domain.sizes import MIB
from tests.contracts.engine_world import BROKEN, WS, Manner

SERVER = """
import http.server, os, pathlib, sys
message = pathlib.Path("message.txt").read_text()
with open("store/starts", "a") as starts: starts.write("started\\n")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = message
        if self.path == "/data": text = str(len(open("store/starts").readlines()))
        if self.path == "/now": text = pathlib.Path("message.txt").read_text()
        if self.path == "/installed": text = pathlib.Path("installed.txt").read_text().strip()
        if self.path == "/env": text = "\\n".join(f"{k}={v}" for k, v in os.environ.items())
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())
    def log_message(self, *args): pass
where = (sys.argv[1], int(sys.argv[2])) if len(sys.argv) > 1 else (os.environ["HOST"], int(os.environ["PORT"]))
http.server.ThreadingHTTPServer(where, Handler).serve_forever()
"""
NOISE = r"""
import sys
sys.stdout.buffer.write(b"\x1b[31mred\x1b[0m\x00\x07\xff\n" + b"x" * 1_000_000 + b"\nthe end\n")
sys.stdout.flush()
"""
IGNORE_TERM = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


def python(script: str, *arguments: str) -> str:
    """A shell command that runs `script`."""
    return shlex.join(["python3", "-c", script, *arguments])


STARTS = {
    Manner.SERVE: python(SERVER),
    Manner.CRASH: "echo last words; exit 3",
    Manner.WRONG_PORT: python(SERVER, "127.0.0.1", "0"),
    Manner.HOG: python("x = bytearray(400 << 20)\nprint(len(x))"),
    Manner.STUBBORN: python(IGNORE_TERM + SERVER),
    Manner.NOISY: python(NOISE + SERVER),
}


def copying(user: tuple[int, int], manner: Manner = Manner.SERVE) -> LaunchSpec:
    """A Python app with a working copy, a data folder and a build that fails while `BROKEN` is there."""
    spec = LaunchSpec(
        WS,
        ProjectType.PYTHON,
        "python",
        STARTS[manner],
        user,
        build=f"[ ! -e {BROKEN} ] || {{ echo cannot build; exit 1; }}",
        data=("store/",),
        limits=Limits(tmp=16 * MIB),
    )
    return replace(spec, limits=Limits(memory=96 * MIB, tmp=16 * MIB)) if manner is Manner.HOG else spec


def direct(user: tuple[int, int]) -> LaunchSpec:
    """A folder of pages."""
    return LaunchSpec(
        WS, ProjectType.STATIC, "static", "", user, source=Source.DIRECT, read_only=True, limits=Limits(tmp=16 * MIB)
    )


def installing(user: tuple[int, int], ok: bool) -> LaunchSpec:
    """The copying app, with something to install."""
    install = "cat message.txt >/dev/null && echo installed >installed.txt" if ok else "echo no such package; exit 1"
    return replace(copying(user), install=install, deps_files=("message.txt",), deps_key=f"k{'1' if ok else '0'}")
