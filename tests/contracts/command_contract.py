"""What every engine promises of a person's command (`Engine.run`), written once for all of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.domain.command import Command
from monitor.domain.stack import Stack
from monitor.errors import Refused
from monitor.ports.engine import Engine
from tests.contracts.engine_world import EngineSuite, World, ready
from tests.support.waiting import until

SAYS = ("sh", "-c", "cat message.txt; echo; echo to-err >&2; printf unfinished; exit 3")
CHANGES = (
    "sh",
    "-c",
    "printf changed > message.txt; rm index.html; mkdir -p made/deep empty; printf new > made/deep/one.sh; "
    "chmod 755 made/deep/one.sh; ln -s /etc/passwd out; mkdir -p node_modules/x; printf no > node_modules/x/y; "
    "exit 7",
)
HANGS = ("sh", "-c", "echo begun; sleep 600 & sleep 600")
ODD = ("printf", "%s|", "a b", "$HOME", "'", '"', "*")
GREEN = ("true",)


class CommandContract(EngineSuite):
    """The suite; a subclass gives `world`, as for `EngineContract`."""

    async def _prepared(self, world: World, engine: Engine, **files: str) -> None:
        await engine.prepare(world.copying(), world.launch(**files), lambda line: None)

    async def test_it_runs_on_a_copy_says_what_it_prints_and_how_it_ended(self, world: World, engine: Engine) -> None:
        await self._prepared(world, engine)
        heard: list[bytes] = []
        ran = await engine.run(world.copying(), world.launch(), Command("a1", SAYS), heard.append)
        said = b"".join(heard).decode()
        assert ran.exit_code == 3
        assert {"hello", "to-err", "unfinished"} <= set(said.splitlines()), said
        words: list[bytes] = []
        await engine.prepare(world.direct(), world.launch(), lambda line: None)
        await engine.run(world.direct(), world.launch(), Command("a2", ODD), words.append)
        assert b"a b|$HOME|'|\"|*|" in b"".join(words)
        assert await self._left(world) == set()

    async def test_what_its_copy_holds_afterwards_is_brought_out_and_the_source_stays(
        self, world: World, engine: Engine, tmp_path: Path
    ) -> None:
        await self._prepared(world, engine)
        into = tmp_path / "into"
        into.mkdir()
        launch = world.launch()
        ran = await engine.run(world.copying(), launch, Command("b1", CHANGES), lambda data: None, into)
        assert ran.exit_code == 7
        assert (into / "message.txt").read_text() == "changed"
        assert not (into / "index.html").exists()
        assert (into / "made/deep/one.sh").stat().st_mode & 0o777 == 0o755
        assert (into / "empty").is_dir()
        assert (into / "out").readlink() == Path("/etc/passwd")
        assert not (into / "node_modules").exists()
        assert not (into / ".slipway-files").exists()
        if world.real:
            assert (launch.source / "message.txt").read_text() == "hello"
            assert (launch.source / "index.html").exists()

    async def test_it_runs_beside_the_instance_and_leaves_that_alone(self, world: World, engine: Engine) -> None:
        spec, launch = world.copying(), world.launch()
        await engine.prepare(spec, launch, lambda line: None)
        up = await ready(engine, await engine.start(spec, launch, 1))
        heard: list[bytes] = []
        changed = await engine.run(spec, launch, Command("c1", CHANGES), heard.append)
        assert changed.exit_code == 7
        assert [i.id for i in await engine.instances()] == [up.id]
        if world.real:
            assert await world.fetch(up, "/now") == "hello"

    async def test_cancelled_it_is_killed_and_nothing_is_left(self, world: World, engine: Engine) -> None:
        await self._prepared(world, engine)
        heard: list[bytes] = []

        async def work() -> None:
            await engine.run(world.copying(), world.launch(), Command("d1", HANGS), heard.append)

        async with asyncio.TaskGroup() as group:
            running = group.create_task(work())
            await until(lambda: b"begun" in b"".join(heard), 30, "the command to say so")
            running.cancel()
        assert await self._left(world) == set()
        assert await engine.instances() == []

    async def test_dependencies_are_there(self, world: World, engine: Engine) -> None:
        if not world.real:
            pytest.skip("the fake installs nothing")
        spec, launch = world.installing(ok=True), world.launch()
        await engine.prepare(spec, launch, lambda line: None)
        heard: list[bytes] = []
        reads = Command("e1", ("sh", "-c", "cat node_modules/installed || cat installed.txt"))
        assert (await engine.run(spec, launch, reads, heard.append)).exit_code == 0
        assert b"installed" in b"".join(heard)

    async def test_a_stack_is_refused(self, world: World, engine: Engine) -> None:
        spec = replace(world.copying(), stack=Stack((), "front", 80))
        with pytest.raises(Refused):
            await engine.run(spec, world.launch(), Command("f1", GREEN), lambda data: None)

    async def _left(self, world: World) -> set[str]:
        return {one for one in await world.leftovers() if "run-" in one or one.isdigit()}
