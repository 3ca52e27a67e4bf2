"""Small pieces of state that must survive a kill: read whole, replaced whole.

A `write` that returned is on disk; a killed one leaves the old content. A file that is missing, torn or
not JSON reads as None: what is kept here can always be rebuilt or asked for again.
"""

from __future__ import annotations

from typing import Any, Protocol


class StateFiles(Protocol):
    """See the module's promises. `name` is a relative path such as `intents.json`."""

    def read(self, name: str) -> Any | None:
        """The JSON value, or None."""
        ...

    def write(self, name: str, value: Any) -> None:
        """Replace atomically; raises `SlipwayError` where the disk is full (retry once there is room)."""
        ...

    def remove(self, name: str) -> None: ...
