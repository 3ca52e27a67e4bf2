"""Who may write here: one install per prefix, claimed once at the start, fenced by the revision keys.

`FORMAT` is made or checked first: what a newer Slipway wrote is not touched.
"""

from __future__ import annotations

import secrets
from contextlib import suppress

from monitor.domain import keys
from monitor.domain.history.repository import read_format, read_writer, write_format, write_writer
from monitor.domain.history.revision import Writer
from monitor.errors import Conflict
from monitor.ports.store import KeyExists, NoSuchKey, Store


class Fenced(Conflict):
    """Another install, or another process of this one, writes here: this one stops until a person takes over."""

    reason = "fenced"


class Claim:
    """The right to write below one prefix. `writer` is who we are once `claim` returned."""

    def __init__(self, store: Store, prefix: str, install: str) -> None:
        self._store, self._prefix, self._install = store, prefix, install
        self._nonce = secrets.token_hex(16)
        self.repository = ""
        self.writer = Writer(install, 0, self._nonce)

    async def claim(self, *, take_over: bool = False) -> Writer:
        """Check `FORMAT` and write ourselves down; returns who we are.

        The same install goes on at once. Another one raises `Fenced`, unless `take_over`, which raises the epoch.
        Raises `UnknownFormat` and `BadObject` too; `StoreAway` is worth a later try.
        """
        self.repository = await self._format()
        key = keys.writer_key(self._prefix)
        while True:
            found = await self.found()
            if found is None:
                self.writer = Writer(self._install, 1, self._nonce)
                try:
                    await self._store.put_new(key, write_writer(self.writer))
                except KeyExists:
                    continue
                return self.writer
            if found.install != self._install and not take_over:
                raise _other(found)
            epoch = found.epoch + (found.install != self._install)
            self.writer = Writer(self._install, epoch, self._nonce)
            await self._store.put(key, write_writer(self.writer))
            return self.writer

    async def check(self) -> None:
        """Raise `Fenced` unless the claim is still ours."""
        found = await self.found()
        if found != self.writer:
            raise _other(found)

    async def found(self) -> Writer | None:
        """Who is written down."""
        try:
            return read_writer(await self._store.get(keys.writer_key(self._prefix)))
        except NoSuchKey:
            return None

    async def _format(self) -> str:
        key = keys.format_key(self._prefix)
        try:
            return read_format(await self._store.get(key))
        except NoSuchKey:
            pass
        with suppress(KeyExists):
            await self._store.put_new(key, write_format(secrets.token_hex(16)))
        return read_format(await self._store.get(key))


def _other(found: Writer | None) -> Fenced:
    who = f"The install {found.install} (epoch {found.epoch})" if found else "Somebody who removed our claim"
    return Fenced(
        f"{who} writes to this bucket's prefix; this one keeps nothing there any more.",
        hint="Stop the other one, then start this one with --take-over; or give each a prefix of its own.",
    )
