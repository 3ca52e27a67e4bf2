"""One authorisation point: every request passes here before any handler sees it.

The dashboard uses no cookies, so a foreign page has nothing to ride on; the checks of Host (DNS rebinding),
Origin and Sec-Fetch-Site stand in front of the token all the same. A route without a `Scope` of its own is
refused: a forgotten declaration fails closed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import web

from monitor.domain.access import Scope, Token
from monitor.errors import SlipwayError
from monitor.services.access import Access
from monitor.services.sign_in import SignIn

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Declared = TypeVar("Declared", bound=Callable[..., Any])

OPEN = "open"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITE = frozenset({"same-origin", "none"})
WHO = web.RequestKey("slipway_who", Token)
"""Where a request keeps the token it came with."""
STILL: web.RequestKey[Callable[[], bool]] = web.RequestKey("slipway_still")
"""Says whether that token is good now: answers that go on for hours ask again and again."""
_SCOPE = "slipway_scope"


class Forbidden(SlipwayError):
    """A good token of too small a scope, or a request from a foreign page."""

    reason = "forbidden"
    status = 403
    exit_code = 5


def needs(scope: Scope) -> Callable[[Declared], Declared]:
    """Declare the scope a handler demands."""

    def mark(handler: Declared) -> Declared:
        setattr(handler, _SCOPE, scope)
        return handler

    return mark


def is_open(handler: Declared) -> Declared:
    """Declare a handler that needs no token (or checks it itself, as the live stream does)."""
    setattr(handler, _SCOPE, OPEN)
    return handler


def scope_of(handler: object) -> Scope | str | None:
    """What a handler declared: a `Scope`, `OPEN`, or None where it forgot to."""
    declared: Scope | str | None = getattr(handler, _SCOPE, None)
    return declared


class Guard:
    """`origins` are the dashboard's own, as browsers write them (`http://localhost:8081`).

    `trusted`: the caller has proved by other means who it is (the control socket); only scopes are looked at.
    """

    def __init__(self, access: Access, origins: frozenset[str] = frozenset(), *, trusted: bool = False) -> None:
        self.access = access
        self.trusted = trusted
        self._sign_in = SignIn(access, access.clock)
        self._origins = origins
        self._hosts = frozenset(urlsplit(origin).hostname for origin in origins)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Check where the request comes from, then who it is; a path that does not exist is told to anybody."""
        if not self.trusted:
            self.check_place(request)
        if request.match_info.http_exception is None:
            scope = scope_of(request.match_info.handler)
            if scope is None:
                raise Forbidden("this path is not open to anyone", hint="this is a defect: please report it")
            if isinstance(scope, Scope) and not self.trusted:
                request[WHO] = self.prove(_bearer(request), request.remote or "")
                self.allow(request[WHO], scope)
                still: Callable[[], bool] = partial(self.access.good, request[WHO].id)
                request[STILL] = still
        return await handler(request)

    def check_place(self, request: web.Request) -> None:
        """Refuse a foreign Host always, a foreign page for everything that changes something or opens a socket."""
        host = request.headers.get("Host", "")
        if not self._our_host(host):
            raise Forbidden(
                "this address is not the dashboard's",
                hint="open it by the address `scripts/up` printed, or set SLIPWAY_DASHBOARD_URL",
            )
        if request.method in SAFE_METHODS and "Upgrade" not in request.headers:
            return
        foreign_origin = any(not self._our_origin(o, host) for o in request.headers.getall("Origin", ()))
        foreign_site = any(site not in OWN_SITE for site in request.headers.getall("Sec-Fetch-Site", ()))
        if foreign_origin or foreign_site:
            raise Forbidden("requests from another page are refused", hint="use the dashboard itself")

    def prove(self, secret: str, place: str) -> Token:
        """The token behind `secret`, sent from `place`; raises `Unauthorized` or `TooManyTries`."""
        return self._sign_in.prove(secret, place)

    def allow(self, token: Token, scope: Scope) -> None:
        """Raises `Forbidden` where the token does not reach that far."""
        if token.scope < scope:
            raise Forbidden(
                f"this needs a token of scope '{scope.word}', yours has '{token.scope.word}'",
                hint=f"`slipway token new --scope {scope.word}` makes one",
            )

    def _our_origin(self, origin: str, host: str) -> bool:
        """Ours is the very address that was asked: a workspace's page differs in its port at least."""
        return origin in self._origins or origin == f"http://{host}"

    def _our_host(self, host: str) -> bool:
        """Names of ours, and plain addresses: those cannot be rebound."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._hosts or name == "localhost" or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _bearer(request: web.Request) -> str:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""
