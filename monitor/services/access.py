"""Tokens: made, checked, listed and revoked; kept hashed in a state file only we can read."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Callable
from typing import Any

from monitor.domain.access import Scope, Token, token_hash
from monitor.domain.moments import NS
from monitor.errors import NotFound, UsageError
from monitor.ports.clock import Clock
from monitor.ports.state_files import StateFiles

FILE = "tokens.json"
FIRST = "first"

log = logging.getLogger(__name__)


class Access:
    """The one place that says whether a token is good and for what."""

    def __init__(self, files: StateFiles, clock: Clock) -> None:
        self._files = files
        self.clock = clock
        self._tokens = _tokens(files.read(FILE))
        self._revoked: list[Callable[[str], None]] = []

    def ensure_admin(self, given: str = "") -> str | None:
        """Make sure an admin token exists: the `given` one, or on the very first start a new one, returned once."""
        if given:
            self._replace(FIRST, given)
            return None
        if any(t.scope is Scope.ADMIN and not t.expired(self.clock.wall_ns()) for t in self._tokens):
            return None
        secret = secrets.token_urlsafe(32)
        self._replace(FIRST, secret)
        return secret

    def new(self, scope: Scope, *, ttl_s: float | None = None, note: str = "") -> tuple[Token, str]:
        """A new token and, this once, its secret."""
        secret, now = secrets.token_urlsafe(32), self.clock.wall_ns()
        expires = now + int(ttl_s * NS) if ttl_s else 0
        token = Token(secrets.token_hex(4), token_hash(secret), scope, now, expires, note[:200])
        self._keep([*self._tokens, token])
        return token, secret

    def check(self, secret: str) -> Token | None:
        """The token behind a secret, None where it is unknown or expired; takes the same time for every wrong one."""
        hashed, found = token_hash(secret), None
        for token in self._tokens:
            if hmac.compare_digest(token.sha256, hashed):
                found = token
        return None if found is None or found.expired(self.clock.wall_ns()) else found

    def tokens(self) -> tuple[Token, ...]:
        """Every token that was not revoked, expired ones too."""
        return tuple(self._tokens)

    def good(self, token_id: str) -> bool:
        """Whether a token that was good once still is: neither revoked nor expired."""
        now = self.clock.wall_ns()
        return any(t.id == token_id and not t.expired(now) for t in self._tokens)

    def revoke(self, token_id: str) -> None:
        """End a token; whoever asked by `on_revoke` is told so that its sockets close. Raises `NotFound`."""
        if not any(t.id == token_id for t in self._tokens):
            raise NotFound(f"there is no token '{token_id}'", hint="`slipway token list` shows them")
        self._keep([t for t in self._tokens if t.id != token_id])
        for listener in self._revoked:
            listener(token_id)

    def on_revoke(self, listener: Callable[[str], None]) -> None:
        """Call `listener` (quick, must not raise) with the id of every token that is revoked."""
        self._revoked.append(listener)

    def _replace(self, token_id: str, secret: str) -> None:
        if any(t.id == token_id and t.sha256 == token_hash(secret) for t in self._tokens):
            return
        token = Token(token_id, token_hash(secret), Scope.ADMIN, self.clock.wall_ns())
        self._keep([*(t for t in self._tokens if t.id != token_id), token])

    def _keep(self, tokens: list[Token]) -> None:
        self._files.write(FILE, [_item(t) for t in tokens])
        self._tokens = tokens


def _item(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "sha256": token.sha256,
        "scope": token.scope.word,
        "created_ns": token.created_ns,
        "expires_ns": token.expires_ns,
        "note": token.note,
    }


def _tokens(kept: Any) -> list[Token]:
    """What the file says; an entry that is not whole is no token (it opens nothing)."""
    found: list[Token] = []
    for item in kept if isinstance(kept, list) else ():
        try:
            found.append(Token(**{**item, "scope": Scope.of(item["scope"])}))
        except (KeyError, TypeError, UsageError):
            log.warning("%s holds an entry that is no token; it is left out", FILE)
    return found
