"""What one workspace's loop remembers between two looks; all of it may be lost at any time.

Losing it (a restart of the monitor) costs one extra confirmation through the router, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from monitor.domain.backoff import Backoff
from monitor.domain.instance import Instance
from monitor.domain.moments import NS, rfc3339
from monitor.domain.redaction import Redactor
from monitor.domain.state import Failure
from monitor.ports.clock import Clock


@dataclass(slots=True)
class Memory:
    """`confirmed` maps instance ids to the monotonic second they were confirmed through the router, `given_up` those
    that did not get ready to the digest they were given up on. `redactor` hides its secrets in what it printed."""

    confirmed: dict[str, float] = field(default_factory=dict)
    given_up: dict[str, str] = field(default_factory=dict)
    backoff: Backoff = field(default_factory=Backoff)
    failure: Failure | None = None
    before: tuple[str, ...] = ()
    restart: bool = False
    redactor: Redactor = field(default_factory=Redactor)

    def keep_only(self, instances: list[Instance]) -> None:
        """Drop what is remembered of instances that are no more."""
        ids = {i.id for i in instances}
        self.confirmed = {k: v for k, v in self.confirmed.items() if k in ids}
        self.given_up = {k: v for k, v in self.given_up.items() if k in ids}

    def fail(self, failure: Failure, clock: Clock, *, spec_hash: str, digest: str, healthy_s: float = 0.0) -> None:
        """Remember a failure with its evidence, and when the next try may be."""
        now = clock.monotonic()
        self.backoff = self.backoff.failed(
            now, reason=failure.reason, spec_hash=spec_hash, digest=digest, healthy_s=healthy_s
        )
        retry_at = rfc3339(clock.wall_ns() + int(self.backoff.left(now) * NS))
        hidden = self.redactor
        self.failure = replace(
            failure,
            reason=hidden.line(failure.reason),
            log=tuple(hidden.lines(failure.log)),
            failures=self.backoff.failures,
            before=tuple(hidden.lines(self.before)),
            retry_at=retry_at,
        )

    def wait_for_an_edit(self) -> None:
        """What failed still runs and may yet get ready: it is not tried again by itself."""
        if self.failure is not None:
            self.failure = replace(self.failure, retry_at=None)

    def recover(self) -> None:
        """It serves: the evidence of earlier failures is no longer shown (their count still is, for back-off)."""
        self.failure = None
