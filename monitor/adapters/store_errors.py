"""What an S3 server's refusals mean: worth a later try, or a person's business.

One table for both clients (obstore and boto3), so that a failure reads the same whoever met it.
"""

from __future__ import annotations

from monitor.errors import SlipwayError
from monitor.ports.store import KeyExists, NoSuchKey, StoreAway, StoreFull, StoreRefused

_FULL = ("StorageFull", "QuotaExceeded", "no free volumes", "no space left", "NotEnoughSpace")
_PASSING = ("RequestTimeout", "ConditionalRequestConflict", "OperationAborted", "SlowDown")


def failure(status: int | None, said: str, doing: str) -> SlipwayError:
    """The port's exception for an HTTP `status` (None: no answer came) and what the server `said`.

    `doing` is what was tried, as in "write a/b"; only the first 300 characters of `said` are repeated.
    """
    quote = f"The S3 store could not {doing}: {_shorten(said)}"
    if status == 507 or any(word.lower() in said.lower() for word in _FULL):
        return StoreFull(quote, hint="Make room on the store's disk; what waits is written then.")
    if status is None or status >= 500 or status in {408, 429} or any(word in said for word in _PASSING):
        return StoreAway(quote, hint="Is the S3 server running and reachable? It is tried again.")
    if "NoSuchBucket" in said:
        return StoreRefused(quote, hint="Create the bucket, or name another one in SLIPWAY_S3_BUCKET.")
    if status == 404:
        return NoSuchKey(quote)
    if status == 412:
        return KeyExists(quote)
    return StoreRefused(quote, hint=_hint(said))


def _hint(said: str) -> str:
    if "RequestTimeTooSkewed" in said:
        return "This machine's clock differs too much from the server's: set it."
    return "Check SLIPWAY_S3_ACCESS_KEY, SLIPWAY_S3_SECRET_KEY and what that key may do on the bucket."


def _shorten(said: str) -> str:
    # What obstore adds for its own authors tells nobody else anything.
    line = " ".join(said.partition("Debug source:")[0].split())
    return line if len(line) <= 300 else f"{line[:299]}…"
