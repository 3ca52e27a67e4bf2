"""When a folder has come to rest: quiet for a moment, and while it is new, no longer growing.

A half-copied tree is never launched: a copy in progress shows as growing size even where its writes make
no notification.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.sizes import MIB
from monitor.ports.clock import Clock
from monitor.ports.files import Files, FolderGone


@dataclass(slots=True)
class Settle:
    """`quiet_s` without a hint is rest; constant writing is cut off after `busy_cap_s`, growth after the other."""

    files: Files
    clock: Clock
    quiet_s: float = 0.3
    busy_cap_s: float = 5.0
    growth_cap_s: float = 600.0

    async def settled(
        self, folder: Path, *, last_hint: Callable[[], float], growing: bool, tell: Callable[[str], None]
    ) -> None:
        """Return when `folder` is at rest (or a cap is reached); `tell` gets a sentence while it grows."""
        begun = self.clock.monotonic()
        if growing:
            # Gone again already: whoever looks next finds out, and nothing is left to wait for.
            with suppress(FolderGone):
                await self._while_growing(folder, begun, tell)
        else:
            await self._while_hinted(begun, last_hint)

    async def _while_hinted(self, begun: float, last_hint: Callable[[], float]) -> None:
        while (now := self.clock.monotonic()) - begun < self.busy_cap_s:
            left = last_hint() + self.quiet_s - now
            if left <= 0:
                return
            await self.clock.sleep(left)

    async def _while_growing(self, folder: Path, begun: float, tell: Callable[[str], None]) -> None:
        """Two equal measures; hints do not count here, the first watch of a folder makes one without a reason."""
        before = await self.files.size_of(folder)
        while self.clock.monotonic() - begun < self.growth_cap_s:
            await self.clock.sleep(self.quiet_s)
            now = await self.files.size_of(folder)
            if now == before:
                return
            tell(f"copying: {now.bytes / MIB:.1f} MiB in {now.files} files so far")
            before = now
