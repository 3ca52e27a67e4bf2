"""From a folder with its own description to what runs for it: what is read, set aside, and said by each engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.fake_engine import FakeEngine
from monitor.adapters.fake_stage import Stage
from monitor.adapters.files import DiskFiles
from monitor.adapters.process_engine.engine import ProcessEngine
from monitor.adapters.process_engine.workshop import Config
from monitor.domain.compose_policy import NotAllowed
from monitor.domain.config import WorkspaceConfig, parse_config
from monitor.domain.detection import detect, wanted_paths
from monitor.domain.launch import LaunchSpec
from monitor.errors import Refused
from monitor.ports.engine import Engine, Launch
from monitor.services.stacks import Found, Seen, Stacks
from tests.support.slipway import ROOT, write

NODE = {"package.json": '{"scripts": {"start": "node x.js"}}', "x.js": "listen(process.env.PORT)"}
WEB = "services: {web: {build: ., ports: [3000], environment: [TOKEN]}}"


class Lacking(FakeEngine):
    """An engine that can have no image of a registry."""

    async def lacking(self, images: Sequence[str]) -> str:
        return f"the image {images[0]} cannot be had (no such host)" if images else ""


@pytest.fixture
def files() -> Iterator[DiskFiles]:
    files = DiskFiles(SystemClock())
    yield files
    files.close()


def fake() -> FakeEngine:
    return FakeEngine(Stage(SystemClock()), "one")


async def look(files: DiskFiles, folder: Path, engine: Engine, said: str = "") -> Found:
    config = parse_config(said) if said else WorkspaceConfig()
    tree = await files.walk(folder)
    texts = await files.read_texts(folder, tree, frozenset(wanted_paths(tree)).__contains__)
    launch = Launch(folder, tuple(tree.entries), tree.running_digest())
    seen = Seen("shop", folder, tree, launch, detect(tree, texts, config), config, (1000, 1000))
    return await Stacks(files, engine).find(seen)


def front(found: Found) -> tuple[LaunchSpec, dict[str, str]]:
    spec = found.spec
    assert spec is not None
    assert spec.stack is not None
    return spec, dict(spec.stack.service(spec.stack.front).env)


async def test_the_dotenv_beside_it_and_slipway_yaml_tell_the_front_its_variables(
    files: DiskFiles, tmp_path: Path
) -> None:
    write(tmp_path, {"compose.yaml": WEB, "Dockerfile": "FROM debian\nEXPOSE 9", ".env": "TOKEN=t\nOTHER=o\n"})
    spec, env = front(await look(files, tmp_path, fake(), "env: {MORE: m}\nresources: {memory: 64m}"))
    assert env == {"TOKEN": "t", "MORE": "m"}
    assert (spec.port, spec.limits.memory, spec.strip) == (3000, 64 * 1024**2, True)
    (build,) = spec.stack.builds if spec.stack else ()
    assert (build.context, build.file, build.bases, bool(build.key)) == ("", "Dockerfile", ("debian",), True)


async def test_a_change_of_the_source_is_a_new_spec(files: DiskFiles, tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": "FROM debian\nCOPY . .", "a": "1", ".env": "A=1"})
    first, env = front(await look(files, tmp_path, fake()))
    again, _ = front(await look(files, tmp_path, fake()))
    write(tmp_path, {"a": "2"})
    other, _ = front(await look(files, tmp_path, fake()))
    assert first.hash == again.hash != other.hash
    assert (first.type, first.stack and first.stack.port, env) == ("dockerfile", None, {"A": "1"})


async def test_a_description_in_the_root_that_was_chosen_is_relative_to_it(files: DiskFiles, tmp_path: Path) -> None:
    text = "services: {web: {build: web, volumes: ['./conf:/conf:ro']}}"
    write(tmp_path, {"in/compose.yaml": text, "in/web/Dockerfile": "FROM debian", "in/conf": "x", "in/.env": ""})
    spec, _ = front(await look(files, tmp_path, fake(), "root: in"))
    assert spec.stack is not None
    (service,) = spec.stack.services
    assert service.build is not None
    assert (service.build.context, service.build.file) == ("in/web", "in/web/Dockerfile")
    assert [one.source for one in service.attached] == ["in/conf"]


async def test_a_dockerfile_that_cannot_be_built_here_is_set_aside_only_where_there_is_another_way(
    files: DiskFiles, tmp_path: Path
) -> None:
    without, alone, odd = (tmp_path / name for name in ("without", "alone", "odd"))
    for folder, more in ((without, NODE), (alone, {}), (odd, NODE)):
        folder.mkdir()
        write(folder, {"Dockerfile": "FROM node:20\nCOPY . .", **more})
    write(odd, {"Dockerfile": "FROM node:20\nRUN <<EOF\n"})
    lacking = Lacking(Stage(SystemClock()), "one")
    found = await look(files, without, lacking)
    assert found.spec is None
    assert found.warnings == (
        "Dockerfile is set aside: the image node:20 cannot be had (no such host); it runs as node instead",
    )
    assert (await look(files, without, fake())).spec is not None
    assert (await look(files, alone, lacking)).spec is not None
    assert "line 2: `RUN` has a here-document" in (await look(files, odd, fake())).warnings[0]


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({"compose.yaml": WEB}, "Dockerfile is not there"),
        ({"compose.yaml": WEB, "Dockerfile": b"\xff\xfe"}, "Dockerfile is no text in UTF-8"),
        ({"compose.yaml": WEB, "Dockerfile": "FROM debian", ".env": b"\xff"}, ".env is no text in UTF-8"),
        ({"compose.yaml": "#" * 70_000 + WEB}, "compose.yaml is longer than 64 KiB"),
        ({"compose.yaml": WEB, "Dockerfile": "RUN true"}, "Dockerfile, line 1"),
    ],
)
async def test_what_cannot_be_read_is_named(
    files: DiskFiles, tmp_path: Path, texts: dict[str, str | bytes], reason: str
) -> None:
    write(tmp_path, texts)
    with pytest.raises(NotAllowed) as caught:
        await look(files, tmp_path, fake())
    assert caught.value.message.startswith(reason)


async def test_local_processes_run_no_images_and_say_what_helps(files: DiskFiles, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    write(folder, {"Dockerfile": "FROM debian", **NODE})
    engine = ProcessEngine(Config(tmp_path / "data", "one", ROOT / "runtimes", None), SystemClock())
    try:
        with pytest.raises(Refused, match="needs Docker") as caught:
            await look(files, folder, engine)
    finally:
        await engine.close()
    assert "type:" in caught.value.hint
