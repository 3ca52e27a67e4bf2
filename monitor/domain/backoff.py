"""When a failing workspace is tried again: 10 s, doubling, at most 300 s, forgotten after ten healthy minutes."""

from __future__ import annotations

from dataclasses import dataclass, replace

FIRST_S = 10.0
CAP_S = 300.0
HEALTHY_S = 600.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often something failed in a row, and the monotonic second before which it is not tried again.

    `spec_hash` and `digest` name what failed: a change of either is a new try at once.
    """

    failures: int = 0
    not_before: float = 0.0
    spec_hash: str = ""
    digest: str = ""
    reason: str = ""

    def failed(self, now: float, *, reason: str, spec_hash: str, digest: str, healthy_s: float = 0.0) -> Backoff:
        """After one more failure at `now`; `healthy_s` is how long it had served before."""
        failures = 1 if healthy_s >= HEALTHY_S else self.failures + 1
        delay = min(FIRST_S * 2 ** min(failures - 1, 16), CAP_S)
        return Backoff(failures, now + delay, spec_hash, digest, reason)

    def holds(self, now: float, spec_hash: str, digest: str) -> bool:
        """True while the same thing must not be tried again yet."""
        return now < self.not_before and self.same(spec_hash, digest)

    def same(self, spec_hash: str, digest: str) -> bool:
        """Whether it was exactly this that failed."""
        return self.failures > 0 and (spec_hash, digest) == (self.spec_hash, self.digest)

    def left(self, now: float) -> float:
        """Seconds until the next try, 0 when it may be now."""
        return max(0.0, self.not_before - now)

    def lifted(self) -> Backoff:
        """The same count, but the next try may be now (a person asked for it)."""
        return replace(self, not_before=0.0)
