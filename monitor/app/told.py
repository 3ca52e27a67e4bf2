"""What keepers tell of a folder, passed on to everybody who remembers something of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.watch import FolderWatch
from monitor.app.recording import Recording
from monitor.ports.watch import wanted_of
from monitor.services.git.following import Following
from monitor.services.survey import Look, Survey


@dataclass(frozen=True, slots=True)
class Told:
    """The calls of `services.keeper.Tools` by their names."""

    watch: FolderWatch
    survey: Survey
    kept: Recording
    following: Following

    def keep(self, name: str, folder: Path, look: Look, _seen_ns: int) -> None:
        self.watch.keep(folder.name, wanted_of(look.tree))
        if not look.hold:
            self.kept.past.terms.note(name, look.keep)
            self.following.note(name, folder, look.git)

    def renamed(self, name: str, before: str) -> None:
        self.kept.keeping.renamed(name, before)
        self.following.renamed(name, before)

    async def forget(self, name: str, folder: Path) -> None:
        self.survey.forget(name)
        await self.kept.keeping.gone(name, folder)
        await self.following.gone(name)
