"""The same API on a unix socket for whoever owns the data folder: no token, the kernel says who calls."""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aiohttp import web

from monitor.errors import Conflict, SlipwayError
from monitor.web.control_path import NAME, reachable
from monitor.web.face import Face
from monitor.web.guard import Forbidden, Guard
from monitor.web.server import GRACE_S, api_app

_CREDENTIALS = struct.Struct("3i")


def control_app(face: Face) -> web.Application:
    """The API for callers the kernel vouches for."""
    return api_app(face, Guard(face.access, trusted=True), only_ours)


@asynccontextmanager
async def control_socket(face: Face, data: Path) -> AsyncIterator[Path]:
    """Listen on `data/control.sock` (0600) while the block runs; gives its path.

    A socket a dead monitor left is replaced. Raises `Conflict` where a living one answers on it.
    """
    path = data / NAME
    runner = web.AppRunner(control_app(face), access_log=None, handle_signals=False, shutdown_timeout=GRACE_S)
    listener = _bind(path)
    try:
        inode = path.stat().st_ino
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield path
    finally:
        await runner.cleanup()
        listener.close()
        with suppress(OSError):
            if path.stat().st_ino == inode:
                path.unlink()


@web.middleware
async def only_ours(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse every other user, whatever the socket's mode has become."""
    peer = request.transport.get_extra_info("socket") if request.transport else None
    if peer is None or not _is_ours(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)):
        raise Forbidden(
            "this socket is for the user who runs the monitor", hint="use the dashboard's API and a token"
        )
    return await handler(request)


def _is_ours(credentials: bytes) -> bool:
    _, uid, _ = _CREDENTIALS.unpack(credentials)
    return uid in {os.geteuid(), 0}


def _bind(path: Path) -> socket.socket:
    """Bound, private from before anybody can connect: nothing listens until the site starts."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with reachable(path) as name:
            _clear_dead(path, name)
            listener.bind(name)
            path.chmod(0o600)
    except OSError as error:
        listener.close()
        raise SlipwayError(
            f"the control socket {path} cannot be made: {error.strerror or error}",
            hint="the data folder must be on a local disk and writable",
        ) from None
    except BaseException:
        listener.close()
        raise
    return listener


def _clear_dead(path: Path, name: str) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise Conflict(f"{path} is not a socket", hint="move it away; the monitor listens there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(name)
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise Conflict(
                f"another monitor answers on {path}", hint="stop it first, or choose another folder with --data"
            )
