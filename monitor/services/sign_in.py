"""Proof of who calls: the token behind a secret, with a limit on how often wrong ones are looked at.

A token that was right once since this monitor started is always looked at: whoever tries wrong ones from the
same address (on one machine that is everybody) cannot lock its owner out.
"""

from __future__ import annotations

from monitor.domain.access import Token, token_hash
from monitor.domain.tries import Tries
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.services.access import Access

MOST_PLACES = 1000


class Unauthorized(SlipwayError):
    """No token, or one that is unknown, revoked or expired."""

    reason = "unauthorized"
    status = 401
    exit_code = 5


class TooManyTries(SlipwayError):
    """Wrong tokens came too often from one place: a later try is looked at again, after `retry_after_s`."""

    reason = "too-many-tries"
    status = 429
    exit_code = 5

    def __init__(self, wait_s: float) -> None:
        super().__init__("too many wrong tokens came from this address", hint=f"try again in {wait_s:.0f} s")
        self.retry_after_s = max(1, round(wait_s))


class SignIn:
    """Asked for every request; remembers wrong tries by address and which tokens were right before."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._tries: dict[str, Tries] = {}
        self._proved: set[str] = set()

    def prove(self, secret: str, place: str) -> Token:
        """The token behind `secret`; raises `Unauthorized`, or `TooManyTries` without having looked."""
        hashed = token_hash(secret)
        tries = self._tries.get(place, Tries()).now(self._clock.monotonic())
        if tries.wait_s and hashed not in self._proved:
            raise TooManyTries(tries.wait_s)
        token = self._access.check(secret) if secret else None
        if token is None:
            self._proved.discard(hashed)
            if secret:
                self._note(place, tries.wrong())
            raise Unauthorized(
                "a valid token is needed", hint="send `Authorization: Bearer TOKEN`; `slipway token new` makes one"
            )
        self._proved.add(hashed)
        return token

    def _note(self, place: str, tries: Tries) -> None:
        self._tries.pop(place, None)
        self._tries[place] = tries
        if len(self._tries) > MOST_PLACES:
            del self._tries[next(iter(self._tries))]
