"""A child process that starts a workspace and is killed at a step: `python -m tests.live.docker_crash STEP FILE`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from monitor.adapters.clock import SystemClock
from monitor.adapters.docker_engine import DockerEngine, Options
from monitor.ports.engine import Launch
from tests.live import apps
from tests.live.docker_world import ROOT, SUBNETS, USER, installing, route_labels
from tests.live.stack_world import spec_of


def die_at(wanted: str) -> None:
    if wanted == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)


async def main() -> None:
    told = json.loads(Path(sys.argv[2]).read_text())
    options = Options(told["install"], Path(told["data"]), ROOT, SUBNETS, docker_host=told["host"])
    engine = DockerEngine(options, SystemClock(), route_labels, step=die_at)
    launch = Launch(Path(told["source"]), tuple(told["files"]), told["digest"])
    if told.get("stack"):
        spec = await spec_of(engine, launch)
    else:
        spec = installing(told["install"], ok=True) if told["install_deps"] else apps.copying(USER)
    await engine.prepare(spec, launch, lambda _line: None)
    await engine.start(spec, launch, 1)
    await engine.close()


if __name__ == "__main__":
    asyncio.run(main())
