"""A keeper whose command prints into a pipe: for commands that somebody waits for, unlike instances."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from pathlib import Path

from monitor.adapters.process_engine.shipped import KEEPER_ENV, keeping
from monitor.ports.engine import EngineAway


async def piped(plan: Path) -> tuple[Process, asyncio.StreamReader]:
    """Start it, in a session of its own; the keeper, and everything its command prints.

    The caller ends it and waits for it. Raises `EngineAway`: a later try may help.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *keeping(plan),
            env=KEEPER_ENV,
            cwd="/",
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise no_process(error) from error
    assert process.stdout is not None
    return process, process.stdout


def no_process(error: Exception) -> EngineAway:
    """No process can be made on this machine now."""
    return EngineAway(f"no process can be started: {error}", hint="is the machine out of memory or processes?")
