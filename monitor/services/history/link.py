"""Whether the store can be written right now: our claim on it, and how long it has been away."""

from __future__ import annotations

import logging

from monitor.domain.history.errors import BadObject, UnknownFormat
from monitor.domain.history.revision import Header, Writer
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.store import StoreAway, StoreRefused
from monitor.services.history.writer import Claim, Fenced

FIRST_PAUSE_S, LAST_PAUSE_S = 1.0, 60.0
CHECK_S = 30.0
# Wrong bytes count as away: the next answer may be right, and until then nothing is lost in the spool.
AWAY = (StoreAway, StoreRefused, BadObject)

log = logging.getLogger(__name__)


class Link:
    """The claim is made once and looked at again before a write when that was a while ago.

    `stopped` is why nothing may be written any more: another writer, or a format this program does not know.
    """

    def __init__(self, claim: Claim, clock: Clock) -> None:
        self._claim, self._clock = claim, clock
        self._claimed = False
        self._failures = 0
        self._away_until = float("-inf")
        self._checked = (float("-inf"), 0)
        self.stopped: SlipwayError | None = None
        self.error = ""

    @property
    def writer(self) -> Writer:
        return self._claim.writer

    @property
    def repository(self) -> str:
        return self._claim.repository

    @property
    def is_away(self) -> bool:
        """The last try failed, and the next one is not due yet."""
        return self._clock.monotonic() < self._away_until

    async def open(self, *, take_over: bool = False) -> None:
        """Claim the prefix; raises `Fenced` and `UnknownFormat`, and `StoreAway` or `BadObject` after noting it."""
        try:
            await self._claim.claim(take_over=take_over)
        except AWAY as error:
            self.lost(error)
            raise
        except SlipwayError as error:
            self.stopped, self.error = error, error.message
            raise
        self.stopped, self._claimed = None, True
        self._note_check()
        self.back()

    async def ready(self) -> bool:
        """The store answers and is ours. Raises `Fenced` or `UnknownFormat` for good, until `open` succeeds."""
        if self.stopped is not None:
            raise self.stopped
        if self.is_away:
            return False
        try:
            if not self._claimed:
                await self.open()
            elif self._due():
                await self.check()
        except AWAY as error:
            self.lost(error)
            return False
        return True

    async def check(self) -> None:
        """Is the claim still ours? Raises `Fenced`, and from then on always."""
        try:
            await self._claim.check()
        except (Fenced, UnknownFormat) as error:
            raise self.stop(error) from error
        self._note_check()

    def stop(self, error: SlipwayError) -> SlipwayError:
        """Nothing is written from now on."""
        self.stopped, self.error = error, error.message
        log.error("%s %s", error.message, error.hint)
        return error

    def is_before_us(self, header: Header) -> bool:
        """A revision by an earlier life of this install, or by one whose epoch is over."""
        ours = self.writer
        return header.writer.install == ours.install or header.writer.epoch < ours.epoch

    def lost(self, error: SlipwayError) -> None:
        """A request failed: wait before the next one."""
        pause = min(FIRST_PAUSE_S * 2 ** min(self._failures, 16), LAST_PAUSE_S)
        self._failures += 1
        self._away_until = self._clock.monotonic() + pause
        self.error = error.message

    def back(self) -> None:
        """A request succeeded."""
        self._failures, self._away_until, self.error = 0, float("-inf"), ""

    def _due(self) -> bool:
        # Monotonic time stands still while a laptop sleeps; wall time may be set back. Either one is enough.
        monotonic, wall = self._checked
        slept = abs(self._clock.wall_ns() - wall) / 1e9
        return max(self._clock.monotonic() - monotonic, slept) > CHECK_S

    def _note_check(self) -> None:
        self._checked = (self._clock.monotonic(), self._clock.wall_ns())
