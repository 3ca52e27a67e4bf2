"""What the tests of the process engine share: an engine in a folder of its own, and small real programs for it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from monitor.adapters.clock import SystemClock
from monitor.adapters.process_engine import Config, ProcessEngine
from monitor.domain.launch import LaunchSpec, ProjectType
from monitor.ports.engine import Instance, Launch, Running
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
INSTALL_ID = "test"

# Answers `/` with its pid, the environment at `/env`, and runs `/do` as Python for the test.
SERVER = """
import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        verb, _, code = self.path[1:].partition("?")
        if verb == "do":
            names = {}
            exec(unquote(code), names)
            text = str(names.get("answer", ""))
        else:
            text = {"": str(os.getpid()), "env": "\\n".join(f"{k}={v}" for k, v in os.environ.items())}.get(verb, "")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())
    def log_message(self, *_):
        pass
print("up", flush=True)
ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""


@dataclass
class Home:
    """A folder every account may enter (pytest's own are closed), with a data folder and a source folder."""

    root: Path
    bubblewrap: bool = True
    engines: list[ProcessEngine] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.root / "data"

    def engine(self) -> ProcessEngine:
        """A new engine on the same data, as a restarted monitor has it."""
        config = Config(self.data, f"{INSTALL_ID}-{self.root.name}", ROOT / "runtimes", bubblewrap=self.bubblewrap)
        made = ProcessEngine(config, SystemClock())
        self.engines.append(made)
        return made

    def launch(self, files: dict[str, str], digest: str = "one", name: str = "source") -> Launch:
        """Write a source folder and say what is in it."""
        source = self.root / name
        for path, text in files.items():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_text(text)
        return Launch(source, tuple(sorted(files)), digest)


@asynccontextmanager
async def a_home(bubblewrap: bool = True) -> AsyncIterator[Home]:
    """A home; every instance started in it ends with it."""
    home = Home(Path(tempfile.mkdtemp(prefix="slipway-engine-")), bubblewrap)
    home.root.chmod(0o755)
    try:
        yield home
    finally:
        engine = home.engine()
        for instance in await engine.instances():
            await engine.stop(instance, 0)
        for each in home.engines:
            await each.close()
        base = Path(os.fsdecode((home.data / "process" / "base").read_bytes()))
        shutil.rmtree(home.root)
        shutil.rmtree(base, ignore_errors=True)


def python_spec(name: str = "app", start: str = "python3 server.py", **more: object) -> LaunchSpec:
    """A Python project without dependencies."""
    return LaunchSpec(name, ProjectType.PYTHON, "python", start, (os.geteuid(), os.getegid()), **more)  # type: ignore[arg-type]


async def find(engine: ProcessEngine, instance: Instance) -> Instance | None:
    return next((found for found in await engine.instances() if found.id == instance.id), None)


async def ready(engine: ProcessEngine, instance: Instance, timeout: float = 20) -> Instance:
    """The instance once its mark is there; one that exits instead fails the test with its log."""

    async def look() -> Instance | None:
        found = await find(engine, instance)
        assert found is not None
        return found if found.ready or found.state is Running.EXITED else None

    found = await until(look, timeout, f"{instance.id} to be ready")
    assert found.ready, (found, await engine.logs(instance))
    return found


async def exited(engine: ProcessEngine, instance: Instance, timeout: float = 20) -> Instance:
    async def look() -> Instance | None:
        found = await find(engine, instance)
        return found if found is not None and found.state is Running.EXITED else None

    return await until(look, timeout, f"{instance.id} to end")


async def get(instance: Instance, path: str = "/") -> str:
    """The text an instance answers with."""

    def fetch() -> str:
        with urllib.request.urlopen(f"http://{instance.host}:{instance.port}{path}", timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    return await asyncio.to_thread(fetch)


async def do(instance: Instance, code: str) -> str:
    """Run Python inside the instance's server; what it leaves in `answer`."""
    return await get(instance, "/do?" + urllib.request.quote(code))  # type: ignore[attr-defined, no-any-return]
