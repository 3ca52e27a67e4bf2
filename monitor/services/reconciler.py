"""The folder is the truth: every scan compares it with the keepers, and hints only make the next look sooner.

Losing, repeating or reordering every hint changes nothing but how soon something is noticed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

from monitor.domain.metrics import Name
from monitor.domain.workspace import Folder, assign_names
from monitor.errors import Away, SlipwayError
from monitor.ports.engine import Engine
from monitor.ports.files import Files, RootScan, RootTrouble
from monitor.ports.meter import Meter, Unmeasured
from monitor.ports.watch import Wanted, Watch
from monitor.services.keeper import Keeper, Tools
from monitor.services.lasting import lasting

WALK_SHARE = 0.02
ENGINE_RETRY_S = 2.0

log = logging.getLogger(__name__)


class Reconciler:
    """Owns the keepers: one for each folder, and one for each instance whose folder is gone."""

    def __init__(
        self,
        root: Path,
        files: Files,
        watch: Watch,
        engine: Engine,
        tools: Tools,
        *,
        scan_s: float,
        meter: Meter | None = None,
    ) -> None:
        self._root = root
        self._files = files
        self._watch = watch
        self._engine = engine
        self._tools = tools
        self._scan_s = scan_s
        self._meter = meter or Unmeasured()
        self._clock = tools.crew.clock
        self._keepers: dict[str, Keeper] = {}
        self._before: RootScan | None = None
        self._inodes: dict[str, int] = {}
        self._named: dict[int, str] = {}
        self._scan_now = asyncio.Event()
        self.first_scan = asyncio.Event()

    @property
    def keepers(self) -> Mapping[str, Keeper]:
        return self._keepers

    def look(self, name: str = "") -> None:
        """The root may have changed, or the workspace `name` in it: look now."""
        if name in self._keepers:
            self._keepers[name].hint()
        self._scan_now.set()

    async def run(self) -> None:
        """Scan, watch and listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._scans(group), name="scan")
            for name, loop in (("watch", self._watch.run), ("file hints", self._file_hints)):
                group.create_task(lasting(loop, self._clock, name), name=name)
            group.create_task(self._engine_hints(), name="engine hints")

    async def _scans(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._scan_now.clear()
            began = self._clock.monotonic()
            await self._scan_safely(group)
            self._meter.observe(Name.SCAN_SECONDS, self._clock.monotonic() - began)
            self.first_scan.set()
            try:
                async with asyncio.timeout(self._scan_s):
                    await self._scan_now.wait()
            except TimeoutError:
                self._walk_some()

    async def _scan_safely(self, group: asyncio.TaskGroup) -> None:
        try:
            await self._scan(group)
            self._tools.registry.banner("root", None)
        except RootTrouble as trouble:
            self._tools.registry.banner("root", f"{trouble.message}. {trouble.hint}")
        except Away as away:
            self._tools.registry.banner("engine", f"{away.message}. {away.hint}")
        except Exception:
            log.exception("a scan failed; the next one comes in %.0f s", self._scan_s)
        self._tools.registry.banner("watch", self._watch.state.deaf or self._watch.state.limited)

    async def _scan(self, group: asyncio.TaskGroup) -> None:
        scan = await self._files.scan_root(self._root, before=self._before)
        named, unnamed = assign_names(scan.folders)
        self._tools.registry.set_unnamed(unnamed)
        for name, folder in named.items():
            self._meet(name, folder, group)
        for name, keeper in self._keepers.items():
            if name not in named:
                keeper.gone()
        self._before, self._inodes = scan, {f.folder: f.inode for f in scan.folders}
        self._named = {folder.inode: name for name, folder in named.items()}
        await self._adopt(group)

    def _meet(self, name: str, folder: Folder, group: asyncio.TaskGroup) -> None:
        keeper = self._keepers.get(name)
        if keeper is None:
            sudden = self.first_scan.is_set()
            if (before := self._named.get(folder.inode, name)) != name:
                self._tools.renamed(name, before)
            self._begin(Keeper(name, self._root / folder.folder, self._tools, sudden=sudden), group)
        elif keeper.folder.name != folder.folder or self._inodes.get(folder.folder) not in {None, folder.inode}:
            keeper.moved(self._root / folder.folder)
        else:
            keeper.gone(False)

    def _begin(self, keeper: Keeper, group: asyncio.TaskGroup) -> None:
        self._keepers[keeper.name] = keeper
        self._watch.keep(keeper.folder.name, Wanted())
        group.create_task(self._keep(keeper), name=f"workspace {keeper.name}")

    async def _keep(self, keeper: Keeper) -> None:
        try:
            await keeper.run()
            self._scan_now.set()
        except Exception:
            log.exception("workspace %s is taken up anew by the next scan", keeper.name)
        finally:
            self._keepers.pop(keeper.name, None)
            self._watch.forget(keeper.folder.name)

    async def _adopt(self, group: asyncio.TaskGroup) -> None:
        """Instances without a folder get a keeper that removes them; all others are looked at if they changed."""
        running = await self._tools.crew.observer.all()
        self._tools.registry.banner("engine", None)
        for name in running.keys() - self._keepers.keys():
            keeper = Keeper(name, self._root / name, self._tools)
            keeper.gone()
            self._begin(keeper, group)

    def _walk_some(self) -> None:
        """Look deep into the workspaces looked at longest ago, for at most a share of the time (all, when deaf)."""
        waiting = sorted(self._keepers.values(), key=lambda keeper: keeper.walked_at)
        if self._watch.state.deaf is None:
            budget = self._scan_s * WALK_SHARE / max(self._tools.survey.look_s, 0.0005)
            waiting = waiting[: max(1, int(budget))]
        for keeper in waiting:
            keeper.poke()

    async def _file_hints(self) -> None:
        while True:
            hinted = await self._watch.hints()
            for keeper in tuple(self._keepers.values()):
                if keeper.folder.name in hinted:
                    keeper.hint()
            if hinted - {keeper.folder.name for keeper in self._keepers.values()}:
                self._scan_now.set()

    async def _engine_hints(self) -> None:
        told = ""
        while True:
            try:
                async for name in self._engine.hints():
                    told = ""
                    if name in self._keepers:
                        self._keepers[name].poke()
            except SlipwayError as error:
                if error.message != told:
                    log.warning("engine events broke off: %s", error.message)
                told = error.message
            except Exception:
                log.exception("engine events broke off")
            await self._clock.sleep(ENGINE_RETRY_S)
            for keeper in tuple(self._keepers.values()):
                keeper.poke()
