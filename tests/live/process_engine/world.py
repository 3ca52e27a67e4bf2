"""The process engine as the contracts of engines know it, and what its instances run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.process_engine import Config, ProcessEngine, procfs
from monitor.domain.launch import LaunchSpec, Limits, ProjectType, Source
from monitor.domain.sizes import MIB
from monitor.ports.engine import Engine, Instance, Launch
from tests.contracts.engine_world import BROKEN, WS, Manner, World
from tests.support.process_engine import ROOT, get

COUNT = """
import os
folder = "kept"
path = os.path.join(folder, "starts")
os.makedirs(folder, exist_ok=True)
starts = int(open(path).read()) + 1 if os.path.exists(path) else 1
open(path, "w").write(str(starts))
"""
SERVE = """
import os, signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
text = {"/": open("message.txt").read(), "/data": str(starts)}
if os.path.exists("node_modules/installed"):
    text["/installed"] = open("node_modules/installed").read()
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        said = open("message.txt").read() if self.path == "/now" else text[self.path]
        self.send_response(200); self.end_headers(); self.wfile.write(said.encode())
    def log_message(self, *_): pass
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
MANNERS = {
    Manner.SERVE: COUNT + SERVE,
    Manner.CRASH: "print('last words', flush=True)\nraise SystemExit(3)",
    Manner.WRONG_PORT: "import socket, time\ns = socket.create_server(('127.0.0.1', 0))\ntime.sleep(600)",
    Manner.HOG: "grown = []\nwhile True: grown.append(bytearray(16 << 20))",
    Manner.STUBBORN: "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + COUNT + SERVE,
    Manner.NOISY: (
        "import os\n"
        "os.write(1, b'\\x1b[31mred\\x1b[0m\\x07\\n\\xff\\xfe\\x00binary\\n' + b'x' * 1_000_000 + b'\\nthe end\\n')\n"
    )
    + COUNT
    + SERVE,
}


class ProcessWorld(World):
    # A process that may have no more memory ends by itself: nobody but it knows why.
    out_of_memory = ""

    def __init__(self, root: Path, bubblewrap: bool) -> None:
        self.root = root
        self.bubblewrap = bubblewrap

    def engine(self, install: str = "one") -> Engine:
        config = Config(
            self.root / install, f"{install}-{self.root.name}", ROOT / "runtimes", bubblewrap=self.bubblewrap
        )
        return ProcessEngine(config, SystemClock())

    def copying(self, manner: Manner = Manner.SERVE) -> LaunchSpec:
        return LaunchSpec(
            WS,
            ProjectType.PYTHON,
            "python",
            f"python3 {manner.name}.py",
            (1000, 1000),
            build=f"test ! -e {BROKEN} || {{ echo cannot build; exit 1; }}",
            limits=Limits(memory=64 * MIB),
            data=("kept",),
        )

    def direct(self) -> LaunchSpec:
        return LaunchSpec(WS, ProjectType.STATIC, "static", "", (1000, 1000), source=Source.DIRECT)

    def installing(self, ok: bool) -> LaunchSpec:
        spec = self.copying()
        install = "mkdir node_modules && printf installed > node_modules/installed"
        values = {"install": install if ok else "echo no such package; exit 1", "deps_key": f"key-{ok}"}
        return replace(spec, **values)

    async def fetch(self, instance: Instance, path: str = "/") -> str:
        return await get(instance, path)

    async def leftovers(self, workspace: str = WS) -> set[str]:
        folder = self.root / "one" / "process" / workspace
        prefix = f"SLIPWAY_INSTANCE=one-{self.root.name}/".encode()
        return {str(path) for path in folder.rglob("*")} | {str(pid) for pid in procfs.marked(prefix)}

    async def has_data(self, workspace: str = WS) -> bool:
        return (self.root / "one" / "volumes" / workspace).exists()

    def source(self, files: dict[str, str]) -> Path:
        folder = self.root / "source"
        # The folder itself stays, as a workspace's does: a sandbox mounts it.
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for name, text in files.items():
            (folder / name).write_text(text)
        return folder

    def launch(self, **files: str) -> Launch:
        programs = {f"{manner.name}__py": text for manner, text in MANNERS.items()}
        return super().launch(**programs, **files)


class OnProcesses:
    """A world for a suite of promises: with bubblewrap and without."""

    @pytest.fixture(params=["bubblewrap", "bare"])
    def world(self, request: pytest.FixtureRequest) -> Iterator[ProcessWorld]:
        root = Path(tempfile.mkdtemp(prefix="slipway-contract-"))
        root.chmod(0o755)
        yield ProcessWorld(root, request.param == "bubblewrap")
        shutil.rmtree(root)
