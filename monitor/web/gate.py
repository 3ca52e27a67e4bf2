"""The gate's own listener on loopback: no API, no script, nothing to send to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from monitor.domain.gate import GateAnswer, GateState, Page, answer
from monitor.domain.route_table import OWN_FILES
from monitor.web import gate_pages

States = Callable[[], Mapping[str, GateState]]

STYLE_PATH = f"/{OWN_FILES}/gate.css"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_READING = ("GET", "HEAD")
_ALLOW = {"Allow": ", ".join(_READING)}


def gate_app(states: States, domain: str) -> web.Application:
    """The gate as an application; `states` is asked at every request."""
    style = gate_pages.style()

    async def answer_style(request: web.Request) -> web.Response:
        if request.method not in _READING:
            return web.Response(status=405, headers={**HEADERS, **_ALLOW})
        headers = {**HEADERS, "Cache-Control": "max-age=300"}
        return web.Response(body=style, content_type="text/css", charset="utf-8", headers=headers)

    async def answer_all(request: web.Request) -> web.Response:
        now = states()
        path = request.raw_path
        if not path.startswith("/"):
            return web.Response(status=400, headers=HEADERS)
        accept, referer = request.headers.get("Accept", ""), request.headers.get("Referer", "")
        return _response(request.method, answer(path, request.host, accept, referer, now, domain), now)

    app = web.Application()
    app.router.add_route("*", STYLE_PATH, answer_style)
    app.router.add_route("*", "/{path:.*}", answer_all)
    return app


class Gate:
    """Listens on loopback between `start` and `close`."""

    def __init__(self, states: States, domain: str) -> None:
        self._runner = web.AppRunner(gate_app(states, domain), access_log=None, shutdown_timeout=1.0)

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Listen, on a free port unless one is given; return the URL the router is to use.

        Raises OSError where the port is taken.
        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0]
        return f"http://{bound[0]}:{bound[1]}"

    async def close(self) -> None:
        await self._runner.cleanup()


def _response(method: str, said: GateAnswer, states: Mapping[str, GateState]) -> web.Response:
    if said.page is Page.HOME:
        return web.Response(status=said.status, headers={**HEADERS, "Location": said.location})
    if said.status == 200 and method not in _READING:
        return web.Response(status=405, headers={**HEADERS, **_ALLOW})
    headers = {**HEADERS, "Vary": "Accept"}
    if said.retry_after is not None:
        headers["Retry-After"] = str(said.retry_after)
    kind, render = ("text/html", gate_pages.page) if said.browser else ("text/plain", gate_pages.text)
    return web.Response(
        text=render(said, states), status=said.status, content_type=kind, charset="utf-8", headers=headers
    )
