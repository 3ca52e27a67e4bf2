"""Docker's own command line, for what only it can do: run with nothing of our environment but where Docker is."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from monitor.adapters.docker_engine.evidence import text_lines

_PASSED_ON = ("PATH", "HOME", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY")
_KEPT_LINES = 60


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, None where it was stopped for taking too long, and the last lines it printed."""

    code: int | None
    lines: tuple[str, ...]


def environment(docker_host: str, **more: str) -> dict[str, str]:
    """Promise 5: `docker` and its plugins are told no other variable of ours."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed, **({"DOCKER_HOST": docker_host} if docker_host else {}), **more}


async def run(argv: list[str], env: dict[str, str], timeout_s: float) -> Said:
    """Run a command to its end; cancelled or too slow, it is stopped with all it started."""
    tail: deque[str] = deque(maxlen=_KEPT_LINES)
    codes: list[int] = []
    try:
        async with asyncio.timeout(timeout_s), aclosing(lines(argv, env, codes.append)) as printed:
            async for line in printed:
                tail.append(line)
    except TimeoutError:
        return Said(None, tuple(tail))
    return Said(codes[0], tuple(tail))


async def lines(
    argv: list[str], env: dict[str, str], ended: Callable[[int], None] = lambda _code: None
) -> AsyncGenerator[str]:
    """What a command prints, line by line; it is stopped with all it started when nobody listens any more."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    rest = b""
    try:
        while piece := await process.stdout.read(65_536):
            *whole, rest = (rest + piece)[-1_000_000:].split(b"\n")
            for line in whole:
                for text in text_lines(line, 1):
                    yield text
        ended(await process.wait())
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
