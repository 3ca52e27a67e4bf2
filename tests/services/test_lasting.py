"""Whatever fails in one loop, or for one workspace, the others go on: nothing ends the whole monitor."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.adapters.fake_router import FakeRouter
from monitor.adapters.files import DiskFiles
from monitor.app import platform as platforms
from monitor.app.platform import Platform
from monitor.errors import SlipwayError
from monitor.ports.visitor import Got
from monitor.services.image_keeping import ImageKeeping
from monitor.services.lasting import lasting
from monitor.services.prefix_visit import PrefixVisit
from monitor.services.prefixes import Prefixes, Wish
from monitor.services.restore.turns import Turns
from monitor.services.watchdog import Hands, Watchdog
from tests.services.world import world
from tests.support.waiting import until


class Quick:
    """A clock whose waits are over at once, and which says how long they were."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def wall_ns(self) -> int:
        return 10**18

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)


async def test_a_loop_that_breaks_is_begun_again_with_growing_pauses_and_ends_when_it_returns() -> None:
    clock, runs = Quick(), 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 3:
            async with asyncio.TaskGroup() as group:
                group.create_task(_broken())
        if runs < 8:
            raise SlipwayError("no") if runs % 2 else OSError("no")

    await lasting(work, clock, "it")
    assert (runs, clock.waits[:3], clock.waits[-1]) == (8, [2.0, 4.0, 8.0], 60.0)


async def _broken() -> None:
    raise ValueError("broken")


async def test_a_loop_that_fails_while_it_is_cancelled_is_not_begun_again() -> None:
    begun = asyncio.Event()

    async def child() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("on the way out")

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(child())

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        task = group.create_task(lasting(work, Quick(), "it"))
        await begun.wait()
        task.cancel()


class Breaking:
    """Any part of a platform: whatever it is asked raises the first time, and waits from then on."""

    def __init__(self, name: str, begun: dict[str, int]) -> None:
        self._name, self._begun = name, begun

    def __getattr__(self, name: str) -> Any:
        if name in {"run", "prepare", "recover"}:
            return self._loop
        if name in {"start", "try_prepare", "open", "check"}:
            return self._nothing
        if name in {"wanted", "banner", "stop"}:
            return lambda *_: None
        if name == "problems":
            return ()
        return Breaking(f"{self._name}.{name}", self._begun)

    async def _nothing(self, *_: object, **__: object) -> Any:
        return SimpleNamespace(warnings=())

    async def _loop(self, *_: object) -> None:
        self._begun[self._name] = self._begun.get(self._name, 0) + 1
        if self._begun[self._name] == 1:
            raise RuntimeError(f"{self._name} broke")
        await asyncio.Event().wait()


async def test_no_loop_of_the_monitor_ends_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: dict[str, int] = {}
    fields = {name: Breaking(name, begun) for name in Platform.__dataclass_fields__}
    fields["clock"] = Quick()  # type: ignore[assignment]

    async def recovered() -> tuple[str, ...]:
        return ()

    restorer = SimpleNamespace(recover=recovered)
    kept = SimpleNamespace(
        restorer=restorer,
        **{name: Breaking(name, begun) for name in ("history", "keeping", "destinations", "housekeeping")},
    )
    platform = Platform(**{**fields, "kept": kept})  # type: ignore[arg-type]
    monkeypatch.setattr(platforms, "image_limits", lambda _: None)
    monkeypatch.setattr(ImageKeeping, "run", Breaking("old images", begun)._loop)
    monkeypatch.setattr(Platform, "_sweep", Breaking("sweep", begun)._loop)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        await platform.start(group)
        loops = [task for task in group._tasks if not task.done()]
        assert len(loops) == 18
        await until(lambda: len(begun) == 18 and set(begun.values()) == {2}, what=f"each to begin again: {begun}")
        for task in loops:
            task.cancel()


async def test_a_folder_that_cannot_be_measured_is_that_workspaces_trouble_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size_of, broken = DiskFiles.size_of, True

    async def failing(files: DiskFiles, folder: Path) -> Any:
        if folder.name == "bad" and broken:
            raise OSError(5, "Input/output error")
        return await size_of(files, folder)

    monkeypatch.setattr(DiskFiles, "size_of", failing)
    async with world(tmp_path) as w:
        w.drop("bad")
        await until(lambda: (s := w.state("bad")) is not None and s.phase == "failed", what="bad to say so")
        w.drop("good")
        await w.phase("good", "serving")
        broken = False
        w.reconciler.keepers["bad"].poke()
        await w.phase("bad", "serving")


async def test_hints_of_the_engine_and_of_the_folder_that_break_off_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as w:
        w.drop("one")
        await w.phase("one", "serving")
        monkeypatch.setattr(w.watch, "hints", _broken)
        monkeypatch.setattr(w.reconciler._engine, "hints", _broken)
        w.watch.say()
        for keeper in w.reconciler.keepers.values():
            keeper.poke()
        await w.rest()
        w.reconciler.look()
        w.drop("two")
        await w.phase("two", "serving")


class Odd:
    """A visitor whose page redirects to an address no program can read."""

    origin = "http://127.0.0.1:1"

    def visit(self) -> Odd:
        return self

    async def get(self, path: str, **_: object) -> Got:
        return Got(status=302, location="http://[bad")

    async def close(self) -> None: ...


async def test_an_app_that_redirects_to_nonsense_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = await PrefixVisit(Odd(), "shop").verdict(hop=False, told="", host_url="")
    assert not verdict.ok

    shown: list[str] = []
    prefixes = Prefixes(Odd(), None, Quick(), lambda name, _: shown.append(name))  # type: ignore[arg-type]
    spec = SimpleNamespace(rewrite=None)
    monkeypatch.setattr(PrefixVisit, "verdict", lambda *_, **__: _broken())
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        task = group.create_task(prefixes.run())
        prefixes.offer("shop", Wish(spec, "1", ""))  # type: ignore[arg-type]
        await until(lambda: prefixes._tried.get("shop") == ("1", 1), what="a second try")
        assert not task.done()
        task.cancel()
    assert shown == []


async def test_old_images_and_the_routers_table_are_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    class Counting(Quick):
        async def sleep(self, seconds: float) -> None:
            nonlocal looks
            looks += 1
            if looks > 5:
                raise asyncio.CancelledError
            await super().sleep(seconds)

    async def hand(*_: object) -> None: ...

    with pytest.raises(asyncio.CancelledError):
        await ImageKeeping(None, Counting(), None, list).run()  # type: ignore[arg-type]
    looks = 0
    router = FakeRouter()
    monkeypatch.setattr(router, "actual", _broken)
    with pytest.raises(asyncio.CancelledError):
        await Watchdog(router, Counting(), Hands(hand, hand, print)).run(lambda: None)  # type: ignore[arg-type,return-value]


async def test_one_that_gives_up_waiting_for_a_turn_does_not_end_anothers() -> None:
    turns, ended = Turns(), asyncio.Event()

    async def first() -> None:
        async with turns.hold("shop", "restoring"):
            await ended.wait()

    async def second() -> None:
        async with turns.hold("shop", "pulling"):
            raise AssertionError("never its turn")

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(first())
        await asyncio.sleep(0)
        waiting = group.create_task(second())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert turns.doing("shop") == "restoring"
        ended.set()
    assert turns.doing("shop") == ""
