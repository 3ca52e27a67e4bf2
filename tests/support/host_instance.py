"""One instance on the host: the entrypoint with folders of its own, as the process engine runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from tests.support.ports import free_port
from tests.support.waiting import until_sync

ENTRYPOINT = Path(__file__).parents[2] / "runtimes" / "entrypoint"
SERVE = f"exec {sys.executable} -I -S -m http.server $PORT --bind $HOST"


class HostInstance:
    """`source` is written by the test, `list_files` says what of it counts; `start` runs the entrypoint."""

    def __init__(self, root: Path, **environment: str) -> None:
        self.root = root
        self.port = free_port()
        self.source, self.app, self.data, self.control, self.tmp = (
            root / name for name in ("source", "app", "data", "control", "tmp")
        )
        for folder in (self.source, self.app, self.data, self.control, self.tmp):
            folder.mkdir(parents=True, exist_ok=True)
        self.output = root / "output"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.tmp / "home"),
            "TMPDIR": str(self.tmp),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "SLIPWAY_SOURCE": str(self.source),
            "SLIPWAY_APP": str(self.app),
            "SLIPWAY_DATA_DIR": str(self.data),
            "SLIPWAY_CONTROL": str(self.control),
            "SLIPWAY_CACHE": str(root / "no-cache"),
            "SLIPWAY_START": SERVE,
            "SLIPWAY_START_TIMEOUT": "20",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def list_files(self, digest: str, names: Iterable[str] | None = None) -> None:
        """Write the control folder: these names, or every file and link there is."""
        if names is None:
            found = (path for path in self.source.rglob("*") if path.is_symlink() or not path.is_dir())
            names = [str(path.relative_to(self.source)) for path in found]
        for name, content in (("files", b"\0".join(map(os.fsencode, sorted(names)))), ("digest", digest.encode())):
            part = self.control / f"{name}.part"
            part.write_bytes(content)
            part.replace(self.control / name)

    def start(self) -> Self:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                self._argv("run"), env=self.environment, stdout=output, stderr=output, start_new_session=True
            )
        return self

    def start_ready(self) -> Self:
        self.start()
        self.until_ready()
        return self

    def until_ready(self) -> None:
        until_sync(lambda: self.mark.exists() or self.ended(), 20, "the ready mark")
        assert self.mark.exists(), self.said()

    def ask(self, verb: str) -> dict[str, Any]:
        """The JSON answer of a second call; its exit code must agree with it."""
        done = subprocess.run(self._argv(verb), env=self.environment, capture_output=True, timeout=60, check=False)
        answer: dict[str, Any] = json.loads(done.stdout)
        assert done.stdout.count(b"\n") == 1
        if "ok" in answer:
            assert done.returncode == (0 if answer["ok"] else 1)
        return answer

    def begin(self, verb: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._argv(verb), env=self.environment, stdout=subprocess.PIPE)

    def run_verb(self, verb: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(self._argv(verb), env=self.environment, capture_output=True, timeout=60, check=False)

    def get(self, path: str = "/") -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def code(self) -> int:
        assert self.process is not None
        return self.process.wait(20)

    def terminate(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.code()

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    @property
    def mark(self) -> Path:
        return self.app / ".container-ready"

    def _argv(self, verb: str) -> list[str]:
        return [sys.executable, "-I", "-S", str(ENTRYPOINT), verb]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Everything in its session goes, as the process engine would end it at last."""
        if self.process is None:
            return
        for pid in _session(self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)


def session_pids(leader: int) -> list[int]:
    """Every living process of a session."""
    return _session(leader)


def _session(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_bytes().rpartition(b") ")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader and fields[0] not in b"ZX":
                found.append(int(entry.name))
    return found
