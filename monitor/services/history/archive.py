"""Reading the history of any workspace: its revisions, their states, and the one a moment leads to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from monitor.domain import keys
from monitor.domain.history.base import Base, read_base
from monitor.domain.history.delta import state_of
from monitor.domain.history.entry import Entry
from monitor.domain.history.errors import BadObject
from monitor.domain.history.repository import read_format
from monitor.domain.history.revision import Header, Revision
from monitor.domain.history.revision_text import read_header, read_revision
from monitor.domain.history.times import ClockStep, Mark, search
from monitor.domain.streams import asked_for
from monitor.ports.store import NoSuchKey, Store
from monitor.services.history.bases import Bases


@dataclass(frozen=True, slots=True)
class Moment:
    """The revision a moment leads to (None: before the first one), and the clock steps that were passed."""

    header: Header | None
    steps: tuple[ClockStep, ...] = ()


class Archive:
    """Reads one prefix of one store; keeps nothing in memory and never writes. `bases` are those held elsewhere.

    Every call raises `StoreAway` (worth retrying), `NoSuchKey`, `BadObject` or `UnknownFormat` (not worth it).
    """

    def __init__(self, store: Store, prefix: str = "", bases: Bases | None = None) -> None:
        self.store, self.prefix = store, prefix
        self._bases = bases or Bases()

    async def repository(self) -> str:
        """The id in `FORMAT`; raises `UnknownFormat` for a version this program does not read."""
        return read_format(await self.store.get(keys.format_key(self.prefix)))

    async def seqs(self, workspace: str, *, after: int = 0) -> list[int]:
        """The existing revisions above `after`, ascending; what somebody else put there is `verify`'s to tell."""
        start = keys.revision_key(self.prefix, workspace, after) if after else ""
        prefix = keys.revisions_prefix(self.prefix, workspace)
        found: list[int] = []
        async for one in self.store.list(prefix, after=start):
            with suppress(ValueError):
                found.append(keys.revision_seq(one.key))
        return found

    async def header(self, workspace: str, seq: int) -> Header:
        """A revision's header alone (its `unstable` is left empty)."""
        data = await self.bytes_of(workspace, seq)
        with _named(workspace, f"Revision {seq}"):
            header = read_header(data)
            if header.seq != seq:
                raise BadObject(f"It says that it is {header.seq}.")
        return header

    async def newest(self, workspace: str) -> Header | None:
        """The newest revision's header; of a damaged one the number, with what the one before it says."""
        seqs = await self.seqs(workspace)
        for seq in reversed(seqs):
            try:
                return replace(await self.header(workspace, seq), seq=seqs[-1])
            except (BadObject, NoSuchKey):
                if seq == seqs[0]:
                    raise
        return None

    async def revision(self, workspace: str, seq: int) -> Revision:
        data = await self.bytes_of(workspace, seq)
        with _named(workspace, f"Revision {seq}"):
            return read_revision(data, seq)

    async def base(self, workspace: str, sha256: str) -> Base:
        held = self._bases.find(sha256)
        if held is not None:
            return held
        data = await self.store.get(keys.base_key(self.prefix, workspace, sha256))
        with _named(workspace, "A listing that revisions stand on"):
            return self._bases.remember(read_base(data, sha256))

    async def state(self, workspace: str, seq: int) -> dict[str, Entry]:
        """What stood on disk at a revision, by path: two requests."""
        return (await self.based(workspace, seq))[0]

    async def based(self, workspace: str, seq: int) -> tuple[dict[str, Entry], Base]:
        """As `state`, with the base it stands on: for as long as that is held nobody reads it again."""
        revision = await self.revision(workspace, seq)
        base = await self.base(workspace, revision.header.base)
        return state_of(base.entries, revision), base

    async def at(self, workspace: str, at_ns: int) -> Moment:
        """The revision with the highest seq and `time` ≤ `at_ns`, the newest clock segment first."""
        seqs = await self.seqs(workspace)
        headers: dict[int, Header] = {}
        asking = search(seqs, at_ns)
        try:
            seq = next(asking)
            while True:
                if seq not in headers:
                    headers[seq] = await self.header(workspace, seq)
                header = headers[seq]
                seq = asking.send(Mark(seq, header.time_ns, header.segment))
        except StopIteration as done:
            found = done.value
        return Moment(headers[found.mark.seq] if found.mark else None, found.steps)

    async def bytes_of(self, workspace: str, seq: int) -> bytes:
        """A revision's object as it is stored."""
        try:
            return await self.store.get(keys.revision_key(self.prefix, workspace, seq))
        except NoSuchKey:
            raise NoSuchKey(f"{workspace} has no revision {seq}.", hint="list them, or choose one by time") from None


@contextmanager
def _named(workspace: str, what: str) -> Iterator[None]:
    """A damaged object says which one it is, and what to do."""
    try:
        yield
    except BadObject as error:
        raise BadObject(
            f"{what} of {workspace} is damaged: {error.message}",
            hint=f"`slipway verify {asked_for(workspace)}` says what it affects; other revisions may be whole, "
            "and a destination may have this one",
        ) from error
