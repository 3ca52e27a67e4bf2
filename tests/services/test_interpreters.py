"""What a workspace runs on: the engine's own interpreter, an official image, or what is there, said aloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.fake_stage import Stage
from monitor.domain.state import WorkspaceState
from tests.services.world import World, world
from tests.support.waiting import until

APP = {"package.json": '{"scripts": {"start": "node x.js"}}', "x.js": "listen(process.env.PORT)"}
IMAGE = "node:22-bookworm-slim"


@pytest.fixture
def stage() -> Stage:
    return Stage(SystemClock())


async def dropped(here: World, files: dict[str, str], phase: str = "serving") -> WorkspaceState:
    here.drop("shop", {**APP, **files})
    return await here.phase("shop", phase)


async def test_a_pin_the_base_satisfies_changes_nothing(tmp_path: Path, stage: Stage) -> None:
    async with world(tmp_path, stage=stage) as here:
        state = await dropped(here, {".nvmrc": "20.11.1\n"})
    assert state.warnings == ()
    assert "runs on node 20, and .nvmrc asks for 20.11.1" in state.evidence


async def test_another_version_is_the_official_images(tmp_path: Path, stage: Stage) -> None:
    async with world(tmp_path, stage=stage) as here:
        state = await dropped(here, {".nvmrc": "22\n"})
    assert state.warnings == ()
    assert f"runs on node 22 (the image {IMAGE}), because .nvmrc asks for 22" in state.evidence


async def test_an_image_that_cannot_be_had_is_a_warning_until_a_start_finds_it(tmp_path: Path, stage: Stage) -> None:
    stage.lacking[IMAGE] = f"the image {IMAGE} cannot be had (no such host)"
    async with world(tmp_path, stage=stage) as here:
        state = await dropped(here, {".nvmrc": "22\n"})
        said = f".nvmrc asks for node 22; it runs on 20, which is what is there ({stage.lacking[IMAGE]})"
        assert state.warnings == (said,)
        stage.lacking.clear()
        here.reconciler.keepers["shop"].poke()
        await here.rest()
        assert here.seen("shop").warnings == (said,), "what runs is left alone"
        here.desk.restart("shop")
        await until(lambda: not here.seen("shop").warnings, what="the image to be taken up")
        state = await here.phase("shop", "serving")
    assert f"runs on node 22 (the image {IMAGE}), because .nvmrc asks for 22" in state.evidence


async def test_an_image_that_fails_after_all_is_done_without(tmp_path: Path, stage: Stage) -> None:
    async with world(tmp_path, stage=stage) as here:
        await dropped(here, {".nvmrc": "22\n"})
        stage.lacking[IMAGE] = "it could not be built on"
        here.reconciler.keepers["shop"].poke()
        await until(lambda: bool(here.seen("shop").warnings), what="another version to be settled on")
        assert (await here.phase("shop", "serving")).generation == 2


async def test_strict_refuses_another_version(tmp_path: Path, stage: Stage) -> None:
    stage.lacking[IMAGE] = "no such host"
    async with world(tmp_path, stage=stage) as here:
        state = await dropped(here, {"slipway.yaml": 'version: "22"\nstrict: true\n'}, "failed")
    assert state.reason.startswith("slipway.yaml asks for node 22, which cannot be had (no such host)")
    assert "strict" in state.hint
