"""How often a wrong token may be tried: a few at once, then one every few seconds, for each place they come from."""

from __future__ import annotations

from dataclasses import dataclass, replace

BURST = 10
EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Tries:
    """A bucket of tries: `left` of them at `at_s`, refilled with one every `EVERY_S` seconds up to `BURST`."""

    left: float = BURST
    at_s: float = 0.0

    def now(self, now_s: float) -> Tries:
        """The same bucket, refilled to this moment (monotonic seconds)."""
        gained = max(0.0, now_s - self.at_s) / EVERY_S
        return Tries(min(BURST, self.left + gained), now_s)

    def wrong(self) -> Tries:
        """The bucket after one more wrong try."""
        return replace(self, left=max(0.0, self.left - 1))

    @property
    def wait_s(self) -> float:
        """Seconds until the next try is looked at; 0 where one is left."""
        return 0.0 if self.left >= 1 else (1 - self.left) * EVERY_S

    @property
    def full(self) -> bool:
        """Nothing to remember any more."""
        return self.left >= BURST
