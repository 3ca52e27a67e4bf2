"""A start command with its reason, and the servers we choose, spelled once."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from monitor.domain.detection.result import LIKELY


@dataclass(frozen=True, slots=True)
class Start:
    """How a project is started: `evidence` was seen, `reason` completes "starts with … because …".

    `needs` are packages the command comes from; `port` is one the project insists on, None where it takes `$PORT`.
    """

    command: str
    evidence: str
    reason: str
    framework: str | None = None
    confidence: int = LIKELY
    needs: tuple[str, ...] = ()
    setup: str | None = None
    build: str | None = None
    port: int | None = None
    data: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    exports: tuple[tuple[str, str], ...] = ()


def gunicorn(address: str, base: str = "", *, worker: str = "gthread", chdir: str = "", paste: str = "") -> str:
    """One worker (in-memory state and SQLite keep working) with 64 threads, so that slow requests delay nobody.

    `paste` is an ini file that names the application instead of `address`.
    """
    threads = " --threads 64" if worker == "gthread" else ""
    folder = f" --chdir {shlex.quote(chdir)}" if chdir else ""
    path = f" --pythonpath {shlex.quote(base)}" if base and base != chdir else ""
    served = f"--paste {shlex.quote(paste)}" if paste else shlex.quote(address)
    return f"gunicorn --bind $HOST:$PORT --worker-class {worker}{threads}{folder}{path} {served}"


def uvicorn(address: str, base: str = "", *, factory: bool = False) -> str:
    """uvicorn runs `def` endpoints in 40 threads and `async def` ones on its loop."""
    made = " --factory" if factory else ""
    path = f" --app-dir {shlex.quote(base)}" if base else ""
    return f"uvicorn --host $HOST --port $PORT{made}{path} {shlex.quote(address)}"
