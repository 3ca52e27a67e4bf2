"""What is measured while it happens; the numbers are read by `/api/metrics`."""

from __future__ import annotations

from typing import Protocol

from monitor.domain.metrics import Name


class Meter(Protocol):
    """Quick, never raises; a metric's labels are those `domain.metrics` lists for it."""

    def count(self, name: Name, by: float = 1, /, **labels: str) -> None:
        """Add to a counter."""
        ...

    def observe(self, name: Name, value: float, /, **labels: str) -> None:
        """One more value of a histogram."""
        ...


class Unmeasured:
    """A meter nobody reads."""

    def count(self, name: Name, by: float = 1, /, **labels: str) -> None:
        pass

    def observe(self, name: Name, value: float, /, **labels: str) -> None:
        pass
