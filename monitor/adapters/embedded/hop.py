"""The hop as a bundled process: where it listens, how it is started and known to work."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from monitor.adapters.embedded.child import ChildSpec, leftovers_of
from monitor.adapters.embedded.ports import settle_ports
from monitor.adapters.embedded.private_files import private_folder
from monitor.adapters.loopback import LOOPBACK

PROGRAM = "monitor.app.hop"
_PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class BundledHop:
    """What is needed to run the hop, and the URL the router is to use."""

    spec: ChildSpec
    url: str


def bundled_hop(folder: Path, logs: Path) -> BundledHop:
    """Settle its port, kept over restarts in `folder` (made if needed), and say how to run it."""
    folder = private_folder(folder.absolute())
    pid_file = folder / "hop.pid"
    port = settle_ports(folder / "ports.json", ("hop",), keep=bool(leftovers_of(pid_file)))["hop"]
    url = f"http://{LOOPBACK}:{port}"
    spec = ChildSpec(
        name="the hop",
        argv=(sys.executable, "-m", PROGRAM, LOOPBACK, str(port)),
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(folder)},
        cwd=_PACKAGE.parent,
        log=logs.absolute() / "hop.log",
        pid_file=pid_file,
        ready=lambda: _answers(url),
        config=_program(),
        listens=((LOOPBACK, port),),
    )
    return BundledHop(spec, url)


def _program() -> str:
    """Names the bytes it runs: a hop of an earlier version is not adopted."""
    digest = hashlib.sha256()
    for path in sorted(
        [*_PACKAGE.glob("web/hop*.py"), *_PACKAGE.glob("web/static/*.js"), *_PACKAGE.glob("domain/prefix/*.py")]
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()


async def _answers(url: str) -> bool:
    """Without the router's word it answers 404."""
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
        return answer.status == 404
