"""What can be wrong with an object of the history."""

from __future__ import annotations

from monitor.errors import Refused, SlipwayError


class BadObject(SlipwayError):
    """A stored object is damaged, truncated or was never ours; reading it again from the same place does not help."""

    reason = "bad-object"


class UnknownFormat(Refused):
    """The object was written by a newer Slipway: nothing in it is guessed at."""

    reason = "unknown-format"


def unknown_format(what: str, found: object, known: int) -> UnknownFormat:
    """The letter for a version this program does not read."""
    return UnknownFormat(
        f"This {what} is written in format {str(found)[:20]}; this Slipway reads format {known} only.",
        hint="Use a Slipway at least as new as the one that wrote it.",
    )
