"""How everything is answered: JSON of one shape, errors of one shape, and the headers every answer carries."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from monitor.errors import SlipwayError, UsageError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_BODY = 1024 * 1024
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

log = logging.getLogger(__name__)


def answer(value: Any, status: int = 200) -> web.Response:
    """A JSON answer; text that is not valid Unicode (a hostile file name) is escaped, never an error."""
    return web.Response(text=as_text(value), status=status, content_type="application/json")


def as_text(value: Any) -> str:
    """JSON as everything of ours is sent."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def failure(error: SlipwayError) -> web.Response:
    """The one error shape."""
    response = answer(error.as_json(), error.status)
    if wait_s := getattr(error, "retry_after_s", None):
        response.headers["Retry-After"] = str(wait_s)
    return response


async def body(request: web.Request) -> dict[str, Any]:
    """The request's JSON object, {} where there is no body; raises `UsageError`."""
    raw = await request.read()
    try:
        value = json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError):
        raise UsageError("the body is not valid JSON", hint="send UTF-8 JSON or no body") from None
    if not isinstance(value, dict):
        raise UsageError("the body is not a JSON object", hint='send {"name": value, …}')
    return value


@web.middleware
async def one_shape(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every exception into the error shape and put the fixed headers on every answer."""
    try:
        response = await handler(request)
    except SlipwayError as error:
        response = failure(error)
    except web.HTTPException as error:
        response = failure(_as_ours(error, request))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        response = failure(SlipwayError("an internal error", hint="the monitor's log has the details"))
    if not response.prepared:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
    return response


def _as_ours(error: web.HTTPException, request: web.Request) -> SlipwayError:
    words = {
        404: ("not-found", f"there is nothing at {request.path[:200]}", "`GET /api/openapi.json` lists every path"),
        405: ("wrong-method", f"{request.method[:20]} does not work here", "the Allow header says what does"),
        413: ("too-large", "the body is too large", f"send at most {MAX_BODY // 1024} KiB"),
        400: ("usage", "the request is not one this path understands", "`/api/events` is a WebSocket"),
    }
    reason, message, hint = words.get(error.status, ("error", error.reason or "the request failed", ""))
    ours = SlipwayError(message, hint=hint, reason=reason)
    ours.status = error.status
    return ours
