"""The audit log: records are added at its end and never changed."""

from __future__ import annotations

from typing import Protocol

from monitor.domain.audit import Act


class Audit(Protocol):
    """Append-only; a record that cannot be written is told to the monitor's log, the request goes on."""

    def note(self, act: Act) -> None:
        """Add one record."""
        ...

    def newest(self, most: int, before: int | None = None) -> tuple[list[Act], int | None]:
        """Up to `most` records, newest first, and where the next older ones begin (None: there are none).

        `before` is such a place from an earlier answer.
        """
        ...


class Unwritten:
    """An audit log nobody keeps."""

    def note(self, act: Act) -> None:
        pass

    def newest(self, most: int, before: int | None = None) -> tuple[list[Act], int | None]:
        return [], None
