"""Doubt: what is wrong with one object of a history stops all removal, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from monitor.domain.history.errors import BadObject, UnknownFormat
from monitor.domain.key_escape import BadKey
from monitor.errors import SlipwayError
from monitor.ports.store import NoSuchKey

VERIFY = "`slipway verify` says what it affects"


class Odd(SlipwayError):
    """Something in the history is unreadable or unknown; nothing is removed until a person has looked."""

    reason = "odd-history"


@contextmanager
def closed(key: str) -> Iterator[None]:
    """Whatever is wrong with one object is `Odd`, but for a newer format, which says so itself."""
    try:
        yield
    except UnknownFormat:
        raise
    except NoSuchKey as error:
        raise Odd(f"{key} is not there any more, or was never whole: {error.message}", hint=VERIFY) from error
    except (BadObject, BadKey, ValueError) as error:
        raise Odd(f"{key} cannot be read: {error}", hint=VERIFY) from error
