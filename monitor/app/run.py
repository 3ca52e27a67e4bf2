"""One monitor's life: everything is started in order, runs until a signal, and is stopped in the reverse order.

Ctrl-C reaches only the monitor: Traefik and the store have sessions of their own and are stopped by it, the store
after its last write.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack

from monitor.adapters.clock import SystemClock
from monitor.app.building import build
from monitor.app.install import held
from monitor.app.logs import set_up
from monitor.app.platform import Platform
from monitor.app.welcome import make_workspaces
from monitor.errors import SlipwayError
from monitor.settings import Settings

STOP_GRACE_S = 3.0

log = logging.getLogger(__name__)


async def run(settings: Settings, *, keep: bool = False, take_over: bool = False) -> None:
    """Run until SIGINT or SIGTERM; `keep` leaves the instances running at the end, for the next start to adopt.

    `take_over` claims a bucket that another install wrote to, which is refused otherwise.

    Raises `SlipwayError` where it cannot start, with nothing of it left running.
    """
    clock = SystemClock()
    with held(settings.data) as install:
        make_workspaces(settings.workspaces)
        log_file = set_up(settings.data, as_json=settings.log_json)
        stop = _on_signal()
        async with AsyncExitStack() as stack:
            platform = await build(settings, install, clock, log_file, stack)
            platform.take_over = take_over
            try:
                await _serve(platform, stop)
            finally:
                log.info("stopping")
                await _stop(platform, keep=keep)


def _on_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _serve(platform: Platform, stop: asyncio.Event) -> None:
    """Start what listens, then run every loop until told to stop."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_until(stop), name="signal")
            await platform.start(group)
            _greet(platform)
    except* _Stopped:
        pass
    except* SlipwayError as errors:
        raise _first(errors) from None


def _first(group: BaseExceptionGroup[SlipwayError]) -> SlipwayError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()
    raise _Stopped


class _Stopped(Exception):
    """Ends the task group: every loop is cancelled and waited for."""


def _greet(platform: Platform) -> None:
    """The one line other programs read on stdout; talk for people on stderr."""
    settings = platform.settings
    for line in platform.notes():
        print(line, file=sys.stderr)  # noqa: T201
    link = platform.sign_in_link()
    if link and sys.stderr.isatty():
        print(f"sign in: {link}", file=sys.stderr)  # noqa: T201
    elif link:
        path = platform.write_sign_in_link(link)
        print(f"the sign-in link is in {path}", file=sys.stderr)  # noqa: T201
    ready = f"ready workspaces={settings.workspaces_url} dashboard={settings.dashboard} engine={platform.engine.name}"
    print(ready, flush=True)  # noqa: T201
    log.info("%s pid=%d", ready, os.getpid())


async def _stop(platform: Platform, *, keep: bool) -> None:
    if not keep:
        try:
            await platform.stop_instances(STOP_GRACE_S)
        except SlipwayError as error:
            log.warning("instances were left running: %s", error.message)
