"""The store as doctor sees it: whether it answers, what it can do, and how far its clock is from ours."""

from __future__ import annotations

from monitor.adapters.bucket import Bucket
from monitor.adapters.clock import SystemClock
from monitor.adapters.s3_access import S3Access
from monitor.domain.floors import Finding, Level
from monitor.errors import SlipwayError
from monitor.settings import Settings

CLOCK_WISHED_S = 30
"""S3 servers refuse requests whose clock is 15 minutes off; long before that, times in lists mislead people."""


async def judge_store(settings: Settings, bucket: Bucket | None = None) -> list[Finding]:
    """Findings about `bucket`, which a running monitor gives; else about an S3 server of the user's own."""
    if bucket is not None:
        return await _judge(bucket)
    if not settings.own_store:
        return [Finding("store", Level.OK, "the bundled server; it is looked at while the monitor runs")]
    own = Bucket(_access(settings), settings.s3_prefix)
    try:
        return await _judge(own)
    finally:
        own.close()


async def _judge(bucket: Bucket) -> list[Finding]:
    try:
        abilities = await bucket.probe()
        offset_s = await bucket.clock_offset_s(SystemClock().wall_ns())
    except SlipwayError as error:
        hint = error.hint or "history waits on this machine until it answers again"
        return [Finding("store", Level.WARNING, error.message, hint)]
    sentences = (*abilities.missing, *abilities.dangers)
    seen = [Finding("store", Level.WARNING, sentence) for sentence in sentences]
    return [*(seen or [Finding("store", Level.OK, "it answers and can do all that is needed")]), clock(offset_s)]


def clock(offset_s: float | None) -> Finding:
    """What the distance between the store's clock and ours means (positive: theirs is ahead)."""
    if offset_s is None:
        return Finding("clock", Level.OK, "the store does not tell its time")
    if abs(offset_s) < CLOCK_WISHED_S:
        return Finding("clock", Level.OK, f"within {max(1, round(abs(offset_s)))} s of the store's")
    ahead = "behind" if offset_s > 0 else "ahead of"
    return Finding(
        "clock",
        Level.WARNING,
        f"this machine's clock is {abs(offset_s):.0f} s {ahead} the store's",
        "set the clock (timedatectl set-ntp true); an S3 server refuses requests from 15 minutes on",
    )


def _access(settings: Settings) -> S3Access:
    return S3Access(
        settings.s3_endpoint,
        settings.s3_bucket,
        settings.s3_access_key.get_secret_value(),
        settings.s3_secret_key.get_secret_value(),
        settings.s3_region,
    )
