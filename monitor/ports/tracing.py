"""Which request the present work belongs to: carried along by asyncio into every task that is begun for it."""

from __future__ import annotations

from contextvars import ContextVar

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
