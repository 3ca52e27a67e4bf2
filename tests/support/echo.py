"""A stand-in for an instance: says which one it is and what reached it."""

from __future__ import annotations

from typing import Any, Self

from aiohttp import WSMsgType, web


class Echo:
    """Listens on loopback; answers JSON `{"name", "path", "headers"}`, and echoes WebSocket text at any path."""

    def __init__(self, name: str, port: int = 0) -> None:
        self.name = name
        self.port = port
        self.paths: list[str] = []
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> Self:
        """Listen, on the same port as before where it was stopped."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.raw_path)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._talk(request)
        seen: dict[str, Any] = {
            "name": self.name,
            "path": request.raw_path,
            "headers": [[name.lower(), value] for name, value in request.headers.items()],
        }
        return web.json_response(seen, headers={"Service-Worker-Allowed": "/", "X-Own": "kept"})

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        said = [request.headers.get(f"X-Forwarded-{name}", "-") for name in ("Prefix", "Proto")]
        await socket.send_str(" ".join((self.name, request.raw_path, *said)))
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
        return socket
