"""What every engine promises (`monitor.ports.engine`), written once; engines differ only by their `World`.

A module for one engine subclasses `EngineContract` and gives a `world` fixture.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace

import pytest

from monitor.domain.launch import LaunchSpec
from monitor.ports.engine import Engine, Instance, Launch, LaunchFailed, Running
from tests.contracts.engine_world import BROKEN, WS, EngineSuite, Manner, World, ended, quiet, ready
from tests.support.waiting import until


class EngineContract(EngineSuite):
    """The suite."""

    async def _up(self, engine: Engine, spec: LaunchSpec, launch: Launch, generation: int = 1) -> Instance:
        await engine.prepare(spec, launch, quiet)
        return await ready(engine, await engine.start(spec, launch, generation))

    async def test_it_says_who_it_is(self, engine: Engine) -> None:
        info = await engine.check()
        assert info.name == engine.name
        assert info.version

    async def test_an_instance_is_found_under_what_it_was_started_as(self, world: World, engine: Engine) -> None:
        spec = world.copying()
        up = await self._up(engine, spec, world.launch(), 4)
        assert (up.workspace, up.spec_hash, up.generation, up.state) == (WS, spec.hash, 4, Running.RUNNING)
        assert up.started_at > 0
        assert (up.exit_code, up.exit_reason) == (None, "")
        if world.real:
            assert await world.fetch(up) == "hello"

    async def test_start_returns_before_the_child_is_ready_and_is_listed_at_once(
        self, world: World, engine: Engine
    ) -> None:
        spec, launch = world.copying(Manner.WRONG_PORT), world.launch()
        await engine.prepare(spec, launch, quiet)
        started = await engine.start(spec, launch, 1)
        assert started.id in {i.id for i in await engine.instances()}
        assert not started.ready

    async def test_a_second_engine_object_adopts_what_runs(self, world: World, engine: Engine) -> None:
        up = await self._up(engine, world.copying(), world.launch())
        digest = await engine.applied(up)
        other = world.engine()
        try:
            assert await other.instances() == [up]
            assert digest is not None
            assert await other.applied(up) == digest
            await other.stop(up, 3)
            assert await engine.instances() == []
        finally:
            await other.close()

    async def test_another_install_sees_and_touches_nothing_of_it(self, world: World, engine: Engine) -> None:
        up = await self._up(engine, world.direct(), world.launch())
        other = world.engine("other")
        try:
            assert await other.instances() == []
            assert await other.sweep(set()) == []
            await other.purge(WS)
        finally:
            await other.close()
        assert await engine.instances() == [up]

    async def test_a_fresh_copy_is_acknowledged_once_it_is_ready(self, world: World, engine: Engine) -> None:
        launch = world.launch()
        up = await self._up(engine, world.copying(), launch)
        assert await engine.applied(up) == launch.digest

    async def test_an_edit_replaces_what_a_copy_serves(self, world: World, engine: Engine) -> None:
        spec = world.copying()
        up = await self._up(engine, spec, world.launch())
        edited = world.launch(message__txt="edited")
        await engine.apply(up, spec, edited)
        assert await engine.applied(up) == edited.digest
        if world.real:
            assert await world.fetch(up) == "edited"

    async def test_an_edit_is_acknowledged_for_every_engine_object(self, world: World, engine: Engine) -> None:
        spec = world.copying()
        up = await self._up(engine, spec, world.launch())
        edited = world.launch(message__txt="edited")
        await engine.apply(up, spec, edited)
        other = world.engine()
        try:
            assert await other.applied(up) == edited.digest
        finally:
            await other.close()

    async def test_an_edit_that_does_not_build_leaves_the_old_child_serving(
        self, world: World, engine: Engine
    ) -> None:
        spec = world.copying()
        up = await self._up(engine, spec, world.launch())
        broken = world.launch(message__txt="edited", **{BROKEN: "yes"})
        with pytest.raises(LaunchFailed) as caught:
            await engine.apply(up, spec, broken)
        assert any("cannot build" in line for line in caught.value.log)
        assert await engine.applied(up) != broken.digest
        if world.real:
            assert await world.fetch(up) == "hello"
        mended = world.launch()
        await engine.apply(up, spec, mended)
        assert await engine.applied(up) == mended.digest
        if world.real:
            assert await world.fetch(up, "/now") == "hello"

    async def test_a_direct_instance_needs_no_acknowledgement(self, world: World, engine: Engine) -> None:
        spec, launch = world.direct(), world.launch()
        up = await self._up(engine, spec, launch)
        assert await engine.applied(up) == launch.digest
        edited = world.launch(index__html="edited")
        if world.real:
            assert (await world.fetch(up)).strip() == "edited"
        await engine.apply(up, spec, edited)
        assert await engine.applied(up) == edited.digest

    async def test_an_edit_of_what_does_not_run_is_refused(self, world: World, engine: Engine) -> None:
        spec = world.copying()
        up = await self._up(engine, spec, world.launch())
        await engine.stop(up, 1)
        with pytest.raises(LaunchFailed):
            await engine.apply(up, spec, world.launch(message__txt="edited"))

    async def test_a_crash_shows_its_code_and_its_last_words(self, world: World, engine: Engine) -> None:
        spec, launch = world.copying(Manner.CRASH), world.launch()
        await engine.prepare(spec, launch, quiet)
        dead = await ended(engine, await engine.start(spec, launch, 1))
        assert (dead.exit_code, dead.ready) == (3, False)
        assert "3" in dead.exit_reason
        seen = await engine.diagnose(dead)
        assert (seen.state, seen.exit_code) == (Running.EXITED, 3)
        assert "last words" in seen.log
        assert "last words" in await engine.logs(dead)

    async def test_too_much_memory_is_told_as_such(self, world: World, engine: Engine) -> None:
        spec, launch = world.copying(Manner.HOG), world.launch()
        await engine.prepare(spec, launch, quiet)
        dead = await ended(engine, await engine.start(spec, launch, 1))
        assert dead.exit_code != 0
        assert world.out_of_memory in dead.exit_reason

    async def test_a_diagnosis_tells_where_it_really_listens(self, world: World, engine: Engine) -> None:
        spec, launch = world.copying(Manner.WRONG_PORT), world.launch()
        await engine.prepare(spec, launch, quiet)
        started = await engine.start(spec, launch, 1)

        async def seen() -> tuple[str, ...]:
            return (await engine.diagnose(started)).listening

        listening = await until(seen, 30, "its socket to be seen")
        assert all(address.startswith("127.0.0.1:") for address in listening)
        assert [i.ready for i in await engine.instances()] == [False]

    async def test_log_lines_are_text_and_bounded(self, world: World, engine: Engine) -> None:
        up = await self._up(engine, world.copying(Manner.NOISY), world.launch())

        async def lines() -> list[str] | None:
            said = await engine.logs(up)
            return said if "the end" in said else None

        said = await until(lines, 10)
        assert said is not None
        assert max(map(len, said)) <= 20_000
        assert sum(map(len, said)) <= 2_000_000
        assert all(char.isprintable() or char == "\t" for line in said for char in line)
        assert (await engine.logs(up, 1)) == said[-1:]

    async def test_an_install_is_made_once(self, world: World, engine: Engine) -> None:
        spec, launch = world.installing(ok=True), world.launch()
        said: list[str] = []
        await engine.prepare(spec, launch, said.append)
        assert any(spec.install and spec.install in line for line in said)
        said.clear()
        await engine.prepare(spec, launch, said.append)
        assert said == []
        up = await ready(engine, await engine.start(spec, launch, 1))
        if world.real:
            assert await world.fetch(up, "/installed") == "installed"

    async def test_a_failing_install_says_what_it_printed_and_leaves_nothing(
        self, world: World, engine: Engine
    ) -> None:
        spec, launch = world.installing(ok=False), world.launch()
        with pytest.raises(LaunchFailed) as caught:
            await engine.prepare(spec, launch, quiet)
        assert any("no such package" in line for line in caught.value.log)
        assert await engine.instances() == []

    async def test_a_dependency_key_names_what_was_installed(self, world: World, engine: Engine) -> None:
        spec = world.installing(ok=True)
        key = await engine.deps_key(spec, {"message.txt": b"1"})
        assert key == await engine.deps_key(spec, {"message.txt": b"1"})
        assert key != await engine.deps_key(spec, {"message.txt": b"2"})
        assert key != await engine.deps_key(replace(spec, install="other"), {"message.txt": b"1"})

    async def test_a_cancelled_preparation_leaves_nothing(self, world: World, engine: Engine) -> None:
        spec, launch = world.installing(ok=True), world.launch()
        started = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            work = group.create_task(engine.prepare(spec, launch, lambda _line: started.set()))
            await started.wait()
            work.cancel()
        assert await engine.instances() == []
        await engine.forget(WS)
        assert await world.leftovers() == set()

    async def test_two_generations_run_side_by_side_and_share_their_data(self, world: World, engine: Engine) -> None:
        spec, launch = world.copying(), world.launch()
        old = await self._up(engine, spec, launch, 1)
        new = await self._up(engine, spec, launch, 2)
        assert {i.generation for i in await engine.instances()} == {1, 2}
        if world.real:
            assert await world.fetch(new, "/data") == "2"
        await engine.stop(old, 3)
        assert [i.id for i in await engine.instances()] == [new.id]
        if world.real:
            assert await world.fetch(new) == "hello"

    async def test_stopping_twice_is_no_error(self, world: World, engine: Engine) -> None:
        up = await self._up(engine, world.direct(), world.launch())
        await engine.stop(up, 3)
        await engine.stop(up, 3)
        assert await engine.instances() == []
        assert (await engine.diagnose(up)).state is Running.EXITED
        assert await engine.logs(up) == []

    async def test_a_stubborn_child_is_killed_after_its_grace(self, world: World, engine: Engine) -> None:
        up = await self._up(engine, world.copying(Manner.STUBBORN), world.launch())
        began = time.monotonic()
        await engine.stop(up, 0.5)
        assert time.monotonic() - began < 8
        assert await engine.instances() == []

    async def test_forget_leaves_only_the_data_and_purge_not_even_that(self, world: World, engine: Engine) -> None:
        spec, launch = world.copying(), world.launch()
        await self._up(engine, spec, launch)
        await engine.forget(WS)
        assert await world.leftovers() == set()
        assert await world.has_data()
        again = await self._up(engine, spec, launch)
        if world.real:
            assert await world.fetch(again, "/data") == "2"
        await engine.purge(WS)
        assert await world.leftovers() == set()
        assert not await world.has_data()
        fresh = await self._up(engine, spec, launch)
        if world.real:
            assert await world.fetch(fresh, "/data") == "1"

    async def test_forgetting_what_never_was_is_no_error(self, engine: Engine) -> None:
        await engine.forget("never-was")
        await engine.purge("never-was")

    async def test_a_sweep_leaves_what_runs_alone(self, world: World, engine: Engine) -> None:
        up = await self._up(engine, world.copying(), world.launch())
        assert await engine.sweep({WS}) == []
        assert await engine.instances() == [up]
        if world.real:
            assert await world.fetch(up) == "hello"

    async def test_hints_name_the_workspace_something_happened_to(self, world: World, engine: Engine) -> None:
        spec, launch = world.direct(), world.launch()
        await engine.prepare(spec, launch, quiet)
        hints = engine.hints()
        heard: asyncio.Queue[str] = asyncio.Queue()

        async def listen() -> None:
            async for name in hints:
                heard.put_nowait(name)

        async with asyncio.TaskGroup() as group:
            listening = group.create_task(listen())
            await asyncio.sleep(0.2)
            up = await engine.start(spec, launch, 1)
            async with asyncio.timeout(15):
                assert await heard.get() == WS
            await engine.stop(up, 1)
            listening.cancel()
        with contextlib.suppress(AttributeError):
            await hints.aclose()  # type: ignore[attr-defined]
