"""The hop as a process of its own: what passes through it neither delays the monitor nor ends with it.

Started by the monitor as `python -m monitor.app.hop HOST PORT`, stopped by TERM.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from aiohttp import web

from monitor.web.hop import hop_app

DRAIN_S = 3.0


async def serve(host: str, port: int) -> None:
    """Serve until TERM or INT; requests under way get a moment to end."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        hop_app(),
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=DRAIN_S,
        keepalive_timeout=75,
        max_line_size=64 * 1024,
        max_field_size=64 * 1024,
    )
    await runner.setup()
    await web.TCPSite(runner, host, port, backlog=1024).start()
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
