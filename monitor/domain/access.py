"""Who may do what: three scopes, each holding the ones before it, and tokens that expire."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum

from monitor.domain.moments import rfc3339
from monitor.errors import UsageError


class Scope(IntEnum):
    """`read` sees, `operate` starts, stops, writes and restores, `admin` also runs commands, exports, hands out
    tokens and removes for ever.

    Whoever writes files decides what runs in that workspace's instance: between `operate` and `admin` stands not what
    happens inside an instance, but everybody's tokens, whole downloads, and what nothing brings back.
    """

    READ = 1
    OPERATE = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, word: object) -> Scope:
        """The scope a word names; raises `UsageError`."""
        for scope in cls:
            if scope.word == word:
                return scope
        raise UsageError(f"{str(word)[:40]!r} is no scope", hint="scopes are read, operate and admin")


@dataclass(frozen=True, slots=True)
class Token:
    """A token as kept: never itself, only its hash; `expires_ns` is wall time, 0 means never."""

    id: str
    sha256: str
    scope: Scope
    created_ns: int
    expires_ns: int = 0
    note: str = ""

    def expired(self, wall_ns: int) -> bool:
        return bool(self.expires_ns) and wall_ns >= self.expires_ns

    def as_json(self) -> dict[str, str | None]:
        """JSON-ready, as `GET /api/tokens` answers it: never the hash."""
        return {
            "id": self.id,
            "scope": self.scope.word,
            "note": self.note,
            "created_at": rfc3339(self.created_ns),
            "expires_at": rfc3339(self.expires_ns) if self.expires_ns else None,
        }


def token_hash(secret: str) -> str:
    """What is kept of a token. A plain hash suffices: tokens are 256 random bits, nothing a person chose."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
