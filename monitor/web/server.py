"""The dashboard's own listener: page, API and live stream on an origin no workspace shares."""

from __future__ import annotations

import errno
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from monitor.errors import Refused, SlipwayError
from monitor.settings import Settings
from monitor.web.answers import MAX_BODY, one_shape
from monitor.web.api import Api
from monitor.web.api_history import Histories
from monitor.web.api_insight import Insights
from monitor.web.api_keeping import Keeping
from monitor.web.api_snapshots import Snapshots
from monitor.web.auditing import Auditing
from monitor.web.contract import shaped
from monitor.web.creating import Creations
from monitor.web.destinations import Destinations
from monitor.web.events import Events
from monitor.web.face import Face
from monitor.web.files import FileWrites
from monitor.web.guard import Guard
from monitor.web.guide import Guide
from monitor.web.me import Me
from monitor.web.openapi import Description
from monitor.web.pages import Pages
from monitor.web.restoring import Restores
from monitor.web.running import Runs
from monitor.web.system import System
from monitor.web.tokens import Tokens

GRACE_S = 1.0


def api_app(face: Face, guard: Guard, *before: Middleware) -> web.Application:
    """The API and the live stream; `before` are middlewares that come first inside the error shape."""
    auditing = Auditing(face.oversight.audit, face.oversight.meter, face.access.clock, guard)
    outer = [auditing.middleware, one_shape]
    app = web.Application(middlewares=[*outer, *before, guard.middleware, shaped], client_max_size=MAX_BODY)
    events = Events(face.registry, guard)
    routes = [*Api(face).routes(), *Tokens(face.access).routes(), web.get("/api/events", events.handle)]
    routes += Destinations(face.backups, face.jobs).routes()
    routes += Restores(face.restoring, face.jobs, face.data, trusted=guard.trusted).routes()
    routes += [*Histories(face.past).routes(), *Snapshots(face.past, face.data, face.git).routes()]
    routes += Keeping(face.past, face.jobs, face.data, face.git).routes()
    routes += Insights(face.insight, face.writes).routes()
    routes += Creations(face.creating, face.git, face.jobs).routes()
    routes += [*Guide().routes(), *Me(guard).routes()]
    routes += FileWrites(face.writes).routes()
    routes += Runs(face.running, face.jobs).routes()
    routes += [*auditing.routes(), *System(face.oversight).routes()]
    routes += Description(routes, version("slipway")).routes()
    app.add_routes(routes)

    async def close_streams(app: web.Application) -> None:
        await events.close_all()

    app.on_shutdown.append(close_streams)
    return app


def dashboard_app(face: Face, origins: frozenset[str]) -> web.Application:
    """Everything on the dashboard's origin; `origins` are its own, as browsers write them."""
    app = api_app(face, Guard(face.access, origins))
    app.add_routes(Pages(face.workspaces_url).routes())
    return app


def origins_of(settings: Settings) -> frozenset[str]:
    """The dashboard's origins: the address set for it, and those it has without a proxy before it."""
    port = settings.dashboard_port
    own = {settings.dashboard, f"http://localhost:{port}", f"http://127.0.0.1:{port}", f"http://[::1]:{port}"}
    return frozenset(_origin(url) for url in own)


@asynccontextmanager
async def dashboard(face: Face, settings: Settings) -> AsyncIterator[str]:
    """Listen while the block runs; gives the dashboard's address.

    Raises `Refused` for an address off loopback without TLS that nobody insisted on, `SlipwayError` where
    the port is taken. Leaving the block closes every stream and connection within three seconds.
    """
    _refuse_in_the_open(settings)
    runner = web.AppRunner(
        dashboard_app(face, origins_of(settings)), access_log=None, handle_signals=False, shutdown_timeout=GRACE_S
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.dashboard_bind, settings.dashboard_port).start()
        except OSError as error:
            raise _cannot_listen(settings, error) from None
        yield settings.dashboard
    finally:
        await runner.cleanup()


def _refuse_in_the_open(settings: Settings) -> None:
    bind = settings.dashboard_bind
    try:
        loopback = bind == "localhost" or ipaddress.ip_address(bind).is_loopback
    except ValueError:
        loopback = False
    if not loopback and not settings.insecure_dashboard:
        raise Refused(
            f"the dashboard would answer at {bind} without TLS: tokens could be read on the way",
            hint="put a proxy with TLS before it and set SLIPWAY_DASHBOARD_URL, or insist with --insecure-dashboard",
        )


def _cannot_listen(settings: Settings, error: OSError) -> SlipwayError:
    where = f"{settings.dashboard_bind}:{settings.dashboard_port}"
    if error.errno == errno.EADDRINUSE:
        return SlipwayError(
            f"the dashboard cannot listen on {where}: another program does",
            hint="stop that program, or choose another port with --dashboard-port (SLIPWAY_DASHBOARD_PORT)",
            reason="port-in-use",
        )
    return SlipwayError(
        f"the dashboard cannot listen on {where}: {error.strerror or error}",
        hint="check SLIPWAY_DASHBOARD_BIND and SLIPWAY_DASHBOARD_PORT",
    )


def _origin(url: str) -> str:
    """`https://Host:443/path` as a browser's Origin header says it: `https://host`."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, usual} else "")
