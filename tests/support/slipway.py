"""A whole Slipway for a test: the real monitor as a process of its own, its real Traefik, store and engine.

The test drops folders and asks over HTTP and the control socket, as people and programs do; nothing of it runs in
the test's own process. Every failure quotes the end of the monitor's log.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import boto3
import psutil
from botocore.config import Config

from monitor.cli.client import Client
from monitor.errors import SlipwayError
from tests.support.ports import free_port
from tests.support.process import Program
from tests.support.traces import InDocker, processes_of
from tests.support.visiting import Answer, visit
from tests.support.waiting import NeverHappened, until_sync

ROOT = Path(__file__).parents[2]
SUBNETS = "10.216.0.0/16"
START_S = 60.0
# The first use of a runtime on a machine builds its image.
SERVING_S = 600.0
HANDED_ON = ("PATH", "HOME", "LANG", "DOCKER_HOST", "DOCKER_CONFIG", "SLIPWAY_EXTRA_CA")
# Where the process engine keeps its places when the data folder is closed to the instances' account.
PROCESS_PLACES = Path("/var/lib/slipway")

Files = Mapping[str, str | bytes]
T = TypeVar("T")


class Slipway:
    """One install in folders of its own: started by `with`, gone with everything it made at the end.

    `settings` are the monitor's own, by name; `environment` is added to the few variables the monitor gets.
    """

    def __init__(self, engine: str, *, environment: Mapping[str, str] | None = None, **settings: object) -> None:
        self.engine = engine
        # Not pytest's own folder: instances run as users of their own, which must get in.
        self.folder = Path(tempfile.mkdtemp(prefix="slipway-whole-"))
        self.folder.chmod(0o755)
        self.workspaces, self.data = self.folder / "workspaces", self.folder / "data"
        self.workspaces.mkdir()
        self.port, self.dashboard_port = free_port(), free_port()
        self._settings = {"scan_s": 2, "subnets": SUBNETS, **settings}
        self.environment = {**{n: os.environ[n] for n in HANDED_ON if n in os.environ}, **(environment or {})}
        self._runs = 0
        self.program = self._program()

    def start(self, *flags: str) -> Self:
        """Start (again), `flags` added to the command; returns after the `ready` line."""
        self.program = self._program(*flags)
        self.program.start()
        return self

    def interrupt(self, number: int = signal.SIGINT, within_s: float = 20.0) -> int:
        """Send the monitor alone a signal, as Ctrl-C and systemd do; returns its exit code."""
        child = psutil.Process(self.program.pid)
        child.send_signal(number)
        try:
            code = child.wait(within_s)
        except psutil.TimeoutExpired:
            raise self._told(f"the monitor did not end within {within_s:g} s of signal {number}") from None
        self.program.kill()
        return int(code or 0)

    def kill(self) -> None:
        """End the monitor as a crash would; everything it started is left running."""
        self.program.kill()

    @functools.cached_property
    def docker(self) -> InDocker:
        """What this install has in Docker, asked beside the monitor."""
        return InDocker(self.install_id)

    @property
    def install_id(self) -> str:
        return str(json.loads((self.data / "install.json").read_text())["id"])

    @property
    def client(self) -> Client:
        """The monitor over its control socket."""
        return Client(self.data)

    def drop(self, name: str, files: Files) -> Path:
        """A folder as it is moved in, whole at once, readable for everybody; returns where it is."""
        with tempfile.TemporaryDirectory(dir=self.folder) as beside:
            made = Path(beside) / name
            made.mkdir()
            write(made, files)
            return made.rename(self.workspaces / name)

    def edit(self, name: str, files: Files) -> None:
        write(self.workspaces / name, files)

    def delete(self, name: str) -> None:
        shutil.rmtree(self.workspaces / name)

    def get(self, path: str, **more: Any) -> Answer:
        """Ask as a visitor, through Traefik; see `visit`."""
        return visit(self.port, path, **more)

    def state(self, name: str) -> dict[str, Any]:
        """A workspace as the API shows it; raises `NotFound`."""
        return dict(self.client.get(f"/api/workspaces/{name}"))

    def states(self) -> dict[str, dict[str, Any]]:
        return {state["name"]: state for state in self.client.get("/api/workspaces")["items"]}

    def status(self) -> dict[str, Any]:
        return dict(self.client.get("/api/status"))

    def ask_for(self, verb: str, name: str) -> dict[str, Any]:
        """start, stop or restart; the job, or the state where nothing is to be done."""
        return dict(self.client.post(f"/api/workspaces/{name}/{verb}"))

    def until(self, probe: Callable[[], T], timeout: float = 30.0, what: str = "") -> T:
        """Wait by probe; a failure says what all workspaces were doing, and quotes the monitor's log."""
        try:
            return until_sync(probe, timeout, what)
        except NeverHappened as error:
            raise self._told(str(error)) from error

    def until_phase(self, name: str, phase: str, timeout: float = 60.0) -> dict[str, Any]:
        def arrived() -> dict[str, Any]:
            state = self.state(name)
            assert state["phase"] == phase, f"{state['phase']}: {state['reason']}"
            return state

        return self.until(arrived, timeout, f"'{name}' to be {phase}")

    def until_serving(self, name: str, timeout: float = SERVING_S) -> dict[str, Any]:
        """Wait until it serves; a failure meanwhile ends the test at once."""
        seen = self.until(lambda: self._settled(name), timeout, f"'{name}' to be serving")
        if seen["phase"] == "failed":
            raise self._told(f"'{name}' failed: {json.dumps(seen, indent=1)}")
        return seen

    def until_text(self, path: str, text: str, timeout: float = 30.0) -> Answer:
        """Wait until visitors of `path` get 200 and `text`."""

        def seen() -> Answer:
            answer = self.get(path)
            assert answer.status == 200, f"{answer.status} {answer.text[:200]}"
            assert text in answer.text, answer.text[:200]
            return answer

        return self.until(seen, timeout, f"{text!r} at {path}")

    def until_gone(self, name: str, timeout: float = 30.0) -> None:
        self.until(lambda: name not in self.states(), timeout, f"'{name}' to be forgotten")

    def processes(self) -> list[psutil.Process]:
        """Everything that runs on this host for this install, the monitor too."""
        marks = [str(self.folder)]
        with contextlib.suppress(OSError):
            marks.append(self.install_id)
        return processes_of(marks)

    def process(self, program: str) -> psutil.Process:
        """The one process of this install that runs `program`."""
        (found,) = [one for one in self.processes() if Path(one.cmdline()[0]).name == program]
        return found

    def files_of(self, name: str) -> list[str]:
        """What is on disk of a workspace for running it: not its folder, its data volume, nor what is kept of it."""
        places = [self.data, PROCESS_PLACES / self.install_id]
        kept = [self.data / "store", self.data / "cache", *(place / "volumes" for place in places)]
        found = (path for place in places for path in place.rglob(name))
        return [str(path) for path in found if not any(path.is_relative_to(place) for place in kept)]

    def mirrored(self, name: str, path: str) -> str:
        """A file of a workspace as any S3 client reads it from the bundled store; raises what S3 answers."""
        keys = json.loads((self.data / "store" / "credentials.json").read_text())
        port = json.loads((self.data / "store" / "ports.json").read_text())["s3"]
        config = Config(
            s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=10, retries={"max_attempts": 1}
        )
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id=keys["access_key"],
            aws_secret_access_key=keys["secret_key"],
            config=config,
        )
        with contextlib.closing(client):
            found = client.get_object(Bucket="slipway", Key=f"{name}/live/{path}")
            return str(found["Body"].read().decode())

    def log(self, lines: int = 60) -> str:
        """The end of the monitor's own log and of what this run printed."""
        file = self.data / "logs" / "monitor.log"
        written = file.read_text(errors="replace").splitlines()[-lines:] if file.exists() else []
        return "\n".join([*written, "--- printed:", *([self.program.tail(20)] if self.program.log.exists() else [])])

    def close(self) -> None:
        """Remove everything it made, however it ended."""
        self.program.kill()
        for one in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        if (self.data / "install.json").exists():
            shutil.rmtree(PROCESS_PLACES / self.install_id, ignore_errors=True)
            if self.engine != "process":
                self.docker.remove_all()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _program(self, *flags: str) -> Program:
        self._runs += 1
        log = self.folder / f"printed-{self._runs}.log"
        return Program(
            self.command(*flags),
            ready=lambda: any(line.startswith("ready ") for line in log.read_text().splitlines()),
            log=log,
            env=self.environment,
            cwd=ROOT,
            start_timeout=START_S,
        )

    def command(self, *flags: str) -> list[str]:
        """This monitor's command line."""
        own = {
            "workspaces": self.workspaces,
            "data": self.data,
            "engine": self.engine,
            "http_port": self.port,
            "dashboard_port": self.dashboard_port,
            **self._settings,
        }
        words = [word for name, value in own.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        return [sys.executable, "-m", "monitor", "up", *words, *flags]

    def _settled(self, name: str) -> dict[str, Any] | None:
        state = self.state(name)
        return state if state["phase"] in {"serving", "failed"} else None

    def _told(self, sentence: str) -> AssertionError:
        try:
            stand = [f"{n}: {s['phase']} ({s['reason']}) {s['progress'][-3:]}" for n, s in self.states().items()]
        except SlipwayError as error:
            stand = [f"the monitor does not answer: {error}"]
        return AssertionError("\n".join([sentence, *stand, "--- the monitor's log:", self.log()]))


def write(folder: Path, files: Files) -> None:
    """Write files as an editor does, each replaced whole; everything readable for everybody."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.swp")
        beside.write_bytes(content if isinstance(content, bytes) else content.encode())
        beside.chmod(0o644)
        beside.replace(path)
    for inside in (folder, *(p for p in folder.rglob("*") if p.is_dir() and not p.is_symlink())):
        inside.chmod(0o755)
