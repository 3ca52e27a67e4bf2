"""What every engine promises of data volumes (`monitor.ports.volumes`): a part of the engine's contract."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from monitor.ports.engine import Engine, Launch, Running
from monitor.ports.volumes import DataCopy
from tests.contracts.engine_world import WS, EngineSuite, World, quiet, ready

MUCH = 1 << 30
USER = (65532, 65532)


async def put(engine: Engine, files: dict[str, bytes], mode: int = 0o640) -> None:
    """Replace what the volume holds by `files`, all of them a minute old."""
    async with engine.data_stage(WS) as stage:
        for path, data in files.items():
            (stage / path).parent.mkdir(parents=True, exist_ok=True)
            (stage / path).write_bytes(data)
            (stage / path).chmod(mode)
            os.utime(stage / path, ns=(10**18, 10**18))
        await engine.replace_data(WS, stage, USER)


async def held(engine: Engine) -> dict[str, tuple[bytes, int, int]]:
    """What the volume holds: bytes, mode and time of its files."""
    async with engine.copy_data(WS, None, MUCH) as copy:
        assert copy is not None
        assert copy.folder is not None
        return read(copy.folder)


def read(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    stats = {path: path.stat() for path in files}
    return {
        str(path.relative_to(folder)): (path.read_bytes(), stat.S_IMODE(info.st_mode), info.st_mtime_ns)
        for path, info in stats.items()
    }


class DataContract(EngineSuite):
    """The suite; a module for one engine gives a `world` fixture."""

    async def test_a_volume_is_what_it_was_replaced_by_and_gone_when_purged(
        self, world: World, engine: Engine
    ) -> None:
        async with engine.copy_data(WS, None, MUCH) as copy:
            assert copy is None
        await engine.recover_data(WS)
        assert not await world.has_data(), "a look makes no volume"

        await put(engine, {"a.txt": b"a", "deep/er/b.bin": bytes(range(256)) * 999, "gone": b"x"})
        first = await held(engine)
        assert {path: data for path, (data, _, _) in first.items()} == {
            "a.txt": b"a", "deep/er/b.bin": bytes(range(256)) * 999, "gone": b"x",
        }  # fmt: skip
        assert {time for _, _, time in first.values()} == {10**18}
        assert not world.real or {mode for _, mode, _ in first.values()} == {0o640}

        await engine.recover_data(WS)
        assert await held(engine) == first
        await put(engine, {"a.txt": b"another"})
        assert {path: data for path, (data, _, _) in (await held(engine)).items()} == {"a.txt": b"another"}
        await engine.purge(WS)
        async with engine.copy_data(WS, None, MUCH) as copy:
            assert copy is None

    async def test_what_is_as_it_was_is_not_copied_and_too_much_neither(self, engine: Engine) -> None:
        await put(engine, {"a.txt": b"12345"})
        async with engine.copy_data(WS, None, MUCH) as copy:
            assert copy is not None
            assert (copy.files, copy.bytes, copy.unchanged) == (1, 5, False)
            mark, folder = copy.mark, copy.folder
        assert folder is not None
        assert not folder.exists(), "the copy is there for the while of the work only"
        async with engine.copy_data(WS, mark, MUCH) as copy:
            assert _said(copy) == (True, None, "")
        async with engine.copy_data(WS, None, 4) as copy:
            unchanged, none, reason = _said(copy)
            assert (unchanged, none) == (False, None)
            assert "5 bytes" in reason
        await put(engine, {"a.txt": b"54321"})
        async with engine.copy_data(WS, mark, MUCH) as copy:
            assert copy is not None
            assert not copy.unchanged

    async def test_the_app_goes_on_with_what_it_was_given(self, world: World, engine: Engine) -> None:
        if not world.real:
            pytest.skip("nothing runs")
        launch = world.launch()
        await self._up_and_down(engine, world, launch, "1")
        once = {path: data for path, (data, _, _) in (await held(engine)).items()}
        await self._up_and_down(engine, world, launch, "2")
        await put(engine, once, 0o600)
        await self._up_and_down(engine, world, launch, "2")

    async def _up_and_down(self, engine: Engine, world: World, launch: Launch, starts: str) -> None:
        spec = world.copying()
        await engine.prepare(spec, launch, quiet)
        up = await ready(engine, await engine.start(spec, launch, 1))
        assert up.state is Running.RUNNING
        assert await world.fetch(up, "/data") == starts
        await engine.stop(up, 3)


def _said(copy: DataCopy | None) -> tuple[bool, Path | None, str]:
    assert copy is not None
    return copy.unchanged, copy.folder, copy.reason
