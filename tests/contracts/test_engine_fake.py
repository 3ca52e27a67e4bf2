"""The fake engine keeps the engine's promises."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.fake_engine import FakeEngine, calls_that_write
from monitor.adapters.fake_stage import Part, Stage
from monitor.domain.command import Command, Ran
from monitor.domain.launch import LaunchSpec, ProjectType, Source
from monitor.ports.engine import Engine, EngineAway, Hear, Instance, Launch
from tests.contracts.command_contract import CHANGES, HANGS, ODD, SAYS, CommandContract
from tests.contracts.data_contract import DataContract
from tests.contracts.engine_contract import EngineContract
from tests.contracts.engine_world import BROKEN, WS, Manner, World

PARTS = {
    Manner.SERVE: Part(),
    Manner.CRASH: Part(None, 3, log=("last words",)),
    Manner.WRONG_PORT: Part(None, listening=("127.0.0.1:5000",)),
    Manner.HOG: Part(None, 137, "out of memory (limit 64 MiB)"),
    Manner.STUBBORN: Part(),
    Manner.NOISY: Part(log=("red", "the end")),
}


async def acts(command: Command, _launch: Launch, hear: Hear, into: Path | None) -> Ran:
    """The contract's commands, acted."""
    if command.argv == HANGS:
        hear(b"begun\n")
        await asyncio.sleep(600)
    if command.argv == CHANGES and into is not None:
        (into / "message.txt").write_text("changed")
        (into / "made/deep").mkdir(parents=True)
        (into / "made/deep/one.sh").write_text("new")
        (into / "made/deep/one.sh").chmod(0o755)
        (into / "empty").mkdir()
        (into / "out").symlink_to("/etc/passwd")
    hear({SAYS: b"hello\nto-err\nunfinished", ODD: b"a b|$HOME|'|\"|*|"}.get(command.argv, b""))
    return Ran({SAYS: 3, CHANGES: 7}.get(command.argv, 0))


def play(spec: LaunchSpec, launch: Launch) -> Part:
    part = PARTS[Manner[spec.start]] if spec.start in Manner.__members__ else Part()
    install = ("no such package",) if spec.install == "fail" else ()
    build = ("cannot build",) if BROKEN in launch.files else ()
    return Part(part.ready_after_s, part.exit_code, part.exit_reason, part.listening, part.log, install, build, acts)


class FakeWorld(World):
    real = False

    def __init__(self, folder: Path) -> None:
        self.stage = Stage(SystemClock())
        self._folder = folder

    def engine(self, install: str = "one") -> Engine:
        return FakeEngine(self.stage, install, play=play)

    def copying(self, manner: Manner = Manner.SERVE) -> LaunchSpec:
        return LaunchSpec(WS, ProjectType.PYTHON, "python", manner.name, (1000, 1000))

    def direct(self) -> LaunchSpec:
        return LaunchSpec(WS, ProjectType.STATIC, "static", "", (1000, 1000), source=Source.DIRECT)

    def installing(self, ok: bool) -> LaunchSpec:
        install = "ok" if ok else "fail"
        return LaunchSpec(
            WS, ProjectType.PYTHON, "python", "SERVE", (1000, 1000), install=install, deps_key=f"key-{install}"
        )

    async def fetch(self, instance: Instance, path: str = "/") -> str:
        raise AssertionError("nothing runs")

    async def leftovers(self, workspace: str = WS) -> set[str]:
        shows = self.stage.installs.get("one", {})
        return {key for key, show in shows.items() if show.instance.workspace == workspace}

    async def has_data(self, workspace: str = WS) -> bool:
        return ("one", workspace) in self.stage.data

    def source(self, files: dict[str, str]) -> Path:
        return self._folder


class TestFakeCommands(CommandContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> FakeWorld:
        return FakeWorld(tmp_path)


class TestFakeEngine(EngineContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> FakeWorld:
        return FakeWorld(tmp_path)

    async def test_it_can_be_away_and_come_back(self, world: FakeWorld) -> None:
        engine = world.engine()
        world.stage.cut()
        with pytest.raises(EngineAway):
            await engine.instances()
        world.stage.away = False
        assert await engine.instances() == []

    async def test_only_what_changes_something_counts_as_writing(self, world: FakeWorld) -> None:
        engine = world.engine()
        up = await engine.start(world.direct(), world.launch(), 1)
        await engine.applied(up)
        await engine.stop(up, 1)
        assert list(calls_that_write(world.stage)) == [f"start {WS}", f"stop {WS}"]


class TestFakeData(DataContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> FakeWorld:
        return FakeWorld(tmp_path)
