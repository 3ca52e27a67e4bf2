"""What an S3 server's refusals mean: worth a later try, or a person's business; and in words a person reads.

One table for both clients (obstore and boto3), so that a failure reads the same whoever met it.
"""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path

from monitor.errors import SlipwayError
from monitor.ports.store import KeyExists, NoSuchKey, StoreAway, StoreFull, StoreRefused

_FULL = ("StorageFull", "QuotaExceeded", "no free volumes", "no space left", "NotEnoughSpace")
_PASSING = ("RequestTimeout", "ConditionalRequestConflict", "OperationAborted", "SlowDown")
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_PLAIN = {
    "AccessDenied": "this access key may not do that",
    "InternalError": "something failed inside the server",
    "InvalidAccessKeyId": "it does not know this access key",
    "NoSuchBucket": "the bucket does not exist",
    "NoSuchKey": "nothing is kept there",
    "RequestTimeTooSkewed": "this machine's clock and the server's differ too much",
    "ServiceUnavailable": "it is not able to serve right now",
    "SignatureDoesNotMatch": "the secret key is wrong",
    "SlowDown": "it is asked too much at once",
}
_CODE = re.compile(r"<Code>\s*([\w.-]{1,80})\s*</Code>")
_MESSAGE = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)
_BOTO = re.compile(r"An error occurred \(([\w.-]{1,80})\) when calling the \w+ operation[^:]*:\s*(.*)", re.DOTALL)
_OBSTORE = re.compile(r"Error performing [A-Z]+ (https?://[^/\s]+)\S* in \S+?s.*? - (.*)", re.DOTALL)
_STATUS = re.compile(r"status code: (\d{3}[A-Za-z -]{0,40})")
_LONGEST = 300
# SeaweedFS needs room for one more volume of 256 MiB, and stops writing at 1 % of the disk.
_SCARCE_BYTES, _SCARCE_SHARE = 512 * 1024 * 1024, 0.01


def failure(status: int | None, said: str, doing: str, disk: Path | None = None) -> SlipwayError:
    """The port's exception for an HTTP `status` (None: no answer came) and what the server `said`.

    `doing` is what was tried, as in "write a/b"; at most 300 characters of `said` are repeated. `disk` is where the
    server keeps its data, if that is on this machine: the bundled one calls a full disk an internal error.
    """
    quote = f"The S3 store could not {doing}: {_plainly(said)}"
    if status == 507 or any(word.lower() in said.lower() for word in _FULL):
        return StoreFull(quote, hint="Make room on the store's disk; what waits is written then.")
    if status is not None and status >= 500 and disk is not None and (full := _scarce(disk, doing)):
        return full
    if status is None or status >= 500 or status in {408, 429} or any(word in said for word in _PASSING):
        return StoreAway(quote, hint="Is the S3 server running and reachable? It is tried again.")
    if "NoSuchBucket" in said:
        return StoreRefused(quote, hint="Create the bucket, or name another one in SLIPWAY_S3_BUCKET.")
    if status == 404:
        return NoSuchKey(quote)
    if status == 412:
        return KeyExists(quote)
    return StoreRefused(quote, hint=_hint(said))


def _scarce(disk: Path, doing: str) -> StoreFull | None:
    """Why the bundled server has no room, where its disk is (nearly) full."""
    try:
        room = shutil.disk_usage(disk)
    except OSError:
        return None
    wanted = max(_SCARCE_BYTES, int(room.total * _SCARCE_SHARE))
    if room.free >= wanted:
        return None
    return StoreFull(
        f"The S3 store could not {doing}: only {room.free // 2**20} MiB are free on the disk of {disk}.",
        hint=f"Free some space on that disk, the server wants {wanted // 2**20} MiB; what waits is written then.",
    )


def _hint(said: str) -> str:
    if "RequestTimeTooSkewed" in said:
        return "This machine's clock differs too much from the server's: set it."
    return "Check SLIPWAY_S3_ACCESS_KEY, SLIPWAY_S3_SECRET_KEY and what that key may do on the bucket."


def _plainly(said: str) -> str:
    """One sentence with the server's code, instead of the XML or the client's own way of putting it."""
    if found := _BOTO.search(said):
        code, message = found.group(1), found.group(2)
    elif found := _CODE.search(said):
        told = _MESSAGE.search(said)
        code, message = found.group(1), html.unescape(told.group(1)) if told else ""
    else:
        return _without_a_code(said)
    why = _PLAIN.get(code) or _shortened(message).rstrip(".")
    return f"{why} ({code})." if why else f"it answered {code}."


def _without_a_code(said: str) -> str:
    # What obstore adds for its own authors tells nobody else anything.
    said = said.partition("Debug source:")[0]
    if status := _STATUS.search(said):
        return f"it answered {status.group(1).strip()}."
    if found := _OBSTORE.search(said):
        return f"{found.group(1)} does not answer ({_shortened(found.group(2)).removeprefix('HTTP error: ')})."
    return _shortened(said)


def _shortened(said: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in said).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
