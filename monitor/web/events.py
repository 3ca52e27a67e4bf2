"""The live stream: over one WebSocket the whole state first, then every change in order.

Who was cut off goes on where it was: `?since=` (or `"since"` in the first message) is the `seq` of the last event it
saw. It is then sent `{"type": "resumed"}` and what it missed, or the whole state where that is too long ago.

A client proves itself with its first message, `{"type": "auth", "token": …}`, within five seconds; nothing is
sent before. One that does not read is cut off: its queue is bounded, every send has a time-out, silence is
noticed by ping, and the others never wait for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from contextlib import suppress
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from monitor.domain.access import Scope
from monitor.errors import Away, SlipwayError
from monitor.services.registry import Event, Registry
from monitor.services.sign_in import Unauthorized
from monitor.web.answers import as_text
from monitor.web.clients import Client
from monitor.web.guard import Forbidden, Guard, is_open

AUTH_S = 5.0
# Ping and pong together (1.5 times this) stay under 15 s.
HEARTBEAT_S = 8.0
CLOSE_S = 1.0
MAX_UNPROVED = 64
MAX_CLIENTS = 1000
MAX_MESSAGE = 16 * 1024
ENCODED = 64

log = logging.getLogger(__name__)


class Events:
    """Serves `/api/events`; call `close_all` on shutdown."""

    def __init__(self, registry: Registry, guard: Guard) -> None:
        self._registry = registry
        self._guard = guard
        self._unproved: set[Client] = set()
        self._clients: set[Client] = set()
        self._encoded: OrderedDict[int, str] = OrderedDict()
        self._whole = (-1, "")
        guard.access.on_revoke(self.close_token)

    @is_open
    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The live stream, a WebSocket: the whole state first, then every change; `?since=` only what was missed.

        The first message proves who listens: `{"type": "auth", "token": "…", "since": 12}`.
        """
        if len(self._unproved) >= MAX_UNPROVED or len(self._clients) >= MAX_CLIENTS:
            raise Away("too many live connections", hint="close some, or try again in a few seconds")
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, timeout=CLOSE_S, max_msg_size=MAX_MESSAGE, compress=False
        )
        await socket.prepare(request)
        client = Client(socket, request.transport, request.remote or "")
        self._unproved.add(client)
        since = _number(request.query.get("since"))
        try:
            if not self._guard.trusted:
                client.token_id, said = await self._proof(client)
                since = said if said is not None else since
            self._unproved.discard(client)
            self._clients.add(client)
            await self._serve(client, since)
        except SlipwayError as error:
            await client.refuse(error.message, for_good=isinstance(error, Unauthorized | Forbidden))
        except Exception:
            # Nothing may be answered any more: an HTTP error would be written into the stream.
            log.exception("a live stream failed")
            client.cut()
        finally:
            self._unproved.discard(client)
            self._clients.discard(client)
            client.leave()
        return socket

    async def close_all(self) -> None:
        """End every client, politely where it reads, and at once."""
        clients = (*self._clients, *self._unproved)
        for client in clients:
            client.end(WSCloseCode.GOING_AWAY, "the monitor stops")
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await asyncio.gather(*(client.gone.wait() for client in clients))
        for client in clients:
            if not client.gone.is_set():
                client.cut()

    def close_token(self, token_id: str) -> None:
        """End the clients that came with this token."""
        for client in self._clients:
            if client.token_id == token_id:
                client.end(WSCloseCode.POLICY_VIOLATION, "the token was revoked")

    async def _proof(self, client: Client) -> tuple[str, int | None]:
        """The id of the token a client sends as its first message, and its `since`.

        Raises `Unauthorized` or `Forbidden`, and what another try may mend: `TooManyTries`, `Away` where it said
        nothing (a busy machine can be that slow; whoever is signed in stays so).
        """
        try:
            async with asyncio.timeout(AUTH_S):
                message = await client.first()
        except TimeoutError:
            raise Away(f"nothing was said for {AUTH_S:g} s") from None
        said = _object(message.data) if message is not None and message.type is WSMsgType.TEXT else {}
        secret = said.get("token")
        token = self._guard.prove(secret if isinstance(secret, str) else "", client.place)
        self._guard.allow(token, Scope.READ)
        return token.id, _number(said.get("since"))

    async def _serve(self, client: Client, since: int | None) -> None:
        with self._registry.subscribe() as subscription:
            first = self._first(since)
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(client.watch(self._still_good), name="events: token and end")
                sender = group.create_task(client.forward(first, subscription, self._text), name="events: to client")
                await client.drain_input()
                watch.cancel()
                sender.cancel()

    def _first(self, since: int | None) -> list[str]:
        """What a client is sent first: what it missed, where that is known, else everything."""
        missed = self._registry.since(since) if since is not None else None
        if missed is not None:
            return [as_text({"type": "resumed", "seq": since}), *(self._text(event) for event in missed)]
        seq = self._registry.seq
        if self._whole[0] != seq:
            self._whole = (seq, as_text(self._registry.whole()))
        return [self._whole[1]]

    def _still_good(self, token_id: str) -> bool:
        return self._guard.trusted or self._guard.access.good(token_id)

    def _text(self, event: Event) -> str:
        """An event as sent; encoded once for all clients."""
        seq = event["seq"]
        if seq not in self._encoded:
            self._encoded[seq] = as_text(event)
            if len(self._encoded) > ENCODED:
                self._encoded.popitem(last=False)
        return self._encoded[seq]


def _object(text: str) -> dict[str, Any]:
    try:
        message: Any = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _number(value: Any) -> int | None:
    """The number of an event, None for what is none: then everything is sent."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return value if type(value) is int and 0 <= value < 10**18 else None
